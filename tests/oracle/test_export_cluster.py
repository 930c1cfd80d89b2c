"""`odradek export-cluster`, and Apache Kafka that is started with exactly what it wrote: nothing is lost on the way."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner

from odradek.broker.cli import main
from odradek.broker.config.config_def import parse_properties
from odradek.broker.security.authorization.acl import Operation, Permission, ResourceType
from odradek.broker.wire import ClosedByPeer, Wire
from odradek.protocol.messages.alter_partition_reassignments import (
    AlterPartitionReassignmentsRequest,
    AlterPartitionReassignmentsResponse,
    ReassignablePartition,
    ReassignableTopic,
)
from odradek.protocol.messages.alter_user_scram_credentials import (
    AlterUserScramCredentialsRequest,
    AlterUserScramCredentialsResponse,
)
from odradek.protocol.messages.metadata import MetadataRequest, MetadataResponse

from ..brokers import TEST_SETTINGS, OdradekBroker, free_port
from ..clients.stock_client import Message, gather, read_to_end, send_all, until
from ..clients.with_confluent_kafka import ConfluentKafka
from .access.guest import Rules, rule
from .apache_kafka import CLUSTER_ID, ApacheKafka, skip_without_kafka
from .directory_seen import see
from .sasl_session import SaslDialogue
from .test_same_acls import DENIED, code_of, rules_of
from .test_same_directory import begin, go_on
from .test_same_users import upsertion

GROUP, WORKERS, USER, PASSWORD = "readers", "workers", "al", "first"
ACCESS_RULES = {"authorizer.class.name": "StandardAuthorizer", "super.users": "User:ANONYMOUS"}


class ExportedKafka(ApacheKafka):
    """Apache Kafka as it is started with a server.properties that somebody else wrote."""

    def __init__(self, directory: Path, properties: Path) -> None:
        super().__init__(directory)
        self._given = properties
        self.settings = parse_properties(properties.read_text())
        self.data_dir = Path(self.settings["log.dirs"])
        self.address = self.settings["advertised.listeners"].partition(",")[0].partition("//")[2]

    def start(self) -> None:
        self._run(self._given)


class SecondBroker(ExportedKafka):
    """One that joins it, and coordinates nothing yet: it is the cluster that says when it is there."""

    def _wait_until_ready(self) -> None:
        """The test waits for it."""


@pytest.fixture
def processes() -> Iterator[list[OdradekBroker | ApacheKafka]]:
    """What is ended when the test is over."""
    skip_without_kafka()
    started: list[OdradekBroker | ApacheKafka] = []
    yield started
    for one in started:
        one.kill()


def flags(settings: Mapping[str, str]) -> list[str]:
    return [f"--set={name}={value}" for name, value in settings.items()]


def exported(directory: Path, source: Path, *options: str) -> ExportedKafka:
    """Apache Kafka with what the tool writes for a directory."""
    node = ["--controller", f"127.0.0.1:{free_port()}", "--brokers", f"127.0.0.1:{free_port()}"]
    done = CliRunner().invoke(
        main, ["export-cluster", str(source), "--to", str(directory / "out"), *node, *flags(TEST_SETTINGS), *options]
    )
    assert done.exit_code == 0, done.output
    return ExportedKafka(directory / "kafka", directory / "out" / "server.properties")


def test_everything_is_there_and_goes_on(tmp_path: Path, processes: list[OdradekBroker | ApacheKafka]) -> None:
    address, sasl_address = (f"127.0.0.1:{free_port()}" for _ in range(2))
    settings = {
        "listeners": f"PLAINTEXT://{address},CLIENTS://{sasl_address}",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CLIENTS:SASL_PLAINTEXT",
        **ACCESS_RULES,
    }
    odradek = OdradekBroker(tmp_path / "odradek", settings)
    processes.append(odradek)
    odradek.start()
    begin(address)
    begin_reading(address)
    secure(address, sasl_address)
    go_on(address, 0)
    with Wire(address) as wire:
        rules = rules_of(wire)
    before = see(address, GROUP)
    assert before.partitions["orders", 0].stable_offset < before.partitions["orders", 0].end_offset, "one is open"
    odradek.stop()

    kafka = exported(tmp_path, odradek.data_dir, *flags(settings))
    processes.append(kafka)
    assert kafka.address == address
    kafka.start()
    assert see(address, GROUP) == before
    with Wire(address) as wire:
        assert rules_of(wire) == rules
    check_secured(address, sasl_address)
    go_on(address, 1)  # a stock client, whose transactional id goes on; the open transaction is aborted
    go_on_reading(address)
    after = see(address, GROUP)
    assert after.ids.items() >= before.ids.items()
    assert after.committed["orders", 0] == (11, "turn 1")
    assert all(len(after.partitions["orders", at].aborted) == 3 for at in range(3))
    kafka.stop()


def begin_reading(address: str) -> None:
    """A member of a group reads half of a topic, and leaves."""
    client = ConfluentKafka(address)
    client.create_topic("jobs")
    send_all(client, "jobs", [Message(b"%d" % at) for at in range(4)])
    member = client.member(WORKERS, "jobs")
    assert len(gather(member.poll, 4)) == 4
    member.commit_at("jobs", 0, 2, "half")
    member.close()
    client.close()


def go_on_reading(address: str) -> None:
    """The next member begins where the other has ended."""
    client = ConfluentKafka(address)
    member = client.member(WORKERS, "jobs")
    assert member.committed("jobs", 0) == (2, "half")
    assert [one.value for one in gather(member.poll, 2)] == [b"2", b"3"]
    member.close()
    client.close()


def secure(address: str, sasl_address: str) -> None:
    """A user, who may read about one topic and not about another."""
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
        assert (code_of(user, "orders"), code_of(user, "jobs")) == (0, DENIED)
        with pytest.raises((AssertionError, ValueError, ClosedByPeer)):
            d.logged_in(USER, "SCRAM-SHA-256", password="wrong")


def test_a_copy_is_served_and_the_directory_stays_as_it_was(
    tmp_path: Path, processes: list[OdradekBroker | ApacheKafka]
) -> None:
    odradek = OdradekBroker(tmp_path / "odradek")
    processes.append(odradek)
    odradek.start()
    write(odradek.address, "orders")
    odradek.stop()
    before = content(odradek.data_dir)
    kafka = exported(tmp_path, odradek.data_dir, "--copy", f"--listen={odradek.address}")
    assert content(kafka.data_dir) == before
    processes.append(kafka)
    kafka.start()
    write(kafka.address, "more")
    kafka.stop()
    assert content(odradek.data_dir) == before


@pytest.mark.parametrize(
    "settings",
    [pytest.param({}, id="plain"), pytest.param(ACCESS_RULES, id="protected", marks=pytest.mark.soak)],
)
def test_a_second_broker_joins_and_takes_a_partition_over(
    tmp_path: Path, processes: list[OdradekBroker | ApacheKafka], settings: dict[str, str]
) -> None:
    """As docs/moving-to-apache-kafka.md has it."""
    odradek = OdradekBroker(tmp_path / "odradek")
    processes.append(odradek)
    odradek.start()
    values = write(odradek.address, "orders")
    odradek.stop()
    first = exported(tmp_path, odradek.data_dir, f"--listen={odradek.address}", *flags(settings))
    processes.append(first)
    first.start()
    second = second_broker(tmp_path, first)
    processes.append(second)
    second.start()

    until(lambda: brokers_of(first.address) == [1, 2], "two brokers", timeout_s=60)
    move(first.address, "orders", [1, 2])
    until(lambda: in_sync(first.address, "orders") == [1, 2], "two in-sync replicas", timeout_s=60)
    move(first.address, "orders", [2])
    until(lambda: in_sync(first.address, "orders") == [2], "one replica, of the second broker", timeout_s=60)
    client = ConfluentKafka(second.address)
    send_all(client, "orders", [Message(b"last")])
    assert read_to_end(client, "orders", "read_uncommitted") == [[*values, b"last"]]
    client.close()


def test_a_directory_whose_voters_are_on_record_goes_back(
    tmp_path: Path, processes: list[OdradekBroker | ApacheKafka]
) -> None:
    """`kafka-storage format --standalone` made it (kraft.version 1): the settings do not say who votes."""
    settings = {"node.id": "1", "process.roles": "broker,controller", "log.dirs": str(tmp_path / "odradek" / "data")}
    settings |= {
        "listeners": "PLAINTEXT://127.0.0.1:1,CONTROLLER://127.0.0.1:2",
        "controller.listener.names": "CONTROLLER",
    }
    settings |= {"controller.quorum.bootstrap.servers": "127.0.0.1:2"}
    properties = tmp_path / "formatted.properties"
    properties.write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
    ApacheKafka(tmp_path / "format").format_as(CLUSTER_ID, properties, "--standalone")
    odradek = OdradekBroker(tmp_path / "odradek")
    processes.append(odradek)
    odradek.start()
    write(odradek.address, "orders")
    before = see(odradek.address, GROUP)
    odradek.stop()
    kafka = exported(tmp_path, odradek.data_dir, f"--listen={odradek.address}")
    assert "controller.quorum.bootstrap.servers" in kafka.settings
    processes.append(kafka)
    kafka.start()
    assert see(kafka.address, GROUP) == before
    write(kafka.address, "more")


def second_broker(tmp_path: Path, first: ExportedKafka) -> SecondBroker:
    """A broker alone, whose controller is that of the first."""
    names = [part.partition(":")[0] for part in first.settings["advertised.listeners"].split(",")]
    addresses = ",".join(f"{name}://127.0.0.1:{free_port()}" for name in names)
    own = {
        "process.roles": "broker",
        "node.id": "2",
        "log.dirs": str(tmp_path / "second" / "data"),
        "listeners": addresses,
        "advertised.listeners": addresses,
    }
    properties = tmp_path / "second.properties"
    properties.write_text("".join(f"{name}={value}\n" for name, value in {**first.settings, **own}.items()))
    broker = SecondBroker(tmp_path / "second", properties)
    meta = parse_properties((first.data_dir / "meta.properties").read_text())
    broker.format_as(meta["cluster.id"], properties)
    return broker


def write(address: str, topic: str) -> list[bytes]:
    values = [b"%d" % at for at in range(20)]
    client = ConfluentKafka(address)
    client.create_topic(topic)
    send_all(client, topic, [Message(value) for value in values])
    client.close()
    return values


def content(directory: Path) -> dict[str, bytes]:
    return {str(path.relative_to(directory)): path.read_bytes() for path in directory.rglob("*") if path.is_file()}


def brokers_of(address: str) -> list[int]:
    with Wire(address) as wire:
        return sorted(one.node_id for one in wire.ask(MetadataRequest(topics=[]), 12, MetadataResponse).brokers)


def in_sync(address: str, topic: str) -> list[int]:
    """The replicas, once all of them are in sync."""
    with Wire(address) as wire:
        topics = wire.ask(MetadataRequest(topics=None), 12, MetadataResponse).topics
    (found,) = (one.partitions[0] for one in topics if one.name == topic)
    return sorted(found.isr_nodes) if sorted(found.isr_nodes) == sorted(found.replica_nodes) else []


def move(address: str, topic: str, replicas: list[int]) -> None:
    partitions = [ReassignablePartition(partition_index=0, replicas=replicas)]
    request = AlterPartitionReassignmentsRequest(topics=[ReassignableTopic(name=topic, partitions=partitions)])
    with Wire(address) as wire:
        answer = wire.ask(request, 0, AlterPartitionReassignmentsResponse)
    assert (answer.error_code, answer.responses[0].partitions[0].error_code) == (0, 0), answer
