"""TxnOffsetCommit: offsets that are visible when, and if, their transaction commits."""

import pytest

from odradek.protocol.api_keys import ApiKey
from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages.delete_groups import DeleteGroupsRequest, DeleteGroupsResponse

from .broker_harness import served
from .transaction_harness import TransactingBroker

VERSIONS = served(ApiKey.TXN_OFFSET_COMMIT)


@pytest.mark.parametrize("commit", [True, False])
@pytest.mark.parametrize("version", VERSIONS)
def test_offsets_are_seen_when_their_transaction_commits_and_a_restart_changes_nothing(
    version: int, commit: bool
) -> None:
    broker = TransactingBroker()
    who = broker.begin()
    if version < 5:
        assert broker.add_offsets(who) == 0
    assert broker.commit_offset(who, 5, version=version) == 0
    for is_clean in (True, False):
        assert broker.offset() is None
        assert broker.context.groups.is_offset_pending("g", "t", 0)
        broker.restart(is_clean=is_clean)
    assert broker.end(who, commit=commit)[0] == 0
    for _ in range(2):
        assert broker.offset() == (5 if commit else None)
        assert not broker.context.groups.is_offset_pending("g", "t", 0)
        broker.restart(is_clean=False)


@pytest.mark.parametrize(
    ("version", "code"),
    [(0, 48), (3, 48), (4, ErrorCode.TRANSACTION_ABORTABLE)],
)
def test_offsets_of_a_group_that_was_never_added_are_refused(version: int, code: int) -> None:
    broker = TransactingBroker()
    assert broker.commit_offset(broker.begin(), version=version) == code


@pytest.mark.parametrize("version", VERSIONS)
def test_who_may_not_commit_offsets_is_told_why(version: int) -> None:
    broker = TransactingBroker()
    pid, epoch = who = broker.begin()
    assert broker.commit_offset(who, group="", version=version) == ErrorCode.INVALID_GROUP_ID
    assert broker.commit_offset(who, topic="nope", version=version) == ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    assert broker.commit_offset(who, index=9, version=version) == ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    assert broker.commit_offset(who, metadata="x" * 4097, version=version) == ErrorCode.OFFSET_METADATA_TOO_LARGE
    assert broker.commit_offset((pid, epoch + 1), version=version) == ErrorCode.INVALID_PRODUCER_EPOCH
    assert broker.commit_offset((pid + 1, epoch), version=version) == ErrorCode.INVALID_PRODUCER_ID_MAPPING
    assert broker.commit_offset(who, name="nobody", version=version) == ErrorCode.INVALID_PRODUCER_ID_MAPPING
    assert broker.commit_offset(who, name="", version=version) == ErrorCode.INVALID_REQUEST


def test_v2_offsets_are_refused_where_their_transaction_could_not_be_stored() -> None:
    broker = TransactingBroker()
    broker.set_level(0)
    assert broker.commit_offset(broker.begin(), version=5) == ErrorCode.UNSUPPORTED_VERSION


@pytest.mark.parametrize("version", [3, 4, 5])
def test_a_member_must_belong_to_the_group(version: int) -> None:
    broker = TransactingBroker()
    who = broker.begin()
    broker.add_offsets(who)
    assert broker.commit_offset(who, version=version, generation=3) == ErrorCode.ILLEGAL_GENERATION
    assert broker.commit_offset(who, version=version) == 0
    assert broker.commit_offset(who, version=version, generation=3, member_id="m") == ErrorCode.UNKNOWN_MEMBER_ID


def test_a_deleted_group_does_not_come_back_with_the_commit() -> None:
    broker = TransactingBroker()
    who = broker.begin()
    broker.add_offsets(who)
    broker.commit_offset(who)
    assert broker.end(who, commit=True)[0] == 0
    broker.add_offsets(who)
    broker.commit_offset(who, 9)
    answer = broker.ask(DeleteGroupsRequest(groups_names=["g"]), 2, DeleteGroupsResponse).answer
    assert [result.error_code for result in answer.results] == [0]
    assert broker.end(who, commit=True)[0] == 0
    assert broker.offset() is None


def test_an_offset_with_a_pending_successor_does_not_expire() -> None:
    broker = TransactingBroker({"offsets.retention.minutes": "1", "offsets.retention.check.interval.ms": "1000"})
    who = broker.begin(timeout_ms=900_000)
    broker.add_offsets(who)
    broker.commit_offset(who)
    broker.end(who, commit=True)
    broker.add_offsets(who)
    broker.commit_offset(who, 9)
    broker.clock.advance(120.0)
    assert broker.offset() == 5
    broker.end(who, commit=False)
    broker.clock.advance(120.0)
    assert broker.offset() is None
