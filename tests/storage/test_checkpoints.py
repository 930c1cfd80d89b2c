"""Kafka's text checkpoints: replaced whole, and never taken for empty when they are malformed."""

import pytest

from odradek.storage.checkpoints import (
    MalformedCheckpoint,
    decode_lines,
    encode_lines,
    offsets_writer,
    read_offsets,
)
from odradek.storage.files.memory_files import MemoryFiles

OFFSETS = {("t", 0): 5, ("a-b", 12): 1 << 40}


def test_a_checkpoint_is_its_version_its_count_and_a_line_for_each_entry() -> None:
    assert encode_lines(["t 0 5", "u 1 6"]) == b"0\n2\nt 0 5\nu 1 6\n"
    assert encode_lines([]) == b"0\n0\n"
    assert decode_lines(b"0\n2\nt 0 5\nu 1 6\n", "c") == [["t", "0", "5"], ["u", "1", "6"]]


def test_what_was_written_is_read_back() -> None:
    files = MemoryFiles()
    offsets_writer(files, "c", OFFSETS)()
    assert read_offsets(files, "c") == OFFSETS


def test_a_file_that_was_never_written_has_no_offsets() -> None:
    assert read_offsets(MemoryFiles(), "c") == {}


def test_a_writer_writes_what_the_offsets_were_when_it_was_made() -> None:
    files, offsets = MemoryFiles(), dict(OFFSETS)
    write = offsets_writer(files, "c", offsets)
    offsets["t", 0] = 99
    write()
    assert read_offsets(files, "c") == OFFSETS


@pytest.mark.parametrize(
    "content",
    [b"", b"1\n0\n", b"0\n", b"0\n2\nt 0 5\n", b"0\n1\nt 0 5\nu 1 6\n", b"0\nmany\n", b"0\n1\n\xff 0 5\n", b"nonsense"],
)
def test_a_malformed_checkpoint_is_an_error_with_its_name(content: bytes) -> None:
    files = MemoryFiles()
    files.write_whole("c", content)
    with pytest.raises(MalformedCheckpoint, match="c is malformed"):
        read_offsets(files, "c")


@pytest.mark.parametrize("line", ["t 0", "t 0 5 6", "t zero 5", "t 0 five"])
def test_an_entry_that_is_no_offset_is_an_error_too(line: str) -> None:
    files = MemoryFiles()
    files.write_whole("c", encode_lines([line]))
    with pytest.raises(MalformedCheckpoint, match="c is malformed"):
        read_offsets(files, "c")
