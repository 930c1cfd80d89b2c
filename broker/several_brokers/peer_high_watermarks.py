"""PeerHighWatermarks: where partitions end for consumers, asked of the brokers that lead them."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from ...protocol.errors import ErrorCode, KafkaError
from ..countdown import Countdown
from ..topics.high_watermarks import Ends, own_end
from .peer_calls import PeerCalls

if TYPE_CHECKING:
    from ..context import Context


class PeerHighWatermarks:
    """As HighWatermarks has it: one question to each leader."""

    def __init__(self, calls: PeerCalls) -> None:
        self._calls = calls

    def find(self, partitions: Sequence[tuple[str, int]], then: Callable[[Ends], None]) -> None:
        """NOT_LEADER_OR_FOLLOWER where nobody leads, or whoever does cannot be reached."""
        found: dict[tuple[str, int], int | KafkaError] = {}
        by_leader: dict[int, list[tuple[str, int]]] = {}
        for at in partitions:
            found[at] = KafkaError(ErrorCode.NOT_LEADER_OR_FOLLOWER)
            leader = self._calls.leader_of(*at)
            if leader is not None:
                by_leader.setdefault(leader, []).append(at)
        countdown = Countdown(len(by_leader), lambda: then(found))

        def take(answer: Ends | None) -> None:
            found.update(answer or {})
            countdown.count_down()

        for leader, asked in by_leader.items():
            self._calls.call(leader, partial(_look, asked), take)


def _look(asked: Sequence[tuple[str, int]], context: "Context", answer: Callable[[Ends], None]) -> None:
    answer({at: own_end(context.topics, *at) for at in asked})
