"""A partition on disk with something of everything, and the tools run over it."""

import json
from pathlib import Path

from click.testing import CliRunner, Result

from odradek.broker.cli import main
from odradek.protocol.compression import Codec
from odradek.storage.files.files import OsFiles
from odradek.storage.log import PartitionLog
from odradek.storage.log_config import LogConfig

from ....storage.builders import NOW_MS, append, batch, open_log

FIRST = "0" * 20


def write_partition(directory: Path, config: LogConfig | None = None) -> PartitionLog:
    """Plain and compressed batches, an aborted and a committed transaction, an open one; closed cleanly."""
    log = open_log(OsFiles(), config or LogConfig(index_interval_bytes=100), path=str(directory))
    append(log, batch(3, key=b"greeting", timestamp=NOW_MS, step_ms=5))
    append(log, batch(4, codec=Codec.GZIP, timestamp=NOW_MS + 20))
    for n, is_commit in enumerate((False, True)):
        append(log, batch(2, pid=7, sequence=2 * n, is_transactional=True, timestamp=NOW_MS + 30))
        log.append_marker(7, 0, 0, is_commit, NOW_MS + 40, 0)
    append(log, batch(pid=8, epoch=1, is_transactional=True, timestamp=NOW_MS + 50))
    append(log, batch(append_time_ms=NOW_MS + 60))
    log.close()
    return log


def batch_file(tmp_path: Path, *batches: bytes) -> Path:
    """A log of these batches."""
    path = tmp_path / f"{FIRST}.log"
    path.write_bytes(b"".join(batches))
    return path


def run(*arguments: str | Path) -> Result:
    """`odradek` with these arguments."""
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def dumped(*arguments: str | Path) -> list[str]:
    """The lines of a dump that finds nothing wrong."""
    done = run("dump-log", *arguments)
    assert done.exit_code == 0, done.output
    return done.output.splitlines()


def dumped_objects(*arguments: str | Path) -> list[dict[str, object]]:
    """The same as JSON."""
    return [json.loads(line) for line in dumped("--json", *arguments)]


def damage_of(*arguments: str | Path) -> list[str]:
    """The lines of a dump that speak of damage; the exit code says so too."""
    done = run("dump-log", *arguments)
    found = [line for line in done.output.splitlines() if line.startswith("Found damage")]
    assert done.exit_code == (1 if found else 0), done.output
    return found
