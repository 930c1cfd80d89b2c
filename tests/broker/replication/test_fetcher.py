"""A follower copies from its leader what it lacks, is cut back where they part, and asks again when it may get more."""

from collections.abc import Sequence

import pytest

from odradek.broker.config.broker_config import BrokerConfig
from odradek.broker.config.replication_config import ReplicationConfig
from odradek.broker.nodes.links import Links
from odradek.broker.quotas.rate import QuotaWindow
from odradek.broker.quotas.replication_quota import ReplicationQuota
from odradek.broker.replication.fetcher import Followed, ReplicaFetcher
from odradek.broker.replication.replica_fetch import Follower, PartitionKey, ReplicaFetch, ReplicaFetched
from odradek.broker.replication.replication_throttles import ReplicationThrottle
from odradek.broker.testing.topics import create_topic
from odradek.protocol.batch import RecordBatch
from odradek.protocol.errors import ErrorCode
from odradek.storage.log import PartitionLog

from ..conftest import Parts
from ..handlers.broker_harness import NOW_MS, batch

FOLLOWER, LEADER = 2, 1
BACKOFF_S = 1.0
LEADER_EPOCH = 3


class ScriptedLeader:
    """A leader with logs of its own, or with an answer that a test has put in its mouth."""

    def __init__(self, logs: dict[PartitionKey, PartitionLog]) -> None:
        self.logs = logs
        self.asked: list[list[ReplicaFetch]] = []
        self.errors: dict[PartitionKey, ErrorCode] = {}
        self.diverging: list[tuple[int, int]] = []  # each is told once
        self.answers_most = 1000
        self.high_watermark: int | None = None  # else that its followers have it all

    def serve_fetch(self, follower: Follower, asked: Sequence[ReplicaFetch], max_bytes: int) -> list[ReplicaFetched]:
        assert follower == Follower(FOLLOWER, 20)
        self.asked.append(list(asked))
        return [self.answer(one) for one in asked[: self.answers_most]]

    def answer(self, asked: ReplicaFetch) -> ReplicaFetched:
        log = self.logs[asked.key]
        answer = ReplicaFetched(asked.key, asked.leader_epoch, asked.fetch_offset)
        answer.error = self.errors.get(asked.key, ErrorCode.NONE)
        answer.log_start_offset, answer.log_end_offset = log.log_start_offset, log.log_end_offset
        answer.high_watermark = log.log_end_offset if self.high_watermark is None else self.high_watermark
        if answer.error == ErrorCode.NONE and self.diverging:
            answer.diverging = self.diverging.pop(0)
        elif answer.error == ErrorCode.NONE and asked.fetch_offset < log.log_end_offset:
            found = log.read(asked.fetch_offset, asked.max_bytes, upper_offset=log.log_end_offset)
            answer.data, answer.next_offset = found.data, found.next_offset
        return answer


class Copying:
    """A follower's fetcher, with partitions t-0 and t-1 of its own and of its leader."""

    def __init__(self) -> None:
        self.own, self.other = Parts(), Parts()
        self.partitions = list(create_topic(self.own.topics, "t", 2, {}).partitions)
        led = create_topic(self.other.topics, "t", 2, {}).partitions
        self.keys: list[PartitionKey] = [(b"t" * 16, index) for index in range(2)]
        self.leader = ScriptedLeader({key: led[key[1]].open_log() for key in self.keys})
        self.peers = {LEADER: self.leader}
        self.clock = self.own.clock
        self.links = Links(self.clock, self.clock)
        config = ReplicationConfig(BrokerConfig.from_settings({"replica.fetch.max.bytes": "100"}))
        who = Follower(FOLLOWER, 20)
        self.bound = 1 << 40  # bytes a second, of what is throttled
        self.throttle = ReplicationThrottle(
            ReplicationQuota(QuotaWindow(11, 1000), lambda: self.bound),
            self.own.runtime,
            lambda leader_id, key: self.fetcher.wake(key),
        )
        self.fetcher = ReplicaFetcher(
            LEADER, lambda: who, self.peers.get, config, self.own.runtime, self.links, self.throttle
        )

    def log(self, index: int = 0) -> PartitionLog:
        log = self.partitions[index].replica_log
        if not log.is_replicated:
            log.begin_replication(0)
        return log

    def led(self, index: int = 0) -> PartitionLog:
        return self.leader.logs[self.keys[index]]

    def follow(self, *indexes: int) -> None:
        for index in indexes or (0,):
            self.fetcher.follow(self.keys[index], Followed(self.partitions[index], self.log(index), LEADER_EPOCH))
        self.settle()

    def settle(self, seconds: float = 0.0) -> None:
        self.clock.advance(seconds)

    @property
    def offsets_asked(self) -> list[list[int]]:
        return [[one.fetch_offset for one in asked] for asked in self.leader.asked]


def write(log: PartitionLog, count: int, epoch: int = LEADER_EPOCH) -> None:
    for _ in range(count):
        log.append([RecordBatch(batch(b"x" * 50))], NOW_MS, leader_epoch=epoch)


@pytest.fixture
def copying() -> Copying:
    return Copying()


# Copying


def test_what_the_leader_has_is_copied_piece_by_piece_and_the_leader_hears_of_the_end(copying: Copying) -> None:
    write(copying.led(), 3)
    copying.follow()
    assert copying.offsets_asked == [[0], [1], [2], [3]]
    assert bytes(copying.log().read(0, 1000, upper_offset=3).data) == bytes(
        copying.led().read(0, 1000, upper_offset=3).data
    )
    assert copying.log().high_watermark == 3


def test_a_log_ends_where_its_leaders_does_though_compaction_has_left_nothing_there(copying: Copying) -> None:
    """The leader's log was cut where a segment begins behind such a gap, say, or lost what that segment had."""
    write(copying.led(), 2)
    copying.led().append_replicated(b"", NOW_MS, next_offset=7)
    copying.follow()
    assert copying.offsets_asked == [[0], [1], [2], [7]]
    assert (copying.log().log_end_offset, copying.log().high_watermark) == (7, 7)


def test_a_question_says_what_the_follower_has(copying: Copying) -> None:
    write(copying.log(), 2, epoch=1)
    write(copying.led(), 2, epoch=1)
    copying.follow()
    asked = ReplicaFetch(copying.keys[0], LEADER_EPOCH, 2, 1, 0, 100)
    assert copying.leader.asked == [[asked]]


def test_nothing_is_asked_until_the_leader_has_news(copying: Copying) -> None:
    copying.follow()
    copying.settle(60)
    assert copying.offsets_asked == [[0]]
    write(copying.led(), 1)
    copying.fetcher.wake(copying.keys[0])
    copying.settle()
    assert copying.log().log_end_offset == 1


def test_the_partitions_of_a_leader_are_asked_for_together(copying: Copying) -> None:
    write(copying.led(1), 1)
    copying.follow(0, 1)
    copying.leader.asked.clear()
    copying.fetcher.wake_all()
    copying.settle()
    assert copying.offsets_asked == [[0, 1]]


def test_what_an_answer_has_no_room_for_is_asked_for_again(copying: Copying) -> None:
    copying.leader.answers_most = 1
    write(copying.led(0), 1)
    write(copying.led(1), 1)
    copying.follow(0, 1)
    assert [copying.log(index).log_end_offset for index in range(2)] == [1, 1]


def test_what_is_followed_no_more_is_neither_asked_for_nor_taken(copying: Copying) -> None:
    copying.links.set(LEADER, FOLLOWER, delay_s=1.0)
    write(copying.led(), 1)
    copying.follow()
    copying.fetcher.drop(copying.keys[0])
    copying.settle(1)
    copying.fetcher.wake(copying.keys[0])
    copying.settle()
    assert len(copying.leader.asked) == 1
    assert copying.log().log_end_offset == 0


def test_an_answer_of_an_earlier_epoch_is_not_taken(copying: Copying) -> None:
    copying.links.set(LEADER, FOLLOWER, delay_s=1.0)
    write(copying.led(), 1)
    copying.follow()
    followed = Followed(copying.partitions[0], copying.log(), LEADER_EPOCH + 1)
    copying.fetcher.follow(copying.keys[0], followed)
    copying.leader.errors[copying.keys[0]] = ErrorCode.NOT_LEADER_OR_FOLLOWER
    copying.settle(1)
    assert copying.log().log_end_offset == 0


def test_the_log_begins_where_the_leaders_does(copying: Copying) -> None:
    write(copying.log(), 3)
    write(copying.led(), 3)
    copying.led().delete_records_before(2)
    copying.follow()
    assert copying.log().log_start_offset == 2


# Being cut back


def test_a_log_is_cut_where_the_leader_says_that_they_part(copying: Copying) -> None:
    write(copying.log(), 3, epoch=1)
    write(copying.led(), 2, epoch=1)
    write(copying.led(), 2)
    copying.leader.diverging.append((1, 2))
    copying.follow()
    assert copying.log().log_end_offset == 4
    assert copying.log().leader_epoch == LEADER_EPOCH


def test_a_log_behind_the_start_of_its_leaders_begins_anew(copying: Copying) -> None:
    write(copying.log(), 1)
    write(copying.led(), 4)
    copying.led().delete_records_before(3)
    copying.leader.errors[copying.keys[0]] = ErrorCode.OFFSET_OUT_OF_RANGE
    answer = copying.leader.answer

    def once(asked: ReplicaFetch) -> ReplicaFetched:
        copying.leader.answer = answer  # type: ignore[method-assign]
        found = answer(asked)
        copying.leader.errors.clear()
        return found

    copying.leader.answer = once  # type: ignore[method-assign]
    copying.follow()
    assert (copying.log().log_start_offset, copying.log().log_end_offset) == (3, 4)


def test_a_log_beyond_the_end_of_its_leaders_is_cut_there_and_not_where_that_is_replicated(copying: Copying) -> None:
    """What the leader still has is not thrown away, though the leader does not know yet that it is committed."""
    write(copying.log(), 5)
    write(copying.led(), 4)
    copying.leader.high_watermark = 1
    copying.leader.errors[copying.keys[0]] = ErrorCode.OFFSET_OUT_OF_RANGE
    copying.follow()
    assert copying.log().log_end_offset == 4


@pytest.mark.parametrize("is_dropped", [False, True])
def test_a_log_is_cut_once_it_is_on_record_that_it_is_to_be_unless_it_is_followed_no_more(
    copying: Copying, is_dropped: bool
) -> None:
    write(copying.log(), 3)
    copying.log().raise_high_watermark(3)
    job = copying.log().begin_flush()
    job.run()
    copying.log().finish_flush(job)
    copying.own.store.write_checkpoints()
    write(copying.led(), 2)
    copying.leader.errors[copying.keys[0]] = ErrorCode.OFFSET_OUT_OF_RANGE
    copying.own.threads.holds = True
    copying.follow()
    assert copying.log().log_end_offset == 3
    if is_dropped:
        copying.fetcher.drop(copying.keys[0])
    copying.own.threads.finish_all()
    copying.settle()
    assert copying.log().log_end_offset == (3 if is_dropped else 2)


def test_where_it_is_not_known_where_the_logs_part_it_is_tried_again_later(copying: Copying) -> None:
    """And not at once, again and again."""
    write(copying.log(), 2)
    write(copying.led(), 2)
    copying.leader.errors[copying.keys[0]] = ErrorCode.OFFSET_OUT_OF_RANGE
    copying.follow()
    assert len(copying.leader.asked) == 1
    copying.settle(BACKOFF_S)
    assert len(copying.leader.asked) == 2


# Trying again


@pytest.mark.parametrize("code", [ErrorCode.NOT_LEADER_OR_FOLLOWER, ErrorCode.KAFKA_STORAGE_ERROR])
def test_what_was_refused_is_asked_for_again_after_a_while(copying: Copying, code: ErrorCode) -> None:
    copying.leader.errors[copying.keys[0]] = code
    write(copying.led(), 1)
    copying.follow()
    copying.leader.errors.clear()
    copying.settle(BACKOFF_S)
    assert copying.log().log_end_offset == 1


def test_a_partition_that_fails_again_and_again_keeps_no_other_from_being_tried_again(copying: Copying) -> None:
    copying.leader.errors = dict.fromkeys(copying.keys, ErrorCode.KAFKA_STORAGE_ERROR)
    write(copying.led(1), 1)
    copying.follow(0, 1)
    del copying.leader.errors[copying.keys[1]]
    for _ in range(5):
        copying.settle(BACKOFF_S / 4)
        copying.fetcher.wake(copying.keys[0])
    copying.settle()
    assert copying.log(1).log_end_offset == 1


def test_a_follower_that_cannot_reach_its_leader_asks_once_it_can(copying: Copying) -> None:
    copying.links.set(FOLLOWER, LEADER, is_cut=True)
    write(copying.led(), 1)
    copying.follow()
    assert copying.leader.asked == []
    copying.links.heal()
    copying.fetcher.ask_anew()
    copying.settle()
    assert copying.log().log_end_offset == 1


def test_a_leader_that_is_not_there_is_asked_once_it_has_news(copying: Copying) -> None:
    del copying.peers[LEADER]
    write(copying.led(), 1)
    copying.follow()
    copying.peers[LEADER] = copying.leader
    copying.fetcher.wake(copying.keys[0])
    copying.settle()
    assert copying.log().log_end_offset == 1


def test_there_is_one_question_on_its_way_at_a_time(copying: Copying) -> None:
    copying.links.set(FOLLOWER, LEADER, delay_s=1.0)
    copying.follow(0)
    copying.follow(1)
    assert copying.fetcher.is_waiting
    copying.settle(1)
    copying.settle(1)
    assert copying.offsets_asked == [[0], [0]]


def test_a_question_whose_way_has_changed_is_given_up_and_not_heard_any_more(copying: Copying) -> None:
    """Late, it would tell the leader that the follower is further behind than it is."""
    copying.links.set(FOLLOWER, LEADER, delay_s=5.0)
    copying.follow()
    write(copying.led(), 2)
    copying.links.set(FOLLOWER, LEADER, delay_s=0.0)
    copying.fetcher.ask_anew()
    copying.settle(10)
    assert copying.offsets_asked == [[0], [1], [2]]


def test_an_answer_to_a_question_that_was_given_up_is_not_taken(copying: Copying) -> None:
    copying.links.set(LEADER, FOLLOWER, delay_s=5.0)
    write(copying.led(), 1)
    copying.follow()
    copying.fetcher.ask_anew()
    copying.fetcher.drop(copying.keys[0])
    copying.settle(10)
    assert copying.log().log_end_offset == 0


def test_nothing_of_a_follower_that_has_ended_is_heard(copying: Copying) -> None:
    """Its next life may have lost what this one has told of."""
    copying.links.set(FOLLOWER, LEADER, delay_s=1.0)
    copying.follow()
    copying.fetcher.end()
    copying.settle(60)
    assert copying.leader.asked == []
    assert not copying.fetcher.is_waiting


# Throttled (KIP-73)


def test_a_throttled_partition_is_left_out_of_questions_until_the_rate_allows_it(copying: Copying) -> None:
    """And what is not throttled goes on meanwhile."""
    copying.bound = 100
    copying.throttle.quota.set_throttled(b"t" * 16, f"0:{FOLLOWER}", FOLLOWER)
    copying.leader.high_watermark = 4
    write(copying.led(), 4)
    size = len(copying.led().read(0, 1, upper_offset=1).data)
    copying.follow()
    assert copying.log().log_end_offset == 1
    write(copying.led(1), 3)
    copying.follow(1)
    assert copying.log(1).log_end_offset == 3
    copying.settle(size / 100 - 0.01)
    assert copying.log().log_end_offset == 1
    copying.settle(0.02)
    assert copying.log().log_end_offset == 2
    copying.settle(4 * size / 100)
    assert copying.log().log_end_offset == 4


def test_a_follower_that_has_all_that_is_committed_is_not_throttled(copying: Copying) -> None:
    copying.bound = 0
    copying.throttle.quota.set_throttled(b"t" * 16, "*", FOLLOWER)
    copying.leader.high_watermark = 0
    write(copying.led(), 3)
    copying.follow()
    assert copying.log().log_end_offset == 3
