"""The topology of a streams application, as its members report it and as the log keeps it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from .....protocol import streams_group_records as stored
from .....protocol.errors import ErrorCode, KafkaError
from .....protocol.messages import streams_group_heartbeat as reported


@dataclass(frozen=True, slots=True)
class InternalTopic:
    """A repartition or a changelog topic; 0 partitions or replicas are for the broker to decide."""

    name: str
    partitions: int = 0
    replication_factor: int = 0
    configs: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class CopartitionGroup:
    """Topics that must have equally many partitions, by their places in the lists of their subtopology."""

    source_topics: tuple[int, ...] = ()
    source_topic_regex: tuple[int, ...] = ()
    repartition_source_topics: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Subtopology:
    """A part of the topology that shares nothing with the others: each of its tasks is one partition of its sources."""

    subtopology_id: str
    source_topics: tuple[str, ...] = ()
    source_topic_regex: tuple[str, ...] = ()
    changelog_topics: tuple[InternalTopic, ...] = ()
    repartition_sink_topics: tuple[str, ...] = ()
    repartition_source_topics: tuple[InternalTopic, ...] = ()
    copartition_groups: tuple[CopartitionGroup, ...] = ()


@dataclass(frozen=True)
class Topology:
    """Subtopologies by their ids, in the order in which they were reported."""

    epoch: int
    subtopologies: Mapping[str, Subtopology]

    @cached_property
    def readers(self) -> Mapping[str, str]:
        """The id of the subtopology that reads a topic."""
        return {
            topic: subtopology.subtopology_id
            for subtopology in self.subtopologies.values()
            for topic in (*subtopology.source_topics, *_names(subtopology.repartition_source_topics))
        }

    @cached_property
    def required_topics(self) -> frozenset[str]:
        """All topics that must be there: those it reads, and those it keeps its state in."""
        return frozenset(self.readers).union(
            *(_names(subtopology.changelog_topics) for subtopology in self.subtopologies.values())
        )


class ReportedTopology(NamedTuple):
    """A topology as a heartbeat has it: ids may stand there twice."""

    epoch: int
    subtopologies: tuple[Subtopology, ...]

    def checked(self) -> Topology:
        """The topology; UNKNOWN_SERVER_ERROR, as in Kafka, for what cannot be one at all."""
        topology = self.unchecked()
        if self.epoch < 0 or len(topology.subtopologies) < len(self.subtopologies):
            raise KafkaError(ErrorCode.UNKNOWN_SERVER_ERROR)
        return topology

    def unchecked(self) -> Topology:
        """The topology of a record, whatever it is."""
        return Topology(self.epoch, {subtopology.subtopology_id: subtopology for subtopology in self.subtopologies})


def read_topology(epoch: int, subtopologies: Iterable[reported.Subtopology | stored.Subtopology]) -> ReportedTopology:
    """A topology from a heartbeat or a record."""
    return ReportedTopology(epoch, tuple(map(_read_subtopology, subtopologies)))


def _read_subtopology(subtopology: reported.Subtopology | stored.Subtopology) -> Subtopology:
    return Subtopology(
        subtopology.subtopology_id,
        tuple(subtopology.source_topics),
        tuple(subtopology.source_topic_regex),
        _read_topics(subtopology.state_changelog_topics),
        tuple(subtopology.repartition_sink_topics),
        _read_topics(subtopology.repartition_source_topics),
        tuple(
            CopartitionGroup(
                tuple(group.source_topics), tuple(group.source_topic_regex), tuple(group.repartition_source_topics)
            )
            for group in subtopology.copartition_groups
        ),
    )


def _read_topics(topics: Sequence[reported.TopicInfo] | Sequence[stored.TopicInfo]) -> tuple[InternalTopic, ...]:
    return tuple(
        InternalTopic(
            topic.name,
            topic.partitions,
            topic.replication_factor,
            tuple((config.key, config.value) for config in topic.topic_configs),
        )
        for topic in topics
    )


def _names(topics: Sequence[InternalTopic]) -> list[str]:
    return [topic.name for topic in topics]
