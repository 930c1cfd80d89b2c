import pytest

from odradek.broker.coordination.groups.streams.configured_topology import ConfiguredSubtopology
from odradek.broker.coordination.groups.streams.endpoints import EndpointPartitions, endpoint_partitions
from odradek.broker.coordination.groups.streams.member import StreamsMember
from odradek.broker.coordination.groups.streams.tasks import HeldTasks
from odradek.broker.coordination.groups.streams.topology import InternalTopic
from odradek.protocol.errors import ErrorCode, KafkaError

from .streams_driver import existing

ENDPOINT = ("h", 7)
SUBTOPOLOGIES = {
    "0": ConfiguredSubtopology(4, frozenset({"t"}), frozenset(), {"r": InternalTopic("r", 4)}, {}),
    "1": ConfiguredSubtopology(4, frozenset({"u", "v"}), frozenset(), {}, {}),
}


def member(held: HeldTasks) -> StreamsMember:
    return StreamsMember("m", user_endpoint=ENDPOINT, held=held)


def test_behind_an_endpoint_are_the_partitions_of_its_tasks() -> None:
    held = HeldTasks({"0": {2: 1, 0: 1}}, {"1": frozenset({1})})
    found = endpoint_partitions(member(held), ENDPOINT, SUBTOPOLOGIES, existing(t=4, r=4, u=4, v=4))
    assert found == EndpointPartitions("h", 7, [("r", [0, 2]), ("t", [0, 2])], [("u", [1]), ("v", [1])])


def test_a_topic_with_fewer_partitions_than_tasks_is_behind_some_of_them() -> None:
    held = HeldTasks({"1": {0: 1, 1: 1, 2: 1}})
    found = endpoint_partitions(member(held), ENDPOINT, SUBTOPOLOGIES, existing(u=4, v=2))
    assert found.active == [("u", [0, 1, 2]), ("v", [0, 1])]


@pytest.mark.parametrize("task", [HeldTasks({"0": {0: 1}}), HeldTasks({"7": {0: 1}})])
def test_a_task_whose_topics_are_not_there_is_a_fault_without_a_name(task: HeldTasks) -> None:
    with pytest.raises(KafkaError) as refused:
        endpoint_partitions(member(task), ENDPOINT, SUBTOPOLOGIES, existing())
    assert refused.value.code is ErrorCode.UNKNOWN_SERVER_ERROR


def test_so_is_any_endpoint_while_the_topics_are_not_known() -> None:
    with pytest.raises(KafkaError) as refused:
        endpoint_partitions(member(HeldTasks()), ENDPOINT, None, existing())
    assert refused.value.code is ErrorCode.UNKNOWN_SERVER_ERROR
