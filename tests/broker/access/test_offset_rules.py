"""Committed offsets and coordinators, for clients that may know some of them."""

from odradek.broker.security.authorization.acl import Operation
from odradek.protocol.messages.find_coordinator import FindCoordinatorRequest, FindCoordinatorResponse
from odradek.protocol.messages.offset_commit import (
    OffsetCommitRequest,
    OffsetCommitRequestPartition,
    OffsetCommitRequestTopic,
    OffsetCommitResponse,
)
from odradek.protocol.messages.offset_fetch import (
    OffsetFetchRequest,
    OffsetFetchRequestGroup,
    OffsetFetchRequestTopic,
    OffsetFetchRequestTopics,
    OffsetFetchResponse,
)

from .secured_broker import CLUSTER, CLUSTER_NAME, GROUP, TOPIC, TXN, SecuredBroker

GROUP_DENIED, TOPIC_DENIED, TXN_DENIED, CLUSTER_DENIED = 30, 29, 53, 31
READ, DESCRIBE = Operation.READ, Operation.DESCRIBE


def commit(broker: SecuredBroker, *topics: str) -> dict[str, int]:
    partition = OffsetCommitRequestPartition(partition_index=0, committed_offset=4, committed_metadata="")
    request = OffsetCommitRequest(
        group_id="g",
        member_id="",
        topics=[OffsetCommitRequestTopic(name=topic, partitions=[partition]) for topic in topics],
    )
    answer = broker.serve(request, 8, OffsetCommitResponse)
    return {topic.name: topic.partitions[0].error_code for topic in answer.topics}


def with_offsets() -> SecuredBroker:
    """Of two topics, of which one may still be seen."""
    broker = SecuredBroker()
    for name in ("mine", "yours"):
        broker.create(name)
        broker.allow(TOPIC, name, READ)
    assert commit(broker, "mine", "yours") == {"mine": GROUP_DENIED, "yours": GROUP_DENIED}
    broker.allow(GROUP, "g", READ)
    assert commit(broker, "mine", "yours") == {"mine": 0, "yours": 0}
    broker.deny(TOPIC, "yours", READ, DESCRIBE)
    assert commit(broker, "mine", "yours") == {"mine": 0, "yours": TOPIC_DENIED}
    return broker


def test_offsets_are_told_of_topics_that_may_be_described() -> None:
    broker = with_offsets()
    asked = [OffsetFetchRequestTopics(name=name, partition_indexes=[0]) for name in ("yours", "mine")]
    groups = [
        OffsetFetchRequestGroup(group_id="g", topics=asked),
        OffsetFetchRequestGroup(group_id="other", topics=asked),
        OffsetFetchRequestGroup(group_id="g", topics=None),
    ]
    named, denied, everything = broker.serve(OffsetFetchRequest(groups=groups), 8, OffsetFetchResponse).groups
    told = {topic.name: topic.partitions[0] for topic in named.topics}
    assert {name: (one.error_code, one.committed_offset) for name, one in told.items()} == {
        "mine": (0, 4),
        "yours": (TOPIC_DENIED, -1),
    }
    assert (denied.error_code, denied.topics) == (GROUP_DENIED, [])
    assert [topic.name for topic in everything.topics] == ["mine"]


def test_the_same_holds_in_versions_of_one_group() -> None:
    broker = with_offsets()
    topics = [OffsetFetchRequestTopic(name=name, partition_indexes=[0]) for name in ("yours", "mine")]
    for version in range(1, 8):
        answer = broker.serve(OffsetFetchRequest(group_id="g", topics=topics), version, OffsetFetchResponse)
        told = {topic.name: topic.partitions[0].error_code for topic in answer.topics}
        assert told == {"mine": 0, "yours": TOPIC_DENIED}, version
        denied = broker.serve(OffsetFetchRequest(group_id="other", topics=topics), version, OffsetFetchResponse)
        codes = {denied.error_code, *(topic.partitions[0].error_code for topic in denied.topics)}
        assert GROUP_DENIED in codes, version
    every = broker.serve(OffsetFetchRequest(group_id="g", topics=None), 7, OffsetFetchResponse)
    assert [topic.name for topic in every.topics] == ["mine"]


def coordinators(broker: SecuredBroker, kind: int, *keys: str) -> list[int]:
    request = FindCoordinatorRequest(key_type=kind, coordinator_keys=keys)
    return [one.error_code for one in broker.serve(request, 6, FindCoordinatorResponse).coordinators]


def test_coordinators_are_found_by_those_who_may_describe_what_they_coordinate() -> None:
    broker = SecuredBroker()
    broker.allow(GROUP, "mine", READ)
    broker.allow(TXN, "mine", Operation.WRITE)
    assert coordinators(broker, 0, "yours", "mine") == [GROUP_DENIED, 0]
    assert coordinators(broker, 1, "mine", "yours") == [0, TXN_DENIED]
    one = broker.serve(FindCoordinatorRequest(key="yours"), 3, FindCoordinatorResponse)
    assert (one.error_code, one.error_message, one.node_id) == (GROUP_DENIED, "Group authorization failed.", -1)


def test_share_partitions_are_for_brokers() -> None:
    broker = SecuredBroker()
    key = "g:AAAAAAAAAAAAAAAAAAAABw:0"
    assert coordinators(broker, 2, key) == [CLUSTER_DENIED]
    broker.allow(CLUSTER, CLUSTER_NAME, Operation.CLUSTER_ACTION)
    assert coordinators(broker, 2, key) == [0]
    assert coordinators(broker, 9, key) == [42]


def test_a_version_that_has_no_share_partitions_says_so_before_anything_is_asked() -> None:
    broker = SecuredBroker()
    asked = FindCoordinatorRequest(key_type=2, key="k", coordinator_keys=["k"])
    for version in range(1, 6):
        answer = broker.serve(asked, version, FindCoordinatorResponse)
        codes = [one.error_code for one in answer.coordinators] if version >= 4 else [answer.error_code]
        assert codes == [42], version
