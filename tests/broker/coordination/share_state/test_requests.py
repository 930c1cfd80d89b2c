from odradek.broker.coordination.share_state.requests import (
    SharePartitionKey,
    read_refused,
    state_refused,
    summary_refused,
)
from odradek.protocol.errors import ErrorCode


def test_a_share_partition_is_called_by_group_topic_id_and_partition() -> None:
    assert SharePartitionKey("g:1", bytes(15) + b"\x01", 3).coordinator_key() == "g:1:AAAAAAAAAAAAAAAAAAAAAQ:3"


def test_a_refusal_carries_the_errors_own_message_and_no_state() -> None:
    code = ErrorCode.NOT_COORDINATOR
    for refused in (state_refused(code), read_refused(code), summary_refused(code)):
        assert (refused.error, refused.message) == (code, code.message)
    assert (read_refused(code).start_offset, summary_refused(code).start_offset) == (-1, -1)
