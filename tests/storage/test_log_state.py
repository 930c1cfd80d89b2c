"""What the parts of a log share: where it begins and ends, and whether it is open."""

import pytest

from odradek.storage.compaction.steps import run_to_end
from odradek.storage.files.memory_files import MemoryFiles
from odradek.storage.integrity import ignore_damage
from odradek.storage.log_config import LogConfig
from odradek.storage.log_location import LogCheckpoints, LogLocation
from odradek.storage.log_state import LogState
from odradek.storage.recovery import LogLoader

from .builders import NOW_MS, append, batch, open_log


def _state(files: MemoryFiles, *, is_clean: bool = False, recovery_point: int = 0) -> LogState:
    location, config = LogLocation(files, "/data/t-0", "t", 0), LogConfig()
    checkpoints = LogCheckpoints(is_clean=is_clean, recovery_point=recovery_point)
    return LogState(
        location, config, run_to_end(LogLoader(location, config, NOW_MS, checkpoints, ignore_damage).load()), NOW_MS
    )


def test_a_new_log_has_nothing_that_a_stop_would_have_to_write() -> None:
    state = _state(MemoryFiles())
    assert (state.log_start_offset, state.log_end_offset, state.last_stable_offset) == (0, 0, 0)
    assert not state.is_changed


def test_a_recovered_log_has_been_changed_and_one_that_was_stopped_cleanly_has_not() -> None:
    files = MemoryFiles()
    log = open_log(files)
    append(log, batch(2))
    assert _state(files).is_changed
    log.close()
    assert not _state(files, is_clean=True, recovery_point=2).is_changed


def test_the_stable_offset_is_where_the_earliest_open_transaction_begins_but_not_below_the_start() -> None:
    files = MemoryFiles()
    log = open_log(files)
    append(log, batch(), batch(pid=1, sequence=0, is_transactional=True), batch())
    state = _state(files)
    assert (state.last_stable_offset, state.log_end_offset) == (1, 3)
    state.start_at(2)
    assert (state.last_stable_offset, state.epochs.entries) == (2, [(0, 2)])


def test_a_closed_log_is_refused_by_the_path_of_its_directory() -> None:
    state = _state(MemoryFiles())
    state.check_open()
    state.is_closed = True
    with pytest.raises(OSError, match="the log in /data/t-0 is closed"):
        state.check_open()
