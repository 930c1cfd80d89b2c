"""Stories of three brokers that die, stall and come back, as Apache Kafka tells them: its part is in
recorded_three_nodes/, written by `pytest --oracle --record tests/oracle/test_three_nodes.py`.
"""

import json
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import cast

import pytest

from .apache_kafka import skip_without_kafka
from .comparison import differences
from .node_dialogue import STORIES, told
from .normalise import Plain
from .three_node_kafka import ThreeNodeKafka

# Importing them registers them.
STORY_FILES = sorted((Path(__file__).parent / "node_stories").glob("*.py"))
MODULES = [import_module(f".node_stories.{file.stem}", __package__) for file in STORY_FILES]
RECORDED = Path(__file__).parent / "recorded_three_nodes"


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


def test_nothing_is_recorded_of_stories_that_do_not_exist() -> None:
    assert {title.partition(".")[0] for title in STORIES} == {one.__name__.rpartition(".")[2] for one in MODULES}
    assert {path.stem for path in RECORDED.glob("*.json")} == set(STORIES)


def recorded_at(title: str) -> Path:
    return RECORDED / f"{title}.json"


def recorded(title: str) -> dict[str, Plain]:
    """What Apache Kafka answered, step by step."""
    return cast(dict[str, Plain], json.loads(recorded_at(title).read_text()))
