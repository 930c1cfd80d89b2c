"""OffsetCommit, deleting and expiring offsets: who may, and when."""

from collections.abc import Sequence

import pytest

from odradek.broker.coordination.groups.classic.states import ClassicState
from odradek.broker.coordination.groups.group_config import GroupConfig
from odradek.broker.coordination.groups.offset_commit import OffsetCommit, OffsetToCommit
from odradek.broker.coordination.groups.offset_records import LoggedOffset
from odradek.broker.coordination.groups.offsets import RECORDS_AT_ONCE
from odradek.broker.coordination.result import ResponseFuture
from odradek.broker.metadata.delta import MetadataDelta
from odradek.broker.metadata.image import MetadataImage
from odradek.broker.metadata.topic_image import TopicImage
from odradek.protocol.errors import ErrorCode, KafkaError

from .group_driver import WALL_MS, GroupDriver, LoggedGroup, subscription

MINUTE = GroupConfig(
    initial_rebalance_delay_ms=0, offsets_retention_ms=60_000, offsets_retention_check_interval_ms=1_000
)


@pytest.fixture
def groups() -> GroupDriver:
    return GroupDriver()


@pytest.fixture
def forgetful() -> GroupDriver:
    """Offsets are kept for a minute and looked at every second."""
    return GroupDriver(MINUTE)


def test_anyone_may_commit_for_a_group_that_does_not_exist(groups: GroupDriver) -> None:
    assert groups.commit(offset=7).answer == [ErrorCode.NONE]
    assert groups.committed() == 7
    assert groups.group().protocol_type is None


def test_a_generation_of_a_group_that_does_not_exist_is_refused(groups: GroupDriver) -> None:
    assert groups.commit("m", 1).answer == [ErrorCode.ILLEGAL_GENERATION]
    assert groups.service.find_group("g") is None


def test_members_commit_in_their_generation(groups: GroupDriver) -> None:
    (member,) = groups.stable_group()
    assert groups.commit(member, 1, 3).answer == [ErrorCode.NONE]
    assert groups.commit(member, 0, 4).answer == [ErrorCode.ILLEGAL_GENERATION]
    assert groups.commit(member, -1, 4).answer == [ErrorCode.ILLEGAL_GENERATION]
    assert groups.commit("stranger", 1, 4).answer == [ErrorCode.UNKNOWN_MEMBER_ID]
    assert groups.commit(member, 1, 4, instance="i").answer == [ErrorCode.UNKNOWN_MEMBER_ID]
    assert groups.committed() == 3


def test_an_administrator_must_wait_until_the_group_is_empty(groups: GroupDriver) -> None:
    (member,) = groups.stable_group()
    assert groups.commit().answer == [ErrorCode.UNKNOWN_MEMBER_ID]
    groups.leave(member)
    assert groups.commit().answer == [ErrorCode.NONE]
    assert groups.commit("whoever").answer == [ErrorCode.NONE]
    assert groups.commit(member, 2).answer == [ErrorCode.UNKNOWN_MEMBER_ID]


def test_a_fenced_instance_commits_nothing(groups: GroupDriver) -> None:
    old = groups.join(instance="i").answer.member_id
    groups.sync(old, 1)
    groups.join(instance="i")
    assert groups.commit(old, 1, instance="i").answer == [ErrorCode.FENCED_INSTANCE_ID]


def test_commits_are_taken_while_members_join_and_refused_while_assignments_are_awaited(groups: GroupDriver) -> None:
    (member,) = groups.stable_group()
    groups.join_fresh()
    assert groups.group().state is ClassicState.PREPARING_REBALANCE
    assert groups.commit(member, 1, 8).answer == [ErrorCode.NONE]
    groups.join(member)
    assert groups.commit(member, 2, 9).answer == [ErrorCode.REBALANCE_IN_PROGRESS]
    assert groups.committed() == 8


def test_a_commit_is_a_sign_of_life(groups: GroupDriver) -> None:
    (member,) = groups.stable_group(session_s=6)
    groups.sleep(5)
    groups.commit(member, 1)
    groups.sleep(5)
    assert groups.heartbeat(member, 1) is ErrorCode.NONE


@pytest.mark.parametrize("retention_ms", [(1 << 63) - 1, 1 << 62])
def test_a_retention_without_end_is_kept(groups: GroupDriver, retention_ms: int) -> None:
    assert groups.commit(retention_ms=retention_ms).answer == [ErrorCode.NONE]
    groups.sleep(30 * 86_400)
    assert groups.restarted().committed() == 5


@pytest.mark.parametrize("retention_ms", [0, -2, -(1 << 63)])
def test_a_retention_that_is_over_ends_with_the_next_check(groups: GroupDriver, retention_ms: int) -> None:
    assert groups.commit(retention_ms=retention_ms).answer == [ErrorCode.NONE]
    assert groups.committed() == 5
    groups.sleep(600)
    assert groups.committed() is None


@pytest.mark.parametrize(
    ("metadata", "error"),
    [
        ("x" * 4096, ErrorCode.NONE),
        ("x" * 4097, ErrorCode.OFFSET_METADATA_TOO_LARGE),
        ("é" * 4096, ErrorCode.NONE),
        ("😀" * 2048, ErrorCode.NONE),
        ("😀" * 2049, ErrorCode.OFFSET_METADATA_TOO_LARGE),
    ],
)
def test_metadata_is_limited_in_utf16_units(groups: GroupDriver, metadata: str, error: ErrorCode) -> None:
    assert groups.commit(metadata=metadata).answer == [error]
    assert (groups.committed() is not None) == (error is ErrorCode.NONE)


def test_commits_outlive_the_broker(groups: GroupDriver) -> None:
    groups.commit(offset=7, metadata="note")
    groups.commit(offset=3, metadata="back")
    found = groups.restarted().service.find_offset("g", "t", 0)
    assert found is not None
    assert (found.offset, found.leader_epoch, found.metadata, found.commit_timestamp_ms) == (3, 0, "back", WALL_MS)


def test_a_transactions_offsets_wait_for_its_marker_over_a_restart_too(groups: GroupDriver) -> None:
    assert groups.commit(offset=1).answer == [ErrorCode.NONE]
    assert groups.commit(offset=9, producer_id=7).answer == [ErrorCode.NONE]
    assert groups.committed() == 1
    again = groups.restarted()
    assert again.service.is_offset_pending("g", "t", 0)
    again.end_transaction(7, is_commit=True)
    assert again.committed() == 9
    assert again.restarted().committed() == 9


def test_an_aborted_transaction_is_still_aborted_after_a_restart(groups: GroupDriver) -> None:
    groups.commit(offset=9, producer_id=7)
    groups.end_transaction(7, is_commit=False)
    assert groups.committed() is None
    assert groups.restarted().committed() is None


def test_an_old_transactional_producer_passes_without_a_name_even_between_generations(groups: GroupDriver) -> None:
    groups.join(version=3)
    assert groups.group().state is ClassicState.COMPLETING_REBALANCE
    assert groups.commit(producer_id=7).answer == [ErrorCode.NONE]
    assert groups.commit("stranger", 1, producer_id=7).answer == [ErrorCode.UNKNOWN_MEMBER_ID]


def test_a_group_in_use_cannot_be_deleted(groups: GroupDriver) -> None:
    (member,) = groups.stable_group()
    groups.commit(member, 1)
    assert groups.delete_group().answer is ErrorCode.NON_EMPTY_GROUP
    groups.leave(member)
    assert groups.delete_group().answer is ErrorCode.NONE
    assert groups.delete_group().answer is ErrorCode.GROUP_ID_NOT_FOUND


def test_deleting_a_group_writes_a_tombstone_for_everything_it_had(groups: GroupDriver) -> None:
    groups.commit(topic="t")
    groups.commit(topic="u", producer_id=7)
    groups.delete_group()
    assert groups.log.records()[-3:] == [
        LoggedOffset("g", "t", 0, None),
        LoggedOffset("g", "u", 0, None),
        LoggedGroup("g", None),
    ]
    groups.end_transaction(7, is_commit=True)
    assert groups.service.find_group("g") is None
    assert groups.committed("u") is None
    assert groups.restarted().service.find_group("g") is None


def test_a_deleted_group_leaves_no_timer_behind(groups: GroupDriver) -> None:
    groups.leave(*groups.stable_group())
    told = groups.join(session_s=6).answer.member_id
    groups.delete_group()
    groups.join(version=3)
    groups.sleep(6.1)
    assert told not in groups.group().pending_members
    assert len(groups.group().members) == 1


def test_offsets_of_topics_that_members_read_cannot_be_deleted(groups: GroupDriver) -> None:
    protocols = (("range", subscription("t")),)
    (member,) = groups.stable_group(protocols=protocols)
    for topic in "tu":
        groups.commit(member, 1, topic=topic)
    deleted = groups.delete_offsets(("t", 0), ("u", 0), ("u", 9))
    assert deleted.answer == [ErrorCode.GROUP_SUBSCRIBED_TO_TOPIC, ErrorCode.NONE, ErrorCode.NONE]
    assert (groups.committed("t"), groups.committed("u")) == (5, None)


def test_offsets_of_an_empty_group_can_all_be_deleted(groups: GroupDriver) -> None:
    groups.commit(topic="t")
    assert groups.delete_offsets(("t", 0), ("t", 0)).answer == [ErrorCode.NONE] * 2
    assert groups.committed() is None
    assert groups.service.find_group("g") is not None


@pytest.mark.parametrize(
    ("group_id", "code"), [("", ErrorCode.INVALID_GROUP_ID), ("nobody", ErrorCode.GROUP_ID_NOT_FOUND)]
)
def test_offsets_of_no_group_cannot_be_deleted(groups: GroupDriver, group_id: str, code: ErrorCode) -> None:
    with pytest.raises(KafkaError) as refused:
        groups.delete_offsets(("t", 0), group_id=group_id)
    assert refused.value.code is code


def test_offsets_of_a_group_in_use_that_is_no_consumer_group_cannot_be_deleted(groups: GroupDriver) -> None:
    groups.stable_group(protocol_type="connect")
    with pytest.raises(KafkaError) as refused:
        groups.delete_offsets(("t", 0))
    assert refused.value.code is ErrorCode.NON_EMPTY_GROUP


def test_a_simple_groups_offsets_expire_by_their_age_and_then_the_group_goes(forgetful: GroupDriver) -> None:
    forgetful.commit(topic="t")
    forgetful.sleep(30)
    forgetful.commit(topic="u")
    forgetful.sleep(31)
    assert (forgetful.committed("t"), forgetful.committed("u")) == (None, 5)
    forgetful.sleep(30)
    assert forgetful.committed("u") is None
    assert forgetful.service.find_group("g") is None
    assert forgetful.log.records()[-1] == LoggedGroup("g", None)


def test_a_consumer_groups_offsets_expire_once_it_has_been_empty_for_long_enough(forgetful: GroupDriver) -> None:
    (member,) = forgetful.stable_group(session_s=100)
    forgetful.commit(member, 1)
    forgetful.sleep(50)
    forgetful.leave(member)
    forgetful.sleep(59)
    assert forgetful.committed() == 5
    forgetful.sleep(2)
    assert forgetful.committed() is None
    assert forgetful.service.find_group("g") is None


def test_a_stable_consumer_group_loses_only_offsets_of_topics_it_no_longer_reads(forgetful: GroupDriver) -> None:
    (member,) = forgetful.stable_group(session_s=100, protocols=(("range", subscription("t")),))
    for topic in "tu":
        forgetful.commit(member, 1, topic=topic)
    forgetful.sleep(61)
    assert (forgetful.committed("t"), forgetful.committed("u")) == (5, None)


@pytest.mark.parametrize("protocol_type", ["connect", "consumer"])
def test_with_members_whose_topics_cannot_be_known_nothing_expires(forgetful: GroupDriver, protocol_type: str) -> None:
    (member,) = forgetful.stable_group(session_s=200, protocol_type=protocol_type)
    forgetful.commit(member, 1)
    forgetful.sleep(100)
    assert forgetful.committed() == 5


def test_an_explicit_expiry_counts_instead_of_the_retention(forgetful: GroupDriver) -> None:
    forgetful.commit(topic="soon", retention_ms=5_000)
    forgetful.commit(topic="late", retention_ms=500_000)
    forgetful.sleep(6)
    assert forgetful.committed("soon") is None
    forgetful.sleep(400)
    assert forgetful.committed("late") == 5
    forgetful.sleep(100)
    assert forgetful.service.find_group("g") is None


def test_an_open_transaction_keeps_the_offset_from_expiring(forgetful: GroupDriver) -> None:
    forgetful.commit(offset=1)
    forgetful.commit(offset=2, producer_id=7)
    forgetful.sleep(100)
    assert forgetful.committed() == 1
    forgetful.end_transaction(7, is_commit=False)
    forgetful.sleep(1)
    assert forgetful.service.find_group("g") is None


def test_an_empty_group_without_offsets_goes_unless_a_newcomer_is_on_its_way(forgetful: GroupDriver) -> None:
    told = forgetful.join(session_s=6).answer
    forgetful.sleep(3)
    assert forgetful.join(told.member_id).answer.error is ErrorCode.NONE
    forgetful.leave(told.member_id)
    forgetful.sleep(1.1)
    assert forgetful.service.find_group("g") is None


def test_a_deleted_topic_takes_its_offsets_with_it(groups: GroupDriver) -> None:
    for topic in "tu":
        groups.commit(topic=topic)
    groups.commit(topic="t", partition=1, producer_id=7)
    groups.service.on_delta(deletion_of("t", "nobody's"), MetadataImage())
    groups.end_transaction(7, is_commit=True)
    assert (groups.committed("t"), groups.committed("t", 1), groups.committed("u")) == (None, None, 5)


def test_very_many_tombstones_go_into_several_batches(groups: GroupDriver) -> None:
    for partition in range(RECORDS_AT_ONCE + 1):
        groups.commit(partition=partition)
    before = sum(len(batches) for batches in groups.log.batches_of.values())
    groups.service.on_delta(deletion_of("t"), MetadataImage())
    assert sum(len(batches) for batches in groups.log.batches_of.values()) == before + 2
    assert groups.service.committed_partitions("g") == []


def deletion_of(*names: str) -> MetadataDelta:
    return MetadataDelta(deleted_topics=[TopicImage(name, b"t" * 16) for name in names])


def test_what_a_group_with_a_long_name_leaves_is_removed_in_batches_that_fit(groups: GroupDriver) -> None:
    name = "g" * 32_000
    for partition in range(40):
        groups.commit(group_id=name, partition=partition)
    assert groups.delete_group(name).answer is ErrorCode.NONE
    batches = groups.log.batches_of[groups.service.partition_of(name)][40:]
    assert len(batches) > 2
    assert max(map(len, batches)) < 1 << 20
    assert groups.service.find_group(name) is None


def test_a_large_commit_is_encoded_with_pauses_and_its_offsets_know_their_places(groups: GroupDriver) -> None:
    offsets = [OffsetToCommit("t", partition, partition) for partition in range(1000)]
    request = OffsetCommit("g", -1, "", None, offsets)
    steps, pauses = groups.service.encode(request), 0
    while True:
        try:
            next(steps)
        except StopIteration as end:
            encoded = end.value
            break
        pauses += 1
    assert pauses == 10
    groups.commit()
    answered: list[Sequence[ErrorCode]] = []
    groups.service.commit(request, encoded, ResponseFuture(answered.append, lambda code: [code]))
    assert answered == [[ErrorCode.NONE] * 1000]
    found = groups.service.find_offset("g", "t", 999)
    assert found is not None
    assert (found.offset, found.log_offset) == (999, 1000)
    assert groups.restarted().service.find_offset("g", "t", 999) == found
