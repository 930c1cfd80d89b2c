"""Any streams group gets the very tasks that Apache Kafka's own assignor gives it, in a JVM of its own."""

import json
import subprocess
from pathlib import Path
from random import Random
from typing import Any

import pytest

from ..broker.coordination.groups.streams.test_sticky_assignor import RECORDED, assigned_as_json
from .apache_kafka import QUICK_JVM, OracleMissing, jars

SOURCE = Path(__file__).with_name("StreamsAssignments.java")
GROUPS, KEPT = 3000, 60
DEADLINE_S = 100.0


def random_group(random: Random) -> dict[str, Any]:
    """Members and processes of random names, which had random tasks, more than one of them the same."""

    def name() -> str:
        return f"{random.getrandbits(64):016x}"

    tasks = {str(number): random.randint(1, 9) for number in range(random.randint(1, 4))}
    processes = [name() for _ in range(random.randint(1, 6))]
    members: dict[str, dict[str, Any]] = {
        name(): {"process": random.choice(processes), "active": {}, "standby": {}} for _ in range(random.randint(1, 12))
    }
    if random.random() < 0.8:
        for subtopology, count in tasks.items():
            for index in range(count):
                if random.random() < 0.8:
                    random.choice(list(members.values()))["active"].setdefault(subtopology, []).append(index)
                for member in random.sample(list(members.values()), min(random.randint(0, 2), len(members))):
                    member["standby"].setdefault(subtopology, []).append(index)
    return {
        "tasks": tasks,
        "stateful": [subtopology for subtopology in tasks if random.random() < 0.6],
        "standbys": random.randint(0, 3),
        "members": members,
    }


def test_thousands_of_random_groups_get_what_kafka_gives_them(request: pytest.FixtureRequest, is_oracle: bool) -> None:
    if not is_oracle:
        pytest.skip("--oracle asks Apache Kafka; what it answered is held against elsewhere")
    try:
        home = jars()
    except OracleMissing as missing:
        pytest.skip(str(missing))
    random = Random(1071)
    groups = [random_group(random) for _ in range(GROUPS)]
    done = subprocess.run(
        ["java", *QUICK_JVM, "-cp", f"{home / 'lib'}/*", str(SOURCE)],
        input="\n".join(map(json.dumps, groups)),
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    kafka = [json.loads(line) for line in done.stdout.splitlines()]
    assert [assigned_as_json(group) for group in groups] == kafka
    if request.config.getoption("--record"):
        kept = [{"group": one, "assigned": what} for one, what in zip(groups[:KEPT], kafka, strict=False)]
        RECORDED.write_text("[\n" + ",\n".join(map(json.dumps, kept)) + "\n]\n")
