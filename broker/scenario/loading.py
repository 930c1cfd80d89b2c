"""A scenario from its file. StartError names file and line."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import cast

from ..cluster import StartError
from ..testing.exchange_lines import RecordLine
from .scenario import Scenario, TopicPart, build_scenario, record_of
from .yaml_nodes import ScenarioError, read_yaml

MOST_BYTES = 1 << 20
MOST_RECORDS_BYTES = 1 << 26


def load_scenario(path: Path) -> Scenario:
    """All that the file says, and the files that it names."""
    try:
        scenario = build_scenario(read_yaml(_read(path, MOST_BYTES, "records go into a records_file")))
    except ScenarioError as error:
        raise refused(path, error) from None
    return scenario.with_topics(lambda topic: _with_records(topic, path))


def refused(path: Path, error: ScenarioError) -> StartError:
    """What is wrong, with file and line."""
    return StartError(f"{path}:{error.line}: {error}")


def _with_records(topic: TopicPart, path: Path) -> TopicPart:
    if topic.records_file is None:
        return topic
    beside = path.parent / topic.records_file
    try:
        text = _read(beside, MOST_RECORDS_BYTES, "import more over HTTP")
    except StartError as error:
        raise StartError(f"{path}:{topic.line}: records_file of {topic.name!r}: {error}") from None
    try:
        return replace(topic, records=[*topic.records, *_records(text, topic)])
    except ScenarioError as error:
        raise refused(beside, error) from None


def _records(text: str, topic: TopicPart) -> Iterator[RecordLine]:
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            try:
                parsed: object = json.loads(line)
            except (ValueError, RecursionError) as error:
                raise ScenarioError(number, f"no JSON: {error}") from None
            if not isinstance(parsed, dict):
                raise ScenarioError(number, f"a JSON object is wanted, not {line.strip()[:60]}")
            given = cast("dict[str, object]", parsed)
            if given.get("topic", topic.name) != topic.name:
                raise ScenarioError(number, f"this is a file of records of {topic.name!r}, not of {given['topic']!r}")
            for name in ("offset", "marker", "group", "start"):
                if name in given:
                    raise ScenarioError(number, f"{name!r} is for an import: a scenario has records without offsets")
            yield record_of(number, given, topic)


def _read(path: Path, most: int, hint: str) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(most + 1)
        if len(data) > most:
            raise StartError(f"{path} has more than {most} bytes: {hint}")
        return data.decode()
    except OSError as error:
        raise StartError(f"cannot read {path}: {error.strerror or error}") from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise StartError(f"{path}:{line}: this is no UTF-8") from None
