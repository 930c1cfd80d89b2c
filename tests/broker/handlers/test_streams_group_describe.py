import pytest

from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages.streams_group_describe import (
    Assignment,
    Endpoint,
    KeyValue,
    StreamsGroupDescribeRequest,
    StreamsGroupDescribeResponse,
    Subtopology,
    TaskIds,
    TopicInfo,
)
from odradek.protocol.messages.streams_group_heartbeat import Endpoint as SentEndpoint
from odradek.protocol.messages.streams_group_heartbeat import KeyValue as SentKeyValue
from odradek.protocol.messages.streams_group_heartbeat import TopicInfo as SentTopicInfo

from .streams_broker import StreamsBroker, stateful, topology


@pytest.fixture
def broker() -> StreamsBroker:
    broker = StreamsBroker()
    broker.create("t", 2)
    return broker


def test_a_group_is_described_with_members_and_their_tasks(broker: StreamsBroker) -> None:
    broker.beat(
        "a",
        rack_id="r",
        user_endpoint=SentEndpoint(host="h", port=7),
        client_tags=[SentKeyValue(key="k", value="v")],
    )
    broker.beat("b")
    group = broker.describe()
    assert (group.error_code, group.group_state, group.group_epoch, group.assignment_epoch) == (0, "Reconciling", 3, 3)
    a, b = group.members
    assert (a.member_epoch, a.rack_id, a.process_id, a.topology_epoch, a.is_classic) == (2, "r", "p-a", 0, False)
    assert (a.user_endpoint, a.client_tags) == (Endpoint(host="h", port=7), [KeyValue(key="k", value="v")])
    one, both = ([TaskIds(subtopology_id="0", partitions=indexes)] for indexes in ([0], [0, 1]))
    assert (a.assignment, a.target_assignment) == (Assignment(active_tasks=both), Assignment(active_tasks=one))
    assert (b.assignment, b.user_endpoint) == (Assignment(), None)


def test_internal_topics_have_their_numbers_once_they_are_there(broker: StreamsBroker) -> None:
    configs = [SentKeyValue(key="cleanup.policy", value="compact")]
    broker.beat("a", topology=topology(stateful("t", SentTopicInfo(name="c", topic_configs=configs))))

    def described() -> Subtopology:
        topology = broker.describe().topology
        assert topology is not None
        assert topology.subtopologies is not None
        (subtopology,) = topology.subtopologies
        return subtopology

    expected = TopicInfo(name="c", topic_configs=[KeyValue(key="cleanup.policy", value="compact")])
    assert described() == Subtopology(subtopology_id="0", source_topics=["t"], state_changelog_topics=[expected])
    broker.beat("a", 2)
    assert [one.partitions for one in described().state_changelog_topics] == [2]


def test_what_is_allowed_is_told_to_who_asks(broker: StreamsBroker) -> None:
    broker.beat("a")
    assert broker.describe().authorized_operations == -(1 << 31)
    assert broker.describe(with_operations=True).authorized_operations > 0


def test_groups_that_are_not_there_or_of_another_kind_are_errors(broker: StreamsBroker) -> None:
    request = StreamsGroupDescribeRequest(group_ids=["none", ""])
    groups = broker.ask(request, 0, StreamsGroupDescribeResponse).answer.groups
    assert [(one.group_id, one.error_code, one.error_message) for one in groups] == [
        ("", ErrorCode.INVALID_GROUP_ID, None),
        ("none", ErrorCode.GROUP_ID_NOT_FOUND, "Group none not found."),
    ]


def test_an_empty_group_has_its_topology_and_no_members(broker: StreamsBroker) -> None:
    broker.beat("a")
    broker.beat("a", -1)
    group = broker.describe()
    assert (group.group_state, group.group_epoch, group.members) == ("Empty", 3, [])
    assert group.topology is not None
