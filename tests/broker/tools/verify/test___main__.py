"""`python -m odradek.broker.tools.verify` is the verifier without the broker's command line."""

import subprocess
import sys


def test_it_is_called_as_the_command_is_and_loads_no_broker() -> None:
    line = [sys.executable, "-X", "importtime", "-m", "odradek.broker.tools.verify", "--help"]
    shown = subprocess.run(line, capture_output=True, text=True, timeout=60, check=False)
    assert shown.returncode == 0
    assert shown.stdout.startswith("Usage: odradek verify [OPTIONS]")
    loaded = {row.rpartition("|")[2].strip() for row in shown.stderr.splitlines()}
    assert "odradek.broker.tools.verify.command" in loaded
    assert not any(name.startswith(("odradek.storage", "odradek.broker.network")) for name in loaded)
