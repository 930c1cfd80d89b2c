"""`odradek check-log` as a person or a script runs it."""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from odradek.broker.cli import main
from odradek.storage.files.files import OsFiles

from ...storage.builders import append, batch, open_log


def _run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["check-log", *map(str, arguments)])


def _partition(directory: Path) -> Path:
    log = open_log(OsFiles(), path=str(directory))
    append(log, batch(3), batch(2))
    log.close()
    return directory


def _tear(partition: Path) -> int:
    path = partition / f"{0:020d}.log"
    size = path.stat().st_size
    with path.open("ab") as log:
        log.write(b"torn")
    return size


def test_a_sound_partition_is_one_line_and_exit_code_0(tmp_path: Path) -> None:
    done = _run(_partition(tmp_path / "t-0"))
    assert done.exit_code == 0
    assert done.output.startswith("checked 1 partitions, 1 segments, 2 batches, ")
    assert done.output.endswith(" bytes: no findings\n")


def test_a_finding_says_where_what_and_what_becomes_of_it(tmp_path: Path) -> None:
    size = _tear(_partition(tmp_path / "t-0"))
    done = _run("--deep", tmp_path / "t-0")
    assert done.exit_code == 1
    assert done.output.splitlines()[0] == (
        f"{0:020d}.log, byte {size}, offset 5: a torn tail of 4 bytes: 4 bytes are less than a batch header; "
        "the next start cuts the log off here (an unclean stop may leave this)"
    )
    assert done.output.endswith("bytes: 1 finding\n")


def test_json_has_one_object_a_line_and_the_summary_last(tmp_path: Path) -> None:
    size = _tear(_partition(tmp_path / "t-0"))
    done = _run("--json", tmp_path / "t-0")
    finding, summary = map(json.loads, done.output.splitlines())
    assert (finding["kind"], finding["position"], finding["offset"]) == ("finding", size, 5)
    assert finding["isExplainedByUncleanStop"] is True
    assert (summary["kind"], summary["findings"], summary["batches"]) == ("summary", 1, 2)


def test_a_directory_that_cannot_be_read_is_exit_code_2(tmp_path: Path) -> None:
    assert _run(tmp_path / "nowhere").exit_code == 2
    assert _run().exit_code == 2


def test_nothing_is_changed_and_nothing_needs_to_be_writable(tmp_path: Path) -> None:
    partition = _partition(tmp_path / "t-0")
    before = {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in partition.iterdir()}
    for path in partition.iterdir():
        path.chmod(0o400)
    partition.chmod(0o500)
    assert _run(partition).exit_code == 0
    assert {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in partition.iterdir()} == before


def test_a_pipe_among_the_files_is_told_and_not_waited_for(tmp_path: Path) -> None:
    (tmp_path / "meta.properties").write_text("version=0\nnode.id=1\ncluster.id=c\n")
    partition = _partition(tmp_path / "t-0")
    (partition / "partition.metadata").write_text("version: 0\ntopic_id: AAAAAAAAAAAAAAAAAAAAAQ")
    os.mkfifo(partition / f"{9:020d}.log")
    done = _run(tmp_path)
    assert done.exit_code == 1
    assert "t-0: it cannot be read: " in done.output


@contextlib.contextmanager
def locked_by_another_process(path: Path) -> Generator[None]:
    hold = "import fcntl, sys; f = open(sys.argv[1], 'w'); fcntl.lockf(f, 2); print('held', flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", hold, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield
        process.kill()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells who holds a lock without taking it")
def test_of_a_directory_in_use_what_may_be_in_progress_is_no_fault(tmp_path: Path) -> None:
    _tear(_partition(tmp_path / "t-0"))
    with locked_by_another_process(tmp_path / ".lock"):
        done = _run(tmp_path / "t-0")
        summary = json.loads(_run("--json", tmp_path / "t-0").output.splitlines()[-1])
    assert done.exit_code == 0
    assert "is in use by a broker" in done.output.splitlines()[0]
    assert "(it may be in progress)" in done.output
    assert (summary["findings"], summary["isInUse"]) == (1, True)
    assert _run(tmp_path / "t-0").exit_code == 1


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells who holds a lock without taking it")
def test_the_directories_of_several_brokers_are_in_use_when_one_of_them_is(tmp_path: Path) -> None:
    for name in ("controller", "node-1"):
        _partition(tmp_path / name / "t-0")
        (tmp_path / name / "meta.properties").write_text("version=1\nnode.id=1\ncluster.id=c\ndirectory.id=d\n")
    with locked_by_another_process(tmp_path / "node-1" / ".lock"):
        summary = json.loads(_run("--json", tmp_path).output.splitlines()[-1])
    assert (summary["partitions"], summary["isInUse"]) == (2, True)
    assert json.loads(_run("--json", tmp_path).output.splitlines()[-1])["isInUse"] is False
