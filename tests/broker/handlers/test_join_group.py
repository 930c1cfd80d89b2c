import pytest

from odradek.broker.coordination.groups.classic.group import ClassicGroup
from odradek.protocol.codec import encode_bytes
from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages.join_group import JoinGroupRequest, JoinGroupResponse

from ..conftest import Parts
from .group_context import GroupBroker, versions_of


@pytest.fixture
def broker(parts: Parts) -> GroupBroker:
    return GroupBroker(parts)


@pytest.mark.parametrize("version", versions_of(JoinGroupRequest))
def test_the_only_member_leads_in_every_version(broker: GroupBroker, version: int) -> None:
    joined = broker.join(version=version).answer
    if version >= 4:
        assert joined.error_code == ErrorCode.MEMBER_ID_REQUIRED
        joined = broker.join(joined.member_id, version).answer
    member_id = joined.member_id
    assert member_id.startswith("shop-")
    assert (joined.error_code, joined.generation_id, joined.leader) == (0, 1, member_id)
    assert joined.protocol_name == "range"
    assert joined.protocol_type == ("consumer" if version >= 7 else None)
    assert [(m.member_id, m.metadata) for m in joined.members] == [(member_id, b"m")]


@pytest.mark.parametrize("version", versions_of(JoinGroupRequest))
def test_a_refusal_names_the_member_and_no_generation(broker: GroupBroker, version: int) -> None:
    refused = broker.join("stranger", version).answer
    assert (refused.error_code, refused.generation_id, refused.member_id, refused.leader) == (
        ErrorCode.UNKNOWN_MEMBER_ID,
        -1,
        "stranger",
        "",
    )
    assert refused.protocol_name == (None if version >= 7 else "")
    assert not refused.members


def test_a_join_is_parked_until_the_others_have_joined(broker: GroupBroker) -> None:
    leader = broker.stable_member()
    newcomer = broker.join(version=3)
    assert newcomer.is_deferred
    broker.join(leader)
    assert newcomer.answer.generation_id == 2
    assert not newcomer.answer.members


def test_version_0_has_one_timeout_for_both(broker: GroupBroker) -> None:
    broker.join(version=0)
    group = broker.context.groups.find_group("g")
    assert isinstance(group, ClassicGroup)
    assert group.rebalance_timeout_ms == 10_000


def test_what_the_client_said_outlives_its_frame(broker: GroupBroker) -> None:
    frame = bytearray(64)
    broker.join(version=3, metadata=bytes(memoryview(frame)[:4]))
    group = broker.context.groups.find_group("g")
    assert isinstance(group, ClassicGroup)
    (member,) = group.members.values()
    assert (type(member.protocols[0][1]), member.client_id, member.client_host) == (bytes, "shop", "/127.0.0.1")


def test_version_9_tells_a_restarted_leader_to_skip_the_assignment(broker: GroupBroker) -> None:
    old = broker.join(instance="i").answer.member_id
    broker.sync(old, 1, {})
    joined = broker.join(instance="i").answer
    assert joined.skip_assignment
    assert joined.members[0].group_instance_id == "i"


def test_a_group_without_a_name_is_refused(broker: GroupBroker) -> None:
    request = JoinGroupRequest(group_id="", member_id="")
    assert broker.ask(request, 8, JoinGroupResponse).answer.error_code == ErrorCode.INVALID_GROUP_ID


@pytest.mark.parametrize("version", [8, 9])
def test_the_reason_of_a_join_changes_nothing_and_is_kept_nowhere(version: int) -> None:
    answers, logs = list[bytes](), list[bytes]()
    for reason in (None, "rebalance enforced by user"):
        broker = GroupBroker(Parts())  # the same ids for both
        joined = broker.join(version=version, reason=reason).answer
        assert joined.error_code == ErrorCode.MEMBER_ID_REQUIRED
        joined = broker.join(joined.member_id, version, reason=reason).answer
        assert (joined.error_code, joined.generation_id) == (ErrorCode.NONE, 1)
        broker.sync(joined.member_id, 1, {joined.member_id: b"work"})
        at = broker.context.groups.partition_of("g")
        log = broker.context.topics.partition("__consumer_offsets", at).log
        answers.append(encode_bytes(joined, version))
        logs.append(bytes(log.read(0, 1 << 20, upper_offset=log.log_end_offset).data))
    assert answers[0] == answers[1]
    assert logs[0]
    assert logs[0] == logs[1]
