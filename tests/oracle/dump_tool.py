"""Apache Kafka's own dump tool, run over the files of a directory: what it says, and what of that is a complaint."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from .apache_kafka import QUICK_JVM, OracleMissing, jars

DEADLINE_S = 60.0
SUFFIXES = (".log", ".index", ".timeindex", ".txnindex", ".snapshot", ".checkpoint")
# Each run of the tool takes many files, but one decoder.
DECODERS: Mapping[str, str] = {
    "__consumer_offsets": "--offsets-decoder",
    "__transaction_state": "--transaction-log-decoder",
    "__cluster_metadata": "--cluster-metadata-decoder",
}
_ORDINARY = re.compile(
    r"Dumping .+|Log starting offset: \d+|Snapshot end offset: \d+, epoch: \d+|KRaft bootstrap snapshot"
    r"|baseOffset: .+ isvalid: true|\| offset: .+|.+ passed sanity check\.|.+index is empty\."
    r"|producerId: .+|version: .+|offset: \d+ position: \d+|timestamp: \d+ offset: \d+"
)
_NOT_CONSECUTIVE = re.compile(r"Non-consecutive offsets in (.+)")
_JUMP = re.compile(r"  (-?\d+) is followed by (\d+)")


def check_tools() -> None:
    """Raises OracleMissing unless the tool can be run here."""
    missing = [tool for tool in ("java", "mvn") if shutil.which(tool) is None]
    if missing:
        raise OracleMissing(f"Apache Kafka's dump tool needs java (17 or newer) and mvn; not found: {missing}")


def dump(arguments: Sequence[str], files: Iterable[Path]) -> list[str]:
    """What `kafka-dump-log` prints about files, in as many lines. RuntimeError if it fails."""
    home = jars()
    command = ["java", *QUICK_JVM, "-cp", f"{home / 'lib'}/*", "org.apache.kafka.tools.DumpLogSegments", *arguments]
    command += ["--files", ",".join(map(str, files))]
    # The tool decodes text with the platform's charset, and logs to stdout unless told otherwise.
    environment = {
        **os.environ,
        "JDK_JAVA_OPTIONS": f"-Dfile.encoding=UTF-8 -Dlog4j2.configurationFile={home}/log4j2.properties",
    }
    done = subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE_S, check=False, env=environment)
    if done.returncode != 0:
        raise RuntimeError(f"the dump tool ended with {done.returncode}:\n{done.stdout[-2000:]}{done.stderr[-4000:]}")
    return done.stdout.splitlines()


def files_of(data_dir: Path, suffixes: Sequence[str] = SUFFIXES) -> list[Path]:
    """Every file below a data directory that the tool can read."""
    return sorted(path for path in data_dir.rglob("*") if path.suffix in suffixes)


def complaints(lines: Iterable[str], compacted: Sequence[str] = ()) -> list[str]:
    """The lines in which the tool finds something wrong.

    Not those: that 4.3 follows offset -1 by the first one of every segment which does not begin at 0, of Apache Kafka's
    own segments too; and that offsets are missing where `compacted` topics have lost them.
    """
    found: list[str] = []
    path = ""
    for line in lines:
        if match := _NOT_CONSECUTIVE.fullmatch(line):
            path = match[1]
        elif match := _JUMP.fullmatch(line):
            is_first = match[1] == "-1" and int(match[2]) == int(Path(path).stem)
            if not is_first and Path(path).parent.name.rpartition("-")[0] not in compacted:
                found.append(f"{path}: {line.strip()}")
        elif not _ORDINARY.fullmatch(line):
            found.append(line)
    return found
