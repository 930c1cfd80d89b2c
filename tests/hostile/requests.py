"""What attackers send: large, repeated or malformed requests, each made in one line."""

import struct
import zlib
from collections.abc import Iterable

from odradek.protocol.batch import RecordBatch
from odradek.protocol.compression import Codec, compress
from odradek.protocol.crc32c import crc32c
from odradek.protocol.header import RequestHeader, encode_request_header
from odradek.protocol.messages.create_topics import (
    CreatableTopic,
    CreatableTopicConfig,
    CreateTopicsRequest,
    CreateTopicsResponse,
)
from odradek.protocol.messages.delete_records import DeleteRecordsPartition, DeleteRecordsRequest, DeleteRecordsTopic
from odradek.protocol.messages.fetch import FetchPartition, FetchRequest, FetchTopic
from odradek.protocol.messages.offset_commit import (
    OffsetCommitRequest,
    OffsetCommitRequestPartition,
    OffsetCommitRequestTopic,
    OffsetCommitResponse,
)
from odradek.protocol.messages.produce import PartitionProduceData, ProduceRequest, TopicProduceData
from odradek.protocol.records import NewRecord, build_batch

from .attack import Attacker

TOPIC = "attacked"
GROUP = "attacked"
PARTITIONS_A_TOPIC = 1000


def create(attacker: Attacker, partitions: int, name: str = TOPIC, **configs: str) -> None:
    """A topic; more partitions than one request may ask for are not needed here."""
    topic = CreatableTopic(
        name=name,
        num_partitions=partitions,
        replication_factor=1,
        configs=[CreatableTopicConfig(name=key.replace("_", "."), value=value) for key, value in configs.items()],
    )
    answer = attacker.ask(CreateTopicsRequest(topics=[topic], timeout_ms=60_000), 7, CreateTopicsResponse)
    assert answer is not None
    assert [topic.error_code for topic in answer.topics] == [0]


def create_many(attacker: Attacker, count: int, prefix: str = "many", at_once: int = 2000) -> None:
    """So many topics of one partition, `at_once` with each request."""
    for start in range(0, count, at_once):
        names = [f"{prefix}-{n}" for n in range(start, min(start + at_once, count))]
        attacker.ask(create_topics(names), 7, CreateTopicsResponse)


def create_topics(names: Iterable[str], partitions: int = 1) -> CreateTopicsRequest:
    topics = [CreatableTopic(name=name, num_partitions=partitions, replication_factor=1) for name in names]
    return CreateTopicsRequest(topics=topics, timeout_ms=60_000)


def fetch(partitions: int, *, max_wait_ms: int = 0, isolation_level: int = 0, session_epoch: int = -1) -> FetchRequest:
    asked = [FetchPartition(partition=n, fetch_offset=0, partition_max_bytes=1 << 20) for n in range(partitions)]
    return FetchRequest(
        max_wait_ms=max_wait_ms,
        min_bytes=1,
        isolation_level=isolation_level,
        session_epoch=session_epoch,
        topics=[FetchTopic(topic=TOPIC, partitions=asked)],
    )


def produce(partitions: int, records: bytes | None = None) -> ProduceRequest:
    batch = records or build_batch([NewRecord(b"k", b"v", 0)])
    data = [PartitionProduceData(index=n, records=batch) for n in range(partitions)]
    return ProduceRequest(acks=-1, timeout_ms=60_000, topic_data=[TopicProduceData(name=TOPIC, partition_data=data)])


def delete_records(partitions: int) -> DeleteRecordsRequest:
    asked = [DeleteRecordsPartition(partition_index=n, offset=1) for n in range(partitions)]
    return DeleteRecordsRequest(topics=[DeleteRecordsTopic(name=TOPIC, partitions=asked)], timeout_ms=60_000)


def commit(attacker: Attacker, partitions: int, group: str = GROUP, *, different: int | None = None) -> None:
    """Offsets of an administrator for so many partitions, of which perhaps only some are different ones."""
    offsets = [
        OffsetCommitRequestPartition(
            partition_index=n % (different or partitions), committed_offset=0, committed_metadata=""
        )
        for n in range(partitions)
    ]
    request = OffsetCommitRequest(
        group_id=group, member_id="", topics=[OffsetCommitRequestTopic(name=TOPIC, partitions=offsets)]
    )
    assert attacker.ask(request, 8, OffsetCommitResponse) is not None


def commits_of_groups(attacker: Attacker, groups: int) -> None:
    """One offset of each of so many groups, sent ahead of their answers."""
    ahead = 500
    with attacker.connect() as wire:
        for start in range(0, groups, ahead):
            names = range(start, min(start + ahead, groups))
            for n in names:
                offset = OffsetCommitRequestPartition(partition_index=0, committed_offset=0, committed_metadata="")
                topic = OffsetCommitRequestTopic(name=TOPIC, partitions=[offset])
                wire.send(OffsetCommitRequest(group_id=f"group-{n}", member_id="", topics=[topic]), 8)
            for _ in names:
                wire.receive_frame()


def header(api_key: int, version: int) -> bytes:
    """The header of a flexible version."""
    return bytes(encode_request_header(RequestHeader(api_key, version, 1, "attacker"), version))


def uvarint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def tags_in_header(count: int) -> bytes:
    """ApiVersions with so many unknown tagged fields in its header."""
    plain = header(18, 3)
    return plain[:-1] + uvarint(count) + b"\x7f\x00" * count + b"\x02a\x02b\x00"


def tags_in_body(count: int) -> bytes:
    """The same in its body."""
    return header(18, 3) + b"\x02a\x02b" + uvarint(count) + b"\x7f\x00" * count


def bomb(codec: Codec, opened_bytes: int, *, declared: int | None = None) -> bytes:
    """A batch of records that are all alike and compress to nothing; its header is sound."""
    one = b"\x0e\x00\x00\x00\x01\x02v\x00"  # a record of seven bytes behind its length, offset delta 0
    count = opened_bytes // len(one)
    plain = RecordBatch(build_batch([NewRecord(None, b"v", 0)], codec=codec))
    declared = count if declared is None else declared
    batch = plain.refilled(
        compress(codec, one * count), declared, attributes=int(codec), base_timestamp=0, max_timestamp=0
    )
    return _with_last_delta(batch, declared - 1)


def empty_gzip_members(count: int) -> bytes:
    """A gzip batch of one record behind so many empty members."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    empty = packer.compress(b"") + packer.flush()
    plain = RecordBatch(build_batch([NewRecord(b"k", b"v", 0)], codec=Codec.GZIP))
    return bytes(
        plain.refilled(
            empty * count + bytes(plain.records), 1, attributes=int(Codec.GZIP), base_timestamp=0, max_timestamp=0
        ).view
    )


def _with_last_delta(batch: RecordBatch, last_delta: int) -> bytes:
    data = bytearray(batch.view)
    struct.pack_into(">i", data, 23, last_delta)
    struct.pack_into(">I", data, 17, crc32c(bytes(data[21:])))
    return bytes(data)
