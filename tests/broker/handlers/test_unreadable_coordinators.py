"""Damage in a coordinator's own log: its groups and transactional ids are refused, and nothing else suffers."""

import itertools
from collections.abc import Sequence

import pytest

from odradek.broker.coordination.coordinator_partition import partition_for
from odradek.broker.coordination.loaded_partitions import RELOAD_S
from odradek.broker.testing.clock import ManualClock
from odradek.broker.testing.disks import BROKEN, FULL, FailingFiles, Operation
from odradek.protocol.api_keys import ApiKey
from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages.delete_groups import DeleteGroupsRequest, DeleteGroupsResponse
from odradek.protocol.messages.describe_groups import DescribeGroupsRequest, DescribeGroupsResponse
from odradek.protocol.messages.heartbeat import HeartbeatRequest, HeartbeatResponse
from odradek.protocol.messages.join_group import JoinGroupRequest, JoinGroupRequestProtocol, JoinGroupResponse
from odradek.protocol.messages.leave_group import LeaveGroupRequest, LeaveGroupResponse, MemberIdentity
from odradek.protocol.messages.list_groups import ListGroupsRequest, ListGroupsResponse
from odradek.protocol.messages.offset_commit import OffsetCommitRequest, OffsetCommitResponse
from odradek.protocol.messages.offset_delete import OffsetDeleteRequest, OffsetDeleteResponse
from odradek.protocol.messages.offset_fetch import (
    OffsetFetchRequest,
    OffsetFetchRequestGroup,
    OffsetFetchRequestTopic,
    OffsetFetchResponse,
)
from odradek.protocol.messages.sync_group import SyncGroupRequest, SyncGroupResponse
from odradek.storage.files.files import Buffer

from .broker_harness import served
from .group_context import offsets_of
from .transaction_harness import NO_PRODUCER, TransactingBroker

NOT_COORDINATOR = ErrorCode.NOT_COORDINATOR
# Names by the partition, of two, that coordinates them.
HERE, THERE = (
    next(name for n in itertools.count() if partition_for(name := f"n{n}", 2) == partition) for partition in (0, 1)
)


def damage(files: FailingFiles, topic: str) -> None:
    """Change a byte of the first batch in partition 0."""
    path = f"/data/{topic}-0/{0:020d}.log"
    files.write(path, [bytes([files.read(path, 80, 1)[0] ^ 1])], 80)


def commit(broker: TransactingBroker, group: str, offset: int) -> int:
    request = OffsetCommitRequest(
        group_id=group, generation_id_or_member_epoch=-1, member_id="", topics=[offsets_of("t", {0: offset})]
    )
    (topic,) = broker.ask(request, 8, OffsetCommitResponse).answer.topics
    return topic.partitions[0].error_code


@pytest.fixture
def broker(capfd: pytest.CaptureFixture[str]) -> TransactingBroker:
    """Groups on both partitions, of which the first was damaged while the broker was stopped."""
    broker = TransactingBroker()
    for offset in range(5):
        for group in (HERE, THERE):
            assert commit(broker, group, offset) == 0
    broker.parts.store.close()
    damage(broker.files, "__consumer_offsets")
    broker.parts.start()
    broker._start()
    assert "groups cannot be read" in capfd.readouterr().err
    return broker


def test_the_groups_of_other_partitions_are_all_there(broker: TransactingBroker) -> None:
    assert broker.offset(THERE) == 4
    assert commit(broker, THERE, 9) == 0
    broker.restart()
    assert broker.offset(THERE) == 9
    listed = broker.ask(ListGroupsRequest(), 4, ListGroupsResponse).answer
    assert (listed.error_code, [group.group_id for group in listed.groups]) == (0, [THERE])


def test_a_group_that_cannot_be_read_has_no_coordinator_here(broker: TransactingBroker) -> None:
    assert commit(broker, HERE, 9) == NOT_COORDINATOR
    assert broker.offset(HERE) is None
    join = JoinGroupRequest(
        group_id=HERE,
        session_timeout_ms=10_000,
        rebalance_timeout_ms=10_000,
        member_id="",
        protocol_type="consumer",
        protocols=[JoinGroupRequestProtocol(name="range", metadata=b"")],
    )
    assert broker.ask(join, 9, JoinGroupResponse).answer.error_code == NOT_COORDINATOR
    sync = SyncGroupRequest(group_id=HERE, generation_id=1, member_id="m")
    assert broker.ask(sync, 4, SyncGroupResponse).answer.error_code == NOT_COORDINATOR
    heartbeat = HeartbeatRequest(group_id=HERE, generation_id=1, member_id="m")
    assert broker.ask(heartbeat, 4, HeartbeatResponse).answer.error_code == NOT_COORDINATOR
    leave = LeaveGroupRequest(group_id=HERE, members=[MemberIdentity(member_id="m")])
    assert broker.ask(leave, 5, LeaveGroupResponse).answer.error_code == NOT_COORDINATOR
    delete = OffsetDeleteRequest(group_id=HERE)
    assert broker.ask(delete, 0, OffsetDeleteResponse).answer.error_code == NOT_COORDINATOR


def test_groups_asked_for_together_are_answered_each_for_itself(broker: TransactingBroker) -> None:
    names = [HERE, THERE]
    described = broker.ask(DescribeGroupsRequest(groups=names), 5, DescribeGroupsResponse).answer.groups
    assert [(group.group_id, group.error_code) for group in described] == [(HERE, NOT_COORDINATOR), (THERE, 0)]
    deleted = broker.ask(DeleteGroupsRequest(groups_names=names), 2, DeleteGroupsResponse).answer.results
    assert [(group.group_id, group.error_code) for group in deleted] == [(HERE, NOT_COORDINATOR), (THERE, 0)]


@pytest.mark.parametrize("version", served(ApiKey.OFFSET_FETCH))
def test_offsets_that_cannot_be_read_are_refused_and_never_said_to_be_none(
    broker: TransactingBroker, version: int
) -> None:
    if version >= 8:
        request = OffsetFetchRequest(groups=[OffsetFetchRequestGroup(group_id=g, topics=None) for g in (HERE, THERE)])
        here, there = broker.ask(request, version, OffsetFetchResponse).answer.groups
        assert (here.error_code, list(here.topics), there.error_code) == (NOT_COORDINATOR, [], 0)
        assert there.topics[0].partitions[0].committed_offset == 4
        return
    request = OffsetFetchRequest(group_id=HERE, topics=[OffsetFetchRequestTopic(name="t", partition_indexes=[0])])
    answer = broker.ask(request, version, OffsetFetchResponse).answer
    if version >= 2:
        assert (answer.error_code, list(answer.topics)) == (NOT_COORDINATOR, [])
    else:
        (partition,) = answer.topics[0].partitions
        assert (partition.error_code, partition.committed_offset) == (NOT_COORDINATOR, -1)


def test_transactions_that_cannot_be_read_are_refused_and_those_of_other_partitions_go_on(
    capfd: pytest.CaptureFixture[str],
) -> None:
    broker = TransactingBroker()
    here, there = broker.begin(HERE), broker.begin(THERE)
    broker.add(here, 0, name=HERE)
    broker.write(here, name=HERE)
    broker.add(there, 1, name=THERE)
    broker.write(there, index=1, name=THERE)
    broker.parts.store.close()
    damage(broker.files, "__transaction_state")
    broker.parts.start()
    broker._start()
    assert "transactions cannot be read" in capfd.readouterr().err
    assert broker.init(HERE) == (NOT_COORDINATOR, NO_PRODUCER)
    assert broker.add(here, 0, name=HERE) == [NOT_COORDINATOR]
    assert broker.add_offsets(here, name=HERE) == NOT_COORDINATOR
    assert broker.end(here, commit=True, name=HERE) == (NOT_COORDINATOR, NO_PRODUCER)
    assert broker.describe(HERE).error_code == NOT_COORDINATOR
    assert broker.write(here, index=1, name=HERE).error_code == ErrorCode.NOT_ENOUGH_REPLICAS
    assert broker.write(here, index=1, name=HERE, version=12).error_code == ErrorCode.NOT_ENOUGH_REPLICAS
    assert broker.stable_and_end(0) == (0, 1), "nobody may end what perhaps was committed"
    assert broker.end(there, commit=True, name=THERE) == (0, NO_PRODUCER)
    assert broker.stable_and_end(1) == (2, 2)


def test_an_unreadable_coordinator_aborts_nothing_after_a_crash() -> None:
    """What is open in a recovered log and unknown to the coordinator is aborted, unless it may be unknown by damage."""
    broker = TransactingBroker()
    here = broker.begin(HERE)
    broker.add(here, 0, name=HERE)
    broker.write(here, name=HERE)
    broker.parts.store.close()
    damage(broker.files, "__transaction_state")
    broker.files.remove("/data/.kafka_cleanshutdown")
    broker.parts.start()
    broker._start()
    assert broker.stable_and_end(0) == (0, 1)
    broker.clock.advance(5)
    assert broker.stable_and_end(0) == (0, 1)


def test_a_partition_that_is_offline_holds_up_no_other_and_gets_its_marker_when_it_is_back() -> None:
    broker = TransactingBroker()
    who = broker.begin()
    broker.add(who, 0, 1)
    for index in (0, 1):
        broker.write(who, index=index)
    take = broker.files.write

    def refuse(path: str, buffers: Sequence[Buffer], position: int) -> None:
        if path.startswith("/data/t-0/"):
            raise BROKEN
        take(path, buffers, position)

    broker.files.write = refuse  # type: ignore[method-assign]
    assert broker.end(who, commit=True) == (0, NO_PRODUCER)
    for _ in range(3):
        assert (broker.stable_and_end(0), broker.stable_and_end(1)) == ((0, 1), (2, 2))
        assert broker.describe().transaction_state == "PrepareCommit"
        broker.clock.advance(5)  # it is tried again and again, and the other partition gets no second marker
    broker.files.write = take  # type: ignore[method-assign]
    broker.clock.advance(5)
    assert (broker.stable_and_end(0), broker.stable_and_end(1)) == ((2, 2), (2, 2))
    assert broker.describe().transaction_state == "CompleteCommit"


def test_what_the_disk_would_not_give_at_the_start_is_read_when_it_does(capfd: pytest.CaptureFixture[str]) -> None:
    broker = TransactingBroker()
    for group in (HERE, THERE):
        assert commit(broker, group, 5) == 0
    here = broker.begin(HERE)
    broker.add(here, name=HERE)
    broker.write(here, name=HERE)
    broker.refuse_markers()
    assert broker.end(here, commit=True, name=HERE)[0] == 0
    broker.files.write_error = None
    broker.parts.store.close()
    before = broker.files.before

    def refuse(operation: Operation, path: str) -> None:
        if path.startswith(("/data/__consumer_offsets-0/", "/data/__transaction_state-0/")):
            raise FULL
        before(operation, path)

    broker.files.before = refuse  # type: ignore[method-assign]
    broker.clock = broker.parts.clock = ManualClock(broker.clock.now(), broker.clock.now_ms())
    broker.parts.start()
    broker._start()
    for _ in range(5):
        assert (commit(broker, HERE, 6), commit(broker, THERE, 6)) == (NOT_COORDINATOR, 0)
        assert broker.describe(HERE).error_code == NOT_COORDINATOR
        broker.clock.advance(RELOAD_S)
    assert capfd.readouterr().err.count("groups cannot be read") == 1
    broker.files.before = before  # type: ignore[method-assign]
    broker.clock.advance(RELOAD_S)
    found = broker.context.groups.find_offset(HERE, "t", 0)
    assert found is not None
    assert found.offset == 5
    assert commit(broker, HERE, 6) == 0
    assert broker.describe(HERE).transaction_state == "CompleteCommit"
    assert broker.clock.pending < 10
