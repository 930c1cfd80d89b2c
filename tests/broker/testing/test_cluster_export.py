"""A cluster written to a file: what is in it, and what is left behind when it cannot be written."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient

from odradek.broker.testing import cluster_export
from odradek.broker.testing.cluster_host import ClusterHost
from odradek.broker.testing.inspection import GivenRecord
from odradek.broker.testing.kafka_cluster import KafkaCluster


@pytest.fixture
def cluster() -> Iterator[KafkaCluster]:
    with ClusterHost() as host, host.cluster() as cluster:
        yield cluster


def test_a_file_has_what_people_would_write(cluster: KafkaCluster, tmp_path: Path) -> None:
    cluster.topic("t", 1, {"retention.ms": "-1"})
    cluster.produce("t", [GivenRecord(b"\xff", b"k", [("h", None)], 5), GivenRecord(None, timestamp_ms=6)])
    producer = Producer({"bootstrap.servers": cluster.bootstrap, "transactional.id": "x", "log_level": 0})
    producer.init_transactions(20)
    producer.begin_transaction()
    producer.produce("t", b"v", timestamp=7)
    producer.commit_transaction(20)
    cluster.clock.freeze()
    path = tmp_path / "file"
    cluster.export(path)
    lines = path.read_text().splitlines()
    assert lines[:4] == [
        '{"topic": "t", "partitions": 1, "config": {"retention.ms": "-1"}}',
        '{"topic": "t", "partition": 0, "offset": 0, "timestamp": 5, "key": "k", "value": {"base64": "/w=="}, "headers": [["h", null]]}',  # noqa: E501
        '{"topic": "t", "partition": 0, "offset": 1, "timestamp": 6, "value": null}',
        '{"topic": "t", "partition": 0, "offset": 2, "timestamp": 7, "value": "v", "producer": [0, 0, 0], "transactional": true}',  # noqa: E501
    ]
    assert lines[4].startswith('{"topic": "t", "partition": 0, "offset": 3, "timestamp": ')
    assert lines[4].endswith('"marker": "commit", "producer": [0, 0, -1]}')
    assert lines[5:] == []


def test_a_file_that_cannot_be_written_leaves_nothing_behind(cluster: KafkaCluster, tmp_path: Path) -> None:
    cluster.produce("t", [b"v"])
    taken = tmp_path / "taken"
    taken.mkdir()
    with pytest.raises(OSError, match="taken"):
        cluster.export(taken)
    with pytest.raises(FileNotFoundError):
        cluster.export(tmp_path / "missing" / "file")
    assert list(tmp_path.iterdir()) == [taken]


def test_whoever_comes_meanwhile_is_served_and_is_not_in_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster_export, "SLICE_S", 0.0)
    path = tmp_path / "file"
    with ClusterHost() as host, host.cluster() as cluster:
        cluster.produce("t", [b"before"] * 100)

        async def write_meanwhile() -> int:
            writing, turns = asyncio.ensure_future(cluster.aio.export(path)), 0
            while not writing.done():
                turns += 1
                if turns == 20:
                    await cluster.aio.produce("t", [b"meanwhile"])
                await asyncio.sleep(0)
            await writing
            return turns

        assert host.run(write_meanwhile) > 100
        assert len(cluster.records("t")) == 101
    assert path.read_text().count("before") == 100
    assert "meanwhile" not in path.read_text()


def test_a_topic_that_is_deleted_meanwhile_is_left_where_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster_export, "SLICE_S", 0.0)
    monkeypatch.setattr(cluster_export, "READ_BYTES", 1)
    with ClusterHost() as host, host.cluster() as cluster:
        cluster.topic("t", 1)
        cluster.produce("t", [b"v"] * 100)
        admin = AdminClient({"bootstrap.servers": cluster.bootstrap})

        async def delete_meanwhile() -> list[str]:
            lines: list[str] = []
            async for line in cluster_export.export_lines(cluster._running.contexts):
                lines.append(line)
                if len(lines) == 10:
                    (deleted,) = admin.delete_topics(["t"]).values()
                    await asyncio.wrap_future(deleted)
            return lines

        assert 10 <= len(host.run(delete_meanwhile)) < 15
