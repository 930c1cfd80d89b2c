"""Topologies come out as Apache Kafka's own code has them, in a JVM of its own: the words and the numbers."""

import json
import subprocess
from pathlib import Path
from random import Random
from typing import Any

import pytest

from odradek.broker.coordination.groups.streams.configured_topology import configure_topology
from odradek.broker.coordination.groups.streams.topology import CopartitionGroup, InternalTopic, Subtopology, Topology
from odradek.protocol.errors import ErrorCode, KafkaError

from .apache_kafka import QUICK_JVM, OracleMissing, jars

SOURCE = Path(__file__).with_name("StreamsTopologies.java")
CASES = 5000
DEADLINE_S = 100.0
EXTERNAL = [f"source-{letter}" for letter in "abcde"]
REPARTITION = [f"app-{letter}-repartition" for letter in "abcdefg"]
CHANGELOG = [f"app-{letter}-changelog" for letter in "abcdefg"]


def random_case(random: Random) -> dict[str, Any]:
    """A topology of some subtopologies, most of which can be, and the topics that there are."""
    size = random.choice([1, 2, 3, 5, 12])
    written = random.sample(REPARTITION, random.randint(0, 7))
    is_mostly_fixed = random.random() < 0.2
    numbers = {name: random.choice([0, 0, 0, 2, 3] if not is_mostly_fixed else [2, 2, 3]) for name in REPARTITION}
    topology: dict[str, Any] = {}
    for number in range(size):
        sources = random.sample(EXTERNAL, random.choice([0, 1, 1, 2]))
        repartitions = random.sample(written, min(len(written), random.choice([0, 1, 1, 2])))
        groups: list[list[list[int]]] = []
        if random.random() < 0.4:
            places = [list(range(len(sources))), list(range(len(repartitions)))]
            groups.append([random.sample(some, random.randint(0, len(some))) for some in places])
        topology[str(number)] = {
            "sources": sources,
            "sinks": random.sample(written, min(len(written), random.choice([0, 1, 2, 3]))),
            "repartitions": {name: numbers[name] for name in repartitions},
            "changelogs": dict.fromkeys(random.sample(CHANGELOG, random.choice([0, 0, 1, 2, 4])), 0),
            "copartitions": groups,
        }
    topics = {name: random.choice([2, 2, 2, 3, 4]) for name in EXTERNAL if random.random() < 0.97}
    topics |= {name: random.randint(2, 4) for name in REPARTITION + CHANGELOG if random.random() < 0.07}
    return {"topology": topology, "topics": topics}


def ours(case: dict[str, Any]) -> dict[str, Any]:
    subtopologies = {
        name: Subtopology(
            name,
            tuple(one["sources"]),
            (),
            tuple(InternalTopic(*topic) for topic in one["changelogs"].items()),
            tuple(one["sinks"]),
            tuple(InternalTopic(*topic) for topic in one["repartitions"].items()),
            tuple(CopartitionGroup(tuple(group[0]), (), tuple(group[1])) for group in one["copartitions"]),
        )
        for name, one in case["topology"].items()
    }
    try:
        found = configure_topology(Topology(0, subtopologies), 0, case["topics"].get)
    except KafkaError as error:
        return {
            "error": int(error.code),
            "words": "" if error.code is ErrorCode.UNKNOWN_SERVER_ERROR else error.message,
        }
    answer: dict[str, Any] = {
        "missing": {name: topic.partitions for name, topic in found.missing.items()},
        "tasks": {name: one.tasks for name, one in (found.subtopologies or {}).items()},
    }
    if found.status is not None:
        answer |= {"code": int(found.status.code), "detail": found.status.detail}
    return answer


def test_thousands_of_random_topologies_come_out_as_they_do_in_kafka(is_oracle: bool) -> None:
    if not is_oracle:
        pytest.skip("--oracle asks Apache Kafka")
    try:
        home = jars()
    except OracleMissing as missing:
        pytest.skip(str(missing))
    random = Random(1071)
    cases = [random_case(random) for _ in range(CASES)]
    done = subprocess.run(
        ["java", *QUICK_JVM, "-cp", f"{home / 'lib'}/*", str(SOURCE)],
        input="\n".join(map(json.dumps, cases)),
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    kafka = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    assert len(kafka) == CASES
    kinds = {str(one.get("error", one.get("code", "ready"))) for one in kafka}
    assert {"ready", "1", "2", "3", "130"} <= kinds
    for case, expected in zip(cases, kafka, strict=True):
        assert ours(case) == expected, case
