import pytest

from odradek.protocol.api_keys import ApiKey
from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages.delete_groups import DeleteGroupsRequest, DeleteGroupsResponse
from odradek.protocol.messages.list_groups import ListGroupsRequest, ListGroupsResponse

from ..clusters import Changes
from .broker_harness import served
from .consumer_broker import ConsumerBroker


@pytest.fixture
def broker() -> ConsumerBroker:
    broker = ConsumerBroker()
    broker.create("t", 4)
    return broker


@pytest.mark.parametrize("version", served(ApiKey.CONSUMER_GROUP_HEARTBEAT))
def test_a_member_joins_stays_and_leaves(broker: ConsumerBroker, version: int) -> None:
    joined = broker.beat("a", version=version)
    assert (joined.error_code, joined.error_message, joined.member_id, joined.member_epoch) == (0, None, "a", 2)
    assert (joined.heartbeat_interval_ms, broker.named(joined)) == (5000, {"t": [0, 1, 2, 3]})
    assert broker.beat("a", 2, version=version).assignment is None
    left = broker.beat("a", -1, version=version)
    assert (left.error_code, left.member_id, left.member_epoch, left.heartbeat_interval_ms) == (0, "a", -1, 0)


def test_before_version_1_the_broker_gives_the_member_its_id(broker: ConsumerBroker) -> None:
    joined = broker.beat("", version=0)
    assert len(joined.member_id or "") == 22
    assert broker.beat(joined.member_id or "", 2, version=0).error_code == 0
    refused = broker.beat("", version=1)
    assert (refused.error_code, refused.error_message) == (ErrorCode.INVALID_REQUEST, "MemberId can't be empty.")


def test_an_error_has_a_message_and_nothing_else(broker: ConsumerBroker) -> None:
    refused = broker.beat("a", 5)
    assert refused.error_code == ErrorCode.GROUP_ID_NOT_FOUND
    assert refused.error_message == "Consumer group g not found."
    assert (refused.member_id, refused.member_epoch, refused.assignment) == (None, 0, None)


def test_topics_that_come_grow_and_go_are_seen(broker: ConsumerBroker) -> None:
    broker.beat("a", subscribed_topic_names=["t", "new"])
    broker.create("new", 1)
    grown = broker.beat("a", 2)
    assert broker.named(grown) == {"t": [0, 1, 2, 3], "new": [0]}
    broker.delete("new")
    assert broker.named(broker.beat("a", 3)) == {"t": [0, 1, 2, 3]}


def test_a_pattern_is_resolved_over_the_topics_of_the_cluster(broker: ConsumerBroker) -> None:
    joined = broker.beat("a", subscribed_topic_names=None, subscribed_topic_regex="[st]")
    assert broker.named(joined) == {}
    broker.clock.advance(0.01)
    assert broker.named(broker.beat("a", 1)) == {"t": [0, 1, 2, 3]}


@pytest.mark.parametrize("is_clean", [True, False])
def test_a_group_outlives_the_broker(broker: ConsumerBroker, is_clean: bool) -> None:
    broker.beat("a")
    before = broker.describe()
    broker.restart(is_clean=is_clean)
    assert broker.describe() == before
    assert broker.beat("a", 2).error_code == 0


def test_without_the_feature_there_are_no_such_groups(broker: ConsumerBroker) -> None:
    Changes(broker.context.metadata).set_features({"group.version": 0})
    refused = broker.beat("a")
    assert (refused.error_code, refused.error_message) == (ErrorCode.UNSUPPORTED_VERSION, None)


def test_where_the_settings_leave_out_their_protocol_there_are_no_such_groups() -> None:
    broker = ConsumerBroker({"group.coordinator.rebalance.protocols": "classic"})
    assert broker.beat("a").error_code == broker.describe().error_code == ErrorCode.UNSUPPORTED_VERSION


def test_a_group_is_listed_by_its_type_and_deleted_when_it_is_empty(broker: ConsumerBroker) -> None:
    broker.beat("a")

    def listed(**filters: list[str]) -> list[tuple[str, str, str, str]]:
        found = broker.ask(ListGroupsRequest(**filters), 5, ListGroupsResponse).answer.groups
        return [(g.group_id, g.group_type, g.protocol_type, g.group_state) for g in found]

    def delete() -> int:
        request = DeleteGroupsRequest(groups_names=["g"])
        (result,) = broker.ask(request, 2, DeleteGroupsResponse).answer.results
        return result.error_code

    assert listed(types_filter=["Consumer"]) == [("g", "consumer", "consumer", "Stable")]
    assert listed(types_filter=["classic"]) == []
    assert delete() == ErrorCode.NON_EMPTY_GROUP
    broker.beat("a", -1)
    assert listed(states_filter=["empty"]) == [("g", "consumer", "consumer", "Empty")]
    assert delete() == 0
    assert listed() == []
