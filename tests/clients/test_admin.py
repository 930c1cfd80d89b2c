"""What administrators' tools ask for beyond topics and groups, with the stock clients that can ask it."""

from collections.abc import Iterator
from typing import Any

import kafka
import pytest
from confluent_kafka import ElectionType, KafkaException, TopicPartition
from confluent_kafka import admin as confluent_admin
from kafka import structs as kafka_structs

from .stock_client import Message, StockClient, create, send_all, until

structs: Any = kafka_structs


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
    confluent = confluent_admin.AdminClient({"bootstrap.servers": bootstrap})
    found = confluent.elect_leaders(ElectionType.PREFERRED, [place]).result()
    assert found[place].code() == 84


def test_a_partition_can_be_moved_to_where_it_is_and_no_move_is_ever_under_way(
    kafka_python: Any, admin: StockClient, topic: str
) -> None:
    create(admin, topic)
    place = structs.TopicPartition(topic, 0)
    (node_id,) = admin.cluster().brokers
    outcomes: dict[str, list[int] | None] = {"None": [node_id], "InvalidReplicationAssignmentError": [99]}
    outcomes["NoReassignmentInProgressError"] = None
    for name, replicas in outcomes.items():
        (found,) = kafka_python.alter_partition_reassignments({place: replicas}).values()
        assert getattr(found, "__name__", "None") == name
    assert kafka_python.list_partition_reassignments() == {}


def test_the_quorum_is_one_node_that_leads(kafka_python: Any, admin: StockClient) -> None:
    (node_id,) = admin.cluster().brokers
    found = kafka_python.describe_metadata_quorum()
    (partition,) = found["topics"][0]["partitions"]
    assert partition["leader_id"] == node_id
    (voter,) = partition["current_voters"]
    assert (voter["replica_id"], voter["log_end_offset"]) == (node_id, partition["high_watermark"])
    assert [node["node_id"] for node in found["nodes"]] == [node_id]


def test_a_partition_cannot_be_moved_to_an_unknown_directory(kafka_python: Any, admin: StockClient, topic: str) -> None:
    create(admin, topic)
    (node_id,) = admin.cluster().brokers
    replica = structs.TopicPartitionReplica(topic, 0, node_id)
    (found,) = kafka_python.alter_replica_log_dirs({replica: "/no/such/directory"}).values()
    assert found.__name__ == "LogDirNotFoundError"


def test_what_has_settings_is_listed_by_type(kafka_python: Any, admin: StockClient, topic: str) -> None:
    create(admin, topic)
    (node_id,) = admin.cluster().brokers
    found = kafka_python.list_config_resources()
    assert topic in found["topic"]
    assert found["broker"] == found["broker_logger"] == [str(node_id)]


def test_without_an_authorizer_there_are_no_access_rules(bootstrap: str) -> None:
    of: Any = confluent_admin
    admin = of.AdminClient({"bootstrap.servers": bootstrap})
    anything = (None, None, of.AclOperation.ANY, of.AclPermissionType.ANY)
    every = of.AclBindingFilter(of.ResourceType.ANY, None, of.ResourcePatternType.ANY, *anything)
    rule = ("User:a", "*", of.AclOperation.READ, of.AclPermissionType.ALLOW)
    one = of.AclBinding(of.ResourceType.TOPIC, "t", of.ResourcePatternType.LITERAL, *rule)
    assert admin.describe_acls(every).result() == []  # librdkafka overlooks the error of this one
    for future in (*admin.create_acls([one]).values(), *admin.delete_acls([every]).values()):
        with pytest.raises(KafkaException, match="SECURITY_DISABLED"):
            future.result()


def test_there_are_no_passwords(kafka_python: Any) -> None:
    assert kafka_python.describe_user_scram_credentials() == {}
