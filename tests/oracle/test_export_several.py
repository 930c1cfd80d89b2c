"""`odradek export-cluster` of several brokers: Apache Kafka goes on as so many nodes, and nothing is lost."""

import contextlib
import random
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner

from odradek.broker.cli import main
from odradek.broker.security.authorization.acl import Operation, Permission, ResourceType
from odradek.broker.wire import ClosedByPeer, Wire
from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages.alter_user_scram_credentials import (
    AlterUserScramCredentialsRequest,
    AlterUserScramCredentialsResponse,
)
from odradek.protocol.messages.create_topics import CreatableTopic, CreateTopicsRequest, CreateTopicsResponse
from odradek.protocol.messages.metadata import MetadataRequest, MetadataResponse

from ..brokers import OdradekBroker
from ..clients.stock_client import Isolation, Message, read_to_end, send_all, until
from ..clients.with_confluent_kafka import ConfluentKafka
from .access.guest import Rules, rule
from .apache_kafka import skip_without_kafka
from .directory_seen import see
from .exported_cluster import ExportedCluster
from .raw_producers import RawProducer
from .sasl_session import SaslDialogue
from .test_export_cluster import ACCESS_RULES, GROUP, PASSWORD, USER, begin_reading, flags, go_on_reading
from .test_same_acls import DENIED, code_of, rules_of
from .test_same_directory import go_on
from .test_same_users import upsertion

pytestmark = pytest.mark.timeout(900)  # a JVM takes its time, and here are four

ALL = {1, 2, 3}
TIMEOUT_MS = 600_000  # of transactions that are open while one cluster ends and the other begins
SETTINGS = {
    "log.retention.check.interval.ms": "3600000",
    "group.initial.rebalance.delay.ms": "0",
    "offsets.topic.num.partitions": "4",
    "offsets.topic.replication.factor": "3",
    "transaction.state.log.num.partitions": "4",
    "transaction.abort.timed.out.transaction.cleanup.interval.ms": "300",
    "auto.leader.rebalance.enable": "false",
    "initial.broker.registration.timeout.ms": "240000",  # on a machine that is busy
}


class Cluster:
    """What a test begins: Odradek's three brokers at ports in a row, and what comes of them."""

    def __init__(self, directory: Path, settings: Mapping[str, str], ports: int) -> None:
        self._directory = directory
        self.first_port = free_ports(ports)
        self.address = f"127.0.0.1:{self.first_port}"
        self.odradek = OdradekBroker(
            directory / "odradek", {**SETTINGS, **settings}, options=["--brokers", "3", "--racks", "a,b,c"]
        )
        self.settings = settings
        self.kafka: ExportedCluster | None = None

    def start(self) -> None:
        self.odradek.address = self.address
        self.odradek.start()

    def exported(self, *options: str) -> ExportedCluster:
        """Apache Kafka with what the tool writes; the last ports of the row are those of the nodes themselves."""
        own = [f"--controller=127.0.0.1:{self.first_port + 9}", f"--brokers=127.0.0.1:{self.first_port + 6}"]
        out = self._directory / "out"
        given = flags({**SETTINGS, **self.settings})
        listen = [] if "listeners" in self.settings else [f"--listen={self.address}"]
        arguments = ["export-cluster", str(self.odradek.data_dir), "--to", str(out), *own, *given, *listen, *options]
        done = CliRunner().invoke(main, arguments)
        assert done.exit_code == 0, done.output
        self.kafka = ExportedCluster(out)
        return self.kafka

    def close(self) -> None:
        self.odradek.kill()
        if self.kafka is not None:
            self.kafka.close()


@pytest.fixture
def plain(tmp_path: Path) -> Iterator[Cluster]:
    """Three brokers for anybody."""
    skip_without_kafka()
    cluster = Cluster(tmp_path, {}, 12)
    yield cluster
    cluster.close()


@pytest.fixture
def secured(tmp_path: Path) -> Iterator[Cluster]:
    """Three brokers with access rules, and a listener where clients log in."""
    skip_without_kafka()
    cluster = Cluster(tmp_path, {}, 12)
    cluster.settings = {
        "listeners": f"PLAINTEXT://{cluster.address},CLIENTS://127.0.0.1:{cluster.first_port + 3}",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CLIENTS:SASL_PLAINTEXT",
        **ACCESS_RULES,
    }
    cluster.odradek = OdradekBroker(
        tmp_path / "odradek", {**SETTINGS, **cluster.settings}, options=["--brokers", "3", "--racks", "a,b,c"]
    )
    yield cluster
    cluster.close()


def test_everything_is_there_and_goes_on_there_and_back(secured: Cluster) -> None:
    address, sasl_address = secured.address, f"127.0.0.1:{secured.first_port + 3}"
    secured.start()
    create(address, "orders", 3, 3)
    create(address, "alone", 3, 1)
    go_on(address, 0, TIMEOUT_MS)  # records, transactions (one is left open), a committed offset
    write(address, "alone", 3)
    begin_reading(address)
    secure(address, sasl_address)
    idempotent, transactional = RawProducer(), RawProducer("left-open")
    idempotent.init(address)
    sent = idempotent.send(address, "alone", b"first", 0)
    transactional.init(address)
    transactional.add(address, "orders")
    assert transactional.send(address, "orders", b"in an open transaction", 0).error_code == 0
    with Wire(address) as wire:
        rules = rules_of(wire)
    before = see(address, GROUP)
    assert before.partitions["orders", 0].stable_offset < before.partitions["orders", 0].end_offset, "two are open"
    secured.odradek.stop()

    kafka = secured.exported()
    assert [kafka.settings[node_id].get("broker.rack") for node_id in (1, 2, 3)] == ["a", "b", "c"]
    kafka.open()
    until(lambda: are_in_sync(address), "all replicas in sync", timeout_s=120)
    assert see(address, GROUP) == before
    with Wire(address) as wire:
        assert rules_of(wire) == rules
    check_secured(address, sasl_address)
    check_sequence(idempotent, address, sent.base_offset)
    transactional.commit(address)
    go_on(address, 1, TIMEOUT_MS)  # its transactional id goes on, and the transaction that it has left open is aborted
    go_on_reading(address)
    assert b"in an open transaction" in read(address, "orders", 3, "read_committed")

    kafka.kill(2)
    until(lambda: not are_in_sync(address), "a broker is missing", timeout_s=120)
    write(address, "orders", 3)
    kafka.start(2)
    until(lambda: are_in_sync(address), "all replicas in sync again", timeout_s=120)
    before = see(address, GROUP)
    kafka.stop_all()

    secured.start()
    until(lambda: are_in_sync(address), "all replicas in sync at Odradek", timeout_s=20)
    assert see(address, GROUP) == before
    check_secured(address, sasl_address)
    go_on(address, 2, TIMEOUT_MS)
    write(address, "orders", 3)
    secured.odradek.stop()


@pytest.mark.soak
def test_three_brokers_can_be_three_controllers_too(plain: Cluster) -> None:
    address = plain.address
    plain.start()
    create(address, "orders", 3, 3)
    write(address, "orders", 3)
    before = see(address, GROUP)
    plain.odradek.stop()
    content = {path: path.stat().st_mtime_ns for path in plain.odradek.data_dir.rglob("*")}

    kafka = plain.exported("--copy", "--combined")
    assert set(kafka.nodes) == ALL
    kafka.open()
    until(lambda: are_in_sync(address), "all replicas in sync", timeout_s=120)
    assert see(address, GROUP) == before
    kafka.kill(1)
    other = kafka.addresses[2]
    until(lambda: not are_in_sync(other), "a broker is missing", timeout_s=120)
    create(other, "more", 1, 2)  # two controllers of three go on
    write(other, "orders", 3)
    kafka.start(1)
    until(lambda: are_in_sync(address), "all replicas in sync again", timeout_s=120)
    assert {path: path.stat().st_mtime_ns for path in plain.odradek.data_dir.rglob("*")} == content


def free_ports(count: int) -> int:
    """The first of so many ports in a row that are free now."""
    while True:
        first = random.randrange(20_000, 32_768 - count)
        with contextlib.ExitStack() as stack, contextlib.suppress(OSError):
            for port in range(first, first + count):
                stack.enter_context(socket.socket()).bind(("127.0.0.1", port))
            return first


def create(address: str, topic: str, partitions: int, replicas: int) -> None:
    asked = CreatableTopic(name=topic, num_partitions=partitions, replication_factor=replicas)
    with Wire(address, timeout_s=30) as wire:
        answer = wire.ask(CreateTopicsRequest(topics=[asked], timeout_ms=20_000), 7, CreateTopicsResponse)
    assert answer.topics[0].error_code == 0, answer


def write(address: str, topic: str, partitions: int) -> None:
    """A record to each partition, acknowledged by all; and it is there for whoever reads."""
    value = b"%x" % random.randrange(1 << 64)
    client = ConfluentKafka(address)
    for partition in range(partitions):
        send_all(client, topic, [Message(value, partition=partition)])
    assert read(address, topic, partitions, "read_uncommitted").count(value) == partitions
    client.close()


def read(address: str, topic: str, partitions: int, isolation: Isolation) -> list[bytes]:
    """Every value."""
    client = ConfluentKafka(address)
    return [value for partition in read_to_end(client, topic, isolation, partitions) for value in partition]


def are_in_sync(address: str) -> bool:
    """Whether every replica is, and every partition has its leader."""
    with Wire(address, timeout_s=30) as wire:
        topics = wire.ask(MetadataRequest(topics=None), 12, MetadataResponse).topics
    partitions = [one for topic in topics for one in topic.partitions]
    return all(one.leader_id in ALL and sorted(one.isr_nodes) == sorted(one.replica_nodes) for one in partitions)


def check_sequence(producer: RawProducer, address: str, offset: int) -> None:
    """What is sent once more is not appended once more; what comes next is, and a gap is refused."""
    again = producer.send(address, "alone", b"first", 0)
    assert (again.error_code, again.base_offset) == (0, offset)
    assert producer.send(address, "alone", b"gap", 5).error_code == ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER
    following = producer.send(address, "alone", b"second", 1)
    assert (following.error_code, following.base_offset) == (0, offset + 1)


def secure(address: str, sasl_address: str) -> None:
    """A user, who may ask about one topic and not about another."""
    with SaslDialogue(address, sasl_address) as d:
        request = AlterUserScramCredentialsRequest(upsertions=[upsertion(USER, PASSWORD, 4096)])
        (answer,) = d.wire.ask(request, 0, AlterUserScramCredentialsResponse).results
        assert answer.error_code == 0, answer
        mine = f"User:{USER}"
        allowed = rule(ResourceType.TOPIC, "orders", Operation.DESCRIBE, principal=mine, host="*")
        denied = rule(ResourceType.TOPIC, "jobs", Operation.DESCRIBE, Permission.DENY, principal=mine, host="*")
        Rules(d).add([allowed, denied])
    check_secured(address, sasl_address)


def check_secured(address: str, sasl_address: str) -> None:
    """The user logs in with the right password alone, and may do what the rules say."""
    with SaslDialogue(address, sasl_address) as d:
        user = d.logged_in(USER, "SCRAM-SHA-256", password=PASSWORD)
        assert code_of(user, "orders") in (0, ErrorCode.NOT_LEADER_OR_FOLLOWER)
        assert code_of(user, "jobs") == DENIED
        with pytest.raises((AssertionError, ValueError, ClosedByPeer)):
            d.logged_in(USER, "SCRAM-SHA-256", password="wrong")
