"""Topics in a test, created and deleted at once: for brokers whose threads do their work when it is given."""

from collections.abc import Mapping, Sequence

from ...protocol.errors import KafkaError
from ..metadata.topic_records import NewTopic
from ..slices import Steps
from ..topics.topics import Topic, Topics


def create_topic(topics: Topics, name: str, partitions: int = 1, configs: Mapping[str, str] | None = None) -> Topic:
    """A topic of that name; KafkaError where none can be recorded."""
    outcome: list[KafkaError | None] = []

    def choose() -> Steps[Sequence[NewTopic]]:
        return [topics.new_topic(name, (yield from topics.placement.place(partitions, 1)), configs or {})]

    topics.create(choose, outcome.append)
    return _created(topics, name, outcome)


def internal_topic(topics: Topics, name: str) -> Topic:
    """A coordinator's topic."""
    outcome: list[KafkaError | None] = []
    topics.ensure_internal_topic(name, outcome.append)
    return _created(topics, name, outcome)


def delete_topics(topics: Topics, gone: Sequence[Topic]) -> None:
    """The topics are no more; KafkaError where that cannot be recorded."""
    outcome: list[KafkaError | None] = []
    topics.delete(lambda: gone, outcome.append)
    _check(outcome)


def _created(topics: Topics, name: str, outcome: list[KafkaError | None]) -> Topic:
    _check(outcome)
    topic = topics.find(name)
    assert topic is not None
    return topic


def _check(outcome: list[KafkaError | None]) -> None:
    (error,) = outcome  # of threads that hold their work there is none
    if error is not None:
        raise error
