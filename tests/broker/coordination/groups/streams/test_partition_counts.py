"""How many partitions internal topics get; the words are those that Apache Kafka answers in the oracle's scenarios."""

import pytest

from odradek.broker.coordination.groups.streams.partition_counts import decide_partition_counts, summarize
from odradek.broker.coordination.groups.streams.status import StatusCode, TopicsNotReady
from odradek.broker.coordination.groups.streams.topology import CopartitionGroup, InternalTopic, Subtopology
from odradek.protocol.errors import ErrorCode, KafkaError

from .streams_driver import existing, subtopology, topology


def counts(*subtopologies: Subtopology, **there: int) -> dict[str, int]:
    return decide_partition_counts(topology(*subtopologies), existing(**there))


def why_not(*subtopologies: Subtopology, **there: int) -> str:
    with pytest.raises(TopicsNotReady) as refused:
        counts(*subtopologies, **there)
    assert refused.value.status.code is StatusCode.INCORRECTLY_PARTITIONED_TOPICS
    return refused.value.status.detail


def refusal(*subtopologies: Subtopology, **there: int) -> KafkaError:
    with pytest.raises(KafkaError) as refused:
        counts(*subtopologies, **there)
    return refused.value


def test_a_repartition_topic_has_as_many_as_the_largest_source_of_its_writer() -> None:
    found = counts(
        subtopology("0", ["t", "u"], sinks=["r"]),
        subtopology("1", repartitions=["r"], changelogs=["c"], sinks=["s"]),
        subtopology("2", repartitions=["s"]),
        t=3,
        u=5,
    )
    assert found == {"r": 5, "s": 5, "c": 5}


def test_what_a_later_subtopology_writes_is_known_to_an_earlier_one() -> None:
    found = counts(
        subtopology("0", repartitions=["r"], sinks=["s"]),
        subtopology("1", ["t"], sinks=["r"]),
        subtopology("2", repartitions=["s"]),
        t=3,
    )
    assert found == {"r": 3, "s": 3}


def test_a_repartition_topic_may_say_how_many_it_has() -> None:
    reader = subtopology("1", repartitions=[InternalTopic("r", 7)], changelogs=["c"])
    assert counts(subtopology("0", ["t"], sinks=["r"]), reader, t=3) == {"r": 7, "c": 7}


def test_a_long_chain_that_is_reported_from_its_end_takes_no_longer_for_that() -> None:
    length = 3000
    chain = [
        subtopology(f"{n:05}", repartitions=[f"r{n}"], sinks=[f"r{n - 1}"] if n else [], changelogs=[f"c{n}"])
        for n in range(length)
    ]
    found = counts(*chain, subtopology("x", ["t"], sinks=[f"r{length - 1}"]), t=7)
    assert len(found) == 2 * length
    assert set(found.values()) == {7}


def test_of_two_writers_the_first_decides() -> None:
    writers = [subtopology("0", ["t"], sinks=["r"]), subtopology("1", ["u"], sinks=["r"])]
    assert counts(*writers, subtopology("2", repartitions=["r"]), t=3, u=5) == {"r": 3}


def test_a_changelog_has_a_partition_for_each_task_and_a_topic_that_exists_counts_itself() -> None:
    assert counts(subtopology("0", ["t", "u"], changelogs=["c"]), t=2, u=4) == {"c": 4}
    grown = subtopology("0", ["t"], changelogs=["c"], repartitions=["r"], sinks=["r"])
    assert counts(grown, t=2, r=6)["c"] == 6


def test_co_partitioned_repartition_topics_get_as_many_as_the_sources_beside_them() -> None:
    both = CopartitionGroup(source_topics=(0,), repartition_source_topics=(0,))
    reader = subtopology("1", ["t"], repartitions=["r"], copartitions=[both])
    assert counts(subtopology("0", ["u"], sinks=["r"]), reader, t=2, u=5) == {"r": 2}


def test_repartition_topics_among_themselves_get_as_many_as_the_largest_or_as_the_fixed_one() -> None:
    both = CopartitionGroup(repartition_source_topics=(0, 1))
    writers = [subtopology("0", ["t"], sinks=["r"]), subtopology("1", ["u"], sinks=["s"])]
    flexible = subtopology("2", repartitions=["r", "s"], copartitions=[both])
    assert counts(*writers, flexible, t=2, u=5) == {"r": 5, "s": 5}
    fixed = subtopology("2", repartitions=[InternalTopic("r", 3), "s"], copartitions=[both])
    assert counts(*writers, fixed, t=2, u=5) == {"r": 3, "s": 3}


def test_co_partitioned_sources_must_be_alike() -> None:
    wrong = subtopology("0", ["u", "t"], copartitions=[CopartitionGroup(source_topics=(0, 1))])
    assert why_not(wrong, t=2, u=3) == "Following topics do not have the same number of partitions: [{t=2, u=3}]"
    assert counts(wrong, t=2, u=2) == {}


def test_fixed_repartition_topics_must_be_alike_and_like_the_sources() -> None:
    mixed = CopartitionGroup(source_topics=(0,), repartition_source_topics=(0,))
    fixed = subtopology("0", ["t"], sinks=["r"], repartitions=[InternalTopic("r", 4)], copartitions=[mixed])
    assert why_not(fixed, t=2) == (
        "Number of partitions [4] of repartition topic [r] doesn't match number of partitions [2] of the source topic."
    )
    both = CopartitionGroup(repartition_source_topics=(0, 1))
    two = subtopology("0", repartitions=[InternalTopic("r", 4), InternalTopic("s", 3)], copartitions=[both])
    assert why_not(two) == "Following topics do not have the same number of partitions: [{r=4, s=3}]"


def test_an_empty_co_partition_group_asks_for_nothing() -> None:
    assert counts(subtopology("0", ["t"], copartitions=[CopartitionGroup()]), t=2) == {}


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (
            subtopology("0", repartitions=["r"], sinks=["r"]),
            "Failed to compute number of partitions for all repartition topics. "
            "There may be loops in the topology that cannot be resolved.",
        ),
        (
            subtopology("0", ["t"], repartitions=["r"]),
            "Failed to compute number of partitions for all repartition topics, "
            "because a repartition source topic is never used as a sink topic.",
        ),
        (subtopology("7"), "No source topics found for subtopology 7"),
        (
            subtopology(
                "0",
                repartitions=["r", "s"],
                sinks=["r", "s"],
                copartitions=[CopartitionGroup(repartition_source_topics=(0, 1))],
            ),
            "Failed to compute number of partitions for all repartition topics. "
            "There may be loops in the topology that cannot be resolved.",
        ),
    ],
)
def test_a_topology_that_cannot_be_is_refused(wrong: Subtopology, why: str) -> None:
    refused = refusal(wrong, t=1)
    assert (refused.code, refused.message) == (ErrorCode.STREAMS_INVALID_TOPOLOGY, why)


@pytest.mark.parametrize("place", [1, -1])
def test_a_place_that_is_not_there_is_a_fault_without_a_name(place: int) -> None:
    wrong = subtopology("0", ["t"], copartitions=[CopartitionGroup(source_topics=(place,))])
    assert refusal(wrong, t=1).code is ErrorCode.UNKNOWN_SERVER_ERROR


def test_many_topics_are_told_in_few_words() -> None:
    few = ["<none>", "a", "a, b, c", "a, b, c and 1 additional topics"]
    assert [summarize("abcde"[:n]) for n in (0, 1, 3, 4)] == few
