import pytest

from odradek.broker.coordination.groups.streams.configured_topology import (
    MOST_TASKS,
    ConfiguredTopology,
    configure_topology,
)
from odradek.broker.coordination.groups.streams.status import Status, StatusCode
from odradek.broker.coordination.groups.streams.topology import InternalTopic, Subtopology
from odradek.protocol.errors import ErrorCode, KafkaError

from .streams_driver import existing, subtopology, topology


def configure(*subtopologies: Subtopology, epoch: int = 0, **there: int) -> ConfiguredTopology:
    return configure_topology(topology(*subtopologies, epoch=epoch), 99, existing(**there))


def test_a_topology_whose_topics_are_there_has_tasks_for_each_partition_of_its_largest_source() -> None:
    found = configure(subtopology("1", ["u"], changelogs=["c"]), subtopology("0", ["t", "u"]), epoch=3, t=2, u=5, c=5)
    assert (found.is_ready, found.epoch, found.metadata_hash, found.missing) == (True, 3, 99, {})
    assert found.subtopologies is not None
    assert {name: (one.tasks, one.is_stateful) for name, one in found.subtopologies.items()} == {
        "0": (5, False),
        "1": (5, True),
    }
    assert list(found.subtopologies) == ["0", "1"]  # whatever the order in which they were reported
    assert found.subtopologies["1"].changelog_topics == {"c": InternalTopic("c", 5)}


def test_internal_topics_that_are_missing_are_to_be_created_with_their_numbers_and_settings() -> None:
    changelog = InternalTopic("c", 0, 1, (("cleanup.policy", "compact"),))
    found = configure(
        subtopology("0", ["t"], sinks=["r"]), subtopology("1", repartitions=["r"], changelogs=[changelog]), t=3
    )
    assert not found.is_ready
    assert found.missing == {
        "r": InternalTopic("r", 3),
        "c": InternalTopic("c", 3, 1, (("cleanup.policy", "compact"),)),
    }
    assert found.status == Status(StatusCode.MISSING_INTERNAL_TOPICS, "Internal topics are missing: r, c")
    assert found.subtopologies is not None


def test_only_what_is_missing_is_to_be_created() -> None:
    whole = [subtopology("0", ["t"], sinks=["r"]), subtopology("1", repartitions=["r"], changelogs=["c"])]
    assert list(configure(*whole, t=3, r=3).missing) == ["c"]


def test_missing_sources_are_told_in_order_and_nothing_is_created() -> None:
    found = configure(subtopology("0", ["e", "b", "d", "a", "c"], changelogs=["x"]), c=1)
    detail = "Source topics a, b, d and 1 additional topics are missing."
    assert found.status == Status(StatusCode.MISSING_SOURCE_TOPICS, detail)
    assert (found.subtopologies, found.missing) == (None, {})


def test_an_internal_topic_with_another_number_of_partitions_is_in_the_way() -> None:
    found = configure(subtopology("0", ["t"], changelogs=["c"]), t=2, c=3)
    detail = "Existing topic c has different number of partitions: expected 2, found 3"
    assert found.status == Status(StatusCode.INCORRECTLY_PARTITIONED_TOPICS, detail)
    assert (found.subtopologies, found.missing) == (None, {})


def test_a_topology_of_too_many_tasks_is_refused() -> None:
    assert configure(subtopology("0", ["t"]), subtopology("1", ["u"]), t=MOST_TASKS - 1, u=1).is_ready
    with pytest.raises(KafkaError) as refused:
        configure(subtopology("0", ["t"]), subtopology("1", ["u"]), t=MOST_TASKS, u=1)
    assert refused.value.code is ErrorCode.STREAMS_INVALID_TOPOLOGY


def test_a_topic_of_a_negative_number_of_partitions_is_a_fault_without_a_name() -> None:
    with pytest.raises(KafkaError) as refused:
        configure(subtopology("0", ["t"], sinks=["r"], repartitions=[InternalTopic("r", -2)]), t=1)
    assert refused.value.code is ErrorCode.UNKNOWN_SERVER_ERROR
