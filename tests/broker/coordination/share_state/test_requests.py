import pytest

from odradek.broker.coordination.share_state.requests import (
    SharePartitionKey,
    parse_coordinator_key,
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
    assert (read_refused(code).start_offset, summary_refused(code).start_offset) == (0, 0)


@pytest.mark.parametrize(
    ("text", "group_id", "partition"),
    [
        ("g:AAAAAAAAAAAAAAAAAAAAAQ:3", "g", 3),
        ("a:b::AAAAAAAAAAAAAAAAAAAAAQ:+0", "a:b:", 0),
        (" :x:AAAAAAAAAAAAAAAAAAAAAQ==:-1:", " :x", -1),
    ],
)
def test_a_coordinators_key_is_read_from_its_end(text: str, group_id: str, partition: int) -> None:
    assert parse_coordinator_key(text) == SharePartitionKey(group_id, bytes(15) + b"\x01", partition)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "g",
        "::",
        "g:AAAAAAAAAAAAAAAAAAAAAQ",
        "g:AAAAAAAAAAAAAAAAAAAAAQ:",
        " :AAAAAAAAAAAAAAAAAAAAAQ:0",
        "g:short:0",
        "g:AAAAAAAAAAAAAAAAAAAAAQA:0",
        "g:AAAAAAAAAAAAAAAAAAAAAQ:x",
        "g:AAAAAAAAAAAAAAAAAAAAAQ: 1",
        "g:AAAAAAAAAAAAAAAAAAAAAQ:2147483648",
    ],
)
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        parse_coordinator_key(text)
