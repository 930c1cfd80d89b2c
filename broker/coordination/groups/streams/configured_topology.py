"""A topology held against the topics that there are: its tasks, the internal topics it needs, what is in its way."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from .....protocol.errors import ErrorCode, KafkaError
from .java_order import in_hash_order, table_size
from .partition_counts import FindPartitions, decide_partition_counts, summarize
from .status import Status, StatusCode, TopicsNotReady
from .topology import InternalTopic, Subtopology, Topology

# They are given out in one go, between two requests. Kafka knows no bound.
MOST_TASKS = 20_000


@dataclass(frozen=True, slots=True)
class ConfiguredSubtopology:
    """A subtopology whose internal topics have their numbers of partitions."""

    tasks: int
    source_topics: frozenset[str]
    repartition_sink_topics: frozenset[str]
    repartition_source_topics: Mapping[str, InternalTopic]
    changelog_topics: Mapping[str, InternalTopic]

    @property
    def is_stateful(self) -> bool:
        """Whether standbys of its tasks have anything to keep."""
        return bool(self.changelog_topics)


@dataclass(frozen=True, slots=True)
class ConfiguredTopology:
    """The subtopologies by their ids, in order; `missing` are topics to be created, `status` what is in the way."""

    epoch: int
    metadata_hash: int
    subtopologies: Mapping[str, ConfiguredSubtopology] | None
    missing: Mapping[str, InternalTopic] = field(default_factory=dict[str, InternalTopic])
    status: Status | None = None

    @property
    def is_ready(self) -> bool:
        """Whether tasks can be given out."""
        return self.status is None


def configure_topology(topology: Topology, metadata_hash: int, existing: FindPartitions) -> ConfiguredTopology:
    """Hold a topology against the topics; STREAMS_INVALID_TOPOLOGY, UNKNOWN_SERVER_ERROR."""
    try:
        _check_sources(topology, existing)
        decided = decide_partition_counts(topology, existing)
        subtopologies = {
            subtopology_id: _configured(topology.subtopologies[subtopology_id], decided, existing)
            for subtopology_id in sorted(topology.subtopologies)
        }
        if sum(subtopology.tasks for subtopology in subtopologies.values()) > MOST_TASKS:
            raise KafkaError(ErrorCode.STREAMS_INVALID_TOPOLOGY, f"The topology has more than {MOST_TASKS} tasks.")
        missing = _missing_topics(topology, subtopologies, existing)
    except TopicsNotReady as not_ready:
        return ConfiguredTopology(topology.epoch, metadata_hash, None, {}, not_ready.status)
    status = None
    if missing:
        detail = f"Internal topics are missing: {summarize(missing)}"
        status = Status(StatusCode.MISSING_INTERNAL_TOPICS, detail)
    return ConfiguredTopology(topology.epoch, metadata_hash, subtopologies, missing, status)


def _check_sources(topology: Topology, existing: FindPartitions) -> None:
    wanted = {topic for subtopology in topology.subtopologies.values() for topic in subtopology.source_topics}
    missing = sorted(topic for topic in wanted if existing(topic) is None)
    if missing:
        raise TopicsNotReady(StatusCode.MISSING_SOURCE_TOPICS, f"Source topics {summarize(missing)} are missing.")


def _configured(
    subtopology: Subtopology, decided: Mapping[str, int], existing: FindPartitions
) -> ConfiguredSubtopology:
    sources = [*subtopology.source_topics, *(topic.name for topic in subtopology.repartition_source_topics)]
    tasks = 0
    for topic in sources:
        found = existing(topic)
        tasks = max(tasks, decided[topic] if found is None else found)
    return ConfiguredSubtopology(
        tasks,
        frozenset(subtopology.source_topics),
        frozenset(subtopology.repartition_sink_topics),
        {topic.name: _sized(topic, decided) for topic in subtopology.repartition_source_topics},
        {topic.name: _sized(topic, decided) for topic in subtopology.changelog_topics},
    )


def _sized(topic: InternalTopic, decided: Mapping[str, int]) -> InternalTopic:
    partitions = topic.partitions or decided[topic.name]
    if partitions < 1:
        raise KafkaError(ErrorCode.UNKNOWN_SERVER_ERROR)
    return replace(topic, partitions=partitions)


def _missing_topics(
    topology: Topology, subtopologies: Mapping[str, ConfiguredSubtopology], existing: FindPartitions
) -> Mapping[str, InternalTopic]:
    """The internal topics that are to be created, in the order of Kafka's words; TopicsNotReady for a wrong one."""
    wanted: dict[str, InternalTopic] = {}
    for subtopology in subtopologies.values():
        wanted.update(subtopology.repartition_source_topics)
        wanted.update(subtopology.changelog_topics)
    found = {name: existing(name) for name in wanted}
    wrong = [name for name, count in found.items() if count not in (None, wanted[name].partitions)]
    if wrong:
        name = in_hash_order(wrong, table_size(len(topology.required_topics)))[0]
        raise TopicsNotReady(
            StatusCode.INCORRECTLY_PARTITIONED_TOPICS,
            f"Existing topic {name} has different number of partitions: "
            f"expected {wanted[name].partitions}, found {found[name]}",
        )
    missing = [name for name, count in found.items() if count is None]
    return {name: wanted[name] for name in in_hash_order(missing, table_size(len(wanted)))}
