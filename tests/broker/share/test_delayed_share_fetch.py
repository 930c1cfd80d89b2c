"""Whether a share fetch has enough: bytes of what it may acquire, or nothing left to wait for."""

from odradek.broker.coordination.share_state.requests import ReadState, SharePartitionKey
from odradek.broker.purgatory import DelayedAnswer
from odradek.broker.share.delayed_share_fetch import DelayedShareFetch, ShareFetch
from odradek.broker.share.settings import ShareGroupSettings
from odradek.broker.share.share_partition import SharePartition, Status, Wish
from odradek.broker.share.share_sessions import SessionKey, ShareSession, TopicPartition
from odradek.broker.topics.topics import Topic
from odradek.protocol.errors import ErrorCode, KafkaError

from ..handlers.broker_harness import AskedBroker, batch

BATCH_BYTES = len(batch(b"v"))


class Fetching:
    """A fetch over a topic, from the start of each partition."""

    def __init__(self, partitions: int = 1, min_bytes: int = 1, max_bytes: int = 1 << 20) -> None:
        self.broker = AskedBroker()
        self.topic: Topic = self.broker.create(partitions=partitions)
        self.settings = ShareGroupSettings(partition_max_record_locks=100)
        self.shared: list[SharePartition] = []
        self.fetch = ShareFetch(
            ShareSession(SessionKey("g", "m"), object(), {}),
            Wish("m", 500, 500, False),
            min_bytes,
            max_bytes,
            {},
            lambda _: self.settings,
        )
        for partition in self.topic.partitions:
            shared = SharePartition(SharePartitionKey("g", self.topic.topic_id, partition.index), 0)
            shared.load(ReadState(start_offset=0), 0)
            self.shared.append(shared)
            self.fetch.partitions[self.name(partition.index)] = shared, partition

    def name(self, index: int = 0) -> TopicPartition:
        return TopicPartition(self.topic.topic_id, index)

    def append(self, index: int = 0) -> None:
        self.broker.append(self.topic.partitions[index], batch(b"v"))


def test_a_fetch_has_enough_once_its_bytes_are_there() -> None:
    fetching = Fetching(min_bytes=2 * BATCH_BYTES)
    fetching.append()
    assert not fetching.fetch.has_enough()
    fetching.append()
    assert fetching.fetch.has_enough()


def test_the_bytes_of_all_partitions_count_each_up_to_its_share() -> None:
    fetching = Fetching(partitions=2, min_bytes=BATCH_BYTES + 10, max_bytes=2 * BATCH_BYTES)
    fetching.append(0)
    fetching.append(0)
    assert not fetching.fetch.has_enough()
    fetching.append(1)
    assert fetching.fetch.has_enough()


def test_partitions_that_nothing_can_be_acquired_of_do_not_count() -> None:
    fetching = Fetching()
    fetching.append()
    fetching.shared[0].status = Status.LOADING
    assert not fetching.fetch.has_enough()


def test_without_a_least_size_a_partition_to_acquire_of_is_enough() -> None:
    fetching = Fetching(min_bytes=0)
    assert fetching.fetch.has_enough()
    fetching.shared[0].status = Status.LOADING
    assert not fetching.fetch.has_enough()


def test_a_committed_reader_waits_for_the_end_of_a_transaction() -> None:
    fetching = Fetching()
    fetching.settings = ShareGroupSettings(is_read_committed=True)
    fetching.broker.append(fetching.topic.partitions[0], batch(b"v", pid=5, is_transactional=True))
    assert not fetching.fetch.has_enough()
    fetching.settings = ShareGroupSettings()
    assert fetching.fetch.has_enough()


def test_a_log_that_begins_later_now_is_enough() -> None:
    fetching = Fetching(min_bytes=10_000)
    fetching.append()
    fetching.append()
    fetching.topic.partitions[0].log.delete_records_before(1)
    assert fetching.fetch.has_enough()


def test_errors_everywhere_are_nothing_to_wait_for() -> None:
    fetching = Fetching(partitions=2)
    fetching.fetch.note_failed(fetching.name(0), KafkaError(ErrorCode.NOT_LEADER_OR_FOLLOWER))
    assert not fetching.fetch.has_enough()
    fetching.fetch.note_failed(fetching.name(1), KafkaError(ErrorCode.NOT_LEADER_OR_FOLLOWER))
    assert fetching.fetch.has_enough()
    assert fetching.fetch.acquirable() == []


def test_a_delayed_fetch_is_found_by_its_logs_and_by_its_share_partitions() -> None:
    fetching = Fetching()
    called: list[object] = []
    delayed = DelayedShareFetch(fetching.fetch, 5.0, lambda: called.append("answer"), called.append)
    assert list(delayed.keys) == [fetching.shared[0].key, fetching.topic.partitions[0]]
    assert not delayed.is_ready()
    delayed.complete()
    error = ValueError("fault")
    delayed.fail(error)
    assert called == ["answer", error]


def test_a_delayed_answer_waits_for_its_time_alone() -> None:
    called: list[object] = []
    delayed = DelayedAnswer(5.0, lambda: called.append("answer"), called.append)
    assert not delayed.is_ready()
    assert list(delayed.keys) == []
    delayed.complete()
    error = ValueError("fault")
    delayed.fail(error)
    assert called == ["answer", error]
