"""LeadingPartition: what the leader of a partition knows of its followers, and how far all that are in sync have it.

The rule: the high watermark is the least log end of the replicas that are in sync, of those that are about to be, and
of those that have just caught up; it does not move while fewer are in sync than `min.insync.replicas` (KIP-966).
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush

from ...protocol.errors import ErrorCode, KafkaError
from ...protocol.metadata_records import PartitionRecord
from ...storage.log import PartitionLog
from ..log_output import get_logger
from ..topics.partition import Partition
from ..topics.read_replica import FollowerView
from .replica_fetch import Follower

logger = get_logger("replication")

Then = Callable[[KafkaError | None], None]
NEVER = float("-inf")
ANY_BROKER_EPOCH = -1  # of a follower that has not asked yet

# Refused since the controller has recorded, or is about to record, what the leader has not heard of yet.
_METADATA_TELLS = (
    ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
    ErrorCode.UNKNOWN_TOPIC_ID,
    ErrorCode.FENCED_LEADER_EPOCH,
    ErrorCode.INVALID_UPDATE_VERSION,
    ErrorCode.INVALID_REQUEST,
    ErrorCode.NEW_LEADER_ELECTED,
)


@dataclass(slots=True, eq=False)
class PendingIsr:
    """Who is to be in sync, as the controller was asked: brokers, with the epochs that they are known under.

    It may have been recorded by now, so it counts until the metadata tells, or a refusal says that it was not.
    """

    isr: Sequence[tuple[int, int]]
    record: PartitionRecord  # that it is to change
    is_lost: bool = False  # the question, or the answer to it


@dataclass(slots=True)
class FollowerState:
    """A follower as its fetches show it; times are monotonic seconds."""

    broker_epoch: int = ANY_BROKER_EPOCH
    end_offset: int = -1
    log_start_offset: int = -1
    caught_up_s: float = NEVER  # when it last had all that there was
    fetched_s: float = NEVER
    end_at_fetch: int = -1  # where the leader's log ended then
    is_near: bool = False  # since it has asked, or there was a way again

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
        is_eligible: Callable[[Follower], bool],
        now: float,
    ) -> None:
        """`min_isr` is `min.insync.replicas` as it is now; `is_eligible` tells whether who has asked may be in sync."""
        self.partition = partition
        self.log = log
        self.record = record
        self.pending: PendingIsr | None = None
        self.epoch_start_offset = log.log_end_offset  # what is below may be committed, though it is not known yet
        self.followers: dict[int, FollowerState] = {}
        self._node_id = node_id
        self._lag_s = lag_s
        self._min_isr = min_isr
        self._is_eligible = is_eligible
        self._waiting: list[tuple[int, int, Then]] = []  # a heap: end offset, and which one it is
        self._asked = 0
        self._end_offset = log.log_end_offset  # when it was looked at last
        self._take_followers(now)

    @property
    def isr(self) -> Collection[int]:
        """Who is in sync, as the controller has it."""
        return self.record.isr

    def update(self, record: PartitionRecord, now: float) -> None:
        """The controller has changed who is in sync, or who has replicas, and not who leads; be it in a new epoch."""
        if record.leader_epoch != self.record.leader_epoch:
            self.epoch_start_offset = self.log.log_end_offset
        self.record = record
        self.pending = None
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

    def note_fetch(self, who: Follower, fetch_offset: int, log_start_offset: int, now: float) -> None:
        """A follower has all from where its log begins to below this offset."""
        follower = self.followers.get(who.node_id)
        if follower is None:
            return
        end = self.log.log_end_offset
        if fetch_offset >= end:
            follower.caught_up_s = max(follower.caught_up_s, now)
        elif fetch_offset >= follower.end_at_fetch:
            follower.caught_up_s = max(follower.caught_up_s, follower.fetched_s)
        follower.broker_epoch, follower.is_near = who.broker_epoch, True
        follower.end_offset, follower.end_at_fetch, follower.fetched_s = fetch_offset, end, now
        if log_start_offset != follower.log_start_offset:
            follower.log_start_offset = log_start_offset
            self.partition.notify_changed()
        self.advance(now)

    def note_growth(self, now: float) -> None:
        """The log may have grown. See `_note_idle`."""
        if self.log.log_end_offset != self._end_offset:
            self._note_idle(now)
            self._end_offset = self.log.log_end_offset

    def note_ways(self, reaches: Callable[[int], bool], now: float) -> None:
        """The ways between brokers are others; `reaches` tells whether one goes to and fro now."""
        self._note_idle(now)
        for node_id, follower in self.followers.items():
            follower.is_near = reaches(node_id)

    def _note_idle(self, now: float) -> None:
        """Who has everything, and is near, was caught up until now: Kafka's followers would have asked meanwhile."""
        for follower in self.followers.values():
            if follower.is_near and follower.end_offset >= self._end_offset:
                follower.caught_up_s = max(follower.caught_up_s, now)

    def _may_be_in_sync(self, node_id: int, follower: FollowerState) -> bool:
        """Whether it is the broker that runs now which has shown how far it is, and not the one before it (KIP-903)."""
        return self._is_eligible(Follower(node_id, follower.broker_epoch))

    def may_join(self, node_id: int) -> bool:
        """Whether a follower that was not in sync is."""
        follower = self.followers.get(node_id)
        return (
            follower is not None
            and node_id not in self.record.isr
            and self.pending is None
            and follower.end_offset >= max(self.log.high_watermark, self.epoch_start_offset)
            and self._may_be_in_sync(node_id, follower)
        )

    def lagging(self, now: float) -> list[int]:
        """Who is in sync no more, by `replica.lag.time.max.ms`."""
        if self.pending is not None:
            return []
        end, lag_s = self.log.log_end_offset, self._lag_s()
        return [
            one
            for one, follower in self.followers.items()
            if one in self.record.isr and not follower.is_caught_up(end, now, lag_s)
        ]

    def begin_change(self, isr: Sequence[int]) -> PendingIsr:
        """The controller is to be asked to record these as in sync."""
        known = {one: follower.broker_epoch for one, follower in self.followers.items()}
        self.pending = PendingIsr([(one, known.get(one, ANY_BROKER_EPOCH)) for one in isr], self.record)
        return self.pending

    def end_change(self, pending: PendingIsr, error: KafkaError | None, now: float) -> None:
        """The controller has answered; what it has recorded counts once the metadata tells."""
        if error is not None and error.code not in _METADATA_TELLS and self.pending is pending:
            self.pending = None
            self.advance(now)

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
        in_sync = set(self.record.isr)
        if self.pending is not None:
            in_sync.update(one for one, _ in self.pending.isr)
        upper = end
        for one, follower in self.followers.items():
            is_joining = one not in in_sync and follower.is_caught_up(end, now, lag_s)
            is_joining = is_joining and self._may_be_in_sync(one, follower)
            if follower.end_offset < upper and (one in in_sync or is_joining):
                upper = follower.end_offset
        return self.log.raise_high_watermark(upper)

    def when_replicated(self, end_offset: int, then: Then) -> None:
        if self.log.high_watermark >= end_offset:
            then(self._not_enough())
        else:
            self._asked += 1
            heappush(self._waiting, (end_offset, self._asked, then))

    def _not_enough(self) -> KafkaError | None:
        is_enough = len(self.record.isr) >= self._effective_min_isr()
        return None if is_enough else KafkaError(ErrorCode.NOT_ENOUGH_REPLICAS_AFTER_APPEND)

    @property
    def is_waited_for(self) -> bool:
        """Whether an append waits to be replicated."""
        return bool(self._waiting)

    def _tell(self) -> None:
        due: list[Then] = []
        while self._waiting and self._waiting[0][0] <= self.log.high_watermark:
            due.append(heappop(self._waiting)[2])
        if due:
            answer_all(due, self._not_enough())

    def resign(self) -> None:
        """It leads no more: what waits to be replicated may be lost."""
        self._end(KafkaError(ErrorCode.NOT_LEADER_OR_FOLLOWER))

    def stay_alone(self) -> None:
        """It has the only replica now: what it has is all that there is to have."""
        self._end(None)

    def _end(self, error: KafkaError | None) -> None:
        waiting, self._waiting = sorted(self._waiting, key=lambda one: one[1]), []
        answer_all([then for _, _, then in waiting], error)


def answer_all(waiting: Collection[Then], error: KafkaError | None) -> None:
    """Tell each; one that fails keeps no other from its answer."""
    for then in waiting:
        try:
            then(error)
        except Exception:
            logger.exception("an append could not be answered once it was replicated")
