from dataclasses import replace

import pytest

from odradek.broker.handlers.streams_group_heartbeat import MOST_PARTS
from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages.delete_groups import DeleteGroupsRequest, DeleteGroupsResponse
from odradek.protocol.messages.list_groups import ListGroupsRequest, ListGroupsResponse
from odradek.protocol.messages.streams_group_heartbeat import (
    CopartitionGroup,
    Endpoint,
    KeyValue,
    Status,
    StreamsGroupHeartbeatResponse,
    Subtopology,
    TaskIds,
    TopicInfo,
)

from ..clusters import Changes
from .streams_broker import StreamsBroker, reads, stateful, topology


def status_of(answer: StreamsGroupHeartbeatResponse) -> Status:
    """The only one."""
    assert answer.status is not None
    (status,) = answer.status
    return status


@pytest.fixture
def broker() -> StreamsBroker:
    broker = StreamsBroker()
    broker.create("t", 3)
    return broker


def test_a_member_joins_stays_and_leaves(broker: StreamsBroker) -> None:
    joined = broker.beat("a")
    assert (joined.error_code, joined.error_message, joined.member_id, joined.member_epoch) == (0, None, "a", 2)
    assert (joined.heartbeat_interval_ms, joined.status, joined.endpoint_information_epoch) == (5000, [], 0)
    assert joined.active_tasks == [TaskIds(subtopology_id="0", partitions=[0, 1, 2])]
    assert (joined.standby_tasks, joined.warmup_tasks, joined.partitions_by_user_endpoint) == ([], [], None)
    assert broker.beat("a", 2).active_tasks is None
    left = broker.beat("a", -1)
    assert (left.error_code, left.member_id, left.member_epoch, left.heartbeat_interval_ms) == (0, "a", -1, 0)


def test_an_error_has_a_message_and_nothing_else(broker: StreamsBroker) -> None:
    refused = broker.beat("a", 5)
    assert refused.error_code == ErrorCode.GROUP_ID_NOT_FOUND
    assert refused.error_message == "Streams group g not found."
    assert (refused.member_id, refused.member_epoch, refused.status, refused.active_tasks) == ("", 0, [], None)


def test_an_endpoint_is_told_with_its_partitions(broker: StreamsBroker) -> None:
    joined = broker.beat("a", user_endpoint=Endpoint(host="h", port=65535))
    assert joined.partitions_by_user_endpoint is not None
    (told,) = joined.partitions_by_user_endpoint
    assert told.user_endpoint == Endpoint(host="h", port=65535)
    assert [(one.topic, one.partitions) for one in told.active_partitions] == [("t", [0, 1, 2])]
    assert told.standby_partitions == []


def test_internal_topics_are_created_with_their_settings(broker: StreamsBroker) -> None:
    settings = [KeyValue(key="cleanup.policy", value="compact"), KeyValue(key="retention.ms", value="-1")]
    whole = topology(
        reads("t", repartition_sink_topics=["r"]),
        Subtopology(
            subtopology_id="1",
            repartition_source_topics=[TopicInfo(name="r")],
            state_changelog_topics=[TopicInfo(name="c", replication_factor=1, topic_configs=settings)],
        ),
    )
    waiting = broker.beat("a", topology=whole)
    assert [(one.status_code, one.status_detail) for one in waiting.status or ()] == [
        (3, "Internal topics are missing: r, c")
    ]
    ready = broker.beat("a", 2)
    assert [(one.subtopology_id, one.partitions) for one in ready.active_tasks or ()] == [
        ("0", [0, 1, 2]),
        ("1", [0, 1, 2]),
    ]
    image = broker.context.metadata.image
    assert [len(image.topics[name].partitions) for name in ("r", "c")] == [3, 3]
    assert dict(broker.topic_configs("c")) == {"cleanup.policy": "compact", "retention.ms": "-1"}


def test_why_a_topic_cannot_be_created_is_told_with_the_next_heartbeats(broker: StreamsBroker) -> None:
    whole = topology(stateful("t", *(TopicInfo(name=f"c{n}", replication_factor=3) for n in range(5))))
    missing = "Internal topics are missing: c3, c4, c0 and 2 additional topics"  # in the order of their hashes
    first = status_of(broker.beat("a", topology=whole))
    assert first.status_detail == missing
    later = status_of(broker.beat("a", 2))
    detail = later.status_detail
    assert detail.startswith(f"{missing}; Creation failed: c3 (Unable to replicate the partition 3 time(s)")
    assert detail.endswith(" and 2 more.")
    broker.clock.advance(10.1)
    forgotten = status_of(broker.beat("a", 2))
    assert forgotten.status_detail == missing


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (
            reads("__consumer_offsets", repartition_sink_topics=["__transaction_state", "a b"]),
            "Use of Kafka internal topics __consumer_offsets,__transaction_state in a Kafka Streams topology is "
            "prohibited.",
        ),
        (stateful("a b", TopicInfo(name="")), "Topic names a b, are not valid topic names."),
        (
            reads("t", repartition_source_topics=[TopicInfo(name="..")]),
            "Topic names .. are not valid topic names.",
        ),
    ],
)
def test_topics_that_cannot_be_are_refused_before_any_group_is_looked_at(
    broker: StreamsBroker, wrong: Subtopology, why: str
) -> None:
    refused = broker.beat("a", topology=topology(wrong))
    assert (refused.error_code, refused.error_message) == (ErrorCode.STREAMS_INVALID_TOPOLOGY, why)
    assert broker.context.groups.find_group("g") is None


def test_a_topology_of_too_many_parts_is_refused(broker: StreamsBroker) -> None:
    settings = [KeyValue(key=str(n), value="") for n in range(MOST_PARTS - 4)]
    both = CopartitionGroup(source_topics=[0])
    large = reads("none", state_changelog_topics=[TopicInfo(name="c", topic_configs=settings)])
    assert broker.beat("a", group_id="h", topology=topology(large)).error_code == 0
    refused = broker.beat("a", topology=topology(replace(large, copartition_groups=[both])))
    assert (refused.error_code, refused.error_message) == (
        ErrorCode.STREAMS_INVALID_TOPOLOGY,
        f"The topology has more than {MOST_PARTS} parts.",
    )


@pytest.mark.parametrize("is_clean", [True, False])
def test_a_group_outlives_the_broker(broker: StreamsBroker, is_clean: bool) -> None:
    broker.beat("a")
    before = broker.describe()
    broker.restart(is_clean=is_clean)
    assert broker.describe() == before
    assert broker.beat("a", 2).error_code == 0


def test_a_group_is_listed_and_deleted_by_its_kind(broker: StreamsBroker) -> None:
    broker.beat("a")
    (listed,) = broker.ask(ListGroupsRequest(types_filter=["Streams"]), 5, ListGroupsResponse).answer.groups
    assert (listed.group_id, listed.protocol_type, listed.group_state, listed.group_type) == (
        "g",
        "streams",
        "Stable",
        "streams",
    )
    broker.beat("a", -1)
    deleted = broker.ask(DeleteGroupsRequest(groups_names=["g"]), 2, DeleteGroupsResponse).answer
    assert [one.error_code for one in deleted.results] == [0]
    assert broker.ask(ListGroupsRequest(), 5, ListGroupsResponse).answer.groups == []


def test_without_the_feature_or_the_protocol_there_are_no_such_groups(broker: StreamsBroker) -> None:
    Changes(broker.context.metadata).set_features({"streams.version": 0})
    without = StreamsBroker({"group.coordinator.rebalance.protocols": "classic,consumer"})
    for one in (broker, without):
        refused = one.beat("a")
        assert (refused.error_code, refused.error_message) == (ErrorCode.UNSUPPORTED_VERSION, None)
        assert one.describe().error_code == ErrorCode.UNSUPPORTED_VERSION
