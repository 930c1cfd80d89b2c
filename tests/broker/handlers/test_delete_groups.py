import pytest

from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages.delete_groups import DeleteGroupsRequest, DeleteGroupsResponse

from ..conftest import Parts
from .group_context import GroupBroker, offsets_of, versions_of


@pytest.fixture
def broker(parts: Parts) -> GroupBroker:
    broker = GroupBroker(parts)
    broker.create_topic("t")
    return broker


@pytest.mark.parametrize("version", versions_of(DeleteGroupsRequest))
def test_each_group_is_answered_once(broker: GroupBroker, version: int) -> None:
    broker.stable_member("busy")
    broker.commit(offsets_of("t", {0: 1}), group_id="plain")
    request = DeleteGroupsRequest(groups_names=["plain", "busy", "nope", "plain", ""])
    results = broker.ask(request, version, DeleteGroupsResponse).answer.results
    assert {result.group_id: result.error_code for result in results} == {
        "plain": 0,
        "busy": ErrorCode.NON_EMPTY_GROUP,
        "nope": ErrorCode.GROUP_ID_NOT_FOUND,
        "": ErrorCode.GROUP_ID_NOT_FOUND,
    }
    assert len(results) == 4
    broker.restart()
    assert broker.context.groups.find_group("plain") is None
    assert broker.context.groups.find_group("busy") is not None


def test_no_names_get_no_results(broker: GroupBroker) -> None:
    assert not broker.ask(DeleteGroupsRequest(), 2, DeleteGroupsResponse).answer.results
