"""Three brokers of Odradek that die, stall and come back answer as three of Apache Kafka do, field by field.

Apache Kafka's part is in recorded_three_nodes/, written by `pytest --oracle --record tests/oracle`; with --oracle alone
it is asked whether it still answers so.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import cast

import pytest

from .apache_kafka import skip_without_kafka
from .comparison import Decided, differences, surprises
from .node_dialogue import STORIES, told
from .normalise import Plain
from .three_node_kafka import ThreeNodeKafka
from .three_node_odradek import ThreeNodeOdradek

# Importing them registers them.
STORY_FILES = sorted((Path(__file__).parent / "node_stories").glob("*.py"))
MODULES = [import_module(f".node_stories.{file.stem}", __package__) for file in STORY_FILES]
RECORDED = Path(__file__).parent / "recorded_three_nodes"
DECIDED: Sequence[Decided] = ()


class KafkaForStories:
    """Three brokers of Apache Kafka for all the stories, one after the other: new ones where a story has failed."""

    def __init__(self, directory: Callable[[], Path]) -> None:
        self._directory = directory
        self._kafka: ThreeNodeKafka | None = None

    def tell(self, title: str) -> dict[str, Plain]:
        if self._kafka is None:
            self._kafka = ThreeNodeKafka(self._directory())
            self._kafka.open()
        try:
            return told(title, self._kafka)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        if self._kafka is not None:
            self._kafka.close()
            self._kafka = None


@pytest.fixture(scope="module")
def kafka_for_stories(tmp_path_factory: pytest.TempPathFactory, is_oracle: bool) -> Iterator[KafkaForStories]:
    if not is_oracle:
        pytest.skip("the brokers of Apache Kafka are asked with --oracle only")
    skip_without_kafka()
    kafka = KafkaForStories(lambda: tmp_path_factory.mktemp("three-kafka"))
    yield kafka
    kafka.close()


@pytest.mark.timeout(900)  # four JVMs start, and brokers start anew in many stories
@pytest.mark.parametrize("title", STORIES)
def test_apache_kafka_still_answers_as_it_was_recorded(
    title: str, kafka_for_stories: KafkaForStories, request: pytest.FixtureRequest
) -> None:
    steps = kafka_for_stories.tell(title)
    if request.config.getoption("--record"):
        recorded_at(title).write_text(json.dumps(steps, indent=1, ensure_ascii=False) + "\n")
    assert not differences(recorded(title), steps)


@pytest.mark.parametrize("title", STORIES)
def test_odradek_answers_as_apache_kafka_did(title: str) -> None:
    with ThreeNodeOdradek() as nodes:
        found = surprises(title, recorded(title), told(title, nodes), DECIDED)
    assert not found, "\n" + "\n".join(found)


def test_nothing_is_recorded_or_decided_of_stories_that_do_not_exist() -> None:
    assert {title.partition(".")[0] for title in STORIES} == {one.__name__.rpartition(".")[2] for one in MODULES}
    assert {path.stem for path in RECORDED.glob("*.json")} == set(STORIES)
    assert {one.scenario for one in DECIDED} <= set(STORIES)


def recorded_at(title: str) -> Path:
    return RECORDED / f"{title}.json"


def recorded(title: str) -> dict[str, Plain]:
    """What Apache Kafka answered, step by step."""
    return cast(dict[str, Plain], json.loads(recorded_at(title).read_text()))
