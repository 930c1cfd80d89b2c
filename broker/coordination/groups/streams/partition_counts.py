"""How many partitions the internal topics of a topology must have: repartition topics, co-partitioning, changelogs.

The one rule: what exists counts for more than what is derived, except where a repartition topic is given a number of
its own.
"""

from collections.abc import Callable, Collection, Iterable, Mapping

from .....protocol.errors import ErrorCode, KafkaError
from .java_order import in_hash_order
from .status import StatusCode, TopicsNotReady
from .topology import CopartitionGroup, Subtopology, Topology

FindPartitions = Callable[[str], int | None]
"""The number of partitions of a topic, None where there is none of that name."""

_UNSOLVABLE = "Failed to compute number of partitions for all repartition topics"


def decide_partition_counts(topology: Topology, existing: FindPartitions) -> dict[str, int]:
    """By topic; the external sources are there. STREAMS_INVALID_TOPOLOGY, TopicsNotReady."""
    subtopologies = topology.subtopologies.values()
    decided = _repartition_counts(subtopologies, existing)

    def count(topic: str) -> int:
        found = existing(topic)
        if found is None:
            found = decided.get(topic)
        if found is None:
            raise KafkaError(ErrorCode.UNKNOWN_SERVER_ERROR)
        return found

    fixed = in_hash_order(
        topic.name for sub in subtopologies for topic in sub.repartition_source_topics if topic.partitions != 0
    )
    flexible = {topic.name for sub in subtopologies for topic in sub.repartition_source_topics if topic.partitions == 0}
    for subtopology_id in in_hash_order(topology.subtopologies):
        subtopology = topology.subtopologies[subtopology_id]
        for group in subtopology.copartition_groups:
            decided.update(_enforce(_members(subtopology, group), fixed, flexible, count))
    for subtopology in subtopologies:
        sources = [*subtopology.source_topics, *(topic.name for topic in subtopology.repartition_source_topics)]
        if not sources:
            raise KafkaError(
                ErrorCode.STREAMS_INVALID_TOPOLOGY,
                f"No source topics found for subtopology {subtopology.subtopology_id}",
            )
        tasks = max(map(count, sources))
        decided.update((topic.name, tasks) for topic in subtopology.changelog_topics)
    return decided


def _repartition_counts(subtopologies: Collection[Subtopology], existing: FindPartitions) -> dict[str, int]:
    """A repartition topic has as many as the largest source of whoever writes it, unless it says how many."""
    counts = {
        topic.name: topic.partitions
        for subtopology in subtopologies
        for topic in subtopology.repartition_source_topics
        if topic.partitions != 0
    }
    while True:
        waiting = [
            (topic, subtopology)
            for subtopology in subtopologies
            for topic in subtopology.repartition_sink_topics
            if topic not in counts
        ]
        if not waiting:
            break
        has_progressed = False
        for topic, subtopology in waiting:
            if topic in counts:
                continue
            known = [counts[own.name] for own in subtopology.repartition_source_topics if own.name in counts]
            known += [found for own in subtopology.source_topics if (found := existing(own)) is not None]
            if known:
                counts[topic] = max(known)
                has_progressed = True
        if not has_progressed:
            raise KafkaError(
                ErrorCode.STREAMS_INVALID_TOPOLOGY,
                f"{_UNSOLVABLE}. There may be loops in the topology that cannot be resolved.",
            )
    if any(topic.name not in counts for sub in subtopologies for topic in sub.repartition_source_topics):
        raise KafkaError(
            ErrorCode.STREAMS_INVALID_TOPOLOGY,
            f"{_UNSOLVABLE}, because a repartition source topic is never used as a sink topic.",
        )
    return counts


def _members(subtopology: Subtopology, group: CopartitionGroup) -> list[str]:
    """The topics of a co-partition group."""
    try:
        return in_hash_order(
            [
                *(subtopology.source_topics[_place(at)] for at in group.source_topics),
                *(subtopology.repartition_source_topics[_place(at)].name for at in group.repartition_source_topics),
            ]
        )
    except IndexError:
        raise KafkaError(ErrorCode.UNKNOWN_SERVER_ERROR) from None


def _place(at: int) -> int:
    if at < 0:
        raise IndexError
    return at


def _enforce(
    topics: Collection[str], fixed: Collection[str], flexible: Collection[str], count: Callable[[str], int]
) -> Mapping[str, int]:
    """What co-partitioning makes of the repartition topics among these.

    Where all are repartition topics, Kafka asks all fixed ones of the topology to be alike, in the group or not.
    """
    if not topics:
        return {}
    repartition = {topic: count(topic) for topic in topics if topic in fixed or topic in flexible}
    others = {topic: count(topic) for topic in topics if topic not in repartition}
    if others:
        wanted = _same(others, others)
    elif fixed:
        wanted = _same({topic: count(topic) for topic in fixed}, repartition)
    else:
        wanted = max(repartition.values())
        if wanted <= 0:
            raise KafkaError(
                ErrorCode.STREAMS_INVALID_TOPOLOGY,
                "All topics in the copartition group had undefined partition number: "
                f"[{', '.join(in_hash_order(repartition))}]",
            )
    for topic, partitions in repartition.items():
        if topic in fixed and partitions != wanted:
            raise _wrongly_partitioned(
                f"Number of partitions [{partitions}] of repartition topic [{topic}] "
                f"doesn't match number of partitions [{wanted}] of the source topic."
            )
    return dict.fromkeys(repartition, wanted)


def _same(counts: Mapping[str, int], named: Mapping[str, int]) -> int:
    """The one number that all have."""
    numbers = list(counts.values())
    if any(number != numbers[0] for number in numbers):
        shown = ", ".join(f"{topic}={named[topic]}" for topic in sorted(named))
        raise _wrongly_partitioned(f"Following topics do not have the same number of partitions: [{{{shown}}}]")
    return numbers[0]


def _wrongly_partitioned(detail: str) -> TopicsNotReady:
    return TopicsNotReady(StatusCode.INCORRECTLY_PARTITIONED_TOPICS, detail)


def summarize(topics: Iterable[str], most: int = 3) -> str:
    """The first of them, and how many more."""
    names = list(topics)
    more = f" and {len(names) - most} additional topics" if len(names) > most else ""
    return ", ".join(names[:most]) + more if names else "<none>"
