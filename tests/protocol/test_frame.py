"""Splitting a stream into frames."""

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from odradek.protocol.frame import FrameSplitter, RefusedLength, frame_of


def framed(*bodies: bytes) -> bytes:
    return b"".join(struct.pack(">i", len(body)) + body for body in bodies)


def _held(splitter: FrameSplitter) -> bytes:
    """What has come of the frame that has begun."""
    return bytes(splitter._begun)


@settings(max_examples=60, deadline=None)
@given(
    bodies=st.lists(st.binary(max_size=40) | st.sampled_from([b"x" * 5000, b"y" * 9000]), max_size=6),
    cuts=st.lists(st.integers(1, 6000), min_size=1, max_size=40),
)
def test_frames_come_out_as_they_went_in_however_the_stream_is_cut(bodies: list[bytes], cuts: list[int]) -> None:
    stream = framed(*bodies)
    splitter = FrameSplitter(10_000)
    found: list[bytes] = []
    pos = turn = 0
    while pos < len(stream):
        size = cuts[turn % len(cuts)]
        found += [bytes(frame) for frame in splitter.feed(stream[pos : pos + size])]
        pos, turn = pos + size, turn + 1
    assert found == bodies
    assert splitter.feed(framed(b"next")) == [b"next"]  # nothing was left over


def test_a_frame_in_one_piece_is_a_view_of_it() -> None:
    data = framed(b"one", b"two")
    frames = FrameSplitter(100).feed(data)
    assert [bytes(frame) for frame in frames] == [b"one", b"two"]
    assert all(isinstance(frame, memoryview) and frame.obj is data for frame in frames)


def test_a_frame_comes_out_with_its_last_byte_and_nothing_is_held_then() -> None:
    splitter = FrameSplitter(100)
    assert splitter.feed(b"\x00") == []
    assert splitter.feed(b"\x00\x00\x03ab") == []
    assert (_held(splitter), splitter.begun_bytes) == (b"ab", 3)
    assert splitter.feed(b"c") == [b"abc"]
    assert (_held(splitter), splitter.begun_bytes) == (b"", 0)
    assert splitter.feed(framed(b"next")) == [b"next"]


def test_an_empty_frame_is_a_frame_even_when_its_length_comes_in_two() -> None:
    splitter = FrameSplitter(100)
    assert splitter.feed(b"\x00\x00") == []
    assert [bytes(frame) for frame in splitter.feed(b"\x00\x00" + framed(b"a"))] == [b"", b"a"]


def test_a_frame_in_many_pieces_is_one_object_from_the_first_of_them_on() -> None:
    splitter = FrameSplitter(100_000)
    splitter.feed(struct.pack(">i", 10_000))
    for _ in range(5000):
        splitter.feed(b"a")
    begun = splitter._begun
    (frame,) = splitter.feed(b"b" * 5000)
    assert isinstance(frame, memoryview)
    assert frame.obj is begun
    assert frame == b"a" * 5000 + b"b" * 5000


@pytest.mark.parametrize(
    ("head", "length", "detected_protocol"),
    [
        (b"\xff\xff\xff\xff", -1, ""),
        (b"\x00\x00\x00\x65", 101, ""),
        (b"\x7f\xff\xff\xff", 2147483647, ""),
        (b"GET ", 1195725856, "HTTP"),
        (b"POST", 1347375956, "HTTP"),
        (b"\x16\x03\x01\x00", 369295616, "TLS"),
    ],
)
def test_a_length_beyond_the_limit_is_refused_with_its_four_bytes(
    head: bytes, length: int, detected_protocol: str
) -> None:
    splitter = FrameSplitter(100)
    assert splitter.feed(head[:3]) == []
    with pytest.raises(RefusedLength) as refused:
        splitter.feed(head[3:])
    assert (refused.value.length, refused.value.detected_protocol) == (length, detected_protocol)
    assert str(length) in str(refused.value)
    assert (_held(splitter), splitter.begun_bytes) == (b"", 0)


def test_a_length_of_exactly_the_limit_is_accepted() -> None:
    assert [len(frame) for frame in FrameSplitter(100).feed(framed(bytes(100)))] == [100]


def test_frames_before_a_refused_length_are_still_delivered() -> None:
    splitter = FrameSplitter(100)
    assert [bytes(frame) for frame in splitter.feed(framed(b"good") + b"\xff\xff\xff\xff more")] == [b"good"]
    assert splitter.fault is not None
    with pytest.raises(RefusedLength):
        splitter.feed(framed(b"never seen"))


def test_a_frame_is_its_segments_with_their_length_in_front() -> None:
    tail = memoryview(b"tail")
    segments = frame_of([bytearray(b"head"), tail])
    assert b"".join(segments) == framed(b"headtail")
    assert segments[-1] is tail
