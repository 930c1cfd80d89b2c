import pytest

from odradek.protocol.messages.list_groups import ListedGroup, ListGroupsRequest, ListGroupsResponse

from ..conftest import Parts
from .group_context import GroupBroker, offsets_of, versions_of


@pytest.fixture
def broker(parts: Parts) -> GroupBroker:
    """One Stable consumer group, one group that only keeps offsets."""
    broker = GroupBroker(parts)
    broker.create_topic("t")
    broker.stable_member("busy")
    broker.commit(offsets_of("t", {0: 1}), group_id="plain")
    return broker


def listed(
    broker: GroupBroker, version: int = 5, *, states: tuple[str, ...] = (), types: tuple[str, ...] = ()
) -> list[str]:
    request = ListGroupsRequest(states_filter=states, types_filter=types)
    return [group.group_id for group in broker.ask(request, version, ListGroupsResponse).answer.groups]


@pytest.mark.parametrize("version", versions_of(ListGroupsRequest))
def test_every_group_is_listed_in_every_version(broker: GroupBroker, version: int) -> None:
    response = broker.ask(ListGroupsRequest(), version, ListGroupsResponse).answer
    assert response.error_code == 0
    has_state, group_type = version >= 4, "classic" if version >= 5 else ""
    assert response.groups == [
        ListedGroup(
            group_id="busy",
            protocol_type="consumer",
            group_state="Stable" if has_state else "",
            group_type=group_type,
        ),
        ListedGroup(group_id="plain", group_state="Empty" if has_state else "", group_type=group_type),
    ]


def test_states_are_matched_without_regard_to_case(broker: GroupBroker) -> None:
    assert listed(broker, states=("sTaBlE",)) == ["busy"]
    assert listed(broker, states=("empty", "Stable")) == ["busy", "plain"]
    assert listed(broker, states=("no such state",)) == []


def test_types_are_matched_without_regard_to_case(broker: GroupBroker) -> None:
    assert listed(broker, types=("CLASSIC",)) == ["busy", "plain"]
    assert listed(broker, types=("consumer", "share", "what")) == []
    assert listed(broker, types=("classic",), states=("Empty",)) == ["plain"]
