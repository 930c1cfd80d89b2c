"""What administrators' tools ask for beyond topics and groups, with the stock clients that can ask it."""

from collections.abc import Iterator
from typing import Any

import kafka
import pytest
from confluent_kafka import ElectionType, TopicPartition
from confluent_kafka.admin import AdminClient

from .stock_client import Message, StockClient, create, send_all, until


@pytest.fixture
def kafka_python(bootstrap: str) -> Iterator[Any]:
    """kafka-python's admin client: the one that has nearly every call."""
    made: Any = kafka.KafkaAdminClient(bootstrap_servers=bootstrap)
    yield made
    made.close()


def test_the_size_of_a_partition_on_disk_is_that_of_its_records(
    kafka_python: Any, admin: StockClient, topic: str
) -> None:
    def sizes() -> dict[int, int]:
        (broker,) = kafka_python.describe_log_dirs()
        (log_dir,) = broker["log_dirs"]
        found = (one for one in log_dir["topics"] if one["name"] == topic)
        return {one["partition_index"]: one["partition_size"] for mine in found for one in mine["partitions"]}

    create(admin, topic, 2)
    until(lambda: sizes() == {0: 0, 1: 0}, "both partitions are there")
    send_all(admin, topic, [Message(b"x" * 1000, partition=1)])
    first = sizes()
    assert first[0] == 0
    assert 1000 < first[1] < 1200
    send_all(admin, topic, [Message(b"x" * 1000, partition=1)])
    assert sizes()[1] == 2 * first[1]


def test_topics_are_described_page_by_page(kafka_python: Any, admin: StockClient, topic: str) -> None:
    create(admin, topic, 5)
    first = kafka_python.describe_topic_partitions([topic], response_partition_limit=3)
    cursor = first["next_cursor"]
    assert (cursor["topic_name"], cursor["partition_index"]) == (topic, 3)
    rest = kafka_python.describe_topic_partitions([topic], response_partition_limit=3, cursor=cursor)
    assert rest["next_cursor"] is None
    pages = [[one["partition_index"] for one in page["topics"][0]["partitions"]] for page in (first, rest)]
    assert pages == [[0, 1, 2], [3, 4]]


def test_a_leader_that_leads_need_not_be_elected(
    kafka_python: Any, bootstrap: str, admin: StockClient, topic: str
) -> None:
    create(admin, topic, 2)
    answer = kafka_python.elect_leaders(0, {topic: [1]}, raise_errors=False)
    (result,) = answer.replica_election_results
    assert [(one.partition_id, one.error_code) for one in result.partition_result] == [(1, 84)]
    place = TopicPartition(topic, 0)
    confluent = AdminClient({"bootstrap.servers": bootstrap})
    found = confluent.elect_leaders(ElectionType.PREFERRED, [place]).result()
    assert found[place].code() == 84


def test_a_partition_can_be_moved_to_where_it_is_and_no_move_is_ever_under_way(
    kafka_python: Any, admin: StockClient, topic: str
) -> None:
    create(admin, topic)
    place = kafka.TopicPartition(topic, 0)
    (node_id,) = admin.cluster().brokers
    outcomes: dict[str, list[int] | None] = {"None": [node_id], "InvalidReplicationAssignmentError": [99]}
    outcomes["NoReassignmentInProgressError"] = None
    for name, replicas in outcomes.items():
        (found,) = kafka_python.alter_partition_reassignments({place: replicas}).values()
        assert getattr(found, "__name__", "None") == name
    assert kafka_python.list_partition_reassignments() == {}
