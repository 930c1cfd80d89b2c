"""Log: what requests and coordinators need of the log of one partition, and all that they may use of it.

What a log does for itself (flush, retain, compact, recover, close) is no part of it: the broker's own upkeep knows the
concrete `PartitionLog`. Every call is answered at once; what must wait, such as an fsync, waits at the partition.
"""

from collections.abc import Iterator, Sequence
from typing import Protocol

from ..protocol.batch import RecordBatch
from .indexes.transaction_index import AbortedTxn
from .log_cleanup import RecordsDeletion
from .log_config import LogConfig
from .log_results import AppendInfo, FetchedBatches
from .producer_state import ProducerEntry
from .timestamp_lookup import Lookup
from .validation import BatchCheck


class Log(Protocol):
    """The log of one partition. Any call that reads or writes may raise OSError."""

    @property
    def config(self) -> LogConfig:
        """The settings it obeys."""
        ...

    # Where it begins and ends

    @property
    def log_start_offset(self) -> int:
        """The first offset that can be read."""
        ...

    @property
    def log_end_offset(self) -> int:
        """The offset of the next record."""
        ...

    @property
    def high_watermark(self) -> int:
        """The first offset that consumers may not see yet: without replicas, the end."""
        ...

    @property
    def last_stable_offset(self) -> int:
        """Where the earliest open transaction begins, or the end; never below the log's start."""
        ...

    # Writing

    def append(
        self,
        batches: Sequence[RecordBatch],
        now_ms: int,
        *,
        leader_epoch: int,
        is_from_client: bool = True,
        is_checked: bool = False,
    ) -> AppendInfo:
        """Append batches, all or none, or recognise one that is there already.

        A client's batches are checked first, unless they come out of `batch_check`. Raises KafkaError (InvalidRecords
        where single records are at fault), OSError, or HeavyBatch where the check would keep the loop for too long;
        each leaves the log as it was.
        """
        ...

    def batch_check(self, now_ms: int) -> BatchCheck:
        """The check of a client's batches by the settings of now, which may be made on any thread."""
        ...

    def append_marker(
        self,
        producer_id: int,
        producer_epoch: int,
        coordinator_epoch: int,
        commit: bool,
        now_ms: int,
        leader_epoch: int,
        *,
        must_raise_epoch: bool = False,
    ) -> AppendInfo:
        """End a producer's transaction here; a second marker, or one for an unknown producer, does no harm.

        Raises KafkaError for a stale producer (INVALID_PRODUCER_EPOCH) or coordinator (TRANSACTION_COORDINATOR_FENCED).
        """
        ...

    def check_start(self, offset: int) -> None:
        """Whether the log could begin there; OFFSET_OUT_OF_RANGE if not."""
        ...

    def delete_records_before(self, offset: int) -> int:
        """Begin the log later; whole segments below go with the next retention. Returns the new start.

        The log's own files have it on the disk when this returns, the log start checkpoint must have it before: a log
        begins where both of them say it does. OSError leaves the log as it was.
        """
        ...

    def begin_delete_records(self, offset: int) -> RecordsDeletion:
        """The same with the fsync as a job, to be run on any thread; OFFSET_OUT_OF_RANGE.

        Several may be under way: they are run, and finished, in the order in which they were begun.
        """
        ...

    def finish_delete_records(self, deletion: RecordsDeletion) -> int:
        """The log begins later now, or, where the job has failed, as before. Returns its start."""
        ...

    # Reading

    def read(self, offset: int, max_bytes: int, *, upper_offset: int, at_least_one: bool = True) -> FetchedBatches:
        """Whole batches from the one that holds `offset`, below `upper_offset`, up to `max_bytes`.

        `at_least_one` lets the first batch be larger. Raises KafkaError: OFFSET_OUT_OF_RANGE, CORRUPT_MESSAGE.
        """
        ...

    def batches(self) -> Iterator[RecordBatch]:
        """Every batch from the log's start to its present end, read in pieces: how state is replayed."""
        ...

    def bytes_available(self, offset: int, upper_offset: int) -> int:
        """How many bytes a read from `offset` would find; those before the active segment count as a lot."""
        ...

    def aborted_transactions(self, fetch_offset: int, upper_offset: int) -> list[AbortedTxn]:
        """The aborted transactions that touch [fetch_offset, upper_offset), by first offset.

        AbortedUnknown where the log must be searched for them first, and that takes long.
        """
        ...

    # Looking up

    def offset_for_timestamp(self, timestamp: int, upper_offset: int) -> Lookup:
        """The first record at or after a time, in offset order, below `upper_offset`: looked up in steps."""
        ...

    def offset_of_max_timestamp(self, upper_offset: int) -> Lookup:
        """The first record that carries the largest timestamp, unless it lies at or beyond `upper_offset`."""
        ...

    def end_offset_for_epoch(self, epoch: int) -> tuple[int, int]:
        """(largest known epoch not above `epoch`, where it ended), or (-1, -1)."""
        ...

    def epoch_of(self, offset: int) -> int:
        """The leader epoch an offset was written under, or will be; -1 if it is not known."""
        ...

    # Producers

    def active_producers(self) -> list[tuple[int, ProducerEntry]]:
        """Every producer this partition remembers, by id."""
        ...

    def find_producer(self, producer_id: int) -> ProducerEntry | None:
        """The state of one producer."""
        ...

    def note_tentative_sequence(self, producer_id: int, producer_epoch: int, base_sequence: int) -> None:
        """A batch will come later than those sent after it, which must wait where no sequence is known (KAFKA-14920).

        For producers that the coordinator knows only: each is remembered until it has written here.
        """
        ...
