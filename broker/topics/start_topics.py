"""Topics that are asked for at the start: created where they are missing, grown where they are small, else left."""

from collections.abc import Callable, Sequence

from ...protocol.errors import KafkaError
from ..config.broker_config import BrokerConfig
from ..config.start_topics import StartTopic
from ..log_output import get_logger
from ..metadata.topic_records import NewPartitions, NewTopic
from ..slices import Steps
from ..topic_names import TopicNames
from .replica_assignment import place_new_topic
from .topics import Topics

logger = get_logger("topics")


def ensure_topics(
    topics: Topics, config: BrokerConfig, wanted: Sequence[StartTopic], then: Callable[[KafkaError | None], None]
) -> None:
    """Have them all there, recorded, when `then` is called; or none is new, and it gets why, with the topic's name."""

    def grow(error: KafkaError | None) -> None:
        if error is not None:
            then(error)
        else:
            topics.grow(lambda: _too_small(topics, wanted), then)

    topics.create(lambda: _missing(topics, config, wanted), grow)


def _missing(topics: Topics, config: BrokerConfig, wanted: Sequence[StartTopic]) -> Steps[Sequence[NewTopic]]:
    chosen: list[NewTopic] = []
    beside = TopicNames()
    for asked in wanted:
        if topics.find(asked.name) is None:
            try:
                topics.check_new_name(asked.name, beside)
                count = config.num_partitions if asked.partitions is None else asked.partitions
                factor = asked.replication_factor or config.default_replication_factor
                assignments = yield from place_new_topic(topics.placement, count, factor, config)
            except KafkaError as error:
                raise KafkaError(error.code, f"{asked.source}: {asked.name}: {error.message}") from None
            chosen.append(topics.new_topic(asked.name, assignments, asked.configs))
            beside.add(asked.name)
        yield
    return chosen


def _too_small(topics: Topics, wanted: Sequence[StartTopic]) -> Steps[Sequence[NewPartitions]]:
    chosen: list[NewPartitions] = []
    for asked in wanted:
        topic = topics.find(asked.name)
        assert topic is not None  # created before, if need be
        there, count = len(topic.partitions), asked.partitions
        if count is not None and count > there:
            assignments = yield from topics.placement.place(count - there, topic.replication_factor)
            chosen.append(NewPartitions(topic.topic_id, there, assignments))
        elif count is not None and count < there:
            logger.warning(
                "a topic keeps the partitions that it has",
                topic=asked.name,
                partitions=there,
                asked_for=count,
                source=asked.source,
            )
        yield
    return chosen
