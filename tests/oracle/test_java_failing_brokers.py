"""Java's producer and consumer while three brokers die, stall and come back: nothing is lost or doubled."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from odradek.broker.testing.cluster_host import ClusterHost
from odradek.broker.testing.kafka_cluster import KafkaCluster

from ..failing_brokers import GROUP, SOURCE, TARGET, TOPIC, ForeignClient, check_copy, check_flow, cluster_for
from .apache_kafka import QUICK_JVM, OracleMissing, jars, java
from .dump_tool import check_tools

PROGRAM = Path(__file__).with_name("FailingBrokers.java")
PROTOCOLS = (pytest.param("classic", marks=pytest.mark.soak), "consumer")


@pytest.fixture
def command(is_oracle: bool) -> list[str]:
    if is_oracle:
        pytest.skip("three brokers of Apache Kafka are told stories, in test_three_nodes.py")
    try:
        check_tools()
        return [*java(jars(), QUICK_JVM), str(PROGRAM)]
    except OracleMissing as missing:
        pytest.skip(str(missing))


@pytest.fixture
def kafka(command: list[str]) -> Iterator[KafkaCluster]:
    with ClusterHost() as host, cluster_for(host) as kafka:
        yield kafka


@pytest.mark.timeout(400)
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_javas_records_are_written_once_and_read_though_each_broker_is_away_in_turn(
    command: list[str], kafka: KafkaCluster, protocol: str, tmp_path: Path
) -> None:
    arguments = ["flow", kafka.bootstrap, TOPIC, GROUP, protocol]
    with ForeignClient([*command, *arguments], tmp_path / "stderr") as client:
        check_flow(kafka, client)


@pytest.mark.timeout(400)
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_what_java_copies_in_transactions_is_there_once_though_each_broker_is_away_in_turn(
    command: list[str], kafka: KafkaCluster, protocol: str, tmp_path: Path
) -> None:
    arguments = ["copy", kafka.bootstrap, SOURCE, TARGET, GROUP, protocol]
    with ForeignClient([*command, *arguments], tmp_path / "stderr") as client:
        check_copy(kafka, client)
