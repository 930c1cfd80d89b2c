"""Records read back as what was written, and the very bytes that Apache Kafka 4.3 writes."""

from dataclasses import replace

from odradek.broker.coordination.groups.streams.member import MemberState, StreamsMember
from odradek.broker.coordination.groups.streams.records import (
    RECORD_TYPES,
    current_record,
    group_record,
    group_tombstones,
    loaded_assignment,
    loaded_member,
    loaded_tasks,
    member_record,
    member_tombstones,
    target_epoch_record,
    target_member_record,
    topology_record,
)
from odradek.broker.coordination.groups.streams.tasks import HeldTasks, Tasks
from odradek.broker.coordination.groups.streams.topology import CopartitionGroup, InternalTopic, read_topology
from odradek.broker.coordination.result import Record
from odradek.protocol.state_records import decode_group_record
from odradek.protocol.streams_group_records import (
    CurrentMemberAssignmentTaskIds,
    StreamsGroupCurrentMemberAssignmentValue,
    StreamsGroupMemberMetadataValue,
    StreamsGroupMetadataValue,
    StreamsGroupTargetAssignmentMemberValue,
    StreamsGroupTargetAssignmentMetadataValue,
    StreamsGroupTopologyValue,
)

from .streams_driver import subtopology, topology

HELD = HeldTasks({"1": {3: 7, 1: 6}, "0": {0: 7}}, {"0": frozenset({2, 1})}, {"0": frozenset({5})})
MEMBER = StreamsMember(
    "m",
    "i",
    "r",
    "c",
    "/h",
    5000,
    2,
    "p",
    ("host", 65535),
    (("a", "b"), ("c", "d")),
    7,
    6,
    MemberState.UNREVOKED_TASKS,
    HELD,
    HeldTasks({"2": {0: 3}}, {"2": frozenset({1})}, {"2": frozenset({2})}),
)


def value_of(record: Record) -> object:
    key, value = record
    decoded = decode_group_record(key, value)
    assert decoded is not None
    return decoded[1]


def type_of(record: Record) -> int:
    return int.from_bytes(record[0][:2], "big")


def test_a_member_reads_back_as_it_was() -> None:
    reported, current = value_of(member_record("g", MEMBER)), value_of(current_record("g", MEMBER))
    assert isinstance(reported, StreamsGroupMemberMetadataValue)
    assert isinstance(current, StreamsGroupCurrentMemberAssignmentValue)
    assert loaded_member("m", reported).with_assignment_of(loaded_assignment("m", current)) == MEMBER
    bare = StreamsMember("m", topology_epoch=0)
    reported = value_of(member_record("g", bare))
    assert isinstance(reported, StreamsGroupMemberMetadataValue)
    assert loaded_member("m", reported) == bare


def test_tasks_stand_in_order_with_the_epochs_of_the_active_ones() -> None:
    value = value_of(current_record("g", MEMBER))
    assert isinstance(value, StreamsGroupCurrentMemberAssignmentValue)
    assert list(value.active_tasks) == [
        CurrentMemberAssignmentTaskIds(subtopology_id="0", partitions=[0], assignment_epochs=[7]),
        CurrentMemberAssignmentTaskIds(subtopology_id="1", partitions=[1, 3], assignment_epochs=[6, 7]),
    ]
    assert value.standby_tasks == [CurrentMemberAssignmentTaskIds(subtopology_id="0", partitions=[1, 2])]


def test_tasks_of_a_record_without_epochs_have_that_of_the_member() -> None:
    old = StreamsGroupCurrentMemberAssignmentValue(
        member_epoch=9,
        state=99,
        active_tasks=[CurrentMemberAssignmentTaskIds(subtopology_id="0", partitions=[1, 2])],
    )
    loaded = loaded_assignment("m", old)
    assert loaded.held.active == {"0": {1: 9, 2: 9}}
    assert loaded.state is MemberState.UNKNOWN


def test_a_topology_reads_back_as_it_was() -> None:
    whole = topology(
        subtopology("1", ["t"], regexes=["x.*"], sinks=["r"]),
        subtopology(
            "0",
            repartitions=[InternalTopic("r", 2, 1, (("k", "v"),))],
            changelogs=["c"],
            copartitions=[CopartitionGroup((0,), (1,), (2,))],
        ),
        epoch=4,
    )
    value = value_of(topology_record("g", whole))
    assert isinstance(value, StreamsGroupTopologyValue)
    assert [one.subtopology_id for one in value.subtopologies] == ["1", "0"]
    assert read_topology(value.epoch, value.subtopologies).checked() == whole


def test_epochs_and_targets_read_back_as_they_were() -> None:
    group = value_of(group_record("g", 3, -5, 2, {"b": "2", "a": "1"}))
    assert isinstance(group, StreamsGroupMetadataValue)
    assert (group.epoch, group.metadata_hash, group.validated_topology_epoch) == (3, -5, 2)
    assert [(one.key, one.value) for one in group.last_assignment_configs or ()] == [("a", "1"), ("b", "2")]
    epoch = value_of(target_epoch_record("g", 3, 1234))
    assert epoch == StreamsGroupTargetAssignmentMetadataValue(assignment_epoch=3, assignment_timestamp=1234)
    tasks = Tasks({"1": frozenset({2, 1}), "0": frozenset({0})}, {"0": frozenset({1})}, {"2": frozenset({0})})
    target = value_of(target_member_record("g", "m", tasks))
    assert isinstance(target, StreamsGroupTargetAssignmentMemberValue)
    assert [one.subtopology_id for one in target.active_tasks] == ["0", "1"]
    read = Tasks(*map(loaded_tasks, (target.active_tasks, target.standby_tasks, target.warmup_tasks)))
    assert read == tasks


def test_what_goes_is_written_in_kafkas_order() -> None:
    of_member = member_tombstones("g", "m")
    assert [type_of(record) for record in of_member] == [22, 21, 19]
    of_group = group_tombstones("g", ["m", "n"])
    assert [type_of(record) for record in of_group] == [22, 22, 21, 21, 20, 19, 19, 17, 23]
    assert all(value is None for _, value in of_member + of_group)
    assert set(RECORD_TYPES) == {type_of(record) for record in of_group}


def test_the_bytes_are_those_of_apache_kafka() -> None:
    # A whole group is held against Apache Kafka in tests/oracle/test_same_streams_groups.py; this one is for the eye.
    plain = replace(MEMBER, instance_id=None, rack_id=None, user_endpoint=None, client_tags=())
    assert member_record("g", plain) == (
        bytes.fromhex("001300016700016d"),
        bytes.fromhex("0000000002630 32f6800001388000000020270ff0100".replace(" ", "")),
    )
