"""Every conversation gets from Odradek what it gets from Apache Kafka, field by field.

Without --oracle Apache Kafka's part is read from recorded/, written by `pytest --oracle --record tests/oracle`.
"""

import json
from importlib import import_module
from pathlib import Path
from typing import cast

import pytest

from ..brokers import BrokerProcess
from .accepted_differences import DECIDED
from .comparison import surprises
from .normalise import Plain
from .wire_session import SCENARIOS, held

# Importing them registers them.
SCENARIO_FILES = sorted((Path(__file__).parent / "scenarios").glob("*.py"))
MODULES = [import_module(f".scenarios.{file.stem}", __package__) for file in SCENARIO_FILES]
RECORDED = Path(__file__).parent / "recorded"


def recorded_at(title: str) -> Path:
    return RECORDED / f"{title}.json"


@pytest.mark.parametrize("title", SCENARIOS)
def test_odradek_answers_as_apache_kafka_does(
    title: str, odradek: BrokerProcess, request: pytest.FixtureRequest, is_oracle: bool
) -> None:
    kafka = _asked_of_kafka(title, request) if is_oracle else _recorded(title)
    found = surprises(title, kafka, held(title, odradek.address), DECIDED)
    assert not found, "\n" + "\n".join(found)


def test_nothing_is_decided_or_recorded_about_scenarios_that_do_not_exist() -> None:
    assert {title.partition(".")[0] for title in SCENARIOS} == {one.__name__.rpartition(".")[2] for one in MODULES}
    assert {one.scenario for one in DECIDED} <= set(SCENARIOS)
    assert {path.stem for path in RECORDED.glob("*.json")} == set(SCENARIOS)


def _asked_of_kafka(title: str, request: pytest.FixtureRequest) -> dict[str, Plain]:
    steps = held(title, str(request.getfixturevalue("kafka_address")))
    if request.config.getoption("--record"):
        recorded_at(title).write_text(json.dumps(steps, indent=1, ensure_ascii=False) + "\n")
    return steps


def _recorded(title: str) -> dict[str, Plain]:
    return cast(dict[str, Plain], json.loads(recorded_at(title).read_text()))
