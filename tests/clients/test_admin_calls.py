"""What administrators call through stock clients, call by call: how each client says what is refused, and what each
call answers. What is told of topics, groups and offsets beyond that stands in the files of their names.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import kafka
import pytest
from confluent_kafka import ConsumerGroupState, ConsumerGroupTopicPartitions, KafkaException, TopicPartition
from confluent_kafka import admin as confluent_admin
from kafka import admin as kafka_admin
from kafka import structs as kafka_structs

from odradek.protocol.errors import ErrorCode

from .stock_client import DEADLINE_S, Message, StockClient, create, send_all, until

of: Any = kafka_admin
structs: Any = kafka_structs
confluent_of: Any = confluent_admin
TOO_LONG = "x" * 250


def code_of(error: BaseException) -> ErrorCode:
    """Kafka's error in what a client raised; aiokafka hands out rows with numbers, which its adapter raises."""
    if isinstance(error, KafkaException):
        return ErrorCode(error.args[0].code())
    if isinstance(number := getattr(error, "errno", None), int):
        return ErrorCode(number)
    found = re.search(r"Error (\d+)\]|\((?:'[^']*', )?(\d+)", str(error))
    assert found is not None, error
    return ErrorCode(int(found[1] or found[2]))


Call = Callable[[StockClient, str], object]
REFUSED: Mapping[str, tuple[Call, ErrorCode]] = {
    "create a topic that is there": (lambda client, topic: client.create_topic(topic), ErrorCode.TOPIC_ALREADY_EXISTS),
    "create one of no partitions": (
        lambda client, topic: client.create_topic(f"{topic}-new", 0),
        ErrorCode.INVALID_PARTITIONS,
    ),
    "create one with a bad name": (
        lambda client, topic: client.create_topic(TOO_LONG),
        ErrorCode.INVALID_TOPIC_EXCEPTION,
    ),
    "create one with a bad value": (
        lambda client, topic: client.create_topic(f"{topic}-new", 1, {"retention.ms": "soon"}),
        ErrorCode.INVALID_CONFIG,
    ),
    "create one with an unknown setting": (
        lambda client, topic: client.create_topic(f"{topic}-new", 1, {"no.such": "1"}),
        ErrorCode.INVALID_CONFIG,
    ),
    "create one that is to be compacted after less than no time": (
        lambda client, topic: client.create_topic(
            f"{topic}-new", 1, {"min.compaction.lag.ms": "2", "max.compaction.lag.ms": "1"}
        ),
        ErrorCode.INVALID_CONFIG,
    ),
    "grow a topic that is not there": (
        lambda client, topic: client.grow_topic(f"{topic}-new", 2),
        ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
    ),
    "grow to as many": (lambda client, topic: client.grow_topic(topic, 2), ErrorCode.INVALID_PARTITIONS),
    "grow to fewer": (lambda client, topic: client.grow_topic(topic, 1), ErrorCode.INVALID_PARTITIONS),
    "delete a topic that is not there": (
        lambda client, topic: client.delete_topic(f"{topic}-new"),
        ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
    ),
    "set a bad value": (
        lambda client, topic: client.set_topic_config(topic, "segment.bytes", "1"),
        ErrorCode.INVALID_CONFIG,
    ),
    "delete records beyond the end": (
        lambda client, topic: client.delete_records(topic, 7),
        ErrorCode.OFFSET_OUT_OF_RANGE,
    ),
}


@pytest.mark.parametrize("what", list(REFUSED))
def test_what_is_refused_is_raised_with_kafkas_error_and_changes_nothing(
    client: StockClient, admin: StockClient, topic: str, what: str
) -> None:
    create(admin, topic, 2)
    before = admin.topics()[topic], admin.topic_configs(topic)
    call, expected = REFUSED[what]
    with pytest.raises(Exception) as refused:  # noqa: PT011 - each client has its own
        call(client, topic)
    assert code_of(refused.value) == expected
    assert (admin.topics()[topic], admin.topic_configs(topic)) == before
    assert f"{topic}-new" not in admin.topics()


def test_a_topic_named_twice_in_one_request_is_not_created(python_admin: Any, admin: StockClient, topic: str) -> None:
    twice = [of.NewTopic(name=topic, num_partitions=1, replication_factor=1)] * 2
    with pytest.raises(Exception, match="InvalidRequest"):
        python_admin.create_topics(twice)
    assert topic not in admin.topics()


def test_what_is_only_validated_is_refused_alike_and_changes_nothing(
    python_admin: Any, rd_admin: Any, admin: StockClient, topic: str
) -> None:
    new = confluent_of.NewTopic(topic, num_partitions=3, replication_factor=1)
    rd_admin.create_topics([new], validate_only=True)[topic].result(DEADLINE_S)
    python_admin.create_topics([of.NewTopic(topic, 3, 1)], validate_only=True)
    assert topic not in admin.topics()
    create(admin, topic)
    rd_admin.create_partitions([confluent_of.NewPartitions(topic, 2)], validate_only=True)[topic].result(DEADLINE_S)
    with pytest.raises(KafkaException, match="INVALID_PARTITIONS"):
        rd_admin.create_partitions([confluent_of.NewPartitions(topic, 1)], validate_only=True)[topic].result(DEADLINE_S)
    resource = confluent_of.ConfigResource("topic", topic, set_config={"retention.ms": "soon"})
    with (
        pytest.warns(DeprecationWarning, match="incremental_alter_configs"),
        pytest.raises(KafkaException, match="INVALID_CONFIG"),
    ):
        rd_admin.alter_configs([resource], validate_only=True)[resource].result(DEADLINE_S)
    assert admin.topics()[topic] == 1


# Settings of all kinds of resources: (type, name of the resource, setting, values, what it is without).
RESOURCES: Sequence[tuple[str, str, str, Sequence[str], str]] = [
    ("TOPIC", "", "retention.ms", ("1000", "2000"), "604800000"),
    ("TOPIC", "", "cleanup.policy", ("compact", "compact,delete"), "delete"),
    ("BROKER", "1", "log.cleaner.backoff.ms", ("1000", "2000"), "15000"),
    ("BROKER_LOGGER", "1", "root", ("ERROR", "INFO"), "INFO"),
    ("GROUP", "", "consumer.session.timeout.ms", ("46000", "50000"), "45000"),
    ("CLIENT_METRICS", "", "interval.ms", ("1000", "2000"), "300000"),
]


@pytest.mark.parametrize(("kind", "name", "key", "values", "default"), RESOURCES)
def test_a_setting_of_every_kind_of_resource_is_set_and_taken_back(
    python_admin: Any,
    admin: StockClient,
    topic: str,
    kind: str,
    name: str,
    key: str,
    values: Sequence[str],
    default: str,
) -> None:
    create(admin, topic)
    resource = name or topic

    def change(operation: str, value: str | None) -> None:
        changed = of.ConfigResource(of.ConfigResourceType[kind], resource, {key: (operation, value)})
        answer = python_admin.alter_configs([changed], incremental=True, raise_on_unknown=False)
        assert answer == {kind.lower(): {resource: "OK"}}

    def value() -> str | None:
        asked = of.ConfigResource(of.ConfigResourceType[kind], resource)
        found = python_admin.describe_configs([asked], config_filter="all")[kind.lower()][resource]
        return str(found[key]["value"]) if key in found else None

    for one in values:
        change("SET", one)
        until(lambda one=one: value() == one, f"{key} is {one}")  # type: ignore[misc]
    if kind != "BROKER_LOGGER":  # the root has no level to go back to
        change("DELETE", None)
        until(lambda: value() == default, f"{key} is {default} again")


def test_values_are_added_to_a_list_and_taken_out_of_it(rd_admin: Any, admin: StockClient, topic: str) -> None:
    create(admin, topic)

    def change(operation: str, value: str) -> None:
        how = confluent_of.AlterConfigOpType[operation]
        entry = confluent_of.ConfigEntry("cleanup.policy", value, incremental_operation=how)
        resource = confluent_of.ConfigResource("topic", topic, incremental_configs=[entry])
        rd_admin.incremental_alter_configs([resource])[resource].result(DEADLINE_S)

    for operation, value, expected in (("APPEND", "compact", "delete,compact"), ("SUBTRACT", "delete", "compact")):
        change(operation, value)
        until(lambda now=expected: admin.topic_configs(topic)["cleanup.policy"] == now, expected)  # type: ignore[misc]


def test_alter_configs_takes_back_what_it_does_not_name(rd_admin: Any, admin: StockClient, topic: str) -> None:
    create(admin, topic, 1, retention_ms="1000")
    resource = confluent_of.ConfigResource("topic", topic, set_config={"segment.ms": "5000"})
    with pytest.warns(DeprecationWarning, match="incremental_alter_configs"):
        rd_admin.alter_configs([resource])[resource].result(DEADLINE_S)

    def both() -> tuple[str | None, str | None]:
        configs = admin.topic_configs(topic)
        return configs["segment.ms"], configs["retention.ms"]

    until(lambda: both() == ("5000", "604800000"), "the one is set, the other taken back")


def test_features_are_described_and_updates_that_cannot_be_are_refused(python_admin: Any) -> None:
    found = python_admin.describe_features()
    assert found["transaction.version"]["finalized"] == (2, 2)
    with pytest.raises(Exception, match="InvalidUpdateVersion"):
        python_admin.update_features({"transaction.version": ("UPGRADE", 9)}, validate_only=True)


def test_offsets_of_a_group_are_listed_altered_and_deleted_with_it(
    rd_admin: Any, python_admin: Any, admin: StockClient, topic: str, group: str
) -> None:
    create(admin, topic, 2)
    send_all(admin, topic, [Message(b"v")] * 3)
    wanted = ConsumerGroupTopicPartitions(group, [TopicPartition(topic, 0, 2)])
    rd_admin.alter_consumer_group_offsets([wanted])[group].result(DEADLINE_S)
    (listed,) = rd_admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions(group)]).values()
    assert [(one.partition, one.offset) for one in listed.result(DEADLINE_S).topic_partitions] == [(0, 2)]
    described = rd_admin.describe_consumer_groups([group])[group].result(DEADLINE_S)
    assert (described.state, described.members) == (ConsumerGroupState.EMPTY, [])
    assert group in [one.group_id for one in rd_admin.list_consumer_groups().result(DEADLINE_S).valid]
    assert group in [one["group_id"] for one in python_admin.list_groups()]
    rd_admin.delete_consumer_groups([group])[group].result(DEADLINE_S)
    with pytest.raises(KafkaException, match="GROUP_ID_NOT_FOUND"):
        rd_admin.delete_consumer_groups([group])[group].result(DEADLINE_S)


def test_where_partitions_begin_and_end_is_listed(rd_admin: Any, admin: StockClient, topic: str) -> None:
    create(admin, topic)
    send_all(admin, topic, [Message(b"v", timestamp_ms=1000 * n) for n in (1, 3, 2)])
    spec, at = confluent_of.OffsetSpec, TopicPartition(topic, 0)
    asked = {"earliest": 0, "latest": 3, "max_timestamp": 1}
    for name, expected in asked.items():
        assert rd_admin.list_offsets({at: getattr(spec, name)()})[at].result(DEADLINE_S).offset == expected
    assert rd_admin.list_offsets({at: spec.for_timestamp(1500)})[at].result(DEADLINE_S).offset == 1
    nowhere = TopicPartition(topic, 5)
    with pytest.raises(KafkaException, match="No leaders found"):
        rd_admin.list_offsets({nowhere: spec.latest()})[nowhere].result(DEADLINE_S)


@pytest.fixture
def python_admin(bootstrap: str) -> Iterator[Any]:
    made: Any = kafka.KafkaAdminClient(bootstrap_servers=bootstrap)
    yield made
    made.close()


@pytest.fixture
def rd_admin(bootstrap: str) -> Any:
    return confluent_of.AdminClient({"bootstrap.servers": bootstrap})
