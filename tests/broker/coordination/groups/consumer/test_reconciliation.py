from collections.abc import Mapping

import pytest

from odradek.broker.coordination.groups.consumer.member import ConsumerMember, MemberState
from odradek.broker.coordination.groups.consumer.reconciliation import Owned, reconcile
from odradek.broker.coordination.groups.modern.group import Partitions
from odradek.protocol.errors import ErrorCode, KafkaError

from .consumer_driver import topic_id

T, U = topic_id("t"), topic_id("u")


def step(
    member: ConsumerMember,
    target: Partitions,
    *,
    epoch: int = 5,
    owned: Owned = None,
    held: Mapping[tuple[bytes, int], str] | None = None,
    subscribed: tuple[bytes, ...] = (T, U),
    has_subscription_changed: bool = False,
) -> ConsumerMember:
    holders = held or {}
    return reconcile(
        member,
        epoch,
        target,
        owned,
        subscribed,
        lambda topic, index: holders.get((topic, index)),
        has_subscription_changed=has_subscription_changed,
    )


def test_a_newcomer_is_given_what_is_free() -> None:
    member = step(ConsumerMember("m"), {T: frozenset({0, 1})}, held={(T, 1): "other"})
    assert (member.state, member.epoch, member.previous_epoch) == (MemberState.UNRELEASED_PARTITIONS, 5, 0)
    assert member.assigned == {T: {0: 5}}


def test_what_was_released_is_given_later_and_has_the_epoch_of_then() -> None:
    waiting = ConsumerMember("m", epoch=5, state=MemberState.UNRELEASED_PARTITIONS, assigned={T: {0: 5}})
    member = step(waiting, {T: frozenset({0, 1})}, epoch=6)
    assert (member.state, member.epoch, member.assigned) == (MemberState.STABLE, 6, {T: {0: 5, 1: 6}})


def test_a_member_keeps_its_epoch_until_it_has_given_up_what_it_must() -> None:
    stable = ConsumerMember("m", epoch=4, assigned={T: {0: 4, 1: 4}})
    target: Partitions = {T: frozenset({0, 2})}
    revoking = step(stable, target)
    assert (revoking.state, revoking.epoch) == (MemberState.UNREVOKED_PARTITIONS, 4)
    assert (revoking.assigned, revoking.revoking) == ({T: {0: 4}}, {T: {1: 4}})
    assert step(revoking, target) is revoking
    assert step(revoking, target, owned=[(T, [0, 1])]) is revoking
    done = step(revoking, target, owned=[(T, [0])])
    assert (done.state, done.epoch, done.revoking) == (MemberState.STABLE, 5, {})
    assert done.assigned == {T: {0: 4, 2: 5}}


def test_a_member_that_owns_nothing_has_nothing_to_give_up() -> None:
    stable = ConsumerMember("m", epoch=4, assigned={T: {0: 4}})
    assert step(stable, {}, owned=[]).state is MemberState.STABLE


def test_a_partition_that_it_is_to_give_up_and_then_to_have_again_is_its_own() -> None:
    revoking = ConsumerMember(
        "m", epoch=4, state=MemberState.UNREVOKED_PARTITIONS, assigned={T: {0: 4}}, revoking={T: {1: 4}}
    )
    member = step(revoking, {T: frozenset({0, 1})}, owned=[(T, [0])], held={(T, 0): "m", (T, 1): "m"})
    assert (member.state, member.assigned) == (MemberState.STABLE, {T: {0: 4, 1: 5}})


def test_what_it_does_not_subscribe_to_it_does_not_get() -> None:
    member = step(ConsumerMember("m"), {T: frozenset({0}), U: frozenset({0})}, subscribed=(T,))
    assert (member.state, member.assigned) == (MemberState.STABLE, {T: {0: 5}})


def test_a_topic_that_it_dropped_is_taken_though_the_target_has_yet_to_follow() -> None:
    stable = ConsumerMember("m", epoch=5, assigned={T: {0: 5}, U: {0: 5}})
    target: Partitions = {T: frozenset({0}), U: frozenset({0})}
    assert step(stable, target, subscribed=(T,)) is stable
    member = step(stable, target, subscribed=(T,), has_subscription_changed=True)
    assert (member.state, member.epoch) == (MemberState.UNREVOKED_PARTITIONS, 5)
    assert (member.assigned, member.revoking) == ({T: {0: 5}}, {U: {0: 5}})
    gone = step(stable, target, subscribed=(T,), owned=[(T, [0])], has_subscription_changed=True)
    assert (gone.state, gone.assigned, gone.revoking) == (MemberState.STABLE, {T: {0: 5}}, {})
    unchanged = step(stable, target, has_subscription_changed=True)
    assert unchanged is stable


def test_a_member_in_a_state_of_a_later_release_begins_anew_unless_it_has_nothing() -> None:
    strange = ConsumerMember("m", epoch=4, state=MemberState.UNKNOWN, assigned={T: {0: 4}})
    for owned in (None, [(T, [0])]):
        with pytest.raises(KafkaError, match="in a unknown state") as refused:
            step(strange, {T: frozenset({0})}, owned=owned)
        assert refused.value.code is ErrorCode.FENCED_MEMBER_EPOCH
    assert step(strange, {T: frozenset({0})}, owned=[]).state is MemberState.STABLE
