from odradek.broker.coordination.groups.classic.group import ClassicGroup
from odradek.broker.coordination.groups.classic.member import Member
from odradek.broker.coordination.groups.classic.states import ClassicState

from ..group_driver import subscription


def member(member_id: str, *protocols: str, instance: str | None = None) -> Member:
    return Member(member_id, instance, "c", "/h", 10000, 60000, tuple((name, b"") for name in protocols))


def test_the_lead_passes_to_the_longest_serving_member() -> None:
    group = ClassicGroup("g")
    for name in "abc":
        group.add(member(name, "range"), "consumer")
    assert group.leader == "a"
    group.remove("a")
    assert group.leader == "b"
    group.remove("c")
    group.remove("b")
    assert group.leader is None


def test_the_replacement_of_a_static_member_has_its_place_and_its_lead() -> None:
    group = ClassicGroup("g")
    group.add(member("old", "range", instance="i"), "consumer")
    group.add(member("other", "range"), "consumer")
    group.pending_sync = {"old"}
    group.replace("old", member("new", "range", instance="i"))
    assert list(group.members) == ["new", "other"]
    assert (group.leader, group.static_members, group.pending_sync) == ("new", {"i": "new"}, {"new"})


def test_topics_are_known_to_be_read_when_every_subscription_can_be_read() -> None:
    group = ClassicGroup("g")
    first, second = member("1"), member("2")
    first.protocols = (("range", subscription("t", "u")),)
    second.protocols = (("range", subscription("v")),)
    group.add(first, "consumer")
    group.add(second, "consumer")
    group.state = ClassicState.PREPARING_REBALANCE
    group.start_generation(0)
    assert [group.is_subscribed_to(topic) for topic in "tuvw"] == [True, True, True, False]


def test_any_topic_may_be_read_when_a_subscription_cannot_be_read() -> None:
    group = ClassicGroup("g")
    first = member("1")
    first.protocols = (("range", b"\x00\x01\x7f\xff\xff\xff"),)
    group.add(first, "consumer")
    group.state = ClassicState.PREPARING_REBALANCE
    group.start_generation(0)
    assert group.is_subscribed_to("anything")
    assert not group.has_known_subscriptions()


def test_a_group_that_is_no_consumer_group_subscribes_to_nothing() -> None:
    group = ClassicGroup("g")
    assert not group.is_subscribed_to("t")
    group.add(member("1", "compatible"), "connect")
    assert not group.is_subscribed_to("t")
