"""Error codes, and the one exception that a client may see."""

import pytest

from odradek.protocol.errors import ErrorCode, KafkaError


def test_codes_have_no_holes_and_no_twins() -> None:
    assert sorted(ErrorCode) == list(range(-1, len(ErrorCode) - 1))
    assert len(ErrorCode.__members__) == len(ErrorCode)


@pytest.mark.parametrize(
    ("code", "is_retriable"),
    [
        (ErrorCode.NONE, False),
        (ErrorCode.NOT_LEADER_OR_FOLLOWER, True),
        (ErrorCode.KAFKA_STORAGE_ERROR, True),
        (ErrorCode.UNKNOWN_SERVER_ERROR, False),
        (ErrorCode.INVALID_RECORD, False),
    ],
)
def test_what_a_client_tries_again(code: ErrorCode, is_retriable: bool) -> None:
    assert code.is_retriable == is_retriable


def test_an_error_knows_its_code_and_shows_its_reason() -> None:
    error = KafkaError(ErrorCode.INVALID_RECORD, "no key")
    assert (error.code, error.why) == (ErrorCode.INVALID_RECORD, "no key")
    assert "no key" in str(error)
