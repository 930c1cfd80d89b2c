"""Moves of partitions and elections of leaders, as a cluster of one broker answers them."""

from collections.abc import Mapping, Sequence

from odradek.protocol.messages.alter_partition_reassignments import (
    AlterPartitionReassignmentsRequest,
    AlterPartitionReassignmentsResponse,
    ReassignablePartition,
    ReassignableTopic,
)
from odradek.protocol.messages.elect_leaders import ElectLeadersRequest, ElectLeadersResponse, TopicPartitions
from odradek.protocol.messages.list_partition_reassignments import (
    ListPartitionReassignmentsRequest,
    ListPartitionReassignmentsResponse,
    ListPartitionReassignmentsTopics,
)

from ..wire_session import Dialogue, scenario

Moves = Sequence[tuple[str, Sequence[tuple[int, Sequence[int] | None]]]]
Places = Sequence[tuple[str, Sequence[int]]]
PREFERRED, UNCLEAN = 0, 1


def move(moves: Moves, timeout_ms: int = 5000, *, may_change_factor: bool = True) -> AlterPartitionReassignmentsRequest:
    return AlterPartitionReassignmentsRequest(
        timeout_ms=timeout_ms,
        allow_replication_factor_change=may_change_factor,
        topics=[
            ReassignableTopic(
                name=name,
                partitions=[ReassignablePartition(partition_index=index, replicas=ids) for index, ids in partitions],
            )
            for name, partitions in moves
        ],
    )


def elect(places: Places | None, kind: int = PREFERRED, timeout_ms: int = 5000) -> ElectLeadersRequest:
    topics = None if places is None else [TopicPartitions(topic=name, partitions=ids) for name, ids in places]
    return ElectLeadersRequest(election_type=kind, topic_partitions=topics, timeout_ms=timeout_ms)


@scenario
def moves_to_where_the_partition_is_and_elsewhere(d: Dialogue) -> None:
    one, _ = d.create_topic("one", 3)
    other, _ = d.create_topic("other", 3)
    nobody, here = d.name("nobody"), [d.node_id]
    cases: Mapping[str, Moves] = {
        "none": [],
        "no partitions": [(one, [])],
        "to where it is": [(one, [(0, here)])],
        "a cancellation": [(one, [(0, None)])],
        "to nobody": [(one, [(0, [])])],
        "to a stranger": [(one, [(0, [99])])],
        "to two strangers": [(one, [(0, [99, 98])])],
        "to a stranger twice": [(one, [(0, [99, 99])])],
        "to a negative broker": [(one, [(0, [-1])])],
        "twice to one": [(one, [(0, here * 2)])],
        "to a stranger as well": [(one, [(0, [*here, 99])])],
        "an unknown topic": [(nobody, [(0, here), (1, None), (2, [])])],
        "an unknown partition": [(one, [(9, here), (-1, here), (10, None), (11, [99])])],
        "an illegal name": [("a b", [(0, here)]), ("", [(0, here)])],
        "a partition twice": [(one, [(0, here), (0, None)])],
        "a topic twice": [(one, [(0, here)]), (one, [(0, None)])],
        "right and wrong": [(other, [(2, here), (0, None)]), (one, [(1, [99])])],
    }
    for label, moves in cases.items():
        for version in (0, 1):
            d.ask(f"{label} v{version}", move(moves), version, AlterPartitionReassignmentsResponse)
    for label, moves in {"none": list[tuple[str, list[tuple[int, None]]]](), "one": [(one, [(0, None)])]}.items():
        for timeout_ms in (0, -1):
            request = move(moves, timeout_ms)
            d.ask(f"{label}, {timeout_ms} ms", request, 1, AlterPartitionReassignmentsResponse)
        request = move(moves, may_change_factor=False)
        d.ask(f"{label}, as many replicas", request, 1, AlterPartitionReassignmentsResponse)


@scenario
def no_move_is_under_way(d: Dialogue) -> None:
    name, _ = d.create_topic("one", 3)
    cases: Mapping[str, Places | None] = {
        "all": None,
        "none": [],
        "one": [(name, [0, 1])],
        "an unknown topic": [(d.name("nobody"), [0])],
        "an unknown partition": [(name, [9, -1])],
        "an illegal name": [("a b", [0]), ("", [0])],
    }
    for label, places in cases.items():
        topics = None
        if places is not None:
            topics = [ListPartitionReassignmentsTopics(name=one, partition_indexes=ids) for one, ids in places]
        for timeout_ms in (5000, 0):
            request = ListPartitionReassignmentsRequest(topics=topics, timeout_ms=timeout_ms)
            d.ask(f"{label}, {timeout_ms} ms", request, 0, ListPartitionReassignmentsResponse)


@scenario
def elections_at_every_version(d: Dialogue) -> None:
    one, _ = d.create_topic("one", 3)
    other, _ = d.create_topic("other", 3)
    cases: Mapping[str, Places] = {
        "none": [],
        "no partitions": [(one, [])],
        "right": [(other, [2, 0, 1]), (one, [1])],
        "an unknown topic": [(d.name("nobody"), [0])],
        "an unknown partition": [(one, [9, -1])],
        "an illegal name": [("a b", [0]), ("", [0])],
        "twice": [(one, [0, 0]), (one, [0, 1])],
    }
    for label, places in cases.items():
        for version in range(3):
            d.ask(f"{label} v{version}", elect(places), version, ElectLeadersResponse)
            if version:
                d.ask(f"{label}, unclean v{version}", elect(places, UNCLEAN), version, ElectLeadersResponse)
            d.ask(f"{label}, no time v{version}", elect(places, timeout_ms=0), version, ElectLeadersResponse)
    for kind in (2, -1):
        for label, asked in {"one": [(one, [0])], "all": None}.items():
            d.ask(f"{label}, type {kind}", elect(asked, kind), 2, ElectLeadersResponse)
            d.ask(f"{label}, type {kind}, no time", elect(asked, kind, 0), 2, ElectLeadersResponse)
    for version in range(3):
        answer = d.wire.ask(elect(None), version, ElectLeadersResponse)
        mine = sorted((t.topic, t.partition_result) for t in answer.replica_election_results if t.topic in (one, other))
        d.note(f"all v{version}", [answer.error_code, mine])
