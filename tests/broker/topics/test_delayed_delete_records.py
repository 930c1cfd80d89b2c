"""An answer that waits for every replica to begin later (KIP-107)."""

from collections.abc import Callable

from odradek.broker.topics.delayed_delete_records import DelayedDeleteRecords
from odradek.broker.topics.partition import Partition
from odradek.protocol.errors import ErrorCode

from ..nodes.three_brokers import ThreeBrokers

Outcomes = dict[str, tuple[int, ErrorCode]]


class Waiting:
    """Deletions of two topics of all brokers, of which the third has heard nothing."""

    def __init__(self) -> None:
        self.brokers = ThreeBrokers()
        for name in ("t", "u"):
            self.brokers.create(name, [1, 2, 3])
        self.brokers.freeze(3)
        self.outcomes: Outcomes = {}
        self.ended = 0
        self.delayed = DelayedDeleteRecords(9.0, self.brokers[1].context.nodes.is_alive, self._end)

    def _end(self) -> None:
        self.ended += 1

    def partition(self, name: str) -> Partition:
        return self.brokers[1].partition(name)

    def wait_for(self, name: str, offset: int) -> None:
        def note(start: int, code: ErrorCode) -> None:
            self.outcomes[name] = (start, code)

        then: Callable[[int, ErrorCode], None] = note
        self.delayed.wait_for(self.partition(name), offset, then)


def test_each_partition_is_answered_as_soon_as_it_can_be() -> None:
    waiting = Waiting()
    waiting.wait_for("t", 0)
    waiting.wait_for("u", 1)
    assert list(waiting.delayed.keys) == [waiting.partition("t"), waiting.partition("u")]
    assert not waiting.delayed.is_ready()
    assert waiting.outcomes == {"t": (0, ErrorCode.NONE)}
    waiting.delayed.complete()
    assert waiting.outcomes == {"t": (0, ErrorCode.NONE), "u": (0, ErrorCode.REQUEST_TIMED_OUT)}
    assert waiting.ended == 1


def test_what_this_broker_leads_no_more_is_not_waited_for() -> None:
    waiting = Waiting()
    waiting.wait_for("t", 1)
    waiting.wait_for("u", 1)
    waiting.partition("t").follow(5)
    waiting.partition("u").note_deleted()
    assert waiting.delayed.is_ready()
    assert waiting.outcomes == {
        "t": (-1, ErrorCode.NOT_LEADER_OR_FOLLOWER),
        "u": (-1, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION),
    }


def test_a_failure_is_everybodys() -> None:
    waiting = Waiting()
    waiting.wait_for("t", 1)
    waiting.delayed.fail(RuntimeError("broken"))
    assert (waiting.outcomes, waiting.ended) == ({"t": (0, ErrorCode.UNKNOWN_SERVER_ERROR)}, 1)
