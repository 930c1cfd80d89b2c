"""Who a client is after its login is who it is everywhere: in quotas, access rules, faults and the journal."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Consumer, KafkaError, Producer
from confluent_kafka.admin import AdminClient

from odradek import Broker
from odradek.broker.config.broker_config import BrokerConfig
from odradek.broker.security.sasl.jaas import PLAIN_MODULE
from odradek.broker.testing.kafka_cluster import KafkaCluster
from odradek.broker.wire import Wire
from odradek.protocol.messages.alter_client_quotas import (
    AlterClientQuotasRequest,
    AlterClientQuotasResponse,
    EntityData,
    EntryData,
    OpData,
)

from ..broker.security.tls.certificates import AUTHORITY, SERVER

USERS = f'{PLAIN_MODULE} required user_al="secret" user_bo="other";'
PASSWORDS = {"al": "secret", "bo": "other"}
PATIENCE_S = 15.0
# The whole name of a certificate, where no rule makes it shorter.
ALICE = AUTHORITY.issue(user="alice")


class World:
    """A broker with a listener for everybody, one for logins and one for certificates, and its clients."""

    def __init__(self, kafka: KafkaCluster, directory: Path) -> None:
        self.kafka = kafka
        self.open, self._sasl, self._tls = kafka.bootstrap.split(",")
        self._directory = directory

    def as_user(self, name: str, **more: Any) -> dict[str, Any]:
        return {
            "bootstrap.servers": self._sasl,
            "security.protocol": "SASL_PLAINTEXT",
            "sasl.mechanism": "PLAIN",
            "sasl.username": name,
            "sasl.password": PASSWORDS[name],
            "log_level": 0,
            **more,
        }

    def as_alice(self) -> dict[str, Any]:
        own = ALICE.write(self._directory / "alice.pem")
        return {
            "bootstrap.servers": self._tls,
            "security.protocol": "SSL",
            "ssl.ca.location": AUTHORITY.write(self._directory / "ca.pem"),
            "ssl.certificate.location": own,
            "ssl.key.location": own,
            "log_level": 0,
        }


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Callable[..., World]]:
    running: list[Broker] = []

    def start(**given: str) -> World:
        settings = {
            "listeners": "OPEN://127.0.0.1:0,CLIENTS://127.0.0.1:0,TLS://127.0.0.1:0",
            "listener.security.protocol.map": "OPEN:PLAINTEXT,CLIENTS:SASL_PLAINTEXT,TLS:SSL",
            "listener.name.clients.plain.sasl.jaas.config": USERS,
            "ssl.keystore.type": "PEM",
            "ssl.keystore.certificate.chain": SERVER.chain,
            "ssl.keystore.key": SERVER.key,
            "ssl.truststore.type": "PEM",
            "ssl.truststore.certificates": AUTHORITY.pem,
            "ssl.client.auth": "required",
            **{name.replace("_", "."): value for name, value in given.items()},
        }
        broker = Broker(BrokerConfig.from_settings(settings), is_ephemeral=True)
        kafka = broker.__enter__()
        running.append(broker)
        return World(kafka, tmp_path)

    yield start
    for broker in running:
        broker.__exit__(None, None, None)


def written(settings: dict[str, Any], topic: str, count: int = 1, size: int = 10) -> list[KafkaError | None]:
    """What became of records."""
    outcomes: list[KafkaError | None] = []
    producer = Producer(settings)
    for _ in range(count):
        producer.produce(topic, bytes(size), on_delivery=lambda error, _: outcomes.append(error))
        producer.poll(0)
    producer.flush(PATIENCE_S)
    return outcomes


def test_a_quota_of_a_user_holds_back_that_user_alone(started: Callable[..., World]) -> None:
    world = started()
    world.kafka.topic("t", partitions=1)
    entity = [EntityData(entity_type="user", entity_name="al")]
    entry = EntryData(entity=entity, ops=[OpData(key="producer_byte_rate", value=20_000.0)])
    with Wire(world.open) as wire:
        (answer,) = wire.ask(AlterClientQuotasRequest(entries=[entry]), 1, AlterClientQuotasResponse).entries
    assert answer.error_code == 0
    took_s: dict[str, float] = {}
    for user in ("bo", "al"):
        began_s = time.monotonic()
        # some 220 KB are free, the rest takes a second and a half; in batches, or none would be held back
        assert written(world.as_user(user, **{"batch.size": 20_000}), "t", 250, 1000) == [None] * 250
        took_s[user] = time.monotonic() - began_s
    assert took_s["al"] > took_s["bo"] + 0.5


def test_a_fault_of_a_principal_hits_whoever_has_logged_in_as_it(started: Callable[..., World]) -> None:
    world = started()
    world.kafka.topic("t", partitions=1)
    fault = world.kafka.faults.add(api="Produce", principal="User:al", error="INVALID_REQUIRED_ACKS", times=1)
    assert written(world.as_user("bo"), "t") == [None]
    assert fault.hits == 0
    (refused,) = written(world.as_user("al"), "t")
    assert refused is not None
    assert refused.code() == KafkaError.INVALID_REQUIRED_ACKS
    assert fault.hits == 1


def test_the_journal_has_who_asked_and_no_password(started: Callable[..., World]) -> None:
    world = started()
    world.kafka.topic("t", partitions=1)
    written(world.as_user("al", **{"client.id": "shop"}), "t")
    (produced,) = world.kafka.requests("Produce", client_id="shop")
    assert produced.principal == "User:al"
    assert f"{produced.connection} User:al Produce" in produced.text
    assert "secret" not in "\n".join(one.text for one in world.kafka.journal())


def test_a_group_is_described_with_the_client_that_has_logged_in(started: Callable[..., World]) -> None:
    world = started()
    world.kafka.topic("t", partitions=1)
    consumer = Consumer(world.as_user("al", **{"group.id": "g", "client.id": "shop"}))
    consumer.subscribe(["t"])
    deadline = time.monotonic() + PATIENCE_S
    while not consumer.assignment() and time.monotonic() < deadline:
        consumer.poll(0.1)
    admin = AdminClient(world.as_user("bo"))
    described = admin.describe_consumer_groups(["g"])["g"].result(PATIENCE_S)
    (member,) = described.members
    assert (member.client_id, member.host) == ("shop", "/127.0.0.1")
    consumer.close()
    (joined, *_) = world.kafka.requests("JoinGroup", client_id="shop")
    assert joined.principal == "User:al"


@pytest.mark.parametrize(
    ("rules", "principal"),
    [("DEFAULT", "User:{name}"), ("RULE:^.*CN=([^,]+).*$/$1/U", "User:ALICE")],
    ids=["the whole name", "by a rule"],
)
def test_a_certificate_may_be_a_super_users(started: Callable[..., World], rules: str, principal: str) -> None:
    world = started()
    admin = AdminClient(world.as_alice())
    assert admin.list_topics(timeout=PATIENCE_S).brokers
    name = world.kafka.requests("Metadata")[-1].principal.removeprefix("User:")
    assert "CN=alice" in name
    secured = started(
        **{
            "authorizer.class.name": "StandardAuthorizer",
            "super.users": f"{principal.format(name=name)};User:root",
            "ssl.principal.mapping.rules": rules,
        }
    )
    secured.kafka.topic("t", partitions=1)
    assert written(secured.as_alice(), "t") == [None]
    (denied,) = written(secured.as_user("al"), "t")
    assert denied is not None
    assert denied.code() == KafkaError.TOPIC_AUTHORIZATION_FAILED
