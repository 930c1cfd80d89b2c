import pytest

from odradek.broker.apis import TABLE
from odradek.broker.request_names import can_name, names_of, without
from odradek.protocol.messages.create_topics import CreatableTopic, CreateTopicsRequest
from odradek.protocol.messages.delete_groups import DeleteGroupsRequest
from odradek.protocol.messages.delete_topics import DeleteTopicsRequest, DeleteTopicState
from odradek.protocol.messages.describe_groups import DescribeGroupsRequest
from odradek.protocol.messages.end_txn import EndTxnRequest
from odradek.protocol.messages.fetch import FetchPartition, FetchRequest, FetchTopic
from odradek.protocol.messages.find_coordinator import FindCoordinatorRequest
from odradek.protocol.messages.join_group import JoinGroupRequest
from odradek.protocol.messages.list_offsets import ListOffsetsPartition, ListOffsetsRequest, ListOffsetsTopic
from odradek.protocol.messages.metadata import MetadataRequest, MetadataRequestTopic
from odradek.protocol.messages.offset_fetch import (
    OffsetFetchRequest,
    OffsetFetchRequestGroup,
    OffsetFetchRequestTopics,
)
from odradek.protocol.messages.produce import PartitionProduceData, ProduceRequest, TopicProduceData

T_ID = b"t" * 16


def name_of(topic_id: bytes) -> str | None:
    return "t" if topic_id == T_ID else None


def produce(**topics: list[int]) -> ProduceRequest:
    return ProduceRequest(
        transactional_id="x",
        acks=-1,
        timeout_ms=1000,
        topic_data=[
            TopicProduceData(name=name, partition_data=[PartitionProduceData(index=i, records=b"") for i in indexes])
            for name, indexes in topics.items()
        ],
    )


def fetch(*indexes: int) -> FetchRequest:
    partitions = [FetchPartition(partition=index, fetch_offset=0, partition_max_bytes=1) for index in indexes]
    return FetchRequest(max_wait_ms=0, min_bytes=0, topics=[FetchTopic(topic_id=T_ID, partitions=partitions)])


OFFSETS = ListOffsetsRequest(
    replica_id=-1,
    topics=[ListOffsetsTopic(name="t", partitions=[ListOffsetsPartition(partition_index=2, timestamp=-1)])],
)


@pytest.mark.parametrize(
    ("request_of", "topics", "partitions"),
    [
        (produce(t=[0, 1], u=[3]), {"t", "u"}, {("t", 0), ("t", 1), ("u", 3)}),
        (fetch(4), {"t"}, {("t", 4)}),
        (OFFSETS, {"t"}, {("t", 2)}),
        (MetadataRequest(topics=[MetadataRequestTopic(name="t"), MetadataRequestTopic(name="u")]), {"t", "u"}, set()),
        (MetadataRequest(topics=None), set(), set()),
        (
            CreateTopicsRequest(topics=[CreatableTopic(name="new", num_partitions=1, replication_factor=1)]),
            {"new"},
            set(),
        ),
        (DeleteTopicsRequest(topic_names=["old"]), {"old"}, set()),
        (DeleteTopicsRequest(topics=[DeleteTopicState(topic_id=T_ID)]), {"t"}, set()),
    ],
)
def test_topics_are_found_wherever_an_api_has_them(
    request_of: object, topics: set[str], partitions: set[tuple[str, int]]
) -> None:
    names = names_of(request_of, name_of)
    assert (set(names.topics), set(names.partitions)) == (topics, partitions)


def test_groups_transactional_ids_and_keys_are_found() -> None:
    topic = OffsetFetchRequestTopics(name="t", partition_indexes=[0, 5])
    fetched = names_of(OffsetFetchRequest(groups=[OffsetFetchRequestGroup(group_id="g", topics=[topic])]), name_of)
    assert fetched.groups == {"g"}
    assert fetched.topics == {"t"}
    assert fetched.partitions == {("t", 0), ("t", 5)}
    join = JoinGroupRequest(group_id="j", session_timeout_ms=1, member_id="", protocol_type="consumer", protocols=[])
    assert names_of(join, name_of).groups == {"j"}
    assert names_of(DeleteGroupsRequest(groups_names=["a", "b"]), name_of).groups == {"a", "b"}
    assert names_of(DescribeGroupsRequest(groups=["a"]), name_of).groups == {"a"}
    assert names_of(produce(t=[0]), name_of).transactional_ids == {"x"}
    end = EndTxnRequest(transactional_id="y", producer_id=1, producer_epoch=0, committed=True)
    assert names_of(end, name_of).transactional_ids == {"y"}
    assert names_of(FindCoordinatorRequest(key="k"), name_of).keys == {"k"}
    assert names_of(FindCoordinatorRequest(coordinator_keys=["k", "l"]), name_of).keys == {"k", "l"}


def test_a_request_is_divided_into_what_is_hit_and_the_rest() -> None:
    rest, hit = without(produce(t=[0, 1], u=[0]), lambda topic, index: (topic, index) == ("t", 1), name_of)
    assert rest == produce(t=[0], u=[0])
    assert hit == produce(t=[1])
    rest, hit = without(fetch(0, 1), lambda topic, index: topic == "t", name_of)
    assert (len(rest.topics), hit) == (0, fetch(0, 1))
    asked = MetadataRequest(topics=[MetadataRequestTopic(name="t"), MetadataRequestTopic(name="u")])
    rest, hit = without(asked, lambda topic, index: topic == "u", name_of)
    assert ([one.name for one in rest.topics], [one.name for one in hit.topics]) == (["t"], ["u"])


@pytest.mark.parametrize(
    ("api", "named"),
    [
        ("produce", {"topic", "partition", "transactional_id"}),
        ("metadata", {"topic"}),
        ("delete_topics", {"topic"}),
        ("offset_fetch", {"group", "topic", "partition"}),
        ("describe_groups", {"group"}),
        ("describe_transactions", {"transactional_id"}),
        ("write_txn_markers", {"topic", "partition"}),
        ("streams_group_heartbeat", {"group"}),
        ("api_versions", set()),
    ],
)
def test_what_an_api_can_name_shows_in_its_declaration(api: str, named: set[str]) -> None:
    (served,) = [one for one in TABLE.values() if one.name == api]
    assert can_name(served.load().request) == named
