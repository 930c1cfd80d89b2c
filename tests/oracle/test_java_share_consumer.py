"""Java's share consumer (KIP-932): every type of acknowledgement, renewed locks, and strict limits, in one JVM."""

import json
import subprocess
from pathlib import Path

import pytest

from .apache_kafka import QUICK_JVM, OracleMissing, jars
from .dump_tool import check_tools

SOURCE = Path(__file__).with_name("ShareConsumerCalls.java")
DEADLINE_S = 100.0

# Each record with the number of its deliveries.
EXPECTED = {
    "1 first": "v0x1 v1x1 v2x1 v3x1 v4x1 v5x1 v6x1 v7x1 v8x1 v9x1",
    "2 acknowledged": "ok",
    "3 lock": "Optional[30000]",
    "4 renewed": "v7x1",
    "5 released": "v4x2 v5x2",
    "6 acknowledged": "ok",
    "7 at most three 0": "v5x3 v10x1 v11x1",
    "7 at most three 1": "v12x1 v13x1 v14x1",
    "7 at most three 2": "v15x1 v16x1",
    "8 acknowledged": "ok",
}


def test_javas_share_consumer_is_served(bootstrap: str, topic: str, group: str) -> None:
    try:
        check_tools()
        home = jars()
    except OracleMissing as missing:
        pytest.skip(str(missing))
    command = ["java", *QUICK_JVM, f"-Dlog4j2.configurationFile={home / 'log4j2.properties'}"]
    command += ["-cp", f"{home / 'lib'}/*", str(SOURCE), bootstrap, topic, group]
    done = subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE_S, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    assert json.loads(done.stdout) == EXPECTED
