"""Which of the topics that are asked for can be created, and why the others cannot, in Kafka's words.

Not done: create policies.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ...protocol.errors import ErrorCode, KafkaError
from ...protocol.messages.create_topics import CreatableTopic
from ..config.broker_config import BrokerConfig
from ..config.config_def import ConfigError
from ..config.topic_config import checked_configs
from ..metadata.topic_records import NewTopic, PartitionAssignment
from ..slices import Steps
from ..topic_names import TopicNames
from .replica_assignment import Placement, place_new_topic
from .topics import TOO_MANY_PARTITIONS, Topics

NO_VALUE = -1


@dataclass(slots=True)
class CheckedTopics:
    """What became of the topics asked for: those that may be created, and the refusals of the others by name."""

    new: list[NewTopic] = field(default_factory=list[NewTopic])
    refused: list[tuple[str, KafkaError]] = field(default_factory=list[tuple[str, KafkaError]])


def check_new_topics(
    asked: Sequence[CreatableTopic],
    topics: Topics,
    config: BrokerConfig,
    pay: Callable[[int], None],
    checked: CheckedTopics,
) -> Steps[None]:
    """Which of the topics can be created beside each other, and beside those that are there by now.

    `pay` is called with the partitions of each, and raises KafkaError for one that is beyond a quota.
    """
    times = Counter(topic.name for topic in asked)
    is_too_many = sum(_partitions_asked(topic, config) for topic in asked) > TOO_MANY_PARTITIONS
    beside = TopicNames()
    first = {topic.name: topic for topic in reversed(asked)}  # of one named twice the first
    for name in dict.fromkeys(topic.name for topic in asked):
        try:
            if times[name] > 1:
                raise KafkaError(ErrorCode.INVALID_REQUEST, "Duplicate topic name.")
            if is_too_many:
                raise KafkaError(
                    ErrorCode.POLICY_VIOLATION,
                    f"Excessively large number of partitions per request. The limit is {TOO_MANY_PARTITIONS}.",
                )
            checked.new.append((yield from _check(first[name], topics, config, beside, pay)))
            beside.add(name)
        except KafkaError as error:
            checked.refused.append((name, error))
        yield


def _partitions_asked(topic: CreatableTopic, config: BrokerConfig) -> int:
    if topic.assignments:
        return len(topic.assignments)
    return config.num_partitions if topic.num_partitions == NO_VALUE else max(topic.num_partitions, 0)


def _check(
    topic: CreatableTopic, topics: Topics, config: BrokerConfig, beside: TopicNames, pay: Callable[[int], None]
) -> Steps[NewTopic]:
    """KafkaError if this topic cannot be created beside those of the same request."""
    topics.check_new_name(topic.name, beside)
    assignments = yield from _assignments(topic, topics.placement, config)
    try:
        configs = checked_configs({c.name: c.value for c in topic.configs}, config.release.topic)
    except ConfigError as error:
        raise KafkaError(ErrorCode.INVALID_CONFIG, str(error)) from None
    pay(len(assignments))
    return topics.new_topic(topic.name, assignments, configs)


def _assignments(
    topic: CreatableTopic, placement: Placement, config: BrokerConfig
) -> Steps[Sequence[PartitionAssignment]]:
    if topic.assignments:
        return (yield from _manual_assignments(topic, placement))
    if topic.replication_factor == 0 or topic.replication_factor < NO_VALUE:
        raise KafkaError(
            ErrorCode.INVALID_REPLICATION_FACTOR,
            "Replication factor must be larger than 0, or -1 to use the default value.",
        )
    if topic.num_partitions == 0 or topic.num_partitions < NO_VALUE:
        raise KafkaError(ErrorCode.INVALID_PARTITIONS, "Number of partitions was set to an invalid non-positive value.")
    factor = topic.replication_factor
    if factor == NO_VALUE:
        factor = config.default_replication_factor
    return (yield from place_new_topic(placement, _partitions_asked(topic, config), factor, config))


def _manual_assignments(topic: CreatableTopic, placement: Placement) -> Steps[Sequence[PartitionAssignment]]:
    """Where the client wants the partitions; the first fault is named that Kafka finds."""
    if topic.replication_factor != NO_VALUE:
        raise KafkaError(
            ErrorCode.INVALID_REQUEST,
            "A manual partition assignment was specified, but replication factor was not set to -1.",
        )
    if topic.num_partitions != NO_VALUE:
        raise KafkaError(
            ErrorCode.INVALID_REQUEST,
            "A manual partition assignment was specified, but numPartitions was not set to -1.",
        )
    found: dict[int, PartitionAssignment] = {}
    factor: int | None = None
    for asked in topic.assignments:
        index = asked.partition_index
        if index in found:
            raise KafkaError(
                ErrorCode.INVALID_REPLICA_ASSIGNMENT,
                f"Found multiple manual partition assignments for partition {index}",
            )
        found[index] = placement.assign(asked.broker_ids, index, factor)
        factor = len(asked.broker_ids)
        yield
    if found.keys() != set(range(len(found))):
        raise KafkaError(
            ErrorCode.INVALID_REPLICA_ASSIGNMENT,
            "partitions should be a consecutive 0-based integer sequence",
        )
    return [found[index] for index in range(len(found))]
