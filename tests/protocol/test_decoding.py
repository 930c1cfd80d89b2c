"""Compiled decoders: whatever the bytes are, a message or a CorruptFrame."""

import pytest

from odradek.protocol import decoding
from odradek.protocol.codec import (
    decode,
    decoder,
    encode_bytes,
)
from odradek.protocol.schema import field, i32, message
from odradek.protocol.wire import CorruptFrame

from .samples import FULL, Many, Named, Point, Sample, Tagged


def test_a_version_decodes_what_it_does_not_carry_to_the_default() -> None:
    back = decode(Sample, 0, encode_bytes(FULL, 0) + b"more")
    assert (back.point, back.maybe, back.tagged_number) == (Point(), None, -1)
    assert back.points == FULL.points


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


@pytest.mark.parametrize("version", [0, 5])
def test_every_cut_of_a_message_is_refused(version: int) -> None:
    data = encode_bytes(Sample(name="abc", numbers=[1, 2], points=[Point(label="p")], tagged_number=3), version)
    for length in range(len(data)):
        with pytest.raises(CorruptFrame):
            decode(Sample, version, data[:length])


def test_a_fault_names_the_message_its_version_and_the_field() -> None:
    with pytest.raises(CorruptFrame, match="Named v0"):
        decode(Named, 0, b"\x00")
    with pytest.raises(CorruptFrame, match="name may not be null"):
        decode(Named, 0, b"\xff\xff")
    with pytest.raises(CorruptFrame, match="name ends beyond its frame"):
        decode(Named, 0, b"\x00\x05a")


def test_the_items_of_all_arrays_of_a_message_are_counted_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoding, "MAX_ELEMENTS", 3)
    decode_one = decoding.compile_decoder(Sample, 0)
    few, many = Sample(numbers=[1, 2], names=["a"]), Sample(numbers=[1, 2], names=["a", "b"])
    assert decode_one(encode_bytes(few, 0))[0] == few
    with pytest.raises(CorruptFrame, match="more items"):
        decode_one(encode_bytes(many, 0))


@message(versions="0-1")
class Homeless:
    """A field that version 0 lacks, and that has nothing to be instead."""

    late: i32 = field(versions="1+")


def test_a_field_that_a_version_lacks_must_have_a_default() -> None:
    with pytest.raises(TypeError, match=r"Homeless\.late"):
        decoding.compile_decoder(Homeless, 0)
