"""What a compaction that was cut short leaves in a directory, by whichever broker, and what becomes of it."""

import pytest

from odradek.storage.file_names import SEGMENT_SUFFIXES, offset_name
from odradek.storage.files.memory_files import MemoryFiles

from .builders import DIRECTORY, NOW_MS, open_log
from .compaction.compacting import COMPACTED, clean, pairs_in, write

FIRST, SECOND = offset_name(0), offset_name(4)


def _written(files: MemoryFiles) -> None:
    """Two sealed segments, both with aborted transactions, and an active one."""
    log = open_log(files, COMPACTED)
    for n in range(2):
        write(log, [("a", f"{n}")], pid=1, sequence=n, is_transactional=True)
        log.append_marker(1, 0, 0, False, NOW_MS, 0)
        write(log, [("b", f"{n}"), (f"only {n}", "1")])
        log.roll(NOW_MS)
    write(log, [("c", "1")])
    log.close()


def _names(files: MemoryFiles) -> set[str]:
    return {name for name in files.list_directory(DIRECTORY) if name[:20].isdecimal() and "snapshot" not in name}


def _before_and_after() -> tuple[dict[str, bytes], dict[str, bytes]]:
    """The files of the two segments, and those of the one that takes their place."""
    files = MemoryFiles()
    _written(files)
    before = {
        stem + suffix: files.read(f"{DIRECTORY}/{stem}{suffix}", 0, 1 << 20)
        for stem in (FIRST, SECOND)
        for suffix in SEGMENT_SUFFIXES
    }
    log = open_log(files, COMPACTED)
    log.expire_producers(NOW_MS + COMPACTED.producer_id_expiration_ms)
    clean(log)
    clean(log, checkpoint=8)  # now that the aborted records have gone, so does what the index says of them
    after = {
        FIRST + suffix: files.read(f"{DIRECTORY}/{FIRST}{suffix}", 0, 1 << 20)
        for suffix in SEGMENT_SUFFIXES
        if files.exists(f"{DIRECTORY}/{FIRST}{suffix}")
    }
    assert set(after) == {FIRST + suffix for suffix in SEGMENT_SUFFIXES[:-1]}
    return before, after


def _reopened(changes: dict[str, bytes | None]) -> MemoryFiles:
    files = MemoryFiles()
    _written(files)
    for name, data in changes.items():
        if data is None:
            files.remove(f"{DIRECTORY}/{name}")
        else:
            files.write_whole(f"{DIRECTORY}/{name}", data)
    log = open_log(files, COMPACTED, recovery_point=9)
    assert log.log_end_offset == 9
    assert log.recovery_report.segments_dropped == 0
    values = {key: value for _, key, value in pairs_in(log)}
    assert (values["b"], values["only 0"], values["only 1"], values["c"]) == ("1", "1", "1", "1")
    assert not [name for name in _names(files) if name.endswith((".swap", ".cleaned", ".deleted"))]
    return files


OLD, NEW = _before_and_after()


def _is_swapped(files: MemoryFiles) -> bool:
    return files.read(f"{DIRECTORY}/{FIRST}.log", 0, 1 << 20) == NEW[f"{FIRST}.log"]


def test_files_still_being_written_are_removed() -> None:
    files = _reopened({f"{FIRST}.log.cleaned": b"half of", f"{FIRST}.txnindex.cleaned": b"it"})
    assert not _is_swapped(files)
    assert all(files.exists(f"{DIRECTORY}/{name}") for name in OLD)


@pytest.mark.parametrize("log_first", [True, False])
def test_as_long_as_one_file_is_not_renamed_the_swap_has_not_begun(log_first: bool) -> None:
    """Apache Kafka renames the log first, we rename it last."""
    log, index = (".swap", ".cleaned") if log_first else (".cleaned", ".swap")
    files = _reopened(
        {
            f"{FIRST}.log{log}": NEW[f"{FIRST}.log"],
            f"{FIRST}.index{index}": NEW[f"{FIRST}.index"],
            f"{FIRST}.timeindex{index}": NEW[f"{FIRST}.timeindex"],
        }
    )
    assert not _is_swapped(files)
    for name, data in OLD.items():
        assert files.read(f"{DIRECTORY}/{name}", 0, 1 << 20) == data


@pytest.mark.parametrize("gone", range(9))
def test_a_swap_that_was_begun_is_finished(gone: int) -> None:
    """`gone` of the old files have their `.deleted`, the logs of each segment last."""
    changes: dict[str, bytes | None] = {name + ".swap": data for name, data in NEW.items()}
    order = [stem + suffix for stem in (SECOND, FIRST) for suffix in reversed(SEGMENT_SUFFIXES)]
    for name in order[:gone]:
        changes[name] = None
        changes[name + ".deleted"] = OLD[name]
    files = _reopened(changes)
    assert _is_swapped(files)
    assert {name for name in _names(files) if name.startswith((FIRST, SECOND))} == set(NEW)
    for name, data in NEW.items():
        assert files.read(f"{DIRECTORY}/{name}", 0, 1 << 20) == data


@pytest.mark.parametrize("renamed", [1, 2])
def test_new_files_that_have_their_names_already_keep_them(renamed: int) -> None:
    changes: dict[str, bytes | None] = dict.fromkeys(OLD)
    for n, suffix in enumerate(reversed(SEGMENT_SUFFIXES[:-1])):
        changes[FIRST + suffix + ("" if n < renamed else ".swap")] = NEW[FIRST + suffix]
    files = _reopened(changes)
    assert _is_swapped(files)
    assert files.read(f"{DIRECTORY}/{FIRST}.index", 0, 1 << 20) == NEW[f"{FIRST}.index"]


def test_indexes_that_apache_kafka_did_not_get_to_rename_are_made_anew() -> None:
    """It renames the log first at the end, too."""
    changes: dict[str, bytes | None] = dict.fromkeys(OLD)
    changes[f"{FIRST}.log"] = NEW[f"{FIRST}.log"]
    changes[f"{FIRST}.index.swap"] = NEW[f"{FIRST}.index"]
    changes[f"{FIRST}.timeindex.swap"] = NEW[f"{FIRST}.timeindex"]
    assert _is_swapped(_reopened(changes))
