"""Logs laid down where they were: nobody meets one that is half written."""

from collections.abc import Iterator

import pytest

from odradek.broker.slices import run_to_end
from odradek.broker.testing.cluster_host import ClusterHost
from odradek.broker.testing.exchange_lines import RecordLine, pack
from odradek.broker.testing.kafka_cluster import KafkaCluster
from odradek.broker.testing.placed_logs import ASIDE, PlacedLogs


@pytest.fixture
def cluster() -> Iterator[KafkaCluster]:
    with ClusterHost() as host, host.cluster() as cluster:
        yield cluster


LINES = [pack(RecordLine(n, "t", 0, 5 + n, 77, None, b"v%d" % n)) for n in range(3)]


def test_what_was_written_aside_is_a_log_once_it_is_put(cluster: KafkaCluster) -> None:
    logs = cluster.look(PlacedLogs)
    cluster.look(lambda running: run_to_end(logs.write(("t", 0), LINES, 5)))
    cluster.topic("t", 1)
    assert cluster.look(lambda running: logs.put()) is None
    cluster.look(lambda running: run_to_end(logs.open()))
    assert [(one.offset, one.value) for one in cluster.records("t")] == [(5, b"v0"), (6, b"v1"), (7, b"v2")]
    assert cluster.offsets("t").log_start == 5
    assert not cluster.look(lambda running: running.memory.files.exists(ASIDE))


def test_a_log_that_a_client_has_used_already_is_not_written_over(cluster: KafkaCluster) -> None:
    logs = cluster.look(PlacedLogs)
    cluster.look(lambda running: run_to_end(logs.write(("t", 0), LINES, 0)))
    cluster.topic("t", 1)
    cluster.produce("t", [b"first"])
    assert cluster.look(lambda running: logs.put()) == ("t", 0)
    assert [one.value for one in cluster.records("t")] == [b"first"]
