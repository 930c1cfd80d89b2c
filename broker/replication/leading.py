"""LeadingPartition: what the leader of a partition knows of its followers, and how far all that are in sync have it.

The rule: the high watermark is the least log end of the replicas that are in sync, of those that are about to be, and
of those that have just caught up; it does not move while fewer are in sync than `min.insync.replicas` (KIP-966).
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass

from ...protocol.errors import ErrorCode, KafkaError
from ...protocol.metadata_records import PartitionRecord
from ...storage.log import PartitionLog
from ..log_output import get_logger
from ..topics.partition import Partition
from ..topics.read_replica import FollowerView

logger = get_logger("replication")

Then = Callable[[KafkaError | None], None]
NEVER = float("-inf")


@dataclass(slots=True)
class FollowerState:
    """A follower as its fetches show it; times are monotonic seconds."""

    end_offset: int = -1
    log_start_offset: int = -1
    caught_up_s: float = NEVER  # when it last had all that there was
    fetched_s: float = NEVER
    end_at_fetch: int = -1  # where the leader's log ended then

    def is_caught_up(self, end_offset: int, now: float, lag_s: float) -> bool:
        """Whether it has everything, or had not so long ago."""
        return self.end_offset == end_offset or now - self.caught_up_s <= lag_s


class LeadingPartition:
    """A partition that this broker leads, and that others follow: its `Leadership`."""

    def __init__(
        self,
        partition: Partition,
        log: PartitionLog,
        record: PartitionRecord,
        node_id: int,
        lag_s: Callable[[], float],
        min_isr: Callable[[], int],
        is_eligible: Callable[[int], bool],
        now: float,
    ) -> None:
        """`min_isr` is `min.insync.replicas` as it is now; `is_eligible` tells whether a broker may be in sync."""
        self.partition = partition
        self.log = log
        self.record = record
        self.pending_isr: tuple[int, ...] | None = None  # asked of the controller, which has not answered yet
        self.epoch_start_offset = log.log_end_offset  # what is below may be committed, though it is not known yet
        self.followers: dict[int, FollowerState] = {}
        self._node_id = node_id
        self._lag_s = lag_s
        self._min_isr = min_isr
        self._is_eligible = is_eligible
        self._waiting: list[tuple[int, Then]] = []
        self._take_followers(now)

    @property
    def isr(self) -> Collection[int]:
        """Who is in sync, as the controller has it."""
        return self.record.isr

    def update(self, record: PartitionRecord, now: float) -> None:
        """The controller has changed who is in sync, or who has replicas, and not who leads."""
        self.record = record
        self.pending_isr = None
        self._take_followers(now)
        self.advance(now)
        self.partition.notify_changed()

    def _take_followers(self, now: float) -> None:
        ids = [one for one in self.record.replicas if one != self._node_id]
        # Who is in sync gets the time to show it; who is not has to catch up first.
        self.followers = {
            one: self.followers.get(one) or FollowerState(caught_up_s=now if one in self.record.isr else NEVER)
            for one in ids
        }

    # In sync

    def check_in_sync(self) -> None:
        if len(self.record.isr) < self._effective_min_isr():
            raise KafkaError(
                ErrorCode.NOT_ENOUGH_REPLICAS,
                f"The size of the current ISR : {len(self.record.isr)} is insufficient to satisfy the min.isr "
                f"requirement of {self._effective_min_isr()} for partition {self.partition.name}",
            )

    def _effective_min_isr(self) -> int:
        return min(self._min_isr(), len(self.record.replicas))

    def note_fetch(self, node_id: int, fetch_offset: int, log_start_offset: int, now: float) -> None:
        """A follower has all from where its log begins to below this offset."""
        follower = self.followers.get(node_id)
        if follower is None:
            return
        end = self.log.log_end_offset
        if fetch_offset >= end:
            follower.caught_up_s = max(follower.caught_up_s, now)
        elif fetch_offset >= follower.end_at_fetch:
            follower.caught_up_s = max(follower.caught_up_s, follower.fetched_s)
        follower.end_offset, follower.end_at_fetch, follower.fetched_s = fetch_offset, end, now
        if log_start_offset != follower.log_start_offset:
            follower.log_start_offset = log_start_offset
            self.partition.notify_changed()
        self.advance(now)

    def may_join(self, node_id: int) -> bool:
        """Whether a follower that was not in sync is."""
        follower = self.followers.get(node_id)
        return (
            follower is not None
            and node_id not in self.record.isr
            and self.pending_isr is None
            and follower.end_offset >= max(self.log.high_watermark, self.epoch_start_offset)
            and self._is_eligible(node_id)
        )

    def lagging(self, now: float) -> list[int]:
        """Who is in sync no more, by `replica.lag.time.max.ms`."""
        if self.pending_isr is not None:
            return []
        end, lag_s = self.log.log_end_offset, self._lag_s()
        return [
            one
            for one, follower in self.followers.items()
            if one in self.record.isr and not follower.is_caught_up(end, now, lag_s)
        ]

    # For consumers

    def in_sync_followers(self) -> list[FollowerView]:
        return [
            FollowerView(one, follower.log_start_offset, follower.end_offset, follower.caught_up_s)
            for one, follower in self.followers.items()
            if one in self.record.isr
        ]

    def low_watermark(self, is_alive: Callable[[int], bool]) -> int:
        starts = (follower.log_start_offset for one, follower in self.followers.items() if is_alive(one))
        return min((self.log.log_start_offset, *starts))

    # The high watermark

    def advance(self, now: float) -> bool:
        """Raise the high watermark as far as it may be; whether it has moved. Who waits for it is told."""
        moved = self._raise(now)
        if moved:
            self.partition.notify_changed()
        self._tell()
        return moved

    def _raise(self, now: float) -> bool:
        if len(self.record.isr) < self._effective_min_isr():
            return False
        end, lag_s = self.log.log_end_offset, self._lag_s()
        in_sync = {*self.record.isr, *(self.pending_isr or ())}
        upper = end
        for one, follower in self.followers.items():
            is_joining = one not in in_sync and follower.is_caught_up(end, now, lag_s) and self._is_eligible(one)
            if follower.end_offset < upper and (one in in_sync or is_joining):
                upper = follower.end_offset
        return self.log.raise_high_watermark(upper)

    def when_replicated(self, end_offset: int, then: Then) -> None:
        if self.log.high_watermark >= end_offset:
            then(self._not_enough())
        else:
            self._waiting.append((end_offset, then))

    def _not_enough(self) -> KafkaError | None:
        is_enough = len(self.record.isr) >= self._effective_min_isr()
        return None if is_enough else KafkaError(ErrorCode.NOT_ENOUGH_REPLICAS_AFTER_APPEND)

    def _tell(self) -> None:
        if not self._waiting or self.log.high_watermark < self._waiting[0][0]:
            return
        reached = self.log.high_watermark
        due = [then for end, then in self._waiting if end <= reached]
        self._waiting = [one for one in self._waiting if one[0] > reached]
        answer_all(due, self._not_enough())

    def resign(self) -> None:
        """It leads no more: what waits to be replicated may be lost."""
        waiting, self._waiting = self._waiting, []
        answer_all([then for _, then in waiting], KafkaError(ErrorCode.NOT_LEADER_OR_FOLLOWER))


def answer_all(waiting: Collection[Then], error: KafkaError | None) -> None:
    """Tell each; one that fails keeps no other from its answer."""
    for then in waiting:
        try:
            then(error)
        except Exception:
            logger.exception("an append could not be answered once it was replicated")
