"""Produce: batches whose header and checksum are right, and whose records are not what the header says of them."""

import time

from odradek.protocol.compression import Codec, compress
from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages.list_offsets import (
    ListOffsetsPartition,
    ListOffsetsRequest,
    ListOffsetsResponse,
    ListOffsetsTopic,
)
from odradek.protocol.messages.produce import ProduceRequest, ProduceResponse

from ..batches import BASE_MS, batch, record, varint
from ..wire_session import Dialogue, scenario
from .produce import produce, read_back

AHEAD_MS = 4_000_000_000_000
CODECS = (Codec.NONE, Codec.GZIP, Codec.SNAPPY, Codec.LZ4, Codec.ZSTD)


def three(*times: int, key: bytes | None = None) -> bytes:
    """Three records, at these milliseconds after the base."""
    return b"".join(record(b"v", key, offset_delta=n, time_delta=at) for n, at in enumerate(times))


def sized(body: bytes) -> bytes:
    """A record of these bytes, whatever they are."""
    return varint(len(body)) + body


ONE = record(b"v")
BODY = ONE[1:]  # attributes, two deltas, key, value, headers
WRONG = {
    "nonsense": (b"\x55" * 40, 1),
    "zeros": (bytes(40), 1),
    "nothing": (b"", 1),
    "one record where two are counted": (ONE, 2),
    "two records where one is counted": (ONE + record(b"w", offset_delta=1), 1),
    "bytes behind the last record": (ONE + b"\0", 1),
    "equal offset deltas": (ONE + ONE, 2),
    "descending offset deltas": (record(b"v", offset_delta=1) + ONE, 2),
    "offset deltas from one on": (record(b"v", offset_delta=1), 1),
    "a gap in the offset deltas": (ONE + record(b"w", offset_delta=2), 2),
    "a record longer than the batch": (varint(len(BODY) + 1) + BODY, 1),
    "a record shorter than its fields": (varint(len(BODY) - 1) + BODY, 1),
    "a record longer than its fields": (sized(BODY + b"\0"), 1),
    "an empty record": (sized(b""), 1),
    "a record of negative length": (varint(-1) + BODY, 1),
    "a key beyond the record": (sized(b"\0\0\0" + varint(100) + b"k"), 1),
    "a value beyond the record": (sized(b"\0\0\0" + varint(-1) + varint(100) + b"v"), 1),
    "a key of length minus two": (sized(b"\0\0\0" + varint(-2) + varint(1) + b"v\0"), 1),
    "a value of length minus two": (sized(b"\0\0\0" + varint(-1) + varint(-2) + b"\0"), 1),
    "headers below zero": (sized(b"\0\0\0" + varint(-1) + varint(-1) + varint(-1)), 1),
    "more headers than bytes": (sized(b"\0\0\0" + varint(-1) + varint(-1) + varint(50)), 1),
    "a header without a key": (sized(b"\0\0\0" + varint(-1) + varint(-1) + varint(1) + varint(-1) + varint(-1)), 1),
    "a header without a value": (sized(b"\0\0\0" + varint(-1) + varint(-1) + varint(1) + varint(0) + varint(-1)), 1),
    "record attributes": (b"".join((varint(len(BODY)), b"\x30", BODY[1:])), 1),
    "an overlong varint": (b"\x8e\x80\x80\x80\x80\x80" + BODY, 1),
    "a varint of more bytes than it needs": (bytes([varint(len(BODY))[0] | 0x80, 0]) + BODY, 1),
}


def _code_of(d: Dialogue, request: ProduceRequest) -> str:
    """The error alone: where a batch goes depends on those that were taken before it."""
    answer = d.wire.ask(request, 9, ProduceResponse)
    return ErrorCode(answer.responses[0].partition_responses[0].error_code).name


@scenario
def the_largest_timestamp_is_looked_up_in_the_records(d: Dialogue) -> None:
    for codec in CODECS:
        name, _ = d.create_topic(f"orders-{codec.name}")
        payload = compress(codec, three(0, 20_000, 10_000))
        for max_ms in (-1, 0, BASE_MS, AHEAD_MS):
            sent = batch([], attributes=codec, count=3, last_offset_delta=2, max_ms=max_ms, payload=payload)
            d.ask(f"{codec.name}, largest {max_ms}", produce(name, sent), 9, ProduceResponse)
        if codec == Codec.NONE:
            read_back(d, "stored", name)
        for label, asked in {"in between": BASE_MS + 15_000, "at the end": BASE_MS + 20_000, "latest": -3}.items():
            partition = ListOffsetsPartition(partition_index=0, timestamp=asked)
            request = ListOffsetsRequest(replica_id=-1, topics=[ListOffsetsTopic(name=name, partitions=[partition])])
            d.ask(f"{codec.name}, {label}", request, 7, ListOffsetsResponse)


@scenario
def a_record_from_the_future_is_refused_whatever_the_header_says(d: Dialogue) -> None:
    now_ms = int(time.time() * 1000)
    for codec in CODECS:
        name, _ = d.create_topic(f"orders-{codec.name}")
        payload = compress(codec, three(0, 7_200_000, 0))
        sent = batch([], attributes=codec, count=3, last_offset_delta=2, base_ms=now_ms, max_ms=now_ms, payload=payload)
        wire = d.connect("wire")
        answer = wire.ask(produce(name, sent), 9, ProduceResponse).responses[0].partition_responses[0]
        d.note(codec.name, (answer.error_code, [one.batch_index for one in answer.record_errors]))


@scenario
def records_that_are_not_what_the_header_says(d: Dialogue) -> None:
    for codec in CODECS:
        name, _ = d.create_topic(f"orders-{codec.name}")
        for label, (records, count) in WRONG.items():
            payload = compress(codec, records)
            sent = batch(
                [], attributes=codec, count=count, last_offset_delta=count - 1, max_ms=BASE_MS, payload=payload
            )
            d.note(f"{codec.name}: {label}", _code_of(d, produce(name, sent)))


@scenario
def nonsense_where_a_codec_should_be(d: Dialogue) -> None:
    for codec in CODECS[1:]:
        name, _ = d.create_topic(f"orders-{codec.name}")
        good = compress(codec, ONE)
        for label, payload in {
            "nonsense": b"\x55" * 40,
            "nothing": b"",
            "cut off": good[:-5],
            "bytes behind": good + b"\x55" * 5,
        }.items():
            sent = batch([], attributes=codec, count=1, last_offset_delta=0, max_ms=BASE_MS, payload=payload)
            d.note(f"{codec.name}: {label}", _code_of(d, produce(name, sent)))


@scenario
def a_key_is_missing_behind_others(d: Dialogue) -> None:
    for codec in CODECS:
        name, _ = d.create_topic(f"table-{codec.name}", configs={"cleanup.policy": "compact"})
        records = record(b"v", b"k") + record(b"v", None, offset_delta=1) + record(b"v", b"", offset_delta=2)
        payload = compress(codec, records)
        sent = batch([], attributes=codec, count=3, last_offset_delta=2, max_ms=BASE_MS, payload=payload)
        d.ask(codec.name, produce(name, sent), 9, ProduceResponse)
