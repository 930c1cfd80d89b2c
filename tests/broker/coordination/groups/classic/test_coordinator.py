"""The classic kind among the others: it touches what is its own."""

import pytest

from odradek.broker.coordination.groups.classic.coordinator import ClassicCoordinator
from odradek.broker.coordination.groups.classic.member import SyncRequest, SyncResult
from odradek.broker.coordination.groups.group import Group
from odradek.broker.coordination.groups.group_config import GroupConfig
from odradek.broker.coordination.result import Instant, ResponseFuture
from odradek.broker.coordination.timers import Deadlines
from odradek.protocol.errors import ErrorCode, KafkaError
from odradek.protocol.state_records import GroupMetadataKey, GroupMetadataValue

AT = Instant(100.0, 1_700_000_000_000)


@pytest.fixture
def groups() -> dict[str, Group]:
    return {}


@pytest.fixture
def classic(groups: dict[str, Group]) -> ClassicCoordinator:
    return ClassicCoordinator(GroupConfig(), groups, Deadlines(), lambda: "id")


def test_a_group_comes_and_goes_with_its_record(classic: ClassicCoordinator, groups: dict[str, Group]) -> None:
    classic.replay(GroupMetadataKey(group="g"), GroupMetadataValue(protocol_type="connect", protocol=None, leader=None))
    found = classic.find("g")
    assert found is not None
    assert found.protocol_type == "connect"
    classic.replay(GroupMetadataKey(group="g"), None)
    assert groups == {}


def test_nobody_is_a_member_of_a_group_that_is_not_there(classic: ClassicCoordinator) -> None:
    assert classic.heartbeat("g", "m", None, 1, AT) is ErrorCode.UNKNOWN_MEMBER_ID
    assert classic.leave("g", [("m", None)], AT).response == [ErrorCode.UNKNOWN_MEMBER_ID]
    never: ResponseFuture[SyncResult] = ResponseFuture(lambda synced: None, SyncResult)
    with pytest.raises(KafkaError) as refused:
        classic.sync(SyncRequest("g", "m", None, 1), never, AT)
    assert refused.value.code is ErrorCode.UNKNOWN_MEMBER_ID
