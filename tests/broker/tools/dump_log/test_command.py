"""`odradek dump-log` as it is called, and its exit codes."""

from pathlib import Path

import pytest

from odradek.protocol.records import NewRecord, build_batch

from .partitions import FIRST, batch_file, dumped, run


def test_what_cannot_be_read_is_an_error_of_its_own(tmp_path: Path) -> None:
    assert run("dump-log").exit_code == 2
    assert run("dump-log", tmp_path / f"{FIRST}.log").exit_code == 2
    (tmp_path / "photo.jpeg").touch()
    done = run("dump-log", tmp_path / "photo.jpeg")
    assert done.exit_code == 2
    assert "no file of a data directory has such a name" in done.output
    assert run("dump-log", "--offsets-decoder", "--transaction-log-decoder", "x.log").exit_code == 2


def test_files_may_be_named_in_a_list_and_what_is_unreadable_keeps_no_other_from_being_shown(tmp_path: Path) -> None:
    log = batch_file(tmp_path, build_batch([NewRecord(b"k", b"v", 0)]))
    done = run("dump-log", "--files", f"{tmp_path}/missing.log,{log}")
    assert done.exit_code == 2
    assert f"Dumping {log}" in done.output
    assert "No such file" in done.output


def test_damage_and_health_have_exit_codes_of_their_own(tmp_path: Path) -> None:
    log = batch_file(tmp_path, build_batch([NewRecord(b"k", b"v", 0)]))
    assert run("dump-log", log).exit_code == 0
    log.write_bytes(log.read_bytes()[:-1])
    assert run("dump-log", log).exit_code == 1


@pytest.mark.parametrize("option", ["--index-sanity-check", "--verify-index-only"])
def test_the_check_of_indexes_has_two_names(tmp_path: Path, option: str) -> None:
    (tmp_path / f"{FIRST}.index").write_bytes(bytes(8))
    assert dumped(option, tmp_path / f"{FIRST}.index")[1].endswith("is empty.")


def test_a_decoder_shows_the_data_without_being_asked_to(tmp_path: Path) -> None:
    log = batch_file(tmp_path, build_batch([NewRecord(None, b"\x01\x14\x00\x00", 0)]))
    assert "NO_OP_RECORD" in run("dump-log", "--cluster-metadata-decoder", log).output
