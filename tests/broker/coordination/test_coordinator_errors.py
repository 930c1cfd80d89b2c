import pytest

from odradek.broker.coordination.coordinator_errors import COORDINATOR_ERRORS, coordinator_error
from odradek.protocol.errors import ErrorCode

LOOK_AGAIN = {ErrorCode.COORDINATOR_NOT_AVAILABLE, ErrorCode.NOT_COORDINATOR}


@pytest.mark.parametrize(
    ("refusal", "answered"),
    [
        (ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, ErrorCode.COORDINATOR_NOT_AVAILABLE),
        (ErrorCode.NOT_LEADER_OR_FOLLOWER, ErrorCode.NOT_COORDINATOR),
        (ErrorCode.KAFKA_STORAGE_ERROR, ErrorCode.NOT_COORDINATOR),
        (ErrorCode.RECORD_LIST_TOO_LARGE, ErrorCode.UNKNOWN_SERVER_ERROR),
        (ErrorCode.POLICY_VIOLATION, ErrorCode.POLICY_VIOLATION),
    ],
)
def test_the_logs_errors_are_answered_in_the_words_of_a_coordinator(refusal: ErrorCode, answered: ErrorCode) -> None:
    assert coordinator_error(refusal) == answered


def test_clients_look_for_the_coordinator_again_but_for_what_is_too_large() -> None:
    assert set(COORDINATOR_ERRORS.values()) - LOOK_AGAIN == {ErrorCode.UNKNOWN_SERVER_ERROR}
