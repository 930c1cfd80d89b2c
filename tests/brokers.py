"""Brokers as a test sees them: started like a user would, stopped, killed, started again on the same data."""

import contextlib
import queue
import random
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Protocol

READY = "odradek ready "
START_DEADLINE_S = 60.0
STOP_DEADLINE_S = 10.0

TEST_SETTINGS: Mapping[str, str] = {
    # Records of tests have any timestamp: no look at retention in the midst of one, however long it takes.
    "log.retention.check.interval.ms": "3600000",
    "group.initial.rebalance.delay.ms": "0",  # three seconds saved for every group
    "offsets.topic.num.partitions": "4",
    "offsets.topic.replication.factor": "1",
    "transaction.state.log.num.partitions": "4",
    "transaction.abort.timed.out.transaction.cleanup.interval.ms": "300",  # ten seconds of waiting for every timeout
}


class BrokerProcess(Protocol):
    """A broker in a process of its own; `address` stays the same over a restart."""

    address: str
    data_dir: Path

    def start(self) -> None:
        """Returns when the broker answers; RuntimeError with its log if it does not."""
        ...

    def stop(self) -> None:
        """Ends it with SIGTERM, as a service would."""
        ...

    def kill(self) -> None:
        """Ends it with SIGKILL, as a crash would."""
        ...

    def pid(self) -> int: ...

    def log(self) -> str:
        """What it has written to its log so far."""
        ...


def free_port() -> int:
    """A port that is free now, and none that the system gives to outgoing connections: it might be taken by then."""
    while True:
        port = random.randrange(20_000, 32_768)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def resident_bytes(pid: int) -> int:
    """The memory a process holds, from /proc."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise LookupError(f"no VmRSS for process {pid}")


def cpu_seconds(pid: int) -> float:
    """User and system time of a process so far, from /proc."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


class OdradekBroker:
    """`odradek serve` in a subprocess, on a free port; `ephemeral` keeps nothing on disk, `options` are any others.

    With several `--listen`, or `listeners` among the settings, the `address` is all of them, with commas.
    """

    def __init__(
        self,
        directory: Path,
        settings: Mapping[str, str] | None = None,
        *,
        ephemeral: bool = False,
        options: Sequence[str] = (),
    ) -> None:
        self.address = "127.0.0.1:0"
        self.data_dir = directory / "data"
        self._stderr_path = directory / "stderr.log"
        self._ephemeral = ephemeral
        self._options = options
        self._settings = {**TEST_SETTINGS, **(settings or {})}
        self._process: subprocess.Popen[str] | None = None
        self._stdout: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._reader: threading.Thread | None = None
        directory.mkdir(parents=True, exist_ok=True)

    def start(self) -> None:
        command = [sys.executable, "-m", "odradek.broker", "serve"]
        command += [] if "listeners" in self._settings else ["--listen", self.address]
        command += ["--ephemeral"] if self._ephemeral else ["--data-dir", str(self.data_dir)]
        for name, value in self._settings.items():
            command += ["--set", f"{name}={value}"]
        command += self._options
        with self._stderr_path.open("a") as stderr:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=stderr, text=True
            )
        assert process.stdout is not None
        self._process = process
        self._stdout = queue.SimpleQueue()
        self._reader = threading.Thread(target=_pump, args=(process.stdout, self._stdout), daemon=True)
        self._reader.start()
        try:
            line = self._stdout.get(timeout=START_DEADLINE_S)
        except queue.Empty:
            line = ""
        if not line.startswith(READY):
            self.kill()
            raise RuntimeError(f"the broker did not say that it is ready but {line!r}; its log:\n{self.log()}")
        self.address = line.removeprefix(READY).strip()

    def stop(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            try:
                code = self._process.wait(STOP_DEADLINE_S)
            except subprocess.TimeoutExpired:
                self.kill()
                raise RuntimeError(f"the broker did not stop; its log:\n{self.log()}") from None
            self._process = None
            self._check_stdout()
            if code != 0:
                raise RuntimeError(f"the broker stopped with {code}; its log:\n{self.log()}")

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
            self._check_stdout()

    def pid(self) -> int:
        assert self._process is not None, "the broker is not running"
        return self._process.pid

    def log(self) -> str:
        return self._stderr_path.read_text(errors="replace")

    def _check_stdout(self) -> None:
        """Nothing but the ready line ever goes to stdout."""
        assert self._reader is not None
        self._reader.join(STOP_DEADLINE_S)
        rest: list[str] = []
        with contextlib.suppress(queue.Empty):
            while line := self._stdout.get_nowait():
                rest.append(line)
        if rest:
            raise RuntimeError(f"more than one line on stdout: {rest}")


def _pump(stdout: IO[str], lines: queue.SimpleQueue[str]) -> None:
    for line in stdout:
        lines.put(line)
    lines.put("")
    stdout.close()
