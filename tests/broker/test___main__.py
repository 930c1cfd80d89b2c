"""`python -m odradek.broker` is the command `odradek`."""

import subprocess
import sys

import pytest


def called(*arguments: str) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "odradek.broker", *arguments]
    return subprocess.run(line, capture_output=True, text=True, timeout=60, check=False)


def test_it_knows_the_verbs_of_the_command() -> None:
    shown = called("--help")
    assert shown.returncode == 0
    for verb in ("serve", "dump-log", "check-log", "verify"):
        assert verb in shown.stdout


@pytest.mark.parametrize("arguments", [["fly"], ["serve", "--fly"]])
def test_what_it_does_not_know_is_refused(arguments: list[str]) -> None:
    refused = called(*arguments)
    assert refused.returncode == 2
    assert "Usage:" in refused.stderr
