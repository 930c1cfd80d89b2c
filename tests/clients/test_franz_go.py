"""franz-go, where Go is there: its consumer of the new protocol (KIP-848), and its clients while brokers fail."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka import ConsumerGroupTopicPartitions
from confluent_kafka.admin import AdminClient

from odradek.broker.testing.cluster_host import ClusterHost
from odradek.broker.testing.kafka_cluster import KafkaCluster

from ..failing_brokers import (
    BRIEF_TROUBLES,
    GROUP,
    SOURCE,
    TARGET,
    TOPIC,
    ForeignClient,
    check_copy,
    check_flow,
    cluster_for,
)
from .stock_client import Message, StockClient, create, send_all

PROGRAMS = Path(__file__).with_name("franz_go")
BUILD_S, RUN_S = 300, 60


PROTOCOLS = (pytest.param("classic", marks=pytest.mark.soak), "consumer")


@pytest.fixture(scope="module")
def consumer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built(".", tmp_path_factory.mktemp("franz-go"))


@pytest.fixture(scope="module")
def failing_brokers(tmp_path_factory: pytest.TempPathFactory, is_oracle: bool) -> Path:
    if is_oracle:
        pytest.skip("three brokers of Apache Kafka are told stories, in tests/oracle/test_three_nodes.py")
    return built("./failing_brokers", tmp_path_factory.mktemp("franz-go"))


def built(program: str, directory: Path) -> Path:
    """The program, built; the modules come from where Go is told to take them."""
    if shutil.which("go") is None:
        pytest.skip("go is not installed")
    target = directory / "program"
    command = ["go", "build", "-mod=readonly", "-o", str(target), program]
    done = subprocess.run(command, cwd=PROGRAMS, capture_output=True, text=True, timeout=BUILD_S, check=False)
    if done.returncode != 0 and ("dial tcp" in done.stderr or "proxyconnect" in done.stderr):
        pytest.skip(f"the modules of franz-go cannot be had: {done.stderr[-300:]}")
    assert done.returncode == 0, done.stderr
    return target


@pytest.fixture
def kafka(failing_brokers: Path) -> Iterator[KafkaCluster]:
    with ClusterHost() as host, cluster_for(host) as kafka:
        yield kafka


def test_it_reads_and_commits_and_leaves_an_empty_group_of_the_new_kind(
    consumer: Path, bootstrap: str, admin: StockClient, topic: str, group: str
) -> None:
    create(admin, topic, 2)
    send_all(admin, topic, [Message(b"%d" % number, partition=number % 2) for number in range(40)])
    command = [str(consumer), bootstrap, topic, group, "40"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=RUN_S, check=False)
    assert done.returncode == 0, done.stderr
    assert sorted(map(int, done.stdout.split())) == list(range(40))
    tools = AdminClient({"bootstrap.servers": bootstrap})
    described = tools.describe_consumer_groups([group])[group].result()
    assert (described.type.name, described.state.name, list(described.members)) == ("CONSUMER", "EMPTY", [])
    asked = ConsumerGroupTopicPartitions(group)
    committed = tools.list_consumer_group_offsets([asked])[group].result().topic_partitions
    assert sorted((one.partition, one.offset) for one in committed) == [(0, 20), (1, 20)]


@pytest.mark.timeout(400)
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_its_records_are_written_once_and_read_though_each_broker_is_away_in_turn(
    failing_brokers: Path, kafka: KafkaCluster, protocol: str, tmp_path: Path
) -> None:
    command = [str(failing_brokers), "flow", kafka.bootstrap, TOPIC, GROUP, protocol]
    with ForeignClient(command, tmp_path / "stderr") as client:
        check_flow(kafka, client, BRIEF_TROUBLES)


@pytest.mark.timeout(400)
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_what_it_copies_in_transactions_is_there_once_though_each_broker_is_away_in_turn(
    failing_brokers: Path, kafka: KafkaCluster, protocol: str, tmp_path: Path
) -> None:
    command = [str(failing_brokers), "copy", kafka.bootstrap, SOURCE, TARGET, GROUP, protocol]
    with ForeignClient(command, tmp_path / "stderr") as client:
        # Where it comes to a dead broker twice in a row as it looks for a coordinator, a session of it is at its end.
        check_copy(kafka, client, BRIEF_TROUBLES, goes_on=False)
