"""Stock clients and access rules: they are created, shown and taken back, and who is denied is told by name."""

import asyncio
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.errors import TopicAuthorizationFailedError as AioTopicDenied
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer
from confluent_kafka import admin as confluent_admin
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer
from kafka.admin import (
    ACL,
    ACLFilter,
    ACLOperation,
    ACLPermissionType,
    ACLResourcePatternType,
    ResourcePattern,
    ResourcePatternFilter,
)
from kafka.admin import ResourceType as KafkaResourceType
from kafka.errors import GroupAuthorizationFailedError, TopicAuthorizationFailedError

from odradek.testing import ClusterHost

from .stock_client import create
from .with_confluent_kafka import ConfluentKafka

# Its stubs know less than it does.
confluent: Any = confluent_admin
AclBinding, AclBindingFilter, ResourceType = confluent.AclBinding, confluent.AclBindingFilter, confluent.ResourceType
AclOperation, AclPermissionType = confluent.AclOperation, confluent.AclPermissionType
ResourcePatternType = confluent.ResourcePatternType

PATIENCE_S = 20.0
ME = "User:ANONYMOUS"


@pytest.fixture
def acl_admin(secured_bootstrap: str) -> Any:
    return confluent.AdminClient({"bootstrap.servers": secured_bootstrap})


@pytest.fixture
def secured_topic(secured_bootstrap: str, topic: str) -> str:
    create(ConfluentKafka(secured_bootstrap), topic)
    return topic


def denial(kind: Any, name: str, operation: Any) -> Any:
    return AclBinding(kind, name, ResourcePatternType.LITERAL, ME, "*", operation, AclPermissionType.DENY)


def filter_of(binding: Any) -> Any:
    return AclBindingFilter(
        binding.restype,
        binding.name,
        binding.resource_pattern_type,
        binding.principal,
        binding.host,
        binding.operation,
        binding.permission_type,
    )


def test_a_cluster_of_a_test_has_an_authorizer_that_its_test_is_not_asked_by() -> None:
    settings = {"authorizer.class.name": "StandardAuthorizer"}
    told: list[int] = []
    with ClusterHost() as host, host.cluster(settings) as cluster:
        cluster.topic("orders", partitions=1)
        cluster.produce("orders", [b"past every client"])
        producer = Producer({"bootstrap.servers": cluster.bootstrap})
        producer.produce("orders", b"v", on_delivery=lambda error, _: told.append(error.code() if error else 0))
        producer.flush(PATIENCE_S)
        assert [record.value for record in cluster.records("orders")] == [b"past every client"]
    assert told == [KafkaError.TOPIC_AUTHORIZATION_FAILED]


def until(is_true: Callable[[], bool]) -> None:
    """Waits for what Apache Kafka's broker hears of its controller a moment later."""
    deadline = time.monotonic() + PATIENCE_S
    while not is_true():
        assert time.monotonic() < deadline


def found(admin: Any, binding: Any) -> list[Any]:
    return list(admin.describe_acls(filter_of(binding)).result(PATIENCE_S))


@contextmanager
def denied(admin: Any, kind: Any, name: str, operation: Any) -> Generator[None]:
    """While the operation is denied to everybody on the loopback."""
    binding = denial(kind, name, operation)
    (made,) = admin.create_acls([binding]).values()
    made.result(PATIENCE_S)
    until(lambda: bool(found(admin, binding)))
    yield
    (gone,) = admin.delete_acls([filter_of(binding)]).values()
    assert gone.result(PATIENCE_S) == [binding]
    until(lambda: not found(admin, binding))


def test_confluent_kafka_creates_finds_and_deletes_rules(acl_admin: Any, topic: str) -> None:
    wanted = [
        AclBinding(
            ResourceType.TOPIC,
            topic,
            pattern,
            "User:alice",
            host,
            operation,
            AclPermissionType.ALLOW,
        )
        for pattern, host, operation in (
            (ResourcePatternType.LITERAL, "*", AclOperation.READ),
            (ResourcePatternType.PREFIXED, "10.0.0.1", AclOperation.ALL),
        )
    ]
    for made in acl_admin.create_acls(wanted).values():
        made.result(PATIENCE_S)
    every = AclBindingFilter(
        ResourceType.TOPIC, topic, ResourcePatternType.MATCH, None, None, AclOperation.ANY, AclPermissionType.ANY
    )
    until(lambda: set(wanted) <= set(acl_admin.describe_acls(every).result(PATIENCE_S)))
    mine = AclBindingFilter(
        ResourceType.TOPIC, topic, ResourcePatternType.ANY, "User:alice", None, AclOperation.ANY, AclPermissionType.ANY
    )
    (gone,) = acl_admin.delete_acls([mine]).values()
    assert set(gone.result(PATIENCE_S)) == set(wanted)


def test_kafka_python_creates_finds_and_deletes_rules(secured_bootstrap: str, topic: str) -> None:
    admin = KafkaAdminClient(bootstrap_servers=secured_bootstrap)
    pattern = ResourcePattern(KafkaResourceType.TOPIC, topic)
    wanted = ACL("User:bob", "*", ACLOperation.WRITE, ACLPermissionType.ALLOW, pattern)
    mine = ACLFilter(
        "User:bob",
        None,
        ACLOperation.ANY,
        ACLPermissionType.ANY,
        ResourcePatternFilter(KafkaResourceType.TOPIC, topic, ACLResourcePatternType.ANY),
    )
    assert admin.create_acls([wanted])["failed"] == []
    until(lambda: admin.describe_acls(mine)[0] == [wanted])
    admin.delete_acls([mine])
    until(lambda: not admin.describe_acls(mine)[0])
    admin.close()


def test_confluent_kafka_is_told_that_it_may_not_write(
    acl_admin: Any, secured_bootstrap: str, secured_topic: str
) -> None:
    told: list[int] = []
    producer = Producer({"bootstrap.servers": secured_bootstrap})
    with denied(acl_admin, ResourceType.TOPIC, secured_topic, AclOperation.WRITE):
        producer.produce(
            secured_topic, b"v", on_delivery=lambda error, message: told.append(error.code() if error else 0)
        )
        producer.flush(PATIENCE_S)
    assert told == [KafkaError.TOPIC_AUTHORIZATION_FAILED]


def test_kafka_python_is_told_that_it_may_not_write(acl_admin: Any, secured_bootstrap: str, secured_topic: str) -> None:
    producer = KafkaProducer(bootstrap_servers=secured_bootstrap)
    refusal = pytest.raises(TopicAuthorizationFailedError)
    with denied(acl_admin, ResourceType.TOPIC, secured_topic, AclOperation.WRITE), refusal:
        producer.send(secured_topic, b"v").get(PATIENCE_S)
    producer.close()


def test_aiokafka_is_told_that_it_may_not_write(acl_admin: Any, secured_bootstrap: str, secured_topic: str) -> None:
    async def write() -> None:
        async with AIOKafkaProducer(bootstrap_servers=secured_bootstrap) as producer:
            await producer.send_and_wait(secured_topic, b"v")

    with denied(acl_admin, ResourceType.TOPIC, secured_topic, AclOperation.WRITE), pytest.raises(AioTopicDenied):
        asyncio.run(write())


def first_error(consumer: Any) -> str:
    """The first error that polls bring, one way or the other; a fatal one has the broker's in its words."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        try:
            message = consumer.poll(1.0)
        except KafkaException as error:
            return str(error.args[0])
        if message is not None and message.error() is not None:
            return str(message.error())
    raise AssertionError("no poll brings an error")


@pytest.mark.parametrize("protocol", ["classic", "consumer"])
def test_confluent_kafka_is_told_that_it_may_not_join(
    acl_admin: Any, secured_bootstrap: str, secured_topic: str, protocol: str
) -> None:
    config = {"bootstrap.servers": secured_bootstrap, "group.id": secured_topic, "group.protocol": protocol}
    consumer = Consumer(config)
    with denied(acl_admin, ResourceType.GROUP, secured_topic, AclOperation.READ):
        consumer.subscribe([secured_topic])
        assert "Group authorization failed" in first_error(consumer)
    consumer.close()


def test_confluent_kafka_is_told_that_it_may_not_read(
    acl_admin: Any, secured_bootstrap: str, secured_topic: str
) -> None:
    consumer = Consumer({"bootstrap.servers": secured_bootstrap, "group.id": secured_topic})
    with denied(acl_admin, ResourceType.TOPIC, secured_topic, AclOperation.ALL):
        consumer.subscribe([secured_topic])
        assert "Topic authorization failed" in first_error(consumer)
    consumer.close()


def test_kafka_python_is_told_that_it_may_not_join(acl_admin: Any, secured_bootstrap: str, secured_topic: str) -> None:
    with denied(acl_admin, ResourceType.GROUP, secured_topic, AclOperation.READ):
        consumer = KafkaConsumer(secured_topic, bootstrap_servers=secured_bootstrap, group_id=secured_topic)
        with pytest.raises(GroupAuthorizationFailedError):
            consumer.poll(timeout_ms=int(PATIENCE_S * 1000))
        consumer.close(autocommit=False)
