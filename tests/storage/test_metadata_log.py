"""Reading the metadata log: a torn end is no damage, and damage is no torn end."""

import pytest

from odradek.protocol.records import NewRecord, build_batch
from odradek.storage.directory import DirectoryError
from odradek.storage.files.memory_files import MemoryFiles
from odradek.storage.metadata_log import MetadataLogReader

DIRECTORY = "/data/__cluster_metadata-0"
FIRST, SECOND = (f"{DIRECTORY}/{base:020d}.log" for base in (0, 4))


def batch(base_offset: int, count: int = 2) -> bytes:
    return build_batch([NewRecord(None, b"v" * 20, 1)] * count, base_offset=base_offset)


def logs(first: bytes, second: bytes | None = None) -> MemoryFiles:
    files = MemoryFiles()
    files.make_directory(DIRECTORY)
    files.write(FIRST, [first], 0)
    if second is not None:
        files.write(SECOND, [second], 0)
    return files


def read(files: MemoryFiles, from_offset: int = 0, durable_offset: int = 0) -> tuple[list[int], int]:
    reader = MetadataLogReader(files, DIRECTORY, from_offset, durable_offset)
    return [one.base_offset for one in reader.batches()], reader.end_offset


WHOLE = batch(0) + batch(2)


def test_all_batches_of_all_segments_are_read() -> None:
    assert read(logs(WHOLE, batch(4))) == ([0, 2, 4], 6)


def test_reading_begins_with_the_batch_that_is_asked_for_and_passes_over_the_segments_before() -> None:
    assert read(logs(WHOLE, batch(4)), 2) == ([2, 4], 6)
    assert read(logs(b"damage" * 20, batch(4)), 4) == ([4], 6)
    assert read(logs(WHOLE, batch(4)), 6) == ([], 6)


def test_a_directory_without_segments_is_empty() -> None:
    files = MemoryFiles()
    files.make_directory(DIRECTORY)
    assert read(files) == ([], 0)


def test_a_last_batch_torn_at_any_byte_is_passed_over() -> None:
    for size in range(len(batch(0)), len(WHOLE)):
        assert read(logs(WHOLE[:size])) == ([0], 2)


@pytest.mark.parametrize("garbage", [b"\x02" * 100, bytes(4096), b"garbage" * 30])
def test_garbage_at_the_end_is_passed_over(garbage: bytes) -> None:
    assert read(logs(WHOLE + garbage)) == ([0, 2], 4)


def test_any_wrong_byte_before_a_good_batch_is_told_with_its_file_and_place() -> None:
    for at in range(len(batch(0))):
        if at in range(12, 16):
            continue  # the epoch lies outside the checksum, and only a lower one afterwards gives it away
        damaged = bytearray(WHOLE)
        damaged[at] ^= 0x10
        with pytest.raises(DirectoryError, match=r"00000000000000000000\.log"):
            read(logs(bytes(damaged)))


@pytest.mark.parametrize("following", [b"", batch(4)])
def test_damage_before_another_segment_is_told(following: bytes) -> None:
    damaged = WHOLE[:-1] + b"?"
    with pytest.raises(DirectoryError, match=rf"byte {len(batch(0))} of .*0000\.log, and 0*4\.log follows"):
        read(logs(damaged, following))


def test_a_torn_end_below_what_was_durable_is_damage() -> None:
    torn = logs(WHOLE[:-1])
    assert read(torn, durable_offset=2) == ([0], 2)
    with pytest.raises(DirectoryError, match="ends at offset 2, but had reached 4"):
        read(torn, durable_offset=4)


def test_a_log_that_begins_beyond_what_is_known_is_refused() -> None:
    files = logs(b"")
    files.remove(FIRST)
    files.write(SECOND, [batch(4)], 0)
    assert read(files, 4) == ([4], 6)
    with pytest.raises(DirectoryError, match="begins at offset 4"):
        read(files, 3)


def test_offsets_that_are_missing_are_damage() -> None:
    with pytest.raises(DirectoryError, match="offset 3 where 2 was expected"):
        read(logs(batch(0) + batch(3)))
    with pytest.raises(DirectoryError, match="ends at offset 2, the next segment begins at 4"):
        read(logs(batch(0), batch(4)))
