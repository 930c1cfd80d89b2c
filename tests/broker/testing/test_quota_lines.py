"""Quotas go out and come in with the rest, and one that cannot be changes nothing."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from odradek.broker.testing.cluster_host import ClusterHost
from odradek.broker.testing.exchange_lines import ImportRefused
from odradek.broker.testing.kafka_cluster import KafkaCluster

LINES = """\
{"topic": "t", "partitions": 1, "config": {}}
{"quota": {"client-id": null}, "values": {"producer_byte_rate": 1024.0, "request_percentage": 50.0}}
{"quota": {"client-id": "shop", "user": "alice"}, "values": {"consumer_byte_rate": 2048.0}}
"""


@pytest.fixture
def cluster() -> Iterator[KafkaCluster]:
    with ClusterHost() as host, host.cluster() as cluster:
        yield cluster


def test_quotas_come_in_and_go_out_as_they_were(cluster: KafkaCluster, tmp_path: Path) -> None:
    path = tmp_path / "lines"
    path.write_text(LINES)
    cluster.import_(path)
    assert cluster._context.metadata.image.quotas == {
        (("client-id", None),): {"producer_byte_rate": 1024.0, "request_percentage": 50.0},
        (("client-id", "shop"), ("user", "alice")): {"consumer_byte_rate": 2048.0},
    }
    cluster.export(tmp_path / "again")
    assert sorted((tmp_path / "again").read_text().splitlines()) == sorted(LINES.splitlines())


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ('{"quota": {"usr": "a"}, "values": {"producer_byte_rate": 1}}', "line 2: .*usr"),
        ('{"quota": {"user": "a"}, "values": {"producer_byte_rat": 1}}', "line 2: .*producer_byte_rat"),
        ('{"quota": {"user": "a"}, "values": {"producer_byte_rate": -1}}', "line 2: .*producer_byte_rate"),
        (
            '{"quota": {"user": 5}, "values": {"producer_byte_rate": 1}}',
            "line 2: 'quota' is an object of types and names",
        ),
        ('{"quota": {}, "values": {"producer_byte_rate": 1}}', "line 2: 'quota' is an object of types and names"),
        ('{"quota": {"user": "a"}}', "line 2: 'values' is missing"),
        (
            '{"quota": {"user": "a"}, "values": {"producer_byte_rate": "1"}}',
            "line 2: 'values' is an object of names and n",
        ),
        ('{"quota": {"user": "a"}, "value": {}}', "line 2: unknown field 'value'; did you mean 'values'?"),
    ],
)
def test_a_quota_that_cannot_be_changes_nothing(cluster: KafkaCluster, tmp_path: Path, line: str, why: str) -> None:
    path = tmp_path / "lines"
    path.write_text('{"topic": "t"}\n' + line)
    with pytest.raises(ImportRefused, match=why.replace("?", r"\?")):
        cluster.import_(path)
    assert cluster._context.topics.find("t") is None
    assert cluster._context.metadata.image.quotas == {}
