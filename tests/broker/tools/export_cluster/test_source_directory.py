"""Which directories may be exported, and what a copy is."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from odradek.broker.tools.export_cluster.source_directory import SourceDirectory, copy_source, open_source
from odradek.protocol.codec import encode_bytes
from odradek.protocol.control import ControlType
from odradek.protocol.quorum_records import KRaftVersionRecord, VotersRecord, VotersVoter
from odradek.storage.checking.partition import METADATA_TOPIC
from odradek.storage.directory import CLEAN_SHUTDOWN, DirectoryError
from odradek.storage.files.files import OsFiles
from odradek.storage.meta_properties import META_PROPERTIES
from odradek.storage.metadata_snapshot import Snapshot, SnapshotId, begin_snapshot

from ....storage.builders import NOW_MS
from ..test_check_log import locked_by_another_process


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """As a stop leaves it."""
    path = tmp_path / "data"
    (path / f"{METADATA_TOPIC}-0").mkdir(parents=True)
    (path / META_PROPERTIES).write_text("version=1\nnode.id=3\ncluster.id=c\n")
    (path / CLEAN_SHUTDOWN).touch()
    (path / ".lock").touch()
    (path / "t-0").mkdir()
    (path / "t-0" / "log").write_bytes(b"\0\1")
    return path


def record_voters(directory: Path, *ids: int) -> None:
    version = encode_bytes(KRaftVersionRecord(kraft_version=1), 0)
    voters = encode_bytes(VotersRecord(voters=[VotersVoter(voter_id=one) for one in ids]), 0)
    snapshot = Snapshot([], [(ControlType.KRAFT_VERSION, version), (ControlType.KRAFT_VOTERS, voters)])
    where = str(directory / f"{METADATA_TOPIC}-0")
    begin_snapshot(OsFiles(), where, SnapshotId(1, 0), snapshot, last_timestamp=NOW_MS, now_ms=NOW_MS).run()


def _content(directory: Path) -> dict[str, bytes]:
    return {str(path.relative_to(directory)): path.read_bytes() for path in directory.rglob("*") if path.is_file()}


def why_not(directory: Path) -> str:
    with pytest.raises(DirectoryError) as caught, open_source(directory):
        pass
    return str(caught.value)


def test_a_directory_that_was_stopped_cleanly_is_taken(directory: Path) -> None:
    with open_source(directory) as source:
        assert source == SourceDirectory(directory, "c", 3, is_voter_recorded=False)
    with open_source(directory):
        pass  # it was given back


def test_its_voter_may_be_on_record_and_must_be_this_node(directory: Path) -> None:
    record_voters(directory, 3)
    with open_source(directory) as source:
        assert source.is_voter_recorded
    record_voters(directory, 3, 4)
    assert "has the voters 3, 4" in why_not(directory)


def test_one_that_is_in_use_is_refused(directory: Path) -> None:
    with locked_by_another_process(directory / ".lock"):
        assert why_not(directory) == f"the data directory {directory} is in use by a broker: stop it first"
    with open_source(directory):
        assert "is in use" in why_not(directory)


def test_one_that_needs_recovery_is_refused_with_what_to_do(directory: Path) -> None:
    (directory / CLEAN_SHUTDOWN).unlink()
    why = why_not(directory)
    assert f"`odradek serve --data-dir {directory}`" in why
    assert f"`odradek check-log {directory}`" in why


def test_one_that_is_none_is_refused_and_stays_empty(tmp_path: Path) -> None:
    assert why_not(tmp_path) == f"{tmp_path} is no data directory: there is no meta.properties"
    assert list(tmp_path.iterdir()) == []


def test_one_without_a_node_or_without_its_metadata_is_refused(directory: Path) -> None:
    (directory / META_PROPERTIES).write_text("version=0\nbroker.id=1\ncluster.id=c\n")
    assert "has no node.id" in why_not(directory)
    shutil.rmtree(directory / f"{METADATA_TOPIC}-0")
    assert "`odradek check-log" in why_not(directory)


def test_a_copy_is_the_same_byte_for_byte(directory: Path, tmp_path: Path) -> None:
    with open_source(directory) as source:
        target = copy_source(source, tmp_path / "out")
    assert target == tmp_path / "out" / "data"
    assert _content(target) == _content(directory)


def test_the_directory_stays_locked_while_it_is_copied(directory: Path, tmp_path: Path) -> None:
    take = "import fcntl, sys; fcntl.lockf(open(sys.argv[1], 'r+'), fcntl.LOCK_EX | fcntl.LOCK_NB)"
    command = [sys.executable, "-c", take, str(directory / ".lock")]
    with open_source(directory) as source:
        copy_source(source, tmp_path / "out")
        assert b"BlockingIOError" in subprocess.run(command, capture_output=True, check=False).stderr
    assert subprocess.run(command, check=False).returncode == 0


def test_a_copy_that_fails_leaves_nothing(directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    out = tmp_path / "out"
    out.mkdir()
    with open_source(directory) as source, pytest.raises(OSError, match="No space left"):
        copy_source(source, out)
    assert list(out.iterdir()) == []
