import pytest

from odradek.broker.coordination.groups.consumer.group import ConsumerGroup
from odradek.broker.coordination.groups.consumer.heartbeat_request import HeartbeatRequest
from odradek.broker.coordination.groups.consumer.member import ConsumerMember
from odradek.broker.coordination.groups.consumer.membership import check_epoch, find_member
from odradek.broker.coordination.groups.consumer.settings import ConsumerConfig
from odradek.protocol.errors import ErrorCode, KafkaError

from .consumer_driver import EAGER, ConsumerDriver, Topics, named, topic_id

GIVEN = {topic_id("t"): {0: 2, 1: 2}}


@pytest.fixture
def groups() -> ConsumerDriver:
    return ConsumerDriver()


def test_a_member_that_is_not_known_is_told_so(groups: ConsumerDriver) -> None:
    groups.beat("a")
    for epoch in (3, -1):
        stranger = groups.beat("b", epoch)
        assert stranger.error is ErrorCode.UNKNOWN_MEMBER_ID
        assert stranger.message == "Member b is not a member of group g."
        assert (stranger.member_id, stranger.epoch, stranger.heartbeat_interval_ms) == (None, 0, 0)
    # Kafka has two names for a group that is not there.
    for epoch, name in ((3, "Consumer group"), (-1, "Group")):
        nowhere = groups.beat("b", epoch, group_id="h")
        assert (nowhere.error, nowhere.message) == (ErrorCode.GROUP_ID_NOT_FOUND, f"{name} h not found.")


@pytest.mark.parametrize(
    ("epoch", "owned", "is_accepted"),
    [
        (5, None, True),
        (6, None, False),
        (4, [(topic_id("t"), [1])], True),
        (4, [], True),
        (4, [(topic_id("t"), [1, 2])], False),
        (4, [(topic_id("u"), [0])], False),
        (4, None, False),
        (3, [], False),
    ],
)
def test_the_epoch_before_is_taken_where_the_answer_was_lost(
    epoch: int, owned: list[tuple[bytes, list[int]]] | None, is_accepted: bool
) -> None:
    group = ConsumerGroup("g", Topics())
    member = ConsumerMember("m", epoch=5, previous_epoch=4, assigned=GIVEN)
    if is_accepted:
        check_epoch(group, member, epoch, owned)
        return
    with pytest.raises(KafkaError) as refused:
        check_epoch(group, member, epoch, owned)
    assert refused.value.code is ErrorCode.FENCED_MEMBER_EPOCH
    assert f"a {'greater' if epoch > 5 else 'smaller'} member epoch ({epoch}) than" in str(refused.value.why)


def test_who_joins_again_has_the_epoch_and_everything_that_is_its_own(groups: ConsumerDriver) -> None:
    groups.beat("a")
    again = groups.beat("a")
    assert (again.epoch, named(again.assignment)) == (2, {"t": [0, 1, 2, 3]})


def test_a_static_member_that_has_not_left_keeps_its_instance(groups: ConsumerDriver) -> None:
    groups.beat("a", instance_id="i")
    for member_id in ("a", "b"):
        assert groups.beat(member_id, instance_id="i").error is ErrorCode.UNRELEASED_INSTANCE_ID
    assert groups.beat("b", 2, instance_id="i").error is ErrorCode.FENCED_INSTANCE_ID
    assert groups.beat("b", 2, instance_id="j").error is ErrorCode.UNKNOWN_MEMBER_ID


@pytest.mark.parametrize("heir", ["a", "b"])
def test_a_static_member_that_comes_back_has_what_it_had_without_a_rebalance(groups: ConsumerDriver, heir: str) -> None:
    groups.beat("a", instance_id="i")
    groups.beat("other")
    groups.settle()
    before = groups.assigned()
    assert groups.beat("a", -2, instance_id="i").epoch == -2
    assert groups.consumer_group.members["a"].epoch == -2
    assert groups.beat("a", 3, instance_id="i").error is ErrorCode.FENCED_MEMBER_EPOCH
    back = groups.beat(heir, instance_id="i")
    assert (back.epoch, named(back.assignment)) == (3, before["a"])
    assert groups.assigned() == {heir: before["a"], "other": before["other"]}
    assert (groups.consumer_group.epoch, groups.consumer_group.state_name) == (3, "Stable")


def test_a_full_group_takes_no_more_but_keeps_whom_it_has() -> None:
    groups = ConsumerDriver(ConsumerConfig(max_size=1, of_group=EAGER.of_group))
    groups.beat("a")
    full = groups.beat("b")
    assert full.error is ErrorCode.GROUP_MAX_SIZE_REACHED
    assert full.message == "The consumer group has reached its maximum capacity of 1 members."
    assert groups.beat("a").error is ErrorCode.NONE
    groups.consumer_group.check_room("a", 1)


def test_a_newcomer_is_not_in_the_group_before_it_is_logged(groups: ConsumerDriver) -> None:
    groups.beat("a")
    newcomer = find_member(groups.consumer_group, HeartbeatRequest("g", "b", 0, "c", "/h"), "b")
    assert (newcomer.epoch, "b" in groups.consumer_group.members) == (0, False)
