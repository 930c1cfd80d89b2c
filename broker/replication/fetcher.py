"""ReplicaFetcher: copies from one leader every partition that this broker follows there.

The rule: a follower's log is its leader's, byte for byte, or is cut back to where the two agree (KIP-101, KIP-279).
What a partition cannot do now it tries again when its leader has news, when the way to it is free again, or after
`replica.fetch.backoff.ms`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from ...protocol.errors import ErrorCode, KafkaError
from ...storage.log import PartitionLog
from ..config.replication_config import ReplicationConfig
from ..log_output import get_logger
from ..nodes.links import Links
from ..runtime import Runtime, Timer
from ..slices import SLICE_S
from ..topics.partition import Partition
from .replica_fetch import Follower, PartitionKey, ReplicaFetch, ReplicaFetched
from .replication_throttles import ReplicationThrottle

logger = get_logger("replication")

MOST_PARTITIONS = 200  # in one question
# One of the two has not heard of the last election yet; the leader wakes its followers as soon as it leads.
_NOT_YET = (
    ErrorCode.NOT_LEADER_OR_FOLLOWER,
    ErrorCode.UNKNOWN_LEADER_EPOCH,
    ErrorCode.FENCED_LEADER_EPOCH,
)


class Leader(Protocol):
    """The broker that leads, as its followers know it."""

    def serve_fetch(self, follower: Follower, asked: Sequence[ReplicaFetch], max_bytes: int) -> list[ReplicaFetched]:
        """What there is for each, up to so many bytes in all; those that are left out are to be asked for again."""
        ...


@dataclass(slots=True)
class Followed:
    """A partition that is copied."""

    partition: Partition
    log: PartitionLog
    leader_epoch: int
    lag: int | None = None  # behind the leader's high watermark when it last took something over; None before that

    @property
    def is_in_sync(self) -> bool:
        """As far as the follower itself knows, which is what Apache Kafka's throttles its own fetches by (KIP-73)."""
        return self.lag == 0


class ReplicaFetcher:
    """One follower's questions to one leader: one at a time, about all partitions that have any."""

    def __init__(
        self,
        leader_id: int,
        who: Callable[[], Follower],
        find_leader: Callable[[int], Leader | None],
        config: ReplicationConfig,
        runtime: Runtime,
        links: Links,
        throttle: ReplicationThrottle,
    ) -> None:
        """`who` tells who asks, by the epoch in which it is registered now; `throttle` is that of all fetchers here."""
        self._leader_id = leader_id
        self._who = who
        self._find_leader = find_leader
        self._config = config
        self._clock = runtime.clock
        self._timers = runtime.timers
        self._links = links
        self._throttle = throttle
        self._followed: dict[PartitionKey, Followed] = {}
        self._asking: dict[PartitionKey, None] = {}  # there may be more, or the leader is to hear how far it has got
        self._is_called_soon = False
        self._question: object | None = None  # the one that is on its way; what else comes in is not taken
        self._retry = Timer(runtime.timers, self._on_retry)
        self._is_to_retry = False

    @property
    def is_waiting(self) -> bool:
        """Whether an answer is to come."""
        return self._question is not None

    def follow(self, key: PartitionKey, followed: Followed) -> None:
        """Copy a partition from now on."""
        self._followed[key] = followed
        self.wake(key)

    def drop(self, key: PartitionKey) -> None:
        """Copy it no more; what is on its way is not taken."""
        self._followed.pop(key, None)
        self._asking.pop(key, None)

    def end(self) -> None:
        """Copy nothing any more."""
        self._followed.clear()
        self._asking.clear()
        self._question = None
        self._retry.set(None)

    def wake(self, key: PartitionKey) -> None:
        """The leader has news of a partition."""
        if key in self._followed:
            self._asking[key] = None
            self._call_soon()

    def wake_all(self) -> None:
        """Ask about everything."""
        self._asking = dict.fromkeys(self._followed)
        self._call_soon()

    def ask_anew(self) -> None:
        """The way has become another: what was on its way may be lost, and is given up."""
        self._question = None
        self.wake_all()

    def _call_soon(self) -> None:
        if self._asking and not self._is_called_soon and self._question is None:
            self._is_called_soon = True
            self._timers.call_soon(self._on_turn)

    def _on_turn(self) -> None:
        self._is_called_soon = False
        until = self._clock.now() + SLICE_S
        while self._asking and self._question is None and self._ask():
            if self._clock.now() >= until:
                break
        self._call_soon()

    def _ask(self) -> bool:
        """Put one question, unless all that is to be asked for is held back; whether there was a way."""
        leader, who = self._find_leader(self._leader_id), self._who()
        if leader is None or not self._links.reaches(who.node_id, self._leader_id):
            self._asking.clear()  # who frees the way has us ask anew
            return False
        keys = list(self._asking)[:MOST_PARTITIONS]
        for key in keys:
            del self._asking[key]
        if self._throttle.is_active:
            keys = [key for key in keys if not self._is_held_back(key)]
            if not keys:
                return True
        asked = [self._fetch_of(key) for key in keys]
        question = self._question = object()

        def answer() -> None:
            # A question that was given up is not heard any more: its connection is closed.
            if self._question is question:
                answers = leader.serve_fetch(who, asked, self._config.response_max_bytes)
                self._links.send(self._leader_id, who.node_id, lambda: self._take(question, keys, answers))

        self._links.send(who.node_id, self._leader_id, answer)
        return True

    def _is_held_back(self, key: PartitionKey) -> bool:
        return not self._followed[key].is_in_sync and self._throttle.holds_back(self._leader_id, key)

    def _fetch_of(self, key: PartitionKey) -> ReplicaFetch:
        followed = self._followed[key]
        log = followed.log
        most = self._config.fetch_max_bytes
        end, start = log.log_end_offset, log.log_start_offset
        return ReplicaFetch(key, followed.leader_epoch, end, log.leader_epoch, start, most)

    def _take(self, question: object, keys: Sequence[PartitionKey], answers: Sequence[ReplicaFetched]) -> None:
        if question is not self._question:
            return
        self._question = None
        for key in keys[len(answers) :]:
            if key in self._followed:
                self._asking[key] = None
        for answer in answers:
            followed = self._followed.get(answer.key)
            if followed is None or followed.leader_epoch != answer.leader_epoch:
                continue
            try:
                if self._take_one(followed, answer):
                    self._asking[answer.key] = None
            except (KafkaError, OSError) as error:
                self._on_failure(followed, error)
        self._call_soon()

    def _on_failure(self, followed: Followed, error: KafkaError | OSError) -> None:
        partition = followed.partition.name
        logger.warning("a partition cannot be copied for now", partition=partition, error=str(error))
        self._retry_later()

    def _retry_later(self) -> None:
        if not self._is_to_retry:  # one that fails again and again keeps no other waiting
            self._is_to_retry = True
            self._retry.set(self._clock.now() + self._config.backoff_s)

    def _on_retry(self) -> None:
        self._is_to_retry = False
        self.wake_all()

    def _take_one(self, followed: Followed, answer: ReplicaFetched) -> bool:
        """Take over what the leader has; whether there is to be a next question at once."""
        log, now_ms = followed.log, self._clock.now_ms()
        if answer.fetch_offset != log.log_end_offset:
            return True
        if answer.error in _NOT_YET:
            self._retry_later()
            return False
        if answer.error == ErrorCode.OFFSET_OUT_OF_RANGE or answer.diverging is not None:
            return self._truncate(followed, answer)
        if answer.error != ErrorCode.NONE:
            raise KafkaError(answer.error)
        has_more = bool(len(answer.data)) or answer.next_offset > log.log_end_offset
        if has_more:
            log.append_replicated(answer.data, now_ms, next_offset=answer.next_offset)
            if self._throttle.is_active:
                self._throttle.record(answer.key, len(answer.data))
        if has_more or followed.lag is None:
            followed.lag = max(0, answer.high_watermark - log.log_end_offset)
        moved = log.raise_high_watermark(min(answer.high_watermark, log.log_end_offset))
        has_begun_later = log.follow_log_start(answer.log_start_offset, now_ms)
        if moved or has_more or has_begun_later:
            followed.partition.notify_changed()
        return has_more or has_begun_later  # the leader hears how far it has got

    def _truncate(self, followed: Followed, answer: ReplicaFetched) -> bool:
        """Cut the log back to where it agrees with the leader's, as far as is known."""
        log = followed.log
        if answer.diverging is not None:
            offset = log.truncation_offset(*answer.diverging)
        elif log.log_end_offset < answer.log_start_offset:  # what the leader has deleted is not to be had any more
            log.truncate_fully_to(answer.log_start_offset, self._clock.now_ms())
            self._note_cut(followed)
            return True
        else:  # the leader has lost what this one has kept, which an unclean election allows
            offset = min(answer.log_end_offset, log.log_end_offset)
        end, code = log.log_end_offset, answer.error or ErrorCode.OFFSET_OUT_OF_RANGE
        log.prepare_truncation(offset, lambda: self._cut(answer.key, followed, end, offset, code))
        return False

    def _cut(self, key: PartitionKey, followed: Followed, end: int, offset: int, code: ErrorCode) -> None:
        """Cut it there, unless it has become another meanwhile; the leader is asked what comes next."""
        log = followed.log
        if self._followed.get(key) is not followed or log.log_end_offset != end:
            return
        before = log.log_end_offset, log.leader_epoch
        try:
            log.truncate_to(offset, self._clock.now_ms())
            if (log.log_end_offset, log.leader_epoch) == before:
                raise KafkaError(code, "it is not known where the two logs part")
        except (KafkaError, OSError) as error:
            self._on_failure(followed, error)
            return
        self._note_cut(followed)
        self.wake(key)

    def _note_cut(self, followed: Followed) -> None:
        offset = followed.log.log_end_offset
        logger.info("a log is cut back to its leader's", partition=followed.partition.name, offset=offset)
        followed.partition.notify_changed()
