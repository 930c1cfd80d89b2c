"""Where the state of a streams application can be asked: the partitions behind each member's endpoint (KIP-1071)."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from .....protocol.errors import ErrorCode, KafkaError
from .configured_topology import ConfiguredSubtopology
from .java_order import in_hash_order
from .member import StreamsMember
from .partition_counts import FindPartitions
from .tasks import Partitions, without_epochs

TopicPartitions = list[tuple[str, list[int]]]


class EndpointPartitions(NamedTuple):
    """What is behind the endpoint of one member."""

    host: str
    port: int
    active: TopicPartitions
    standby: TopicPartitions


def endpoint_partitions(
    member: StreamsMember,
    endpoint: tuple[str, int],
    subtopologies: Mapping[str, ConfiguredSubtopology] | None,
    existing: FindPartitions,
) -> EndpointPartitions:
    """The partitions of a member's tasks.

    UNKNOWN_SERVER_ERROR, as in Kafka 4.3, where the topics are not ready, or no longer.
    """
    if subtopologies is None:
        raise KafkaError(ErrorCode.UNKNOWN_SERVER_ERROR)
    return EndpointPartitions(
        *endpoint,
        list(_topics(without_epochs(member.held.active), subtopologies, existing)),
        list(_topics(member.held.standby, subtopologies, existing)),
    )


def _topics(
    tasks: Partitions, subtopologies: Mapping[str, ConfiguredSubtopology], existing: FindPartitions
) -> Iterable[tuple[str, list[int]]]:
    for subtopology_id in in_hash_order(tasks):
        subtopology = subtopologies.get(subtopology_id)
        if subtopology is None:
            raise KafkaError(ErrorCode.UNKNOWN_SERVER_ERROR)
        indexes = sorted(tasks[subtopology_id])
        for topic in in_hash_order({*subtopology.source_topics, *subtopology.repartition_source_topics}):
            found = existing(topic)
            if found is None:
                raise KafkaError(ErrorCode.UNKNOWN_SERVER_ERROR)
            # A topic with fewer partitions than the largest of its subtopology is behind some of the tasks only.
            yield topic, indexes[:found]
