"""DelayedProduce: an answer that waits until what was appended is replicated, as acks=all asks, or its time is up."""

from collections.abc import Callable, Collection, Hashable
from dataclasses import dataclass, field
from functools import partial

from ...protocol.errors import ErrorCode, KafkaError
from ..purgatory import Purgatory
from .partition import Leadership


@dataclass(slots=True, eq=False)
class DelayedProduce:
    """A DelayedOperation with a deadline alone: the leader of each partition reports when it is replicated."""

    deadline: float
    then: Callable[[], None]
    _pending: dict[int, Callable[[ErrorCode], None]] = field(default_factory=dict[int, Callable[[ErrorCode], None]])

    @property
    def keys(self) -> Collection[Hashable]:
        return ()

    def begin(
        self,
        appended: Collection[tuple[Leadership, int, Callable[[ErrorCode], None]]],
        purgatory: Purgatory,
    ) -> None:
        """Wait for each leadership's end offset; the call of each gets the error that it has met with, if any."""
        self._pending = {number: refuse for number, (_, _, refuse) in enumerate(appended)}
        purgatory.watch(self)

        def replicated(number: int, error: KafkaError | None) -> None:
            refuse = self._pending.pop(number, None)
            if refuse is None:
                return
            if error is not None:
                refuse(error.code)
            if not self._pending:
                purgatory.drop(self)
                self.then()

        for number, (leadership, end_offset, _) in enumerate(appended):
            leadership.when_replicated(end_offset, partial(replicated, number))

    def is_ready(self) -> bool:
        return False

    def complete(self) -> None:
        self._give_up(ErrorCode.REQUEST_TIMED_OUT)

    def fail(self, error: Exception) -> None:
        self._give_up(ErrorCode.UNKNOWN_SERVER_ERROR)

    def _give_up(self, code: ErrorCode) -> None:
        pending, self._pending = self._pending, {}
        for refuse in pending.values():
            refuse(code)
        self.then()
