"""A partition: its log, opened on first use, and those who want to know when it grows."""

from collections.abc import Callable, Sequence

from ...protocol.batch import RecordBatch
from ...protocol.errors import ErrorCode, KafkaError
from ...storage.log import AppendInfo, PartitionLog
from ...storage.log_api import Log
from ..log_output import get_logger

logger = get_logger("partition")

OpenLog = Callable[["Partition"], PartitionLog]
OnMarker = Callable[["Partition", int, bool], None]
"""The partition, the producer whose transaction has ended there, and whether it was committed."""


class Partition:
    """One partition of a topic on this broker, which leads it alone: the high watermark is the end of the log."""

    __slots__ = (
        "_failure",
        "_log",
        "_on_change",
        "_on_marker",
        "_open_log",
        "index",
        "is_deleted",
        "leader_epoch",
        "topic",
    )

    def __init__(
        self,
        topic: str,
        index: int,
        leader_epoch: int,
        open_log: OpenLog,
        on_change: Callable[["Partition"], None],
        on_marker: OnMarker,
    ) -> None:
        self.topic = topic
        self.index = index
        self.leader_epoch = leader_epoch
        self.is_deleted = False
        self._open_log = open_log
        self._on_change = on_change
        self._on_marker = on_marker
        self._log: PartitionLog | None = None
        self._failure: OSError | None = None

    def __repr__(self) -> str:
        return f"Partition({self.name})"

    @property
    def name(self) -> str:
        """As the directory is called: topic-index."""
        return f"{self.topic}-{self.index}"

    @property
    def log(self) -> Log:
        """The log, as requests and coordinators see it; the first use opens it (`open_log`)."""
        return self._log if self._log is not None else self.open_log()

    def open_log(self) -> PartitionLog:
        """The log, for its own upkeep; the first use opens it and, after a crash, recovers it.

        KAFKA_STORAGE_ERROR if it cannot, and for as long as the partition is offline.
        """
        if self._log is None:
            if self._failure is not None:
                raise KafkaError(ErrorCode.KAFKA_STORAGE_ERROR, str(self._failure))
            try:
                self._log = self._open_log(self)
            except OSError as error:
                logger.error("a log cannot be opened", partition=self.name, error=str(error))
                raise KafkaError(ErrorCode.KAFKA_STORAGE_ERROR, str(error)) from error
        return self._log

    @property
    def opened_log(self) -> PartitionLog | None:
        """The log if anyone has used it since the start, and it is not offline."""
        return self._log

    def drop_log(self) -> None:
        """The log was closed; the next use opens it again."""
        self._log = None

    @property
    def is_offline(self) -> bool:
        """Whether its disk failed: it is neither read nor written until the broker is started again."""
        return self._failure is not None

    def take_offline(self, failure: OSError) -> None:
        """Nobody knows any more what the disk has of the log: let nobody build on it, and tell who waits."""
        if self._failure is None:
            self._failure, self._log = failure, None
            logger.error(
                "an fsync failed: the partition is offline; see to the disk, then restart the broker to recover it",
                partition=self.name,
                error=str(failure),
            )
            self._on_change(self)

    def check_leader_epoch(self, current_leader_epoch: int) -> None:
        """A client's idea of the leader epoch against ours (KIP-320); -1 asks for no check."""
        if current_leader_epoch != self.leader_epoch and current_leader_epoch != -1:
            is_older = current_leader_epoch < self.leader_epoch
            raise KafkaError(ErrorCode.FENCED_LEADER_EPOCH if is_older else ErrorCode.UNKNOWN_LEADER_EPOCH)

    def has_open_transaction(self, producer_id: int, producer_epoch: int) -> bool:
        """Whether this producer, under this epoch, has data here that waits for a marker."""
        entry = self.log.find_producer(producer_id)
        return entry is not None and entry.producer_epoch == producer_epoch and entry.current_txn_first_offset >= 0

    def append(
        self,
        batches: Sequence[RecordBatch],
        now_ms: int,
        *,
        is_from_client: bool = True,
        is_checked: bool = False,
    ) -> AppendInfo:
        """Append, and wake who waits for it. HeavyBatch where a check on a thread must come first."""
        appended = self.log.append(
            batches, now_ms, leader_epoch=self.leader_epoch, is_from_client=is_from_client, is_checked=is_checked
        )
        self._on_change(self)
        return appended

    def append_marker(
        self,
        producer_id: int,
        producer_epoch: int,
        coordinator_epoch: int,
        *,
        is_commit: bool,
        now_ms: int,
        must_raise_epoch: bool = False,
    ) -> AppendInfo:
        """End a producer's transaction here, and wake who waits for what became stable, or keeps what it wrote."""
        appended = self.log.append_marker(
            producer_id,
            producer_epoch,
            coordinator_epoch,
            is_commit,
            now_ms,
            self.leader_epoch,
            must_raise_epoch=must_raise_epoch,
        )
        self._on_marker(self, producer_id, is_commit)
        self._on_change(self)
        return appended

    def notify_changed(self) -> None:
        """Something that delayed fetches look at has changed."""
        self._on_change(self)

    def note_deleted(self) -> None:
        """The topic has gone; whoever waits is told."""
        self.is_deleted = True
        self._on_change(self)
