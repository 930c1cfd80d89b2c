"""With a seed and a clock that stands still, the same commands to three brokers have the same outcome, to the byte."""

import json
import os
import random
import socket
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]
SEED = 7


def three_free_ports() -> int:
    """The first of three that follow each other: the brokers' ports are in what they record."""
    while True:
        port = random.randrange(20_000, 32_000)
        with ExitStack() as ends:
            try:
                for one in range(port, port + 3):
                    listening = ends.enter_context(socket.socket())
                    listening.bind(("127.0.0.1", one))
            except OSError:
                continue
            return port


def in_a_process(port: int, hash_seed: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "tests.broker.testing.failure_session", str(SEED), str(port)]
    environment = {**os.environ, "PYTHONHASHSEED": str(hash_seed)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=180, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.timeout(400)
def test_the_same_commands_have_the_same_elections_and_the_same_files_in_every_run() -> None:
    port = three_free_ports()
    first, second = (in_a_process(port, hash_seed) for hash_seed in (1, 2))
    assert first["led"] == second["led"]
    assert first["journal"] == second["journal"]
    files, again = first["files"], second["files"]
    assert {path for path in {**files, **again} if files.get(path) != again.get(path)} == set()
    for directory in ("controller", "node-1", "node-2", "node-3"):
        assert sum(path.startswith(f"memory/{directory}/") for path in files) > 5
    assert len({str(one) for one in first["led"]}) >= 8  # much has happened
