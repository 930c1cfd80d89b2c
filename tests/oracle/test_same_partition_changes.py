"""Whatever happens to a partition, it becomes here what Apache Kafka's controller makes of it.

What Kafka made of random partitions is read from partition_changes.json, written by `pytest --oracle --record
tests/oracle`; with --oracle thousands of others are held against Kafka itself, in a JVM of its own.
"""

import json
import subprocess
from pathlib import Path
from random import Random
from typing import Any

import pytest

from .apache_kafka import QUICK_JVM, OracleMissing, jars
from .random_partitions import changed, random_change

SOURCE = Path(__file__).with_name("PartitionChanges.java")
RECORDED = Path(__file__).with_name("partition_changes.json")
CHANGES, KEPT = 20_000, 150
DEADLINE_S = 100.0


def test_partitions_become_what_kafka_made_of_them() -> None:
    recorded: list[Any] = json.loads(RECORDED.read_text())
    assert [changed(one["change"]) for one in recorded] == [one["record"] for one in recorded]


def test_thousands_of_random_partitions_become_what_kafka_makes_of_them(
    request: pytest.FixtureRequest, is_oracle: bool
) -> None:
    if not is_oracle:
        pytest.skip("--oracle asks Apache Kafka; what it answered is held against above")
    try:
        home = jars()
    except OracleMissing as missing:
        pytest.skip(str(missing))
    random = Random(966)
    changes = [random_change(random) for _ in range(CHANGES)]
    done = subprocess.run(
        ["java", *QUICK_JVM, "-cp", f"{home / 'lib'}/*", str(SOURCE)],
        input="\n".join(map(json.dumps, changes)),
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    kafka = [json.loads(line) for line in done.stdout.splitlines() if line.startswith(("{", "null"))]
    assert [changed(one) for one in changes] == kafka
    if request.config.getoption("--record"):
        kept = [{"change": one, "record": what} for one, what in zip(changes[:KEPT], kafka, strict=False)]
        RECORDED.write_text("[\n" + ",\n".join(map(json.dumps, kept)) + "\n]\n")
