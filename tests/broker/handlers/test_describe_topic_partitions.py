"""DescribeTopicPartitions: pages, cursors, and what is asked for in vain."""

import pytest

from odradek.broker.handlers import describe_topic_partitions
from odradek.broker.handlers.describe_topic_partitions import handle_describe_topic_partitions
from odradek.broker.slices import run_to_end
from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages.delete_topics import DeleteTopicsRequest, DeleteTopicsResponse
from odradek.protocol.messages.describe_topic_partitions import (
    Cursor,
    DescribeTopicPartitionsRequest,
    DescribeTopicPartitionsResponse,
    TopicRequest,
)

from ..nodes.three_brokers import ThreeBrokers
from .broker_harness import AskedBroker

Pages = list[dict[str | None, list[int]]]


@pytest.fixture
def broker() -> AskedBroker:
    """Three topics of three partitions."""
    broker = AskedBroker()
    for name in ("c", "a", "b"):
        broker.create(name, partitions=3)
    return broker


def request_for(*names: str, limit: int = 2000, cursor: Cursor | None = None) -> DescribeTopicPartitionsRequest:
    topics = [TopicRequest(name=name) for name in names]
    return DescribeTopicPartitionsRequest(topics=topics, response_partition_limit=limit, cursor=cursor)


def page(
    broker: AskedBroker, *names: str, limit: int = 2000, cursor: Cursor | None = None
) -> DescribeTopicPartitionsResponse:
    request = request_for(*names, limit=limit, cursor=cursor)
    return broker.ask(request, 0, DescribeTopicPartitionsResponse).answer


def indexes(answer: DescribeTopicPartitionsResponse) -> dict[str | None, list[int]]:
    return {topic.name: [one.partition_index for one in topic.partitions] for topic in answer.topics}


def codes(answer: DescribeTopicPartitionsResponse) -> list[tuple[str | None, int]]:
    return [(topic.name, topic.error_code) for topic in answer.topics]


def test_topics_come_by_name_and_each_once(broker: AskedBroker) -> None:
    answer = page(broker, "c", "a", "c")
    assert list(indexes(answer).items()) == [("a", [0, 1, 2]), ("c", [0, 1, 2])]
    assert answer.next_cursor is None
    (one, _) = answer.topics
    assert (one.is_internal, one.topic_authorized_operations) == (False, 3576)
    first = one.partitions[0]
    assert (first.leader_id, first.replica_nodes, first.isr_nodes) == (1, [1], [1])
    assert (first.eligible_leader_replicas, first.last_known_elr, first.offline_replicas) == ([], [], [])


@pytest.mark.parametrize("names", [(), ("b", "c", "a")])
@pytest.mark.parametrize("limit", [-5, 0, 1, 2, 3, 4, 9, 10])
def test_page_after_page_every_partition_comes_once(broker: AskedBroker, names: tuple[str, ...], limit: int) -> None:
    seen: list[tuple[str | None, int]] = []
    cursor: Cursor | None = None
    for _ in range(20):
        answer = page(broker, *names, limit=limit, cursor=cursor)
        found = [(name, index) for name, of_topic in indexes(answer).items() for index in of_topic]
        assert len(found) <= max(limit, 1)
        seen += found
        cursor = answer.next_cursor
        if cursor is None:
            break
    assert seen == [(name, index) for name in "abc" for index in range(3)]


def test_a_page_that_ends_with_a_topic_goes_on_with_the_next_name_there_be_one_or_not(broker: AskedBroker) -> None:
    assert page(broker, "a", "nope", limit=3).next_cursor == Cursor(topic_name="nope", partition_index=0)
    assert page(broker, "a", limit=3).next_cursor is None


def test_the_limit_of_the_broker_counts_too() -> None:
    broker = AskedBroker({"max.request.partition.size.limit": "2"})
    broker.create("t", partitions=3)
    assert indexes(page(broker)) == {"t": [0, 1]}


def test_a_cursor_of_a_topic_that_is_gone_goes_on_with_the_next(broker: AskedBroker) -> None:
    cursor = Cursor(topic_name="b", partition_index=2)
    broker.ask(DeleteTopicsRequest(topic_names=["b"], timeout_ms=1000), 5, DeleteTopicsResponse)
    assert indexes(page(broker, cursor=cursor)) == {"c": [0, 1, 2]}
    assert codes(page(broker, "a", "b", "c", cursor=cursor)) == [("b", 3), ("c", 0)]


def test_a_cursor_behind_the_last_partition_gives_none_of_that_topic(broker: AskedBroker) -> None:
    assert indexes(page(broker, "b", "c", cursor=Cursor(topic_name="b", partition_index=99))) == {
        "b": [],
        "c": [0, 1, 2],
    }


@pytest.mark.parametrize(
    "cursor", [Cursor(topic_name="b", partition_index=-1), Cursor(topic_name="other", partition_index=0)]
)
def test_a_cursor_that_cannot_be_refuses_every_topic_asked_for(broker: AskedBroker, cursor: Cursor) -> None:
    answer = page(broker, "b", "a", "b", cursor=cursor)
    assert codes(answer) == [("b", 42), ("a", 42), ("b", 42)]


def test_unknown_and_illegal_names_are_refused_beside_the_others(broker: AskedBroker) -> None:
    assert codes(page(broker, "nope", "a b", "a")) == [("a", 0), ("a b", 17), ("nope", 3)]


def test_an_empty_name_refuses_every_topic_asked_for(broker: AskedBroker) -> None:
    assert codes(page(broker, "a", "")) == [("a", -1), ("", -1)]


def test_a_partition_whose_disk_failed_has_no_leader(broker: AskedBroker) -> None:
    broker.topics.partition("a", 1).take_offline(OSError("gone"))
    one = page(broker, "a").topics[0].partitions[1]
    assert (one.error_code, one.leader_id, one.isr_nodes, one.offline_replicas) == (ErrorCode.NONE, -1, [], [1])


def test_the_handler_pauses_from_partition_to_partition_and_sorts_in_parts(
    broker: AskedBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(describe_topic_partitions, "NAMES_AT_ONCE", 2)
    names = [f"n{n}" for n in range(20)]
    refused = request_for(*names, cursor=Cursor(topic_name="n0", partition_index=-1))
    for request, least in ((request_for(), 2 + 9), (request_for(*names), 10 + 20), (refused, 20)):
        steps = handle_describe_topic_partitions(request, 0, broker.session, broker.context)
        assert sum(1 for _ in steps) >= least


def test_a_topic_that_goes_while_others_are_described_is_left_out(broker: AskedBroker) -> None:
    steps = handle_describe_topic_partitions(request_for(), 0, broker.session, broker.context)
    next(steps)
    broker.ask(DeleteTopicsRequest(topic_names=["c"], timeout_ms=1000), 5, DeleteTopicsResponse)
    assert list(indexes(run_to_end(steps))) == ["a", "b"]


def test_who_may_lead_without_being_in_sync_is_told() -> None:
    brokers = ThreeBrokers()
    brokers.create("t", [1, 2, 3], min_insync_replicas="3")
    brokers.create("u", [1])
    brokers.kill(1)
    answer = brokers[2].ask(request_for("t", "u"), 0, DescribeTopicPartitionsResponse).answer
    (one, alone) = (topic.partitions[0] for topic in answer.topics)
    assert (one.error_code, one.leader_id, one.leader_epoch) == (0, 2, 1)
    assert (one.replica_nodes, sorted(one.isr_nodes), one.offline_replicas) == ([1, 2, 3], [2, 3], [1])
    assert (one.eligible_leader_replicas, one.last_known_elr) == ([1], [])
    assert (alone.error_code, alone.leader_id, alone.isr_nodes) == (0, -1, [])
    assert (alone.eligible_leader_replicas, alone.last_known_elr, alone.offline_replicas) == ([1], [1], [1])
