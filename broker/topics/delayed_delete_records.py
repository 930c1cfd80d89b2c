"""DelayedDeleteRecords: an answer that waits until no replica has the deleted records any more, or its time is up.

A replica that is not there is not waited for: it follows when it is back (KIP-107).
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from ...protocol.errors import ErrorCode, KafkaError
from .partition import Partition

IsAlive = Callable[[int], bool]
Then = Callable[[int, ErrorCode], None]
"""The low watermark, and what has kept it from being reached."""
NO_OFFSET = -1


@dataclass(slots=True)
class AwaitedStart:
    """A partition that begins later by now, and is to begin there everywhere."""

    partition: Partition
    offset: int
    low_watermark: int  # when it was asked for: what a late answer has
    then: Then


@dataclass(slots=True, eq=False)
class DelayedDeleteRecords:
    """A DelayedOperation at each of its partitions, which are answered one by one; `on_done` is called after the last.

    An answer that is late has REQUEST_TIMED_OUT.
    """

    deadline: float
    is_alive: IsAlive
    on_done: Callable[[], None]
    _keys: list[Partition] = field(default_factory=list[Partition])
    _awaited: list[AwaitedStart] = field(default_factory=list[AwaitedStart])

    @property
    def keys(self) -> Collection[Partition]:
        return self._keys

    def wait_for(self, partition: Partition, offset: int, then: Then) -> None:
        """Wait for one more partition; to be called before the operation is watched."""
        low_watermark = _low_watermark(partition, self.is_alive)
        self._keys.append(partition)
        self._awaited.append(AwaitedStart(partition, offset, low_watermark, then))

    def is_ready(self) -> bool:
        """Whether all of them are answered: each is as soon as it can be."""
        awaited, self._awaited = self._awaited, []
        for one in awaited:
            try:
                reached = _low_watermark(one.partition, self.is_alive)
            except KafkaError as error:
                one.then(NO_OFFSET, error.code)
                continue
            if reached >= one.offset:
                one.then(reached, ErrorCode.NONE)
            else:
                self._awaited.append(one)
        return not self._awaited

    def complete(self) -> None:
        self._give_up(ErrorCode.REQUEST_TIMED_OUT)

    def fail(self, error: Exception) -> None:
        self._give_up(ErrorCode.UNKNOWN_SERVER_ERROR)

    def _give_up(self, code: ErrorCode) -> None:
        awaited, self._awaited = self._awaited, []
        for one in awaited:
            one.then(one.low_watermark, code)
        self.on_done()


def _low_watermark(partition: Partition, is_alive: IsAlive) -> int:
    """Where the partition begins in the replica that begins first. KafkaError where this broker leads it no more."""
    if partition.is_deleted:
        raise KafkaError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
    log, leadership = partition.log, partition.leadership
    return log.log_start_offset if leadership is None else leadership.low_watermark(is_alive)
