"""How many partitions the internal topics of a topology must have: repartition topics, co-partitioning, changelogs.

The one rule: what exists counts for more than what is derived, except where a repartition topic is given a number of
its own.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from heapq import heappop, heappush

from .....protocol.errors import ErrorCode, KafkaError
from .java_order import in_hash_order, table_size
from .status import StatusCode, TopicsNotReady
from .topology import CopartitionGroup, Subtopology, Topology

FindPartitions = Callable[[str], int | None]
"""The number of partitions of a topic, None where there is none of that name."""

_UNSOLVABLE = "Failed to compute number of partitions for all repartition topics"


def decide_partition_counts(topology: Topology, existing: FindPartitions) -> dict[str, int]:
    """By topic; the external sources are there. STREAMS_INVALID_TOPOLOGY, TopicsNotReady."""
    subtopologies = [topology.subtopologies[name] for name in in_hash_order(topology.subtopologies)]
    decided = _repartition_counts(subtopologies, existing)

    def count(topic: str) -> int:
        found = existing(topic)
        if found is None:
            found = decided.get(topic)
        if found is None:
            raise KafkaError(ErrorCode.UNKNOWN_SERVER_ERROR)
        return found

    enforcer = _Enforcer(subtopologies, count)
    for subtopology in subtopologies:
        for group in subtopology.copartition_groups:
            decided.update(enforcer.enforce(_members(subtopology, group)))
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


def _repartition_counts(subtopologies: Sequence[Subtopology], existing: FindPartitions) -> dict[str, int]:
    """A repartition topic has as many as the largest source of whoever writes it, unless it says how many.

    Kafka goes over the subtopologies again and again, and counts the sources that it knows by then. Here each is taken
    at its turn of that pass in which it first knows any, and no other.
    """
    counts = {
        topic.name: topic.partitions
        for subtopology in subtopologies
        for topic in subtopology.repartition_source_topics
        if topic.partitions != 0
    }
    readers: dict[str, list[int]] = {}
    turns: list[tuple[int, int]] = []
    for at, subtopology in enumerate(subtopologies):
        for topic in subtopology.repartition_source_topics:
            readers.setdefault(topic.name, []).append(at)
        if _known_sources(subtopology, counts, existing):
            turns.append((0, at))
    has_turn = {at for _, at in turns}
    while turns:
        turn, at = heappop(turns)
        known = _known_sources(subtopologies[at], counts, existing)
        for sink in subtopologies[at].repartition_sink_topics:
            if sink in counts:
                continue
            counts[sink] = max(known)
            for reader in readers.get(sink, ()):
                if reader not in has_turn:
                    has_turn.add(reader)
                    heappush(turns, (turn + (reader <= at), reader))
    if any(sink not in counts for subtopology in subtopologies for sink in subtopology.repartition_sink_topics):
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


def _known_sources(subtopology: Subtopology, counts: Mapping[str, int], existing: FindPartitions) -> list[int]:
    known = [counts[own.name] for own in subtopology.repartition_source_topics if own.name in counts]
    known += [found for own in subtopology.source_topics if (found := existing(own)) is not None]
    return known


def _members(subtopology: Subtopology, group: CopartitionGroup) -> list[str]:
    """The topics of a co-partition group."""
    try:
        names = [
            *(subtopology.source_topics[_place(at)] for at in group.source_topics),
            *(subtopology.repartition_source_topics[_place(at)].name for at in group.repartition_source_topics),
        ]
    except IndexError:
        raise KafkaError(ErrorCode.UNKNOWN_SERVER_ERROR) from None
    return list(dict.fromkeys(names))


def _place(at: int) -> int:
    if at < 0:
        raise IndexError
    return at


class _Enforcer:
    """What co-partitioning makes of repartition topics."""

    def __init__(self, subtopologies: Collection[Subtopology], count: Callable[[str], int]) -> None:
        topics = [topic for subtopology in subtopologies for topic in subtopology.repartition_source_topics]
        self._fixed = frozenset(topic.name for topic in topics if topic.partitions != 0)
        self._flexible = frozenset(topic.name for topic in topics if topic.partitions == 0)
        # What says how many it has keeps that number.
        self._fixed_counts = {topic: count(topic) for topic in self._fixed}
        self._are_fixed_alike = len(set(self._fixed_counts.values())) < 2
        self._count = count

    def enforce(self, topics: Collection[str]) -> Mapping[str, int]:
        """The numbers of the repartition topics among these; TopicsNotReady, STREAMS_INVALID_TOPOLOGY.

        Where all are repartition topics, Kafka asks all fixed ones of the topology to be alike, in the group or not.
        """
        if not topics:
            return {}
        repartition = {topic: self._count(topic) for topic in topics if topic in self._fixed or topic in self._flexible}
        others = {topic: self._count(topic) for topic in topics if topic not in repartition}
        wanted = _same(others) if others else self._decide(repartition)
        wrong = [topic for topic, number in repartition.items() if topic in self._fixed and number != wanted]
        if wrong:
            topic = in_hash_order(wrong, table_size(len(repartition)))[0]
            raise _wrongly_partitioned(
                f"Number of partitions [{repartition[topic]}] of repartition topic [{topic}] "
                f"doesn't match number of partitions [{wanted}] of the source topic."
            )
        return dict.fromkeys(repartition, wanted)

    def _decide(self, repartition: Mapping[str, int]) -> int:
        if self._fixed:
            if not self._are_fixed_alike:
                raise _not_the_same(repartition)
            return next(iter(self._fixed_counts.values()))
        wanted = max(repartition.values())
        if wanted <= 0:
            raise KafkaError(
                ErrorCode.STREAMS_INVALID_TOPOLOGY,
                "All topics in the copartition group had undefined partition number: "
                f"[{', '.join(in_hash_order(repartition))}]",
            )
        return wanted


def _same(counts: Mapping[str, int]) -> int:
    """The one number that all have."""
    numbers = list(counts.values())
    if any(number != numbers[0] for number in numbers):
        raise _not_the_same(counts)
    return numbers[0]


def _not_the_same(counts: Mapping[str, int]) -> TopicsNotReady:
    shown = ", ".join(f"{topic}={counts[topic]}" for topic in sorted(counts))
    return _wrongly_partitioned(f"Following topics do not have the same number of partitions: [{{{shown}}}]")


def _wrongly_partitioned(detail: str) -> TopicsNotReady:
    return TopicsNotReady(StatusCode.INCORRECTLY_PARTITIONED_TOPICS, detail)


def summarize(topics: Iterable[str], most: int = 3) -> str:
    """The first of them, and how many more."""
    names = list(topics)
    more = f" and {len(names) - most} additional topics" if len(names) > most else ""
    return ", ".join(names[:most]) + more if names else "<none>"
