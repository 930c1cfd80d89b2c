"""A file brought into a cluster: exported, it makes the same topics and logs; wrong, it changes nothing."""

import asyncio
import gzip
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition

from odradek.broker import slices
from odradek.broker.testing import placed_logs
from odradek.broker.testing.asking import ask
from odradek.broker.testing.cluster_host import ClusterHost
from odradek.broker.testing.exchange_lines import ImportRefused
from odradek.broker.testing.inspection import GivenRecord
from odradek.broker.testing.kafka_cluster import KafkaCluster
from odradek.protocol.compression import Codec
from odradek.protocol.errors import KafkaError
from odradek.protocol.messages.delete_records import (
    DeleteRecordsPartition,
    DeleteRecordsRequest,
    DeleteRecordsResponse,
    DeleteRecordsTopic,
)

PAGE = Path(__file__).parents[3] / "docs" / "testing.md"
(DOCUMENTED,) = re.findall(r"```json\n(.*?)```", PAGE.read_text(), re.DOTALL)


@pytest.fixture(scope="module")
def host() -> Iterator[ClusterHost]:
    with ClusterHost() as host:
        yield host


@pytest.fixture
def cluster(host: ClusterHost) -> Iterator[KafkaCluster]:
    with host.cluster() as cluster:
        cluster.topic("there", 1)
        yield cluster


def everything(cluster: KafkaCluster) -> object:
    topics = sorted((one for one in cluster._context.topics if not one.is_internal), key=lambda one: one.name)
    return [
        (
            topic.name,
            dict(topic.configs),
            cluster.records(topic.name, isolation="read_uncommitted"),
            [cluster.offsets(topic.name, index) for index in range(len(topic.partitions))],
            [
                (entry.producer_epoch, entry.last_sequence)
                for partition in topic.partitions
                for _, entry in partition.log.active_producers()
            ],
        )
        for topic in topics
    ], {group: cluster.committed(group) for group in cluster.groups()}


def test_lines_written_by_hand_seed_topics(cluster: KafkaCluster, tmp_path: Path) -> None:
    path = tmp_path / "seed.jsonl"
    path.write_text(DOCUMENTED + '{"topic": "there", "value": "more"}')
    cluster.import_(path)
    found = [(one.partition, one.key, one.value, list(one.headers)) for one in cluster.records("orders")]
    assert found == [(0, b"k", b"one", [("source", b"web")]), (1, None, b'{"id":2}', []), (1, None, b"\xff", [])]
    assert cluster.records("orders")[0].timestamp_ms == 1767225600000
    assert [one.value for one in cluster.records("there")] == [b"more"]
    assert cluster.committed("billing") == {("orders", 0): 1}
    reader = Consumer({"bootstrap.servers": cluster.bootstrap, "group.id": "billing", "log_level": 0})
    reader.subscribe(["there"])
    reader.close()


@pytest.mark.parametrize("name", ["state.jsonl", "state.jsonl.gz"])
def test_an_exported_cluster_comes_to_life_elsewhere(
    host: ClusterHost, cluster: KafkaCluster, tmp_path: Path, name: str
) -> None:
    cluster.topic("t", 2, {"retention.ms": "-1"})
    cluster.produce("t", [GivenRecord(b"\xff", b"k", [("h", b"x"), ("h", None)], 5), GivenRecord(None), b"c", b"d"])
    producer = Producer({"bootstrap.servers": cluster.bootstrap, "transactional.id": "x", "log_level": 0})
    producer.init_transactions(20)
    for end in (producer.commit_transaction, producer.abort_transaction):
        producer.begin_transaction()
        for number in range(3):
            producer.produce("t", b"%d" % number, partition=number % 2)
        producer.flush(20)
        end(20)
    gone = DeleteRecordsTopic(name="t", partitions=[DeleteRecordsPartition(partition_index=1, offset=1)])
    request = DeleteRecordsRequest(topics=[gone], timeout_ms=1000)
    cluster._host.run(lambda: ask(cluster._context, request, DeleteRecordsResponse))
    reader = Consumer({"bootstrap.servers": cluster.bootstrap, "group.id": "g", "log_level": 0})
    reader.commit(offsets=[TopicPartition("t", 1, 2, metadata="so far")], asynchronous=False)
    reader.close()
    cluster.export(tmp_path / name)
    with host.cluster() as other:
        other.import_(tmp_path / name)
        assert everything(other) == everything(cluster)
        assert other.committed("g") == {("t", 1): 2}
        second = Producer({"bootstrap.servers": other.bootstrap, "enable.idempotence": True, "log_level": 0})
        second.produce("t", b"new", partition=0)
        assert second.flush(20) == 0
        assert other.records("t", 0)[-1].producer_id not in {one.producer_id for one in cluster.records("t")}
        other.snapshot("s")  # and it is a state like any other
        before = everything(other)
        other.restore("s")
        assert everything(other) == before
        other.export(tmp_path / "again")
        assert (tmp_path / "again").read_text().count("\n") > 10


@pytest.mark.parametrize("codec", ["gzip", "snappy", "lz4", "zstd"])
def test_batches_stay_compressed_as_they_were(
    host: ClusterHost, cluster: KafkaCluster, tmp_path: Path, codec: str
) -> None:
    settings = {"bootstrap.servers": cluster.bootstrap, "compression.type": codec, "linger.ms": 50, "log_level": 0}
    producer = Producer(settings)
    for _ in range(10):
        producer.produce("there", b"x" * 1000, partition=0)
    assert producer.flush(20) == 0
    cluster.produce("there", [b"plain"])
    cluster.export(tmp_path / "file")

    def codecs(of: KafkaCluster) -> list[int]:
        return [batch.codec for batch in of._context.topics.partition("there", 0).log.batches()]

    with host.cluster() as other:
        other.import_(tmp_path / "file")
        assert codecs(other) == codecs(cluster) == [Codec[codec.upper()], Codec.NONE]
        assert everything(other) == everything(cluster)


def test_a_transaction_that_is_open_comes_as_an_aborted_one(
    host: ClusterHost, cluster: KafkaCluster, tmp_path: Path
) -> None:
    producer = Producer({"bootstrap.servers": cluster.bootstrap, "transactional.id": "x", "log_level": 0})
    producer.init_transactions(20)
    producer.begin_transaction()
    producer.produce("there", b"open")
    assert producer.flush(20) == 0
    cluster.export(tmp_path / "file")
    with host.cluster() as other:
        other.import_(tmp_path / "file")
        (found,) = other.records("there", isolation="read_uncommitted")
        assert (found.value, found.transaction, other.offsets("there").last_stable) == (b"open", "aborted", 2)
    assert cluster.records("there", isolation="read_uncommitted")[0].transaction == "open"
    producer.abort_transaction(20)


def test_offsets_that_are_missing_stay_missing(
    host: ClusterHost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(placed_logs, "SEGMENT_BYTES", 100)
    path = tmp_path / "file"
    lines = ['{"topic": "t", "partitions": 1}', '{"topic": "t", "partition": 0, "start": 3}']
    offsets = [5, 6, 9, 40_000_000_000]
    lines += [
        f'{{"topic": "t", "partition": 0, "offset": {one}, "value": "v", "timestamp": 1, "batch": 1}}'
        for one in offsets
    ]
    path.write_text("\n".join(lines))
    with host.cluster() as cluster:
        cluster.import_(path)
        cluster.produce("t", [b"next"])
        assert [one.offset for one in cluster.records("t")] == [*offsets, offsets[-1] + 1]
        assert cluster.offsets("t").log_start == 3
        cluster.snapshot("s")
        cluster.restore("s")
        assert [one.offset for one in cluster.records("t")] == [*offsets, offsets[-1] + 1]


TOPIC = '{"topic": "t", "partitions": 1}\n'


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{"topic": "there"}', "line 1: the topic 'there' is there already"),
        (TOPIC * 2, "line 2: the topic 't' is there already"),
        ('{"topic": "ther", "value": "v"}', "line 1: there is no topic 'ther' before it; did you mean 'there'?"),
        ('{"topic": "t/", "partitions": 1}', "line 1: Topic name is invalid"),
        ('{"topic": "t", "config": {"retention.ms": "soon"}}', "line 1: Invalid value soon for configuration"),
        (TOPIC + '{"topic": "t", "partition": 1, "value": "v"}', "line 2: 't' has the partitions 0 to 0, not 1"),
        (
            '{"topic": "there", "partition": 0, "offset": 0, "value": "v"}',
            "line 1: only a topic that the file makes takes offsets, and 'there' is none",
        ),
        (
            TOPIC + '{"topic": "t", "value": "v"}\n{"topic": "t", "partition": 0, "offset": 0, "value": "v"}',
            "line 3: either all records of a topic have offsets, or none of them has",
        ),
        (
            TOPIC + '{"topic": "t", "partition": 0, "offset": 0, "value": "v"}\n{"topic": "t", "value": "v"}',
            "line 3: either all records of a topic have offsets, or none of them has",
        ),
        (
            TOPIC + '{"topic": "t", "partition": 0, "offset": 4, "value": "v"}\n' * 2,
            "line 3: offset 4 is not beyond 4, which is before it",
        ),
        (
            TOPIC
            + '{"topic": "t", "partition": 0, "start": 5}\n{"topic": "t", "partition": 0, "offset": 4, "value": "v"}',
            "line 3: offset 4 is not beyond 4, which is before it",
        ),
        (
            TOPIC
            + '{"topic": "t", "partition": 0, "offset": 4, "value": "v"}\n{"topic": "t", "partition": 0, "start": 5}',
            "line 3: where a log begins stands before its records",
        ),
        (
            TOPIC + '{"topic": "t", "partition": 0, "offset": 0, "value": "v", "transactional": true}',
            "line 2: a record that is transactional has a producer: its id, epoch and sequence",
        ),
        (TOPIC + '{"topic": "t", "valeu": "v"}', "line 2: unknown field 'valeu'; did you mean 'value'?"),
        (TOPIC + '{"grup": "g", "topic": "t", "offset": 0}', "line 2: unknown field 'grup'; did you mean 'group'?"),
        # What only turns out when it is done is undone.
        (
            TOPIC + '{"topic": "there", "value": "v"}\n'
            f'{{"group": "g", "topic": "t", "partition": 0, "offset": 0, "metadata": "{"m" * 5000}"}}',
            "line 3: the offset cannot be committed: OFFSET_METADATA_TOO_LARGE",
        ),
        (
            '{"topic": "t", "partitions": 1, "config": {"max.message.bytes": "100"}}\n'
            f'{{"topic": "there", "value": "v"}}\n{{"topic": "t", "value": "{"v" * 200}"}}',
            "line 3: ",
        ),
    ],
)
def test_what_is_wrong_is_refused_with_its_line_and_changes_nothing(
    cluster: KafkaCluster, tmp_path: Path, text: str, why: str
) -> None:
    path = tmp_path / "file"
    path.write_text(text)
    cluster.produce("there", [b"kept"])
    before = everything(cluster)
    with pytest.raises(ImportRefused, match="^" + re.escape(why)):
        cluster.import_(path)
    assert everything(cluster) == before


def test_whoever_comes_meanwhile_is_served_between_the_lines(
    host: ClusterHost, cluster: KafkaCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slices, "SLICE_S", 0.0)
    added, placed = tmp_path / "added.jsonl", tmp_path / "placed.jsonl"
    added.write_text('{"topic": "there", "value": "v"}\n' * 200)
    at = "".join(f'{{"topic": "new", "partition": 0, "offset": {i}, "value": "v"}}\n' for i in range(200))
    placed.write_text('{"topic": "new", "partitions": 1}\n' + at)

    async def turns_of(path: Path) -> int:
        bringing, turns = asyncio.ensure_future(cluster.aio.import_(path)), 0
        while not bringing.done():
            turns += 1
            await asyncio.sleep(0)
        await bringing
        return turns

    for path in (added, placed):
        assert host.run(lambda: turns_of(path)) > 2 * 200  # noqa: B023  each line is read, and written
    assert len(cluster.records("there")) == len(cluster.records("new")) == 200


@pytest.mark.parametrize(
    "data",
    [b"{}\n", gzip.compress(TOPIC.encode() + b"\n" * 99)[:-9], gzip.compress(b"x")[:12] + b"\0" * 9],
    ids=["not packed", "cut", "damaged"],
)
def test_a_file_that_cannot_be_unpacked_is_refused(cluster: KafkaCluster, tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "file.gz"
    path.write_bytes(data)
    before = everything(cluster)
    with pytest.raises(ImportRefused, match=r"^the file is packed, but cannot be unpacked: \S"):
        cluster.import_(path)
    assert everything(cluster) == before


def test_a_file_that_is_no_text_or_is_not_there_is_refused(cluster: KafkaCluster, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b'{"topic": "\xff\xfe"}')
    with pytest.raises(ImportRefused, match="line 1: 'topic' is a text"):
        cluster.import_(path)
    with pytest.raises(FileNotFoundError):
        cluster.import_(tmp_path / "missing")


def test_a_record_in_its_place_without_a_timestamp_has_the_time_of_the_clock(
    cluster: KafkaCluster, tmp_path: Path
) -> None:
    cluster.clock.freeze()
    path = tmp_path / "placed.jsonl"
    path.write_text(
        '{"topic": "t", "partitions": 1, "config": {"segment.ms": 1000}}\n'
        '{"topic": "t", "partition": 0, "offset": 5, "value": "a"}\n'
        '{"topic": "t", "partition": 0, "offset": 6, "value": "b", "timestamp": 7}\n'
    )
    cluster.import_(path)
    assert [one.timestamp_ms for one in cluster.records("t")] == [cluster.clock.now_ms, 7]


def test_an_import_that_finds_the_disk_full_changes_nothing(cluster: KafkaCluster, tmp_path: Path) -> None:
    before = everything(cluster)
    path = tmp_path / "added.jsonl"
    path.write_text('{"topic": "new", "partitions": 1}\n{"topic": "there", "value": "a"}\n')
    cluster.faults.add(action="disk_full", topic="there")
    with pytest.raises(KafkaError, match=r"line 2: .*No space left on device"):
        cluster.import_(path)
    assert everything(cluster) == before
