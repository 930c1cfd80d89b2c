"""Compiled encoders and decoders: the bytes, the guards, the segments."""

from collections.abc import Sequence

import pytest

from odradek.protocol.codec import (
    OWN_SEGMENT_BYTES,
    Unencodable,
    decode,
    decoder,
    encode,
    encode_bytes,
    encoder,
    source_of,
)
from odradek.protocol.messages.api_versions import ApiVersionsResponse
from odradek.protocol.messages.describe_topic_partitions import Cursor, DescribeTopicPartitionsRequest
from odradek.protocol.messages.heartbeat import HeartbeatRequest
from odradek.protocol.schema import (
    ZERO_UUID,
    Records,
    boolean,
    f64,
    field,
    i8,
    i16,
    i32,
    i64,
    message,
    nested,
    u16,
    u32,
    uuid,
)
from odradek.protocol.wire import CorruptFrame

ID = bytes(range(16))


@nested
class Point:
    x: i32 = 0
    label: str | None = None


@nested
class Nothing:
    later: i32 = field(default=0, versions="5+")


@message(versions="0-5", flexible="3+")
class Sample:
    """Every kind of field."""

    flag: boolean = False
    tiny: i8 = 0
    short: i16 = 0
    long: i64 = 0
    unsigned: u16 = 0
    wide: u32 = 0
    real: f64 = 0.0
    id: uuid = ZERO_UUID
    name: str = ""
    alias: str | None = None
    blob: bytes = b""
    records: Records | None = None
    point: Point = field(default_factory=Point, versions="1+")
    maybe: Point | None = field(default=None, versions="2+")
    numbers: Sequence[i16] = ()
    ids: Sequence[uuid] = ()
    names: Sequence[str] = ()
    points: Sequence[Point] | None = field(default=(), nullable="2+")
    nothings: Sequence[Nothing] = ()
    tagged_number: i64 = field(default=-1, versions="3+", tag=0)
    tagged_point: Point = field(default_factory=Point, versions="3+", tag=2)
    tagged_maybe: Point | None = field(default=None, versions="3+", tag=1)
    tagged_blob: bytes = field(default=b"", versions="4+", tag=3)


@message(versions="0-1", flexible="1+")
class Named:
    """One string."""

    name: str


@message(versions="0-1", flexible="1+")
class Many:
    """Structs of no bytes at all in version 0."""

    nothings: Sequence[Nothing] = ()


@message(versions="0", flexible="0+")
class Tagged:
    """A tagged number."""

    number: i32 = field(default=7, tag=1)


FULL = Sample(
    flag=True,
    tiny=-128,
    short=-2,
    long=1 << 62,
    unsigned=65535,
    wide=4294967295,
    real=0.5,
    id=ID,
    name="größe",
    alias="",
    blob=b"blob",
    records=b"r" * 9000,
    point=Point(x=4, label="p"),
    maybe=Point(x=5),
    numbers=[1, -1],
    ids=[ID, ZERO_UUID],
    names=["", "n"],
    points=[Point(x=1), Point(x=2, label="q")],
    nothings=[Nothing(), Nothing()],
    tagged_number=9,
    tagged_point=Point(x=8),
    tagged_maybe=Point(label="t"),
    tagged_blob=b"b" * 5000,
)


@pytest.mark.parametrize("version", [3, 4, 5])
def test_every_kind_of_field_survives_the_way_there_and_back(version: int) -> None:
    back = decode(Sample, version, encode_bytes(FULL, version))
    if version < 4:
        back.tagged_blob = FULL.tagged_blob
    assert back == FULL


def test_a_version_decodes_what_it_does_not_carry_to_the_default() -> None:
    back = decode(Sample, 0, encode_bytes(FULL, 0) + b"more")
    assert (back.point, back.maybe, back.tagged_number) == (Point(), None, -1)
    assert back.points == FULL.points


def test_an_old_version_is_written_as_kafka_writes_it() -> None:
    request = HeartbeatRequest(group_id="g", generation_id=5, member_id="m", group_instance_id=None)
    assert encode_bytes(request, 0).hex() == "000167" + "00000005" + "00016d"
    assert encode_bytes(request, 3).hex() == "000167" + "00000005" + "00016d" + "ffff"
    assert encode_bytes(request, 4).hex() == "0267" + "00000005" + "026d" + "00" + "00"


def test_a_nullable_struct_is_announced_by_a_signed_byte() -> None:
    request = DescribeTopicPartitionsRequest(response_partition_limit=1)
    assert encode_bytes(request, 0).hex() == "01" + "00000001" + "ff" + "00"
    request.cursor = Cursor(topic_name="t", partition_index=2)
    assert encode_bytes(request, 0).hex() == "01" + "00000001" + "01" + "0274" + "00000002" + "00" + "00"


def test_a_nullable_struct_inside_a_tag_is_announced_by_a_varint() -> None:
    there = encode_bytes(Sample(tagged_maybe=Point(x=1)), 3)
    absent = encode_bytes(Sample(), 3)
    assert absent.endswith(b"\x00")
    assert there == absent[:-1] + bytes.fromhex("01" + "01" + "07" + "01" + "00000001" + "00" + "00")
    null = absent[:-1] + bytes.fromhex("01" + "01" + "01" + "00")
    assert decode(Sample, 3, null).tagged_maybe is None


def test_a_tag_of_the_default_is_left_out() -> None:
    assert encode_bytes(Tagged(), 0) == b"\x00"
    assert encode_bytes(Tagged(number=8), 0).hex() == "01" + "01" + "04" + "00000008"


def test_an_unknown_tag_is_skipped() -> None:
    data = bytes.fromhex("02" + "63" + "03" + "aabbcc" + "01" + "04" + "00000009")
    assert decode(Tagged, 0, data).number == 9


def test_repeated_and_descending_tags_are_tolerated_as_kafka_does() -> None:
    data = bytes.fromhex("03" + "01" + "04" + "00000001" + "00" + "00" + "01" + "04" + "00000002")
    assert decode(Tagged, 0, data).number == 2


@pytest.mark.parametrize(
    "data",
    [
        "01" + "01" + "05" + "00000009" + "00",  # the tag is longer than its value
        "01" + "01" + "03" + "00000009",  # and shorter
        "01" + "63" + "7f",  # an unknown tag that ends beyond the frame
        "01" + "63" + "ffffffff0f",
        "ffffffff0f",  # four billion tags
        "808080808001",  # a varint of six bytes
        "01",
        "",
    ],
)
def test_a_tag_section_that_lies_is_refused(data: str) -> None:
    with pytest.raises(CorruptFrame):
        decode(Tagged, 0, bytes.fromhex(data))


@pytest.mark.parametrize(
    ("version", "data"),
    [
        (0, "ffff"),  # null where no null may be
        (0, "8000"),
        (0, "0002" + "61"),  # ends beyond the frame
        (0, "7fff" + "61"),
        (0, "0001" + "ff"),  # no UTF-8
        (0, "00"),
        (1, "00" + "00"),
        (1, "05" + "6161"),
        (1, "ffffffff0f"),
        (1, "818002" + "00"),  # 32768: more than a string may have
        (1, "02" + "61"),  # no tag section
    ],
)
def test_a_string_that_lies_is_refused(version: int, data: str) -> None:
    with pytest.raises(CorruptFrame):
        decode(Named, version, bytes.fromhex(data))


def test_bytes_after_the_message_are_the_callers() -> None:
    assert decoder(Named, 0)(b"\x00\x01a rest", 0) == (Named(name="a"), 3)


def test_structs_of_no_bytes_are_still_bounded_by_the_bytes_left() -> None:
    assert len(decode(Many, 0, b"\x00\x00\x00\x02??").nothings) == 2
    with pytest.raises(CorruptFrame, match="more items"):
        decode(Many, 0, b"\x7f\xff\xff\xff??")


def test_records_are_a_view_of_the_frame_and_other_bytes_are_not() -> None:
    data = encode_bytes(FULL, 5)
    back = decode(Sample, 5, memoryview(data))
    assert isinstance(back.records, memoryview)
    assert back.records.obj is data
    assert isinstance(back.blob, bytes)
    assert isinstance(back.ids[0], bytes)


def test_big_bytes_leave_as_segments_of_their_own_in_order() -> None:
    big = memoryview(bytes(OWN_SEGMENT_BYTES))
    segments = encode(Sample(records=big, blob=b"x" * 5000), 0)
    assert [len(segment) for segment in segments] == [50, 5000, 4, 4096, 20]
    assert segments[3] is big
    assert decode(Sample, 0, b"".join(segments)).records == big


def test_bytes_below_the_bound_are_copied_into_their_surroundings() -> None:
    assert len(encode(Sample(records=bytes(OWN_SEGMENT_BYTES - 1)), 0)) == 1


def test_an_encoder_appends_to_what_is_there_already() -> None:
    out = bytearray(b"head")
    segments: list[bytes | bytearray | memoryview] = []
    encoder(Sample, 0)(Sample(records=bytes(9000)), out, segments)
    assert bytes(segments[0]).startswith(b"head")
    assert b"".join([*segments, out])[4:] == encode_bytes(Sample(records=bytes(9000)), 0)


def test_an_empty_message_is_one_empty_segment() -> None:
    assert [bytes(segment) for segment in encode(ApiVersionsRequestBody(), 0)] == [b""]


@message(versions="0")
class ApiVersionsRequestBody:
    """Nothing."""


@pytest.mark.parametrize(
    ("given", "version", "path"),
    [
        (Sample(name=None), 0, r"\.name may not be None"),  # type: ignore[arg-type]  # pyright: ignore
        (Sample(flag=None), 0, r"\.flag may not be None"),  # type: ignore[arg-type]  # pyright: ignore
        (Sample(points=None), 1, r"\.points may not be None"),
        (Sample(points=[Point(), Point(x=1 << 31)]), 0, r"\.points\[1\]\.x = 2147483648"),
        (Sample(names=["a", None]), 5, r"\.names\[1\] may not be None"),  # type: ignore[list-item]  # pyright: ignore
        (Sample(blob="text"), 0, r"\.blob is no bytes"),  # type: ignore[arg-type]  # pyright: ignore
        (Sample(point=3), 1, r"\.point is no Point"),  # type: ignore[arg-type]  # pyright: ignore
        (Sample(numbers=3), 1, r"\.numbers is no array"),  # type: ignore[arg-type]  # pyright: ignore
        (Sample(name="\ud800"), 1, "surrogates not allowed"),
        (Sample(name="x" * 32768), 0, "Sample v0"),
    ],
)
def test_what_does_not_fit_the_declaration_is_named(given: Sample, version: int, path: str) -> None:
    with pytest.raises(Unencodable, match=path):
        encode(given, version)


def test_null_is_allowed_from_the_version_that_allows_it() -> None:
    assert decode(Sample, 2, encode_bytes(Sample(points=None), 2)).points is None


@pytest.mark.parametrize("version", [-1, 5])
def test_a_version_nobody_declared_is_a_mistake_of_the_program(version: int) -> None:
    with pytest.raises(ValueError, match="no version"):
        decoder(HeartbeatRequest, version)
    with pytest.raises(ValueError, match="no version"):
        encoder(HeartbeatRequest, version)


def test_compiled_once_is_compiled_for_good() -> None:
    assert decoder(HeartbeatRequest, 4) is decoder(HeartbeatRequest, 4)
    assert encoder(HeartbeatRequest, 4) is encoder(HeartbeatRequest, 4)


def test_the_compiled_source_can_be_read() -> None:
    assert "generation_id" in source_of(decoder(HeartbeatRequest, 1))
    assert source_of(encoder(ApiVersionsResponse, 0)).startswith("def encode(")
