import pytest

from odradek.broker.coordination.transactions.fencing import fencing_code
from odradek.protocol.errors import ErrorCode


@pytest.mark.parametrize(
    ("version", "answered"),
    [(0, ErrorCode.INVALID_PRODUCER_EPOCH), (1, ErrorCode.INVALID_PRODUCER_EPOCH), (2, ErrorCode.PRODUCER_FENCED)],
)
def test_a_fenced_producer_is_answered_in_the_words_of_its_version(version: int, answered: ErrorCode) -> None:
    assert fencing_code(ErrorCode.PRODUCER_FENCED, version) is answered


@pytest.mark.parametrize("version", [0, 5])
def test_every_other_error_is_the_same_in_every_version(version: int) -> None:
    for code in (ErrorCode.NONE, ErrorCode.INVALID_TXN_STATE, ErrorCode.CONCURRENT_TRANSACTIONS):
        assert fencing_code(code, version) is code
