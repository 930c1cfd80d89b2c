"""A partition: its log, opened on first use, and those who want to know when it grows.

With several brokers each has every partition, and a log for those it has a replica of. The one that leads serves it.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from ...protocol.batch import RecordBatch
from ...protocol.errors import ErrorCode, KafkaError
from ...storage.log import AppendInfo, PartitionLog
from ...storage.log_api import Log
from ..log_output import get_logger
from ..slices import Steps, in_steps, run_to_end

if TYPE_CHECKING:  # a broker alone has no followers to look at
    from .read_replica import FollowerView

logger = get_logger("partition")

# Of some batches each, before what is left of an opening goes to the background: a few milliseconds.
STEPS_AT_ONCE = 32

OpenLog = Callable[["Partition"], PartitionLog | Steps[PartitionLog]]
OnMarker = Callable[["Partition", int, bool], None]
"""The partition, the producer whose transaction has ended there, and whether it was committed."""


class Leadership(Protocol):
    """What a broker knows of a partition that it leads with others following; there is none where it is alone."""

    @property
    def epoch_start_offset(self) -> int:
        """Where the log ended when this broker began to lead."""
        ...

    def in_sync_followers(self) -> "Sequence[FollowerView]":
        """Those from which consumers may read."""
        ...

    def low_watermark(self, is_alive: Callable[[int], bool]) -> int:
        """The least offset at which the log of a replica begins, of this one and those that are alive."""
        ...

    def check_in_sync(self) -> None:
        """NOT_ENOUGH_REPLICAS where fewer are in sync than `min.insync.replicas` asks for."""
        ...

    def when_replicated(self, end_offset: int, then: Callable[[KafkaError | None], None]) -> None:
        """Call `then` once the high watermark has reached an offset, at once if it has.

        NOT_ENOUGH_REPLICAS_AFTER_APPEND where too few have taken part; NOT_LEADER_OR_FOLLOWER when it leads no more.
        """
        ...


class NotYetLeading:
    """The `Leadership` of a partition whose followers are yet to be counted: nothing is known to be with them."""

    @property
    def epoch_start_offset(self) -> int:
        raise KafkaError(ErrorCode.NOT_LEADER_OR_FOLLOWER)

    def in_sync_followers(self) -> "Sequence[FollowerView]":
        return ()

    def low_watermark(self, is_alive: Callable[[int], bool]) -> int:
        raise KafkaError(ErrorCode.NOT_LEADER_OR_FOLLOWER)

    def check_in_sync(self) -> None:
        raise KafkaError(ErrorCode.NOT_LEADER_OR_FOLLOWER)

    def when_replicated(self, end_offset: int, then: Callable[[KafkaError | None], None]) -> None:
        then(KafkaError(ErrorCode.NOT_LEADER_OR_FOLLOWER))


class Partition:
    """One partition of a topic on this broker. Where it has the only replica its high watermark is the log's end."""

    __slots__ = (
        "_failure",
        "_leader_log",
        "_log",
        "_on_change",
        "_on_marker",
        "_open_later",
        "_open_log",
        "_opening",
        "_when_open",
        "index",
        "is_deleted",
        "is_leader",
        "leader_epoch",
        "leadership",
        "on_offline",
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
        open_later: Callable[["Partition"], None],
    ) -> None:
        """`open_later` is to call `go_on_opening` now and then until there is no more to do."""
        self.topic = topic
        self.index = index
        self.leader_epoch = leader_epoch
        self.is_deleted = False
        self.is_leader = True
        self.leadership: Leadership | None = None
        self.on_offline: Callable[[Partition], None] = lambda partition: None  # whoever wants to know why
        self._open_log = open_log
        self._on_change = on_change
        self._on_marker = on_marker
        self._log: PartitionLog | None = None
        self._leader_log: PartitionLog | None = None  # the same, where this broker leads: what requests may use
        self._failure: OSError | None = None
        self._open_later = open_later
        self._opening: Steps[PartitionLog] | None = None
        # Whom to call once the log is open, while it is opened in the background.
        self._when_open: list[Callable[[KafkaError | None], None]] | None = None

    def __repr__(self) -> str:
        return f"Partition({self.name})"

    @property
    def name(self) -> str:
        """As the directory is called: topic-index."""
        return f"{self.topic}-{self.index}"

    @property
    def is_open(self) -> bool:
        """Whether its log has been used: then it is open, or about to be."""
        return self._log is not None or self._opening is not None

    @property
    def log(self) -> Log:
        """The log, as requests and coordinators see it; the first use opens it and, after a crash, recovers it.

        KAFKA_STORAGE_ERROR if it cannot, and for as long as the partition is offline. NOT_LEADER_OR_FOLLOWER, which
        clients retry, where that takes long, as it goes on in the background, and where another broker leads.
        """
        return self._leader_log if self._leader_log is not None else self._open_to_lead()

    @property
    def replica_log(self) -> PartitionLog:
        """The log, whoever leads; errors as above."""
        return self._log if self._log is not None else self._open_at_once()

    def check_leader(self) -> None:
        """NOT_LEADER_OR_FOLLOWER where another broker leads, or none."""
        if not self.is_leader:
            raise KafkaError(ErrorCode.NOT_LEADER_OR_FOLLOWER, f"this broker does not lead {self.name}")

    def _open_to_lead(self) -> PartitionLog:
        self.check_leader()
        return self._open_at_once()

    def _open_at_once(self) -> PartitionLog:
        if self._log is not None:
            return self._log
        if self._when_open is None:
            for _ in range(STEPS_AT_ONCE):
                if (opened := self._go_on()) is not None:
                    return opened
            self._when_open = []
            self._open_later(self)
        raise KafkaError(ErrorCode.NOT_LEADER_OR_FOLLOWER, f"the log of {self.name} is being recovered")

    def open_log(self) -> PartitionLog:
        """The log, for its own upkeep, opened here and now however long that takes. KAFKA_STORAGE_ERROR as above."""
        return self._log or run_to_end(self.open_in_steps())

    def open_in_steps(self) -> Steps[PartitionLog]:
        """The same in steps; others may open it meanwhile."""
        while (opened := self._log or self._go_on()) is None:
            yield
        return opened

    def open_soon(self, then: Callable[[KafkaError | None], None]) -> None:
        """Open the log, in the background where that takes long; `then` hears when it is there, or cannot be."""
        try:
            _ = self.replica_log
        except KafkaError as error:
            if self._when_open is None:
                then(error)
            else:
                self._when_open.append(then)
        else:
            then(None)

    def go_on_opening(self) -> bool:
        """Do a little more of what `open_later` was asked for; whether there is more to do."""
        failure: KafkaError | None = None
        try:
            if self.is_deleted:
                self._end_opening()
                raise KafkaError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
            if self._log is None and self._go_on() is None:
                return True
        except KafkaError as error:
            failure = error
        except Exception as error:  # or the log would be waited for until the next start
            logger.error("a log cannot be opened", partition=self.name, exc_info=error)
            failure = KafkaError(ErrorCode.UNKNOWN_SERVER_ERROR, repr(error))
        waiting, self._when_open = self._when_open or [], None
        for then in waiting:
            then(failure)
        return False

    def _go_on(self) -> PartitionLog | None:
        """Do one step of the opening; the log when that was the last one."""
        if self._failure is not None:
            raise KafkaError(ErrorCode.KAFKA_STORAGE_ERROR, str(self._failure))
        if self._opening is None:
            self._opening = in_steps(self._open_log(self))
        try:
            next(self._opening)
        except StopIteration as end:
            opened: PartitionLog = end.value
            self._log, self._opening = opened, None
            self._leader_log = opened if self.is_leader else None
            return opened
        except OSError as error:
            self._end_opening()
            logger.error("a log cannot be opened", partition=self.name, error=str(error))
            raise KafkaError(ErrorCode.KAFKA_STORAGE_ERROR, str(error)) from error
        except Exception:
            self._end_opening()
            raise
        return None

    def _end_opening(self) -> None:
        if self._opening is not None:
            self._opening.close()
            self._opening = None

    @property
    def opened_log(self) -> PartitionLog | None:
        """The log if anyone has used it since the start, and it is not offline."""
        return self._log

    def drop_log(self) -> None:
        """The log was closed; the next use opens it again."""
        self._log = self._leader_log = None

    @property
    def is_offline(self) -> bool:
        """Whether its disk failed: it is neither read nor written until the broker is started again."""
        return self._failure is not None

    @property
    def why_offline(self) -> str:
        """Until when it is, and for what failure, if it is."""
        return "" if self._failure is None else f"offline until the broker is started again: {self._failure}"

    def take_offline(self, failure: OSError) -> None:
        """Nobody knows any more what the disk has of the log: let nobody build on it, and tell who waits."""
        if self._failure is None:
            self._failure = failure
            self._log = self._leader_log = None
            logger.error(
                "an fsync failed: the partition is offline; see to the disk, then restart the broker to recover it",
                partition=self.name,
                error=str(failure),
            )
            self.on_offline(self)
            self._on_change(self)

    def check_leader_epoch(self, current_leader_epoch: int) -> None:
        """A client's idea of the leader epoch against ours (KIP-320); -1 asks for no check."""
        if current_leader_epoch != self.leader_epoch and current_leader_epoch != -1:
            is_older = current_leader_epoch < self.leader_epoch
            raise KafkaError(ErrorCode.FENCED_LEADER_EPOCH if is_older else ErrorCode.UNKNOWN_LEADER_EPOCH)

    def lead(self, leader_epoch: int, *, is_replicated: bool = False) -> None:
        """This broker leads in a new epoch: who fetches in an older one is told."""
        self.leader_epoch, self.is_leader = leader_epoch, True
        self.leadership = NotYetLeading() if is_replicated else None
        if self._log is not None:
            self._log.begin_epoch(leader_epoch)
        self._leader_log = self._log
        self._on_change(self)

    def follow(self, leader_epoch: int) -> None:
        """Another broker leads in a new epoch, or none: whoever waits here is told."""
        self.leader_epoch, self.is_leader = leader_epoch, False
        self._leader_log = None
        self._on_change(self)

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
        log = self._leader_log if self._leader_log is not None else self._open_to_lead()
        appended = log.append(
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
