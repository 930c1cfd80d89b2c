"""Nothing is renamed or removed while it is open: there are systems that refuse it."""

import contextlib
import dataclasses
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from odradek.storage.directory import DataDirectory, Identity
from odradek.storage.files.files import OsFiles
from odradek.storage.log import PartitionLog

from .builders import NOW_MS, SMALL, append, batch, offsets_read, open_log
from .compaction.compacting import COMPACTED, clean, pairs_in, write

OPEN = Path("/proc/self/fd")
IDENTITY = Identity("cluster-of-the-test-xx", "directory-of-the-test-", 1)


@pytest.fixture
def files(monkeypatch: pytest.MonkeyPatch) -> OsFiles:
    """Files of a system where nothing that is open can be renamed, replaced or removed."""
    if not OPEN.exists():
        pytest.skip("only /proc tells what this process has open")
    for name in ("rename", "replace", "unlink", "rmdir"):
        monkeypatch.setattr(os, name, _refusing_what_is_open(getattr(os, name)))
    return OsFiles()


def _refusing_what_is_open(change: Callable[..., None]) -> Callable[..., None]:
    def checked(*paths: str) -> None:
        held = _open_paths()
        for path in paths:
            assert not [one for one in held if one == path or one.startswith(f"{path}/")], f"{path} is open"
        change(*paths)

    return checked


def _open_paths() -> list[str]:
    found: list[str] = []
    for descriptor in list(OPEN.iterdir()):
        with contextlib.suppress(FileNotFoundError):
            found.append(os.readlink(descriptor))
    return found


def test_what_is_open_is_seen(files: OsFiles, tmp_path: Path) -> None:
    files.write(f"{tmp_path}/a", [b"x"], 0)
    with pytest.raises(AssertionError, match="is open"):
        os.unlink(f"{tmp_path}/a")
    files.rename(f"{tmp_path}/a", f"{tmp_path}/b")


def _flush(log: PartitionLog) -> None:
    job = log.begin_flush()
    job.run()
    log.finish_flush(job)


def test_old_segments_go_while_the_log_is_read_and_written(files: OsFiles, tmp_path: Path) -> None:
    log = open_log(files, dataclasses.replace(SMALL, retention_ms=1000), path=f"{tmp_path}/t-0")
    append(log, *[batch(2, value_bytes=100, timestamp=NOW_MS + 500 * n) for n in range(6)])
    assert len(offsets_read(log)) == 6
    _flush(log)
    assert log.delete_old_segments(NOW_MS + 2600)
    for path in log.take_due(NOW_MS * 2):
        files.removal(path)()
    assert offsets_read(log, log.log_start_offset)
    log.close()


def test_compacted_segments_take_the_place_of_those_that_were_read(files: OsFiles, tmp_path: Path) -> None:
    log = open_log(files, dataclasses.replace(COMPACTED, segment_bytes=500), path=f"{tmp_path}/t-0")
    for n in range(30):
        write(log, [(f"k{n % 3}", str(n))])
    assert len(pairs_in(log)) == 30
    _flush(log)
    clean(log)
    for path in log.take_due(NOW_MS * 2):
        files.removal(path)()
    assert {key: value for _, key, value in pairs_in(log)} == {"k0": "27", "k1": "28", "k2": "29"}
    log.close()


def test_the_directory_of_a_deleted_topic_is_put_away_with_its_log_open(files: OsFiles, tmp_path: Path) -> None:
    directory = DataDirectory.open(files, str(tmp_path), IDENTITY)
    path = directory.create_partition("t", 0, "topic-id-of-the-test-x")
    log = open_log(files, SMALL, path=path)
    append(log, *[batch(2, value_bytes=100) for _ in range(6)])
    assert len(offsets_read(log)) == 6
    put_away = directory.mark_deleted("t", 0, "0" * 32)
    assert not (tmp_path / "t-0").exists()
    files.removal(put_away)()
    assert not Path(put_away).exists()
    directory.close()
