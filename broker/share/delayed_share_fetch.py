"""DelayedShareFetch: a share fetch that waits in purgatory until its share partitions have enough to acquire.

It holds neither data nor locks: when it is ready, or late, it reads and acquires. It is woken by what changes the logs
(records, markers) and by what changes the share partitions (acknowledgements, locks that ran out, a state just read).
"""

from collections.abc import Callable, Collection, Hashable
from dataclasses import dataclass, field

from ...protocol.errors import ErrorCode, KafkaError
from ..topics.partition import Partition
from .settings import SettingsOfGroup, ShareGroupSettings
from .share_partition import SharePartition, Status, Wish
from .share_sessions import ShareSession, TopicPartition


@dataclass(slots=True)
class ShareFetch:
    """What one request is to acquire, and from where. `errors` are of partitions from which nothing can come."""

    session: ShareSession
    wish: Wish
    min_bytes: int
    max_bytes: int
    partitions: dict[TopicPartition, tuple[SharePartition, Partition]]
    settings_of: SettingsOfGroup
    errors: dict[TopicPartition, ErrorCode] = field(default_factory=dict[TopicPartition, ErrorCode])

    def note_failed(self, name: TopicPartition, error: KafkaError) -> None:
        """The state of a share partition could not be read."""
        self.errors[name] = error.code

    @property
    def settings(self) -> ShareGroupSettings:
        """The group's settings as they are now."""
        return self.settings_of(self.session.key.group_id)

    def acquirable(self) -> list[TopicPartition]:
        """The partitions that may have something to acquire."""
        settings = self.settings
        return [
            name
            for name, (opened, _) in self.partitions.items()
            if name not in self.errors and opened.can_acquire(settings)
        ]

    @property
    def is_hopeless(self) -> bool:
        """Whether every partition has an error: there is nothing to wait for."""
        return len(self.errors) >= len(self.partitions)

    def note_moved(self) -> bool:
        """Whether there are partitions that other brokers lead by now, of which the client is to be told at once."""
        moved = [
            name
            for name, (opened, partition) in self.partitions.items()
            if opened.status is Status.FENCED and not partition.is_leader and name not in self.errors
        ]
        self.errors.update(dict.fromkeys(moved, ErrorCode.NOT_LEADER_OR_FOLLOWER))
        return bool(moved)

    def has_enough(self) -> bool:
        """Whether `min_bytes` can be read where something may be acquired, or a log has gone away under it."""
        if self.note_moved() or self.is_hopeless:
            return True
        acquirable = self.acquirable()
        if not acquirable:
            return False
        most = self.max_bytes // len(acquirable)
        is_read_committed = self.settings.is_read_committed
        total = 0
        for name in acquirable:
            opened, partition = self.partitions[name]
            try:
                log, offset = partition.log, opened.in_flight.next_fetch_offset()
                if offset < log.log_start_offset:
                    return True
                upper = log.last_stable_offset if is_read_committed else log.high_watermark
                if offset < upper:
                    total += min(log.bytes_available(offset, upper), most)
            except (OSError, KafkaError):
                return True  # the read that follows reports it, to the client whose fetch it is
        return total >= self.min_bytes


@dataclass(slots=True, eq=False)
class DelayedShareFetch:
    """A DelayedOperation at each of its partitions and share partitions; `respond` reads and acquires."""

    fetch: ShareFetch
    deadline: float
    respond: Callable[[], None]
    on_failed: Callable[[Exception], None]

    @property
    def keys(self) -> Collection[Hashable]:
        pairs = self.fetch.partitions.values()
        return [*(opened.key for opened, _ in pairs), *(partition for _, partition in pairs)]

    def is_ready(self) -> bool:
        """Whether there is enough."""
        return self.fetch.has_enough()

    def complete(self) -> None:
        self.respond()

    def fail(self, error: Exception) -> None:
        self.on_failed(error)
