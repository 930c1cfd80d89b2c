"""What a coordinator is made of: a pure state machine, and the log that the state amounts to."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol

from ...protocol.batch import RecordBatch
from ...protocol.errors import KafkaError
from .result import Record, ResponseFuture

Then = Callable[[KafkaError | None], None]


class StateMachine(Protocol):
    """The pure part of a coordinator: the state that its log amounts to."""

    def replay(self, key: bytes, value: bytes | None, log_offset: int, producer_id: int = -1) -> None:
        """Take over one record, in the order of the log; `producer_id` is that of a transactional batch.

        Keys of an unknown kind are skipped. CorruptFrame for bytes that do not parse in their version.
        """
        ...

    def replay_marker(self, partition: int, producer_id: int, is_commit: bool) -> None:
        """A transaction has ended in this partition."""
        ...

    def unload(self, partition: int) -> Iterable[ResponseFuture[Any]]:
        """Drop what was replayed of a partition: the requests that have waited there."""
        ...


class CoordinatorLog(Protocol):
    """The partitions of a coordinator's topic; a PartitionWriter is one."""

    def when_ready(self, then: Then) -> None:
        """Call `then` once the topic is there, at once if it is."""
        ...

    def when_open(self, partition: int, then: Then) -> None:
        """Call `then` once the log of a partition is open, at once if it is; it may have to be recovered first."""
        ...

    def append(
        self, partition: int, records: Sequence[Record], now_ms: int, producer_id: int, producer_epoch: int
    ) -> int:
        """Append one batch, transactional unless `producer_id` is -1: the offset of its first record, or KafkaError."""
        ...

    def when_durable(self, partition: int, then: Then) -> None:
        """Call `then` once all that was appended may be acknowledged: on the disk and replicated as it has to be."""
        ...

    def schedule_flush(self, partition: int) -> None:
        """Begin what the settings ask for in the background."""
        ...

    def batches(self, partition: int) -> Iterable[RecordBatch]:
        """What a partition holds, in the order of the log, with what is appended while it is read.

        KafkaError, OSError while it is read.
        """
        ...

    def is_offline(self, partition: int) -> bool:
        """Whether its disk failed, or another broker leads: what it keeps cannot be acknowledged here."""
        ...
