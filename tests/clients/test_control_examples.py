"""The examples of other languages, each with nothing but its standard library: a fault that a stock producer meets."""

import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from confluent_kafka import Producer

from ..broker.control.served import Served, serving

EXAMPLES = Path(__file__).parents[2] / "examples" / "control"
DEADLINE_S = 100.0  # Go and Java compile first


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with serving("--ephemeral") as served:
        yield served


@pytest.mark.parametrize(
    "command",
    [("go", "run", "fault.go"), ("node", "fault.mjs"), ("java", "Fault.java")],
    ids=["go", "node", "java"],
)
def test_an_example_drives_a_fault(served: Served, command: Sequence[str]) -> None:
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")
    topic = f"orders-{command[0]}"
    served.call("POST", "/v1/topics", {"name": topic, "partitions": 1})
    running = subprocess.Popen(
        [*command, served.url, topic], cwd=EXAMPLES, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert running.stdout is not None
        line = running.stdout.readline()
        assert line.startswith("ready fault-"), running.stderr.read() if running.stderr else line
        producer = Producer({"bootstrap.servers": served.bootstrap, "enable.idempotence": True})
        producer.produce(topic, b"one")
        assert producer.flush(20) == 0
        rest, said = running.communicate(timeout=DEADLINE_S)
    finally:
        running.kill()
        running.communicate()
    assert (running.returncode, rest) == (0, "hits 1\n"), said
    assert served.call("GET", "/v1/faults") == {"faults": []}
