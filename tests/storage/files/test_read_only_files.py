"""Looking at files without a chance to change them."""

import os
from pathlib import Path

import pytest

from odradek.storage.files.read_only_files import ReadOnlyFiles


def test_it_reads_what_is_there(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"0123456789")
    files = ReadOnlyFiles()
    assert files.read(str(path), 2, 3) == b"234"
    assert files.read(str(path), 8, 100) == b"89"
    assert files.read(str(path), 100, 1) == b""
    assert files.size(str(path)) == 10
    assert files.exists(str(path))
    assert not files.exists(str(tmp_path / "other"))
    assert files.list_directory(str(tmp_path)) == ["file"]


def test_what_is_not_there_is_an_error_of_its_own(tmp_path: Path) -> None:
    files = ReadOnlyFiles()
    for call in (lambda: files.size(str(tmp_path / "x")), lambda: files.read(str(tmp_path / "x"), 0, 1)):
        with pytest.raises(FileNotFoundError):
            call()
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_regular_file_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    files = ReadOnlyFiles()
    for name in ("pipe", "."):
        with pytest.raises(OSError, match="not a regular file"):
            files.size(str(tmp_path / name))
        with pytest.raises(OSError, match="not a regular file"):
            files.read(str(tmp_path / name), 0, 1)


def test_a_short_read_is_gone_on_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"0123456789")
    pread = os.pread

    def short(descriptor: int, size: int, position: int) -> bytes:
        return pread(descriptor, min(size, 3), position)

    monkeypatch.setattr(os, "pread", short)
    assert ReadOnlyFiles().read(str(path), 1, 8) == b"12345678"
    assert ReadOnlyFiles().read(str(path), 6, 8) == b"6789"
