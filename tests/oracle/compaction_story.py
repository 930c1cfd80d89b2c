"""A story of keys, tombstones, producers and transactions, told to a broker byte by byte, and what compaction leaves.

Each chapter is a segment: it begins with a record so much later than the one before that the broker rolls, and the next
chapter is told when the cleaner has been over all before it. So two brokers make the same passes over the same records.
"""

import struct
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from odradek.broker.wire import Wire
from odradek.protocol.batch import DELETE_HORIZON, RecordBatch, whole_batches
from odradek.protocol.compression import Codec
from odradek.protocol.messages.create_topics import (
    CreatableTopic,
    CreatableTopicConfig,
    CreateTopicsRequest,
    CreateTopicsResponse,
)
from odradek.protocol.messages.fetch import FetchPartition, FetchRequest, FetchResponse, FetchTopic
from odradek.protocol.messages.list_offsets import (
    ListOffsetsPartition,
    ListOffsetsRequest,
    ListOffsetsResponse,
    ListOffsetsTopic,
)
from odradek.protocol.messages.produce import PartitionProduceData, ProduceRequest, ProduceResponse, TopicProduceData
from odradek.protocol.messages.write_txn_markers import (
    WritableTxnMarker,
    WritableTxnMarkerTopic,
    WriteTxnMarkersRequest,
    WriteTxnMarkersResponse,
)
from odradek.protocol.records import NewRecord, ProducerStamp, build_batch, read_records
from odradek.storage.indexes.transaction_index import ENTRY_BYTES

from ..brokers import BrokerProcess

AHEAD_MS = 60_000  # of the clock: what is earlier is a marker's own time
CHAPTER_MS = 10_000
PATIENCE_S = 30.0
BROKER_SETTINGS = {
    "log.cleaner.backoff.ms": "20",
    "log.flush.offset.checkpoint.interval.ms": "20",
    "transaction.partition.verification.enable": "false",
}
TOPICS: Mapping[str, Mapping[str, str]] = {
    "keeps-tombstones": {"delete.retention.ms": "86400000"},
    "drops-tombstones": {"delete.retention.ms": "0"},
}
TOPIC_CONFIGS = {
    "cleanup.policy": "compact",
    "segment.ms": str(CHAPTER_MS // 2),
    "min.cleanable.dirty.ratio": "0.0001",
    "file.delete.delay.ms": "0",
}

Left = dict[str, Any]


@dataclass
class Storyteller:
    """Writes one partition, and knows what is written."""

    broker: BrokerProcess
    topic: str
    chapter: int = -1
    offset: int = 0
    _beat: int = 0
    _first_offset: int = 0
    _sequences: dict[int, int] = field(default_factory=dict[int, int])

    def __post_init__(self) -> None:
        self.base_ms = time.time_ns() // 1_000_000 + AHEAD_MS
        self.wire = Wire(self.broker.address)
        self.directory = self.broker.data_dir / f"{self.topic}-0"

    def begin(self, overrides: Mapping[str, str]) -> None:
        configs = [CreatableTopicConfig(name=n, value=v) for n, v in {**TOPIC_CONFIGS, **overrides}.items()]
        new = CreatableTopic(name=self.topic, num_partitions=1, replication_factor=1, configs=configs)
        answer = self.wire.ask(CreateTopicsRequest(topics=[new]), 7, CreateTopicsResponse).topics[0]
        assert answer.error_code == 0, answer.error_message

    def turn(self, *, is_cleaned: bool = True) -> None:
        """The next chapter, told on when all before it has been cleaned."""
        self.chapter += 1
        self._beat = 0
        self._first_offset = self.offset
        self.write({f"chapter {self.chapter % 2}": f"{self.chapter}"})
        if self.chapter and is_cleaned:
            self.wait_until_cleaned()

    def wait_until_cleaned(self) -> None:
        """Until the cleaner has been over all chapters but this one."""
        _wait_until(lambda: self._checkpoint("cleaner-offset-checkpoint") >= self._first_offset)

    def close(self) -> None:
        self.wire.close()

    def write(
        self, pairs: Mapping[str, str | None] | Sequence[tuple[str, str | None]], *, codec: Codec = Codec.NONE,
        pid: int = -1, is_transactional: bool = False,
    ) -> None:  # fmt: skip
        """One batch."""
        items = list(pairs.items()) if isinstance(pairs, Mapping) else pairs
        base_ms = self.base_ms + self.chapter * CHAPTER_MS + self._beat
        self._beat += 10
        data = build_batch(
            [
                NewRecord(key.encode(), None if value is None else value.encode(), base_ms + n)
                for n, (key, value) in enumerate(items)
            ],
            codec=codec,
            producer=ProducerStamp(
                pid,
                0 if pid >= 0 else -1,
                self._sequences.get(pid, 0) if pid >= 0 else -1,
                is_transactional=is_transactional,
            ),
        )
        self._sequences[pid] = self._sequences.get(pid, 0) + len(items)
        request = ProduceRequest(
            transactional_id="any" if is_transactional else None,
            acks=-1,
            timeout_ms=5000,
            topic_data=[
                TopicProduceData(name=self.topic, partition_data=[PartitionProduceData(index=0, records=data)])
            ],
        )

        def written() -> bool:
            (answer,) = self.wire.ask(request, 9, ProduceResponse).responses[0].partition_responses
            if answer.error_code in (3, 6):
                return False  # a new topic of Apache Kafka needs some milliseconds
            assert (answer.error_code, answer.base_offset) == (0, self.offset)
            return True

        _wait_until(written)
        self.offset += len(items)

    def end(self, pid: int, *, is_commit: bool) -> None:
        """A marker."""
        marker = WritableTxnMarker(
            producer_id=pid,
            producer_epoch=0,
            transaction_result=is_commit,
            topics=[WritableTxnMarkerTopic(name=self.topic, partition_indexes=[0])],
            coordinator_epoch=0,
        )
        answer = self.wire.ask(WriteTxnMarkersRequest(markers=[marker]), 1, WriteTxnMarkersResponse)
        assert answer.markers[0].topics[0].partitions[0].error_code == 0
        self.offset += 1

    def wait_until_recovery_is_short(self) -> None:
        """Odradek keeps a marker as long as a crash might make it read the log from before it."""
        _wait_until(lambda: self._checkpoint("recovery-point-offset-checkpoint") >= self.offset - 1)

    def _checkpoint(self, name: str) -> int:
        for line in (
            (self.broker.data_dir / name).read_text().splitlines() if (self.broker.data_dir / name).exists() else []
        ):
            if line.startswith(f"{self.topic} 0 "):
                return int(line.split()[2])
        return -1


def _wait_until(is_true: Any) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not is_true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def told_to(broker: BrokerProcess, topic: str, overrides: Mapping[str, str]) -> list[Left]:
    """What is left after each chapter."""
    teller = Storyteller(broker, topic)
    teller.begin(overrides)
    after: list[Left] = []
    for chapter in (_keys, _tombstones, _spanning, _late_end, _later, _nothing, _nothing, _nothing):
        teller.turn(is_cleaned=chapter is not _late_end)
        after.append(left(teller))
        chapter(teller)
    teller.close()
    return after


def _keys(t: Storyteller) -> None:
    t.write({"a": "1", "b": "1", "c": "1"})
    t.write({"a": "2", "d": "1"}, codec=Codec.ZSTD)
    t.write([("k", "1"), ("k", "2"), ("l", "1")], pid=100)
    t.write({"t": "1", "u": "1"}, pid=200, is_transactional=True)
    t.write({"t": "aborted", "b": "aborted"}, pid=201, is_transactional=True)
    t.end(200, is_commit=True)
    t.end(201, is_commit=False)
    t.write({"v": "aborted"}, pid=205, is_transactional=True)
    t.end(205, is_commit=False)


def _tombstones(t: Storyteller) -> None:
    t.write({"a": None, "e": "1"}, codec=Codec.GZIP)
    t.write({"c": None})
    t.write({"k": "3"}, pid=100)
    t.write({"t": "2"}, pid=200, is_transactional=True)
    t.end(200, is_commit=True)
    t.write({"u": "committed"}, pid=205, is_transactional=True)
    t.end(205, is_commit=True)


def _spanning(t: Storyteller) -> None:
    t.write({"e": "2", "x": None}, codec=Codec.LZ4)
    t.write({"b": "aborted", "w": "aborted"}, pid=202, is_transactional=True)
    t.write({"t": "3", "w": "1"}, pid=203, is_transactional=True)


def _late_end(t: Storyteller) -> None:
    t.write({"b": "2"})
    t.end(203, is_commit=True)
    t.write([("d", None), ("f", "1"), ("f", "2")], codec=Codec.SNAPPY)
    t.write({"f": "aborted"}, pid=202, is_transactional=True)
    t.end(202, is_commit=False)
    t.wait_until_cleaned()  # which its transaction had held up


def _later(t: Storyteller) -> None:
    t.write({"f": "3", "w": "2"})
    t.write({"t": "4"}, pid=201, is_transactional=True)
    t.end(201, is_commit=True)
    t.write({"y": "only"}, codec=Codec.LZ4)


def _nothing(t: Storyteller) -> None:
    t.wait_until_recovery_is_short()


def left(teller: Storyteller) -> Left:
    """What consumers, and those who look at the files, find of a partition."""
    batches, aborted = _fetched(teller, 1)
    every, _ = _fetched(teller, 0)
    assert [bytes(one.view) for one in batches] == [bytes(one.view) for one in every][: len(batches)]
    listed = [
        [asked, _listed(teller, asked if asked < 0 else teller.base_ms + asked)]
        for asked in (-3, -2, -1, *range(0, (teller.chapter + 2) * CHAPTER_MS, CHAPTER_MS))
    ]
    return {
        "batches": [_plain(one, teller.base_ms) for one in every],
        "aborted": aborted,
        "offsets by time": listed,
        "segments": sorted(int(path.stem) for path in teller.directory.glob("*.log")),
        "aborted transactions": {
            str(int(path.stem)): [
                list(struct.unpack_from(">hqqqq", data, at)) for at in range(0, len(data), ENTRY_BYTES)
            ]
            for path in sorted(teller.directory.glob("*.txnindex"))
            if (data := path.read_bytes())
        },
    }


def _fetched(teller: Storyteller, isolation: int) -> tuple[list[RecordBatch], list[list[int]]]:
    found: list[RecordBatch] = []
    aborted: set[tuple[int, int]] = set()
    offset = 0
    while True:
        wanted = FetchPartition(partition=0, fetch_offset=offset, partition_max_bytes=1 << 20)
        request = FetchRequest(
            max_wait_ms=0, isolation_level=isolation, topics=[FetchTopic(topic=teller.topic, partitions=[wanted])]
        )
        (answer,) = teller.wire.ask(request, 12, FetchResponse).responses[0].partitions
        assert answer.error_code == 0
        batches = list(whole_batches(bytes(answer.records or b"")))
        if not batches:
            return found, [list(one) for one in sorted(aborted)]
        found += batches
        aborted |= {(one.first_offset, one.producer_id) for one in answer.aborted_transactions or ()}
        offset = batches[-1].next_offset


def _listed(teller: Storyteller, timestamp: int) -> list[int]:
    asked = [ListOffsetsPartition(partition_index=0, timestamp=timestamp)]
    request = ListOffsetsRequest(replica_id=-1, topics=[ListOffsetsTopic(name=teller.topic, partitions=asked)])
    (answer,) = teller.wire.ask(request, 7, ListOffsetsResponse).topics[0].partitions
    assert answer.error_code == 0
    is_ours = answer.timestamp >= teller.base_ms  # else a marker's, or none
    return [answer.offset, answer.timestamp - teller.base_ms if is_ours else 0]


def _plain(batch: RecordBatch, base_ms: int) -> Left:
    assert batch.is_intact()
    horizon = "horizon" if batch.attributes & DELETE_HORIZON else "no horizon"
    return {
        "offsets": [batch.base_offset, batch.last_offset],
        "attributes": f"{batch.attributes:#x}, {horizon}",
        "producer": [batch.producer_id, batch.producer_epoch, batch.base_sequence],
        "largest time": "now" if batch.is_control else batch.max_timestamp - base_ms,
        "records": [
            [
                record.offset,
                "now" if batch.is_control else record.timestamp - base_ms,
                (record.key or b"").decode(errors="replace"),
                None if record.value is None else record.value.decode(errors="replace"),
            ]
            for record in read_records(batch)
        ],
    }
