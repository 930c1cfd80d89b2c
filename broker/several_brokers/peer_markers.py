"""PeerMarkers: the markers of a transaction, given to the broker that leads each partition."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from ...protocol.errors import ErrorCode
from ..coordination.transactions.marker_channel import Sent, TransactionMarker
from ..coordination.transactions.transaction import TopicPartition
from ..runtime import Timers
from .peer_calls import Call, PeerCalls

if TYPE_CHECKING:
    from ..context import Context

Then = Callable[[ErrorCode], None]


class PeerMarkers:
    """The `MarkerChannel` of one broker."""

    def __init__(self, calls: PeerCalls, timers: Timers) -> None:
        self._calls = calls
        self._timers = timers

    def write(self, at: TopicPartition, marker: TransactionMarker, then: Then) -> Sent:
        """As MarkerChannel has it. LEADER_NOT_AVAILABLE where there is none."""
        leader = self._calls.leader_of(*at)
        if leader is None:
            call: Call[ErrorCode] = Call(-1, partial(_take, then))
            self._timers.call_soon(partial(call.end, ErrorCode.LEADER_NOT_AVAILABLE))
            return call
        return self._calls.call(leader, partial(_append, at, marker), partial(_take, then))


def _append(at: TopicPartition, marker: TransactionMarker, context: "Context", answer: Then) -> None:
    context.transactions.append_marker(at, marker, answer)


def _take(then: Then, code: ErrorCode | None) -> None:
    then(ErrorCode.NETWORK_EXCEPTION if code is None else code)
