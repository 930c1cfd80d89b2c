"""The verifier as a user runs it: a process of its own, judged by its exit code and what it prints."""

import subprocess
import sys
from dataclasses import dataclass

GRACE_S = 200.0


@dataclass(frozen=True)
class Outcome:
    code: int
    output: str
    progress: str


def command(address: str, *options: str) -> list[str]:
    return [sys.executable, "-m", "odradek.broker.tools.verify", "--bootstrap", address, *options]


def run_verify(address: str, *options: str, timeout_s: float = GRACE_S) -> Outcome:
    """Runs to the end; raises subprocess.TimeoutExpired if there is none."""
    ran = subprocess.run(command(address, *options), capture_output=True, text=True, timeout=timeout_s, check=False)
    return Outcome(ran.returncode, ran.stdout, ran.stderr)
