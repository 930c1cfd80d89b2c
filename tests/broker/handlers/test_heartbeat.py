import pytest

from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages.heartbeat import HeartbeatRequest, HeartbeatResponse

from ..conftest import Parts
from .group_context import GroupBroker, versions_of


@pytest.fixture
def broker(parts: Parts) -> GroupBroker:
    return GroupBroker(parts)


@pytest.mark.parametrize("version", versions_of(HeartbeatRequest))
def test_a_member_is_told_when_to_join_again(broker: GroupBroker, version: int) -> None:
    request = HeartbeatRequest(group_id="g", generation_id=1, member_id=broker.stable_member())
    assert broker.ask(request, version, HeartbeatResponse).answer.error_code == 0
    broker.join(version=3)
    assert broker.ask(request, version, HeartbeatResponse).answer.error_code == ErrorCode.REBALANCE_IN_PROGRESS


def test_heartbeats_keep_a_member_in_its_group(broker: GroupBroker) -> None:
    request = HeartbeatRequest(group_id="g", generation_id=1, member_id=broker.stable_member())
    for _ in range(3):
        broker.parts.clock.advance(9.9)
        assert broker.ask(request, 4, HeartbeatResponse).answer.error_code == 0
    broker.parts.clock.advance(10.1)
    assert broker.ask(request, 4, HeartbeatResponse).answer.error_code == ErrorCode.UNKNOWN_MEMBER_ID


def test_from_version_3_a_fenced_instance_is_told_so(broker: GroupBroker) -> None:
    old = broker.join(instance="i").answer.member_id
    broker.sync(old, 1, {})
    broker.join(instance="i")
    request = HeartbeatRequest(group_id="g", generation_id=1, member_id=old, group_instance_id="i")
    assert broker.ask(request, 3, HeartbeatResponse).answer.error_code == ErrorCode.FENCED_INSTANCE_ID
    assert broker.ask(request, 2, HeartbeatResponse).answer.error_code == ErrorCode.UNKNOWN_MEMBER_ID
