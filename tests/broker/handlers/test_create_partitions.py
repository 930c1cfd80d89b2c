"""CreatePartitions: what grows, what is refused, and what is there afterwards."""

import pytest

from odradek.broker.testing.disks import FULL
from odradek.broker.topics.topics import TOO_MANY_PARTITIONS
from odradek.protocol.api_keys import ApiKey
from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages.create_partitions import (
    CreatePartitionsAssignment,
    CreatePartitionsRequest,
    CreatePartitionsResponse,
    CreatePartitionsTopic,
)
from odradek.protocol.messages.delete_topics import DeleteTopicsRequest, DeleteTopicsResponse

from ..nodes.three_brokers import ThreeBrokers
from .broker_harness import AskedBroker, AskedContext, batch, limit_mutations, served


@pytest.fixture
def broker() -> AskedBroker:
    broker = AskedBroker()
    broker.create("t", partitions=2)
    return broker


def grow(
    broker: AskedContext,
    *wanted: tuple[str, int],
    version: int = 3,
    assigned: list[list[int]] | None = None,
    timeout_ms: int = 5000,
    validate_only: bool = False,
) -> list[tuple[str, int, str | None]]:
    placed = None if assigned is None else [CreatePartitionsAssignment(broker_ids=ids) for ids in assigned]
    topics = [CreatePartitionsTopic(name=name, count=count, assignments=placed) for name, count in wanted]
    request = CreatePartitionsRequest(topics=topics, timeout_ms=timeout_ms, validate_only=validate_only)
    answer = broker.ask(request, version, CreatePartitionsResponse).answer
    return [(one.name, one.error_code, one.error_message) for one in answer.results]


def partitions(broker: AskedBroker, name: str = "t") -> int:
    topic = broker.topics.find(name)
    assert topic is not None
    assert [one.index for one in topic.partitions] == list(range(len(topic.partitions)))
    return len(topic.partitions)


@pytest.mark.parametrize("version", served(ApiKey.CREATE_PARTITIONS))
def test_every_version_makes_partitions_that_can_be_used_at_once(broker: AskedBroker, version: int) -> None:
    assert grow(broker, ("t", 4), version=version) == [("t", ErrorCode.NONE, None)]
    assert partitions(broker) == 4
    assert broker.produce("t", batch(b"a"), index=3).base_offset == 0


def test_what_was_in_the_old_partitions_stays_there(broker: AskedBroker) -> None:
    broker.produce("t", batch(b"a"), index=1)
    old = broker.topics.partition("t", 1)
    grow(broker, ("t", 3))
    assert broker.topics.partition("t", 1) is old
    assert broker.produce("t", batch(b"b"), index=1).base_offset == 1


def test_new_partitions_are_there_after_a_restart(broker: AskedBroker) -> None:
    grow(broker, ("t", 5))
    broker.produce("t", batch(b"a"), index=4)
    broker.restart()
    assert partitions(broker) == 5
    assert broker.produce("t", batch(b"b"), index=4).base_offset == 1


def test_a_topic_that_has_grown_can_be_deleted_whole(broker: AskedBroker) -> None:
    grow(broker, ("t", 3))
    broker.ask(DeleteTopicsRequest(topic_names=["t"], timeout_ms=1000), 5, DeleteTopicsResponse)
    broker.create("t")
    assert partitions(broker) == 1


def test_one_that_is_refused_does_not_keep_the_others(broker: AskedBroker) -> None:
    broker.create("u")
    assert grow(broker, ("t", 2), ("nobody", 2), ("u", 2)) == [
        ("t", ErrorCode.INVALID_PARTITIONS, "Topic already has 2 partition(s)."),
        ("nobody", ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, None),
        ("u", ErrorCode.NONE, None),
    ]
    assert (partitions(broker), partitions(broker, "u")) == (2, 2)


def test_a_topic_named_twice_does_not_grow(broker: AskedBroker) -> None:
    assert grow(broker, ("t", 3), ("t", 4)) == [("t", ErrorCode.INVALID_REQUEST, "Duplicate topic name.")]
    assert partitions(broker) == 2


@pytest.mark.parametrize("assigned", [[], [[1]], [[1], []], [[1], [1, 1]], [[1], [2]], [[1], [1], [1]]])
def test_partitions_can_be_placed_on_this_broker_only(broker: AskedBroker, assigned: list[list[int]]) -> None:
    ((_, code, _),) = grow(broker, ("t", 4), assigned=assigned)
    assert code == ErrorCode.INVALID_REPLICA_ASSIGNMENT
    assert partitions(broker) == 2
    assert grow(broker, ("t", 4), assigned=[[1], [1]]) == [("t", ErrorCode.NONE, None)]


def test_validation_adds_nothing(broker: AskedBroker) -> None:
    assert grow(broker, ("t", 3), validate_only=True) == [("t", ErrorCode.NONE, None)]
    assert partitions(broker) == 2


def test_ten_thousand_may_come_with_one_request_and_not_one_more(broker: AskedBroker) -> None:
    broker.create("u")
    ((_, code, _),) = grow(broker, ("t", 2 + TOO_MANY_PARTITIONS + 1))
    assert (code, partitions(broker)) == (ErrorCode.UNKNOWN_SERVER_ERROR, 2)
    ((_, code, _),) = grow(broker, ("t", 2**31 - 1))
    assert (code, partitions(broker)) == (ErrorCode.UNKNOWN_SERVER_ERROR, 2)
    results = grow(broker, ("u", 2), ("t", 2 + TOO_MANY_PARTITIONS))
    assert [code for _, code, _ in results] == [ErrorCode.NONE, ErrorCode.UNKNOWN_SERVER_ERROR]
    assert grow(broker, ("t", 2 + TOO_MANY_PARTITIONS), validate_only=True) == [("t", ErrorCode.NONE, None)]


def test_without_time_nothing_is_done(broker: AskedBroker) -> None:
    assert grow(broker, ("t", 3), timeout_ms=0) == [("t", ErrorCode.REQUEST_TIMED_OUT, None)]
    assert partitions(broker) == 2


def test_a_full_disk_refuses_all_of_it(broker: AskedBroker) -> None:
    broker.create("u")
    broker.files.write_error = FULL
    assert [code for _, code, _ in grow(broker, ("t", 3), ("u", 2))] == [ErrorCode.KAFKA_STORAGE_ERROR] * 2
    broker.files.write_error = None
    assert (partitions(broker), partitions(broker, "u")) == (2, 1)


def test_a_topic_that_grows_behind_its_deletion_is_unknown(broker: AskedBroker) -> None:
    broker.holds_fsyncs = True
    broker.ask(DeleteTopicsRequest(topic_names=["t"], timeout_ms=1000), 5, DeleteTopicsResponse)
    request = CreatePartitionsRequest(
        topics=[CreatePartitionsTopic(name="t", count=3, assignments=None)], timeout_ms=1000
    )
    asked = broker.ask(request, 3, CreatePartitionsResponse)
    broker.parts.threads.finish_all()
    assert [one.error_code for one in asked.answer.results] == [ErrorCode.UNKNOWN_TOPIC_OR_PARTITION]


def test_a_strict_quota_refuses_what_comes_after_it_is_used_up(broker: AskedBroker) -> None:
    broker.create("u")
    limit_mutations(broker, 0.5)  # which fills a bucket of 5.5
    answers = grow(broker, ("t", 12), ("u", 3), version=3)
    assert [code for _, code, _ in answers] == [0, ErrorCode.THROTTLING_QUOTA_EXCEEDED]
    assert [len(broker.topics.find(name).partitions) for name in "tu"] == [12, 1]  # type: ignore[union-attr]


def test_an_older_version_grows_its_topics_and_is_throttled(broker: AskedBroker) -> None:
    limit_mutations(broker, 0.5)
    topics = [CreatePartitionsTopic(name="t", count=12, assignments=None)]
    request = CreatePartitionsRequest(topics=topics, timeout_ms=5000, validate_only=False)
    answer = broker.ask(request, 2, CreatePartitionsResponse).answer
    assert ([one.error_code for one in answer.results], answer.throttle_time_ms) == ([0], 9000)


# Several brokers


def test_new_partitions_have_as_many_replicas_as_the_old_ones_or_are_where_they_are_put() -> None:
    brokers = ThreeBrokers()
    brokers.create("t", [1, 2])
    assert grow(brokers[2], ("t", 2)) == [("t", 0, None)]
    assert len(brokers.record("t", 1).replicas) == 2
    assert grow(brokers[2], ("t", 3), assigned=[[3, 1]]) == [("t", 0, None)]
    assert list(brokers.record("t", 2).replicas) == [3, 1]
    assert brokers.produce("t", batch(b"v"), index=2).base_offset == 0


def test_a_place_that_several_brokers_do_not_have_is_refused_in_kafkas_words() -> None:
    brokers = ThreeBrokers()
    brokers.create("t", [1, 2, 3])
    brokers.kill(1)
    manual = "The manual partition assignment includes"
    refusals: dict[str, tuple[int, list[list[int]]]] = {
        "Attempted to add 2 additional partition(s), but only 1 assignment(s) were specified.": (3, [[1, 2, 3]]),
        f"{manual} broker 9, but no such broker is registered.": (2, [[9, 1, 2]]),
        f"{manual} the broker 2 more than once.": (2, [[2, 2, 3]]),
        f"{manual} an empty replica list.": (2, [[]]),
        f"{manual} a partition with 2 replica(s), but this is not consistent with previous partitions, which have "
        "3 replica(s).": (2, [[2, 3]]),
    }
    for message, (count, assigned) in refusals.items():
        assert grow(brokers[2], ("t", count), assigned=assigned) == [("t", 39, message)]
    brokers.create("u", [2])
    fenced = (
        "All brokers specified in the manual partition assignment for partition 1 are fenced or in controlled shutdown."
    )
    assert grow(brokers[2], ("u", 2), assigned=[[1]]) == [("u", 39, fenced)]
