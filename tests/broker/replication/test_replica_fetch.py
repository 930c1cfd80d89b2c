"""What goes between a follower and its leader."""

from odradek.broker.replication.replica_fetch import Follower, ReplicaFetched
from odradek.protocol.errors import ErrorCode


def test_an_answer_has_nothing_until_the_leader_has_looked() -> None:
    answer = ReplicaFetched((b"t" * 16, 0), leader_epoch=2, fetch_offset=7)
    assert (answer.error, answer.data, answer.diverging) == (ErrorCode.NONE, b"", None)
    assert (answer.high_watermark, answer.log_start_offset, answer.log_end_offset) == (-1, -1, -1)


def test_a_broker_is_another_follower_in_another_epoch() -> None:
    assert Follower(2, 9) != Follower(2, 11)
