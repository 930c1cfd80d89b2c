"""What becomes of members and assignments when a group changes its kind."""

import pytest

from odradek.broker.coordination.groups.classic.group import ClassicGroup
from odradek.broker.coordination.groups.classic.records import StoredGroup, StoredMember
from odradek.broker.coordination.groups.consumer.group import ConsumerGroup
from odradek.broker.coordination.groups.consumer.member import ClassicProtocols, ConsumerMember
from odradek.broker.coordination.groups.consumer.migration import (
    downgrade,
    encode_partitions,
    read_subscription,
    upgrade,
)
from odradek.protocol.errors import ErrorCode, KafkaError

from .classic_client import assigned, assignment, offers, subscription
from .consumer_driver import Topics, named, topic_id

TOPICS = Topics(t=4, u=2)


def classic_group(metadata: bytes | None = None, given: bytes | None = None) -> ClassicGroup:
    group = ClassicGroup("g")
    member = StoredMember(
        *("m", "i", "c", "/h", 300, 100),
        subscription=subscription(["t"]) if metadata is None else metadata,
        assignment=assignment({"t": [0, 3], "gone": [1]}) if given is None else given,
    )
    group.adopt(StoredGroup("consumer", 7, "range", "m", 5, (member,)))
    return group


def test_members_keep_everything_and_the_generation_is_the_epoch() -> None:
    group, records = upgrade(classic_group(), TOPICS)
    (member,) = group.members.values()
    assert (group.epoch, group.assignment_epoch, group.state_name) == (7, 7, "Stable")
    assert (member.epoch, member.previous_epoch, member.instance_id, member.client_id) == (7, 7, "i", "c")
    assert (member.subscribed_topic_names, member.rebalance_timeout_ms) == (("t",), 300)
    assert member.classic == ClassicProtocols(100, (("range", subscription(["t"])),))
    assert named(member.assigned) == {"t": [0, 3]} == named(group.target_of("m"))
    assert member.assigned[topic_id("t")] == {0: 7, 3: 7}
    assert [key[1] for key, _ in records] == [2, 5, 3, 7, 6, 8]
    assert [value is None for _, value in records] == [True] + [False] * 5


def test_a_member_that_has_nothing_yet_has_nothing() -> None:
    assert upgrade(classic_group(given=b""), TOPICS).group.members["m"].assigned == {}


LYING = b"\x7f\xff" + subscription(["t"], version=0)[2:]  # of a version to come, and lacks what that has


@pytest.mark.parametrize(("metadata", "given"), [(b"\0", None), (LYING, None), (None, b"\0\0\0\0\0\1")])
def test_bytes_that_mean_nothing_are_refused_in_kafkas_words(metadata: bytes | None, given: bytes | None) -> None:
    with pytest.raises(KafkaError) as refused:
        upgrade(classic_group(metadata, given), TOPICS)
    assert refused.value.code is ErrorCode.GROUP_ID_NOT_FOUND
    assert (refused.value.why or "").endswith("because the embedded consumer protocol is malformed.")


def mixed_group(*classic: str) -> ConsumerGroup:
    group = ConsumerGroup("g", TOPICS)
    group.set_epoch(9, 0)
    for name in classic:
        protocols = ClassicProtocols(100, (("sticky", subscription(["t"])), *offers()))
        group.put_metadata(ConsumerMember(name, f"i{name}", None, "c", "/h", ("t",), "", 300, None, protocols))
        group.target[name] = {topic_id("t"): frozenset({1, 2}), b"gone": frozenset({0})}
    group.put_metadata(ConsumerMember("new"))
    group.target["new"] = {topic_id("u"): frozenset({0})}
    return group


def test_what_is_left_of_a_consumer_group_has_what_it_should_have_had() -> None:
    stored, protocols = downgrade(mixed_group("a", "b"), ["new"], None, TOPICS, 50)
    assert (stored.protocol_type, stored.generation, stored.protocol, stored.leader) == ("consumer", 9, "sticky", None)
    assert stored.state_timestamp_ms == 50
    assert [(m.member_id, m.group_instance_id, m.session_timeout_ms) for m in stored.members] == [
        ("a", "ia", 100),
        ("b", "ib", 100),
    ]
    assert [assigned(m.assignment) for m in stored.members] == [{"t": [1, 2]}] * 2
    assert [name for name, _ in protocols["a"]] == ["sticky", "range"]


def test_the_heir_of_a_static_member_has_what_that_one_should_have_had() -> None:
    heir = ConsumerMember(
        "heir", "inew", None, "c", "/h", ("u",), "", 300, None, ClassicProtocols(7, tuple(offers("u")))
    )
    stored, _ = downgrade(mixed_group("a"), ["new"], heir, TOPICS, 50)
    assert [(m.member_id, assigned(m.assignment)) for m in stored.members] == [
        ("a", {"t": [1, 2]}),
        ("heir", {"u": [0]}),
    ]
    assert stored.protocol == "range"


@pytest.mark.parametrize(("version", "written"), [(0, 0), (3, 3), (9, 3)])
def test_partitions_are_written_in_the_version_of_the_subscription(version: int, written: int) -> None:
    data = encode_partitions({topic_id("t"): frozenset({1})}, version.to_bytes(2, "big"), TOPICS)
    assert (int.from_bytes(data[:2], "big"), assigned(data)) == (written, {"t": [1]})


def test_a_subscription_is_read_from_the_first_protocol() -> None:
    assert read_subscription([("x", subscription(["u"])), ("y", b"")]).topics == ["u"]
    with pytest.raises(KafkaError) as refused:
        read_subscription([("x", b"\0")])
    assert refused.value.code is ErrorCode.UNKNOWN_SERVER_ERROR
