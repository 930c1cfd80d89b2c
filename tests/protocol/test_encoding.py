"""Compiled encoders: Kafka's bytes, big fields uncopied, and what does not fit refused by name."""

import pytest

from odradek.protocol.codec import (
    OWN_SEGMENT_BYTES,
    Unencodable,
    decode,
    encode,
    encode_bytes,
    encoder,
)
from odradek.protocol.messages.describe_topic_partitions import Cursor, DescribeTopicPartitionsRequest
from odradek.protocol.messages.heartbeat import HeartbeatRequest

from .samples import Named, Point, Sample, Tagged


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


def test_tags_leave_in_ascending_order_however_they_were_declared() -> None:
    data = encode_bytes(Sample(tagged_point=Point(x=1), tagged_maybe=Point(), tagged_number=0), 3)
    # count, then tag 0 (8 bytes), tag 1 (a present struct), tag 2
    assert data.endswith(
        bytes.fromhex("03" + "00" + "08" + "00" * 8 + "01" + "07" + "01" + "00000000" + "00" + "00" + "02" + "06")
        + bytes.fromhex("00000001" + "00" + "00")
    )


def test_what_a_version_has_no_place_for_is_left_out_in_silence() -> None:
    assert encode_bytes(Sample(tagged_number=5, maybe=Point(x=3)), 0) == encode_bytes(Sample(), 0)


def test_a_shared_default_in_a_tag_is_left_out_and_an_equal_one_too() -> None:
    assert encode_bytes(Sample(tagged_point=Point()), 3) == encode_bytes(Sample(), 3)


def test_the_longest_short_length_and_the_shortest_long_one() -> None:
    assert encode_bytes(Named(name="a" * 126), 1)[:1].hex() == "7f"
    assert encode_bytes(Named(name="a" * 127), 1)[:2].hex() == "8001"
