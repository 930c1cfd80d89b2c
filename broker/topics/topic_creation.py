"""Which of the topics that are asked for can be created, and why the others cannot, in Kafka's words.

Not done: replication factors above 1 (one node) and create policies.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ...protocol.errors import ErrorCode, KafkaError
from ...protocol.messages.create_topics import CreatableTopic
from ..config.broker_config import BrokerConfig
from ..config.config_def import ConfigError
from ..config.topic_config import checked_configs
from ..metadata.topic_records import NewTopic
from ..slices import Steps
from ..topic_names import TopicNames
from .replica_assignment import check_replicas, check_replication_factor
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
            checked.new.append(_check(first[name], topics, config, beside, pay))
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
) -> NewTopic:
    """KafkaError if this topic cannot be created beside those of the same request."""
    topics.check_new_name(topic.name, beside)
    partitions = _partition_count(topic, config)
    try:
        configs = checked_configs({c.name: c.value for c in topic.configs}, config.release.topic)
    except ConfigError as error:
        raise KafkaError(ErrorCode.INVALID_CONFIG, str(error)) from None
    pay(partitions)
    return topics.new_topic(topic.name, partitions, configs)


def _partition_count(topic: CreatableTopic, config: BrokerConfig) -> int:
    if topic.assignments:
        return _check_assignments(topic, config)
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
    partitions = _partitions_asked(topic, config)
    check_replication_factor(factor, config)
    return partitions


def _check_assignments(topic: CreatableTopic, config: BrokerConfig) -> int:
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
    indexes = sorted(assignment.partition_index for assignment in topic.assignments)
    if indexes != list(range(len(indexes))):
        raise KafkaError(
            ErrorCode.INVALID_REPLICA_ASSIGNMENT,
            "partitions should be a consecutive 0-based integer sequence",
        )
    for assignment in topic.assignments:
        check_replicas(assignment.broker_ids, config.node_id)
    return len(indexes)
