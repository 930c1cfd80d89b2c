import pytest

from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages.offset_commit import OffsetCommitRequest, OffsetCommitResponse

from ..conftest import Parts
from .group_context import GroupBroker, offsets_of, versions_of


@pytest.fixture
def broker(parts: Parts) -> GroupBroker:
    return GroupBroker(parts)


@pytest.mark.parametrize("version", versions_of(OffsetCommitRequest))
def test_an_offset_is_stored_with_all_that_its_version_says(broker: GroupBroker, version: int) -> None:
    topic = broker.create_topic("t")
    assert broker.commit(offsets_of(topic, {1: 42}, leader_epoch=3), version=version) == [[0]]
    broker.restart()
    found = broker.context.groups.find_offset("g", "t", 1)
    assert found is not None
    assert (found.offset, found.metadata, found.topic_id) == (42, "note", topic.topic_id)
    assert found.leader_epoch == (3 if version >= 6 else -1)


@pytest.mark.parametrize("version", [2, 9])
def test_what_does_not_exist_is_refused_and_the_rest_is_committed(broker: GroupBroker, version: int) -> None:
    broker.create_topic("t")
    asked = [offsets_of("nope", {0: 1}), offsets_of("t", {0: 1, 2: 1, -1: 1, 1: 1}), offsets_of("t", {9: 1})]
    assert broker.commit(*asked, version=version) == [[3], [0, 3, 3, 0], [3]]
    assert broker.context.groups.committed_partitions("g") == [("t", [0, 1])]


def test_version_10_goes_by_topic_id(broker: GroupBroker) -> None:
    topic = broker.create_topic("t")
    asked = [offsets_of("t", {0: 1}), offsets_of(topic, {0: 1, 9: 1})]
    unknown = ErrorCode.UNKNOWN_TOPIC_ID
    assert broker.commit(*asked, version=10) == [[unknown], [0, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION]]
    request = OffsetCommitRequest(group_id="g", member_id="", topics=asked)
    named = broker.ask(request, 10, OffsetCommitResponse).answer.topics
    assert [(t.name, t.topic_id) for t in named] == [("", bytes(16)), ("", topic.topic_id)]


@pytest.mark.parametrize(("version", "code"), [(8, ErrorCode.ILLEGAL_GENERATION), (9, ErrorCode.GROUP_ID_NOT_FOUND)])
def test_a_generation_of_no_group_is_refused(broker: GroupBroker, version: int, code: ErrorCode) -> None:
    broker.create_topic("t")
    asked = offsets_of("t", {0: 1, 9: 1})
    assert broker.commit(asked, version=version, generation=1, member_id="m") == [[code, 3]]


def test_with_nothing_left_to_commit_the_group_is_not_asked(broker: GroupBroker) -> None:
    asked = offsets_of("nope", {0: 1})
    assert broker.commit(asked, generation=1, member_id="m") == [[ErrorCode.UNKNOWN_TOPIC_OR_PARTITION]]
    assert broker.commit() == []
    assert broker.context.groups.find_group("g") is None


def test_null_metadata_is_stored_empty_and_too_much_of_it_refused(broker: GroupBroker) -> None:
    broker.create_topic("t")
    assert broker.commit(offsets_of("t", {0: 1}, metadata=None)) == [[0]]
    assert broker.commit(offsets_of("t", {1: 1}, metadata="x" * 5000)) == [[ErrorCode.OFFSET_METADATA_TOO_LARGE]]
    found = broker.context.groups.find_offset("g", "t", 0)
    assert found is not None
    assert found.metadata == ""
    assert broker.context.groups.find_offset("g", "t", 1) is None


@pytest.mark.parametrize(("version", "expires"), [(4, True), (5, False)])
def test_up_to_version_4_a_commit_may_bring_its_own_expiry(broker: GroupBroker, version: int, expires: bool) -> None:
    broker.create_topic("t")
    broker.commit(offsets_of("t", {0: 1}), version=version, retention_ms=1000)
    found = broker.context.groups.find_offset("g", "t", 0)
    assert found is not None
    assert found.expire_timestamp_ms == (broker.parts.clock.now_ms() + 1000 if expires else -1)


def test_members_are_checked(broker: GroupBroker) -> None:
    broker.create_topic("t")
    member = broker.stable_member()
    ask = offsets_of("t", {0: 1})
    assert broker.commit(ask, generation=1, member_id=member) == [[0]]
    assert broker.commit(ask, generation=2, member_id=member) == [[ErrorCode.ILLEGAL_GENERATION]]
    assert broker.commit(ask) == [[ErrorCode.UNKNOWN_MEMBER_ID]]


def test_what_does_not_fit_into_one_batch_is_refused_whole_and_commits_nothing(broker: GroupBroker) -> None:
    broker.create_topic("t", partitions=300)
    assert broker.commit(offsets_of("t", dict.fromkeys(range(300), 1), metadata="m" * 4096)) == [
        [ErrorCode.UNKNOWN_SERVER_ERROR] * 300
    ]
    assert broker.context.groups.committed_partitions("g") == []
    assert broker.commit(offsets_of("t", dict.fromkeys(range(200), 1), metadata="m" * 4096)) == [[0] * 200]
