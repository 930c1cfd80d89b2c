import pytest

from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages.describe_share_group_offsets import (
    DescribeShareGroupOffsetsRequest,
    DescribeShareGroupOffsetsResponse,
    DescribeShareGroupOffsetsResponsePartition,
)

from .broker_harness import batch
from .share_group_broker import ShareGroupBroker

Partition = DescribeShareGroupOffsetsResponsePartition


@pytest.mark.parametrize(("version", "lag"), [(0, -1), (1, 1)])
def test_all_that_has_begun_is_described_with_how_far_it_is_behind(version: int, lag: int) -> None:
    broker = ShareGroupBroker()
    broker.beat()
    broker.beat(epoch=-1, names=None)
    broker.append(broker.topics.partition("t", 0), batch(b"a", b"b", b"c"))
    broker.alter_offsets({"t": {0: 2}})
    group = broker.describe_offsets(version=version)
    (topic,) = group.topics
    assert (group.error_code, topic.topic_name, topic.topic_id) == (0, "t", broker.topic_id)
    assert topic.partitions == [
        Partition(partition_index=0, start_offset=2, lag=lag),
        Partition(partition_index=1, start_offset=-1),
    ]


def test_what_has_no_offset_is_no_error() -> None:
    broker = ShareGroupBroker()
    broker.beat()
    named = broker.describe_offsets({"nope": [3], "t": [1, 0, 0]})
    assert [(topic.topic_name, topic.topic_id) for topic in named.topics] == [
        ("t", broker.topic_id),
        ("nope", bytes(16)),
    ]
    found = [[(one.partition_index, one.start_offset, one.lag) for one in topic.partitions] for topic in named.topics]
    assert found == [[(0, -1, -1), (1, -1, -1)], [(3, -1, -1)]]
    for group_id, topics in (("g", {}), ("nope", None), ("nope", {})):
        group = broker.describe_offsets(topics, group_id=group_id)
        assert (group.group_id, group.error_code, list(group.topics)) == (group_id, 0, [])


def test_a_partition_that_cannot_be_read_has_an_error_of_its_own() -> None:
    broker = ShareGroupBroker()
    broker.alter_offsets({"t": {0: 2}})
    broker.topics.partition("t", 0).take_offline(OSError("broken"))
    (topic,) = broker.describe_offsets().topics
    code = ErrorCode.KAFKA_STORAGE_ERROR
    assert topic.partitions == [Partition(partition_index=0, error_code=code, error_message=code.message)]


@pytest.mark.parametrize(("group_id", "index"), [("", 0), ("g", -1)])
def test_what_no_state_can_be_of_is_an_error_that_kafka_has_not_expected(group_id: str, index: int) -> None:
    group = ShareGroupBroker().describe_offsets({"t": [index]}, group_id=group_id)
    code = ErrorCode.UNKNOWN_SERVER_ERROR
    assert (group.error_code, group.error_message, list(group.topics)) == (code, code.message, [])


def test_without_groups_or_without_the_feature_there_is_nothing() -> None:
    broker = ShareGroupBroker()
    nothing = broker.ask(DescribeShareGroupOffsetsRequest(groups=[]), 1, DescribeShareGroupOffsetsResponse)
    assert not nothing.answer.groups
    broker.switch_off()
    assert broker.describe_offsets().error_code == ErrorCode.UNSUPPORTED_VERSION
