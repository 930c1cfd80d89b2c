from collections.abc import Sequence

import pytest

from odradek.broker.coordination.groups.offset_commit import OffsetCommit, OffsetToCommit
from odradek.broker.coordination.result import ResponseFuture
from odradek.broker.slices import run_to_end
from odradek.broker.testing.topics import delete_topics
from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages.offset_fetch import (
    OffsetFetchRequest,
    OffsetFetchRequestGroup,
    OffsetFetchRequestTopic,
    OffsetFetchRequestTopics,
    OffsetFetchResponse,
)

from ..conftest import Parts
from .group_context import GroupBroker, offsets_of

Row = tuple[str, int, int, str | None, int]


@pytest.fixture
def broker(parts: Parts) -> GroupBroker:
    broker = GroupBroker(parts)
    broker.create_topic("t")
    return broker


def fetch(
    broker: GroupBroker,
    version: int,
    asked: dict[str, list[int]] | None,
    *,
    group_id: str = "g",
    require_stable: bool = False,
) -> list[Row]:
    """(topic, partition, offset, metadata, error) for every partition answered, below version 10."""
    if version < 8:
        topics = (
            None if asked is None else [OffsetFetchRequestTopic(name=n, partition_indexes=p) for n, p in asked.items()]
        )
        request = OffsetFetchRequest(group_id=group_id, topics=topics, require_stable=require_stable)
        response = broker.ask(request, version, OffsetFetchResponse).answer
        assert response.error_code == 0
        return [
            (t.name, p.partition_index, p.committed_offset, p.metadata, p.error_code)
            for t in response.topics
            for p in t.partitions
        ]
    named = None if asked is None else [OffsetFetchRequestTopics(name=n, partition_indexes=p) for n, p in asked.items()]
    groups = [OffsetFetchRequestGroup(group_id=group_id, topics=named)]
    request = OffsetFetchRequest(groups=groups, require_stable=require_stable)
    (group,) = broker.ask(request, version, OffsetFetchResponse).answer.groups
    assert (group.group_id, group.error_code) == (group_id, 0)
    return [
        (t.name, p.partition_index, p.committed_offset, p.metadata, p.error_code)
        for t in group.topics
        for p in t.partitions
    ]


@pytest.mark.parametrize("version", range(1, 10))
def test_what_was_committed_comes_back_and_the_rest_is_minus_one_without_an_error(
    broker: GroupBroker, version: int
) -> None:
    broker.commit(offsets_of("t", {0: 42}))
    assert fetch(broker, version, {"t": [0, 1, 99], "nope": [0]}) == [
        ("t", 0, 42, "note", 0),
        ("t", 1, -1, "", 0),
        ("t", 99, -1, "", 0),
        ("nope", 0, -1, "", 0),
    ]
    assert fetch(broker, version, {"t": [0]}, group_id="nobody") == [("t", 0, -1, "", 0)]


@pytest.mark.parametrize("version", range(2, 10))
def test_null_asks_for_everything_the_group_has(broker: GroupBroker, version: int) -> None:
    broker.create_topic("u")
    broker.commit(offsets_of("t", {0: 1, 1: 2}), offsets_of("u", {0: 3}))
    assert fetch(broker, version, None) == [("t", 0, 1, "note", 0), ("t", 1, 2, "note", 0), ("u", 0, 3, "note", 0)]
    assert fetch(broker, version, None, group_id="nobody") == []


@pytest.mark.parametrize(("version", "epoch"), [(4, -1), (5, 3), (7, 3), (8, 3)])
def test_the_leader_epoch_is_what_was_committed(broker: GroupBroker, version: int, epoch: int) -> None:
    broker.commit(offsets_of("t", {0: 42}, leader_epoch=3))
    request = OffsetFetchRequest(group_id="g", topics=None, groups=[OffsetFetchRequestGroup(group_id="g", topics=None)])
    answer = broker.ask(request, version, OffsetFetchResponse).answer
    topic = answer.groups[0].topics[0] if version >= 8 else answer.topics[0]
    assert topic.partitions[0].committed_leader_epoch == epoch


def test_many_groups_are_answered_each_with_its_own(broker: GroupBroker) -> None:
    broker.commit(offsets_of("t", {0: 1}), group_id="a")
    broker.commit(offsets_of("t", {0: 2}), group_id="b")
    asked = [OffsetFetchRequestGroup(group_id=g, topics=None, member_id="m", member_epoch=9) for g in "bca"]
    groups = broker.ask(OffsetFetchRequest(groups=asked), 9, OffsetFetchResponse).answer.groups
    assert [(g.group_id, [p.committed_offset for t in g.topics for p in t.partitions]) for g in groups] == [
        ("b", [2]),
        ("c", []),
        ("a", [1]),
    ]


def test_version_10_goes_by_topic_id(broker: GroupBroker) -> None:
    topic = broker.parts.topics.find("t")
    assert topic is not None
    broker.commit(offsets_of("t", {0: 42}))
    asked = [
        OffsetFetchRequestTopics(topic_id=topic.topic_id, partition_indexes=[0, 1]),
        OffsetFetchRequestTopics(topic_id=b"?" * 16, partition_indexes=[0]),
    ]
    request = OffsetFetchRequest(
        groups=[OffsetFetchRequestGroup(group_id="g", topics=asked), OffsetFetchRequestGroup(group_id="g", topics=None)]
    )
    named, everything = broker.ask(request, 10, OffsetFetchResponse).answer.groups
    assert [(t.topic_id, [(p.committed_offset, p.error_code) for p in t.partitions]) for t in named.topics] == [
        (topic.topic_id, [(42, 0), (-1, 0)]),
        (b"?" * 16, [(-1, ErrorCode.UNKNOWN_TOPIC_ID)]),
    ]
    assert [(t.topic_id, len(t.partitions)) for t in everything.topics] == [(topic.topic_id, 1)]


@pytest.mark.parametrize("version", [7, 8])
@pytest.mark.parametrize("asked", [{"t": [0, 1]}, None])
def test_who_wants_stable_offsets_is_told_of_open_transactions(
    broker: GroupBroker, version: int, asked: dict[str, list[int]] | None
) -> None:
    broker.commit(offsets_of("t", {0: 1, 1: 2}))
    commit = OffsetCommit("g", -1, "", None, [OffsetToCommit("t", 0, 9)], producer_id=7, producer_epoch=0)
    future = ResponseFuture[Sequence[ErrorCode]](lambda errors: None, lambda code: [code])
    groups = broker.context.groups
    groups.commit(commit, run_to_end(groups.encode(commit)), future)
    assert fetch(broker, version, asked) == [("t", 0, 1, "note", 0), ("t", 1, 2, "note", 0)]
    unstable = ErrorCode.UNSTABLE_OFFSET_COMMIT
    assert fetch(broker, version, asked, require_stable=True) == [("t", 0, -1, "", unstable), ("t", 1, 2, "note", 0)]


def test_an_offset_of_an_earlier_topic_of_that_name_says_nothing_about_the_new_one(broker: GroupBroker) -> None:
    broker.commit(offsets_of("t", {0: 42}))
    topic = broker.parts.topics.find("t")
    assert topic is not None
    broker.context.metadata.publisher._subscribers.remove(broker.context.groups)  # as if a crash had come between
    delete_topics(broker.parts.topics, [topic])
    assert fetch(broker, 8, None) == [("t", 0, 42, "note", 0)]
    gone = OffsetFetchRequest(groups=[OffsetFetchRequestGroup(group_id="g", topics=None)])
    assert list(broker.ask(gone, 10, OffsetFetchResponse).answer.groups[0].topics) == []
    broker.create_topic("t")
    assert fetch(broker, 8, {"t": [0]}) == [("t", 0, -1, "", 0)]
