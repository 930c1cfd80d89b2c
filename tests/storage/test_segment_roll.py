"""When a segment is full or old, and another one begins."""

from odradek.protocol.errors import ErrorCode
from odradek.storage.files.memory_files import MemoryFiles
from odradek.storage.log_config import LogConfig

from .builders import (
    DIRECTORY,
    NOW_MS,
    SMALL,
    append,
    bases_of,
    batch,
    offsets_read,
    open_log,
    refusal,
    reopen_clean,
)


def test_a_batch_larger_than_a_segment_is_refused() -> None:
    log = open_log(config=LogConfig(segment_bytes=200))
    assert refusal(log, batch(value_bytes=300)) == ErrorCode.RECORD_LIST_TOO_LARGE


def test_a_full_segment_is_followed_by_one_named_after_its_first_offset() -> None:
    files = MemoryFiles()
    log = open_log(files, SMALL)
    append(log, *[batch(2, value_bytes=100) for _ in range(6)])
    assert bases_of(log) == (0, 2, 4, 6, 8, 10)
    assert f"{2:020d}.snapshot" in files.list_directory(DIRECTORY)
    assert offsets_read(log) == [0, 2, 4, 6, 8, 10]


def test_a_segment_ages_by_its_records_timestamps() -> None:
    log = open_log(config=LogConfig(segment_ms=1000))
    append(log, batch(timestamp=NOW_MS))
    append(log, batch(timestamp=NOW_MS + 1000), now_ms=NOW_MS + 9999)
    assert list(bases_of(log)) == [0]
    append(log, batch(timestamp=NOW_MS + 1001))
    assert bases_of(log) == (0, 2)


def test_a_segment_without_timestamps_ages_by_the_clock() -> None:
    log = open_log(config=LogConfig(segment_ms=1000), now_ms=NOW_MS - 50_000)
    append(log, batch(timestamp=-1))
    append(log, batch(timestamp=-1), now_ms=NOW_MS + 1000)
    assert list(bases_of(log)) == [0]
    append(log, batch(timestamp=-1), now_ms=NOW_MS + 1001)
    assert bases_of(log) == (0, 2)


def test_a_reopened_segment_remembers_its_first_timestamp() -> None:
    files = MemoryFiles()
    log = open_log(files, LogConfig(segment_ms=1000))
    append(log, batch(timestamp=NOW_MS))
    log = reopen_clean(log, files)
    append(log, batch(timestamp=NOW_MS + 1001))
    assert bases_of(log) == (0, 1)


def test_jitter_rolls_a_segment_a_little_early_and_always_at_the_same_age() -> None:
    ages = set[int]()
    for _ in range(2):
        log = open_log(config=LogConfig(segment_ms=1000, segment_jitter_ms=900))
        append(log, batch(timestamp=NOW_MS))
        for age in range(1, 1002):
            append(log, batch(timestamp=NOW_MS + age))
            if len(bases_of(log)) > 1:
                ages.add(age)
                break
    assert len(ages) == 1
    assert ages.pop() <= 1001


def test_a_full_index_rolls_the_segment() -> None:
    log = open_log(config=LogConfig(segment_index_bytes=24, index_interval_bytes=0))
    append(log, *[batch() for _ in range(4)])
    assert len(bases_of(log)) > 1


def test_an_empty_segment_is_not_rolled() -> None:
    log = open_log()
    log.roll(NOW_MS)
    assert list(bases_of(log)) == [0]
