"""What is stored can be read back by those who declare it."""

from odradek.broker.coordination.groups.share.member import ShareMember
from odradek.broker.coordination.groups.share.records import (
    RECORD_TYPES,
    current_record,
    group_epoch_record,
    group_tombstones,
    loaded_partitions,
    loaded_state_partitions,
    member_record,
    member_tombstones,
    state_partitions_record,
    target_epoch_record,
    target_member_record,
)
from odradek.broker.coordination.groups.share.state_partitions import NamedPartitions, StatePartitions
from odradek.protocol.share_group_records import (
    ShareGroupCurrentMemberAssignmentValue,
    ShareGroupMemberMetadataValue,
    ShareGroupMetadataValue,
    ShareGroupStatePartitionMetadataValue,
    ShareGroupTargetAssignmentMemberValue,
    ShareGroupTargetAssignmentMetadataValue,
)
from odradek.protocol.state_records import decode_group_record

T, U = b"t" * 16, b"u" * 16
GIVEN = {T: frozenset({1, 0}), U: frozenset({2})}


def test_the_epochs_are_stored() -> None:
    _, value = decode_group_record(*group_epoch_record("g", 3, 77)) or (None, None)
    assert value == ShareGroupMetadataValue(epoch=3, metadata_hash=77)
    _, value = decode_group_record(*target_epoch_record("g", 4, 99)) or (None, None)
    assert value == ShareGroupTargetAssignmentMetadataValue(assignment_epoch=4, assignment_timestamp=99)


def test_what_a_member_reported_has_and_should_have_is_stored() -> None:
    member = ShareMember("m", "r", "c", "/h", ("t", "u"), 5, 4, 0, GIVEN)
    _, value = decode_group_record(*member_record("g", member)) or (None, None)
    assert isinstance(value, ShareGroupMemberMetadataValue)
    assert (value.rack_id, value.client_id, value.client_host) == ("r", "c", "/h")
    assert list(value.subscribed_topic_names) == ["t", "u"]
    _, value = decode_group_record(*current_record("g", member)) or (None, None)
    assert isinstance(value, ShareGroupCurrentMemberAssignmentValue)
    assert (value.member_epoch, value.previous_member_epoch, value.state) == (5, 4, 0)
    assert loaded_partitions(value.assigned_partitions) == GIVEN
    _, value = decode_group_record(*target_member_record("g", "m", GIVEN)) or (None, None)
    assert isinstance(value, ShareGroupTargetAssignmentMemberValue)
    assert loaded_partitions(value.topic_partitions) == GIVEN


def test_which_partitions_have_a_state_is_stored() -> None:
    state = StatePartitions(
        {T: NamedPartitions("t", frozenset({0, 1}))}, {U: NamedPartitions("u", frozenset({2}))}, {b"v" * 16: "v"}
    )
    _, value = decode_group_record(*state_partitions_record("g", state)) or (None, None)
    assert isinstance(value, ShareGroupStatePartitionMetadataValue)
    assert loaded_state_partitions(value) == state


def test_a_group_leaves_no_record_without_a_tombstone() -> None:
    types = [int.from_bytes(key[:2], "big") for key, value in group_tombstones("g", ["a", "b"]) if value is None]
    assert types == [14, 14, 13, 13, 12, 10, 10, 15, 11]
    assert set(types) == set(RECORD_TYPES)
    assert [int.from_bytes(key[:2], "big") for key, _ in member_tombstones("g", "a")] == [14, 13, 10]
