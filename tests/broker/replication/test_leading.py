"""What a leader knows of its followers: who is in sync, how far all of them are, and who waits for that."""

import pytest

from odradek.broker.replication.replica_fetch import Follower
from odradek.protocol.errors import ErrorCode, KafkaError

from .led_partition import LAG_S, Led

NONE = ErrorCode.NONE

# The high watermark


def test_it_is_the_least_end_of_those_that_are_in_sync() -> None:
    led = Led(isr=(1, 2), records=5)
    led.fetch(2, 3)
    assert led.log.high_watermark == 3
    led.fetch(2, 5)
    assert led.log.high_watermark == 5


def test_it_waits_for_who_is_in_sync_and_has_not_asked_yet() -> None:
    led = Led(records=2)
    led.fetch(2, 2)
    assert led.log.high_watermark == 0


def test_it_waits_for_who_has_caught_up_and_may_join() -> None:
    led = Led(isr=(1, 2), records=4)
    led.fetch(3, 4)
    led.fetch(2, 4)
    led.grow(1)
    led.fetch(2, 5)
    assert led.log.high_watermark == 4
    led.eligible.discard(3)
    led.leading.advance(led.now)
    assert led.log.high_watermark == 5


def test_it_waits_for_who_is_about_to_be_in_sync() -> None:
    led = Led(isr=(1, 2), records=4)
    led.fetch(3, 4)
    led.leading.begin_change([1, 2, 3])
    led.now += LAG_S + 1
    led.grow(1)
    led.fetch(2, 5)
    assert led.log.high_watermark == 4


def test_it_stays_while_too_few_are_in_sync() -> None:
    """KIP-966: what one replica alone has may be lost with it."""
    led = Led(isr=(1,), min_isr=2, records=3)
    assert not led.leading.advance(led.now)
    assert led.log.high_watermark == 0
    led.min_isr = 1
    assert led.leading.advance(led.now)
    assert led.log.high_watermark == 3


def test_no_more_have_to_be_in_sync_than_there_are_replicas() -> None:
    led = Led(min_isr=5, records=1)
    led.leading.check_in_sync()
    for node_id in (2, 3):
        led.fetch(node_id, 1)
    assert led.log.high_watermark == 1


def test_who_waits_for_the_log_to_change_hears_of_it() -> None:
    led = Led(isr=(1, 2), records=1)
    led.parts.changed.clear()
    led.fetch(2, 1)
    assert led.partition in led.parts.changed


# Appends that wait


def test_an_append_is_answered_once_the_high_watermark_has_passed_it() -> None:
    led = Led(isr=(1, 2), records=3)
    led.wait_for(2)
    led.fetch(2, 1)
    assert led.answers == [None]
    led.fetch(2, 2)
    assert led.answers == [NONE]


def test_an_append_that_is_replicated_already_is_answered_at_once() -> None:
    led = Led(isr=(1,), records=1)
    led.leading.advance(led.now)
    led.wait_for(1)
    assert led.answers == [NONE]


def test_an_earlier_append_does_not_wait_for_a_later_one_that_came_to_wait_first() -> None:
    led = Led(isr=(1, 2), records=9)
    led.wait_for(9)
    led.wait_for(4)
    led.fetch(2, 5)
    assert led.answers == [None, NONE]


def test_too_few_in_sync_refuse_appends_that_are_to_reach_all() -> None:
    led = Led(isr=(1, 2), min_isr=3)
    with pytest.raises(KafkaError) as refusal:
        led.leading.check_in_sync()
    assert refusal.value.code == ErrorCode.NOT_ENOUGH_REPLICAS


def test_who_leads_no_more_refuses_what_waits() -> None:
    led = Led(records=2)
    led.wait_for(1)
    led.wait_for(2)
    led.leading.resign()
    assert led.answers == [ErrorCode.NOT_LEADER_OR_FOLLOWER] * 2
    assert not led.leading.is_waited_for


def test_the_only_replica_that_is_left_has_all_that_there_is() -> None:
    led = Led(records=2)
    led.wait_for(2)
    led.leading.stay_alone()
    assert led.answers == [NONE]


def test_an_answer_that_fails_keeps_no_other_from_its_turn() -> None:
    led = Led(isr=(1, 2), records=1)

    def fail(error: KafkaError | None) -> None:
        raise ValueError("the unforeseen")

    led.leading.when_replicated(1, fail)
    led.wait_for(1)
    led.fetch(2, 1)
    assert led.answers == [NONE]


# Who joins


def test_a_follower_joins_with_the_high_watermark_and_all_of_earlier_epochs() -> None:
    led = Led(isr=(1,), records=4)
    assert led.leading.epoch_start_offset == 4
    led.fetch(2, 3)
    assert not led.leading.may_join(2)
    led.fetch(2, 4)
    assert led.leading.may_join(2)
    led.eligible.discard(2)
    assert not led.leading.may_join(2)


def test_nobody_joins_while_the_controller_is_asked_for_another_change() -> None:
    led = Led(isr=(1,), records=1)
    led.fetch(2, 1)
    led.fetch(3, 1)
    led.leading.begin_change([1, 2])
    assert not led.leading.may_join(3)
    led.record(isr=[1, 2])
    assert led.leading.may_join(3)


def test_what_a_broker_had_in_an_earlier_life_does_not_let_it_join() -> None:
    """KIP-903: it may have lost all of that."""
    led = Led(isr=(1,), records=4)
    led.fetch(2, 4)
    led.broker_epochs[2] += 10
    assert not led.leading.may_join(2)
    led.fetch(2, 1)
    assert not led.leading.may_join(2)
    led.fetch(2, 4)
    assert led.leading.may_join(2)


def test_what_the_controller_is_asked_has_the_epochs_in_which_followers_have_asked() -> None:
    led = Led(isr=(1,), records=1)
    led.fetch(2, 1)
    pending = led.leading.begin_change([1, 2, 3])
    assert list(pending.isr) == [(1, -1), (2, led.broker_epochs[2]), (3, -1)]


# Who lags


def test_a_follower_lags_when_it_has_not_had_everything_for_too_long() -> None:
    led = Led(isr=(1, 2), records=1)
    led.fetch(2, 1)
    led.grow(1)
    led.now += LAG_S
    assert led.leading.lagging(led.now) == []
    led.now += 1
    assert led.leading.lagging(led.now) == [2]


def test_a_follower_that_has_everything_never_lags() -> None:
    led = Led(isr=(1, 2), records=1)
    led.fetch(2, 1)
    led.now += 10 * LAG_S
    assert led.leading.lagging(led.now) == []


def test_a_follower_that_is_always_a_little_behind_does_not_lag() -> None:
    """With each question it has what there was at the one before."""
    led = Led(isr=(1, 2), records=1)
    for end in range(1, 8):
        led.fetch(2, end - 1)
        led.now += LAG_S / 2 - 1
        led.grow(1)
    assert led.leading.lagging(led.now) == []


def test_the_time_of_a_follower_that_had_nothing_to_ask_for_begins_with_what_it_lacks() -> None:
    led = Led(isr=(1, 2), records=1)
    led.fetch(2, 1)
    led.now += 10 * LAG_S
    led.grow(1)
    led.now += LAG_S
    assert led.leading.lagging(led.now) == []
    led.now += 1
    assert led.leading.lagging(led.now) == [2]


def test_the_time_of_a_follower_that_cannot_be_reached_begins_with_that() -> None:
    led = Led(isr=(1, 2), records=1)
    led.fetch(2, 1)
    led.now += 10 * LAG_S
    led.leading.note_ways(lambda node_id: False, led.now)
    led.now += LAG_S
    led.grow(1)
    assert led.leading.lagging(led.now) == []
    led.now += 1
    assert led.leading.lagging(led.now) == [2]


def test_nobody_lags_while_the_controller_is_asked_for_a_change() -> None:
    led = Led(records=1)
    led.now += LAG_S + 1
    assert led.leading.lagging(led.now) == [2, 3]
    led.leading.begin_change([1])
    assert led.leading.lagging(led.now) == []


# What the controller says


@pytest.mark.parametrize(
    "code", [ErrorCode.INVALID_UPDATE_VERSION, ErrorCode.FENCED_LEADER_EPOCH, ErrorCode.UNKNOWN_TOPIC_ID]
)
def test_who_is_to_join_counts_until_the_metadata_tells_what_has_become_of_it(code: ErrorCode) -> None:
    """The controller may have recorded it at a first question, whose answer was lost."""
    led = Led(isr=(1,), records=1)
    led.fetch(2, 1)
    pending = led.leading.begin_change([1, 2])
    led.leading.end_change(pending, KafkaError(code), led.now)
    assert led.leading.pending is pending
    led.record(partition_epoch=1, isr=[1, 2])
    assert led.leading.pending is None


def test_who_was_refused_to_join_is_not_waited_for() -> None:
    led = Led(isr=(1,), records=1)
    led.fetch(2, 1)
    pending = led.leading.begin_change([1, 2])
    led.eligible.discard(2)
    led.grow(1)
    assert led.log.high_watermark == 1
    led.leading.end_change(pending, KafkaError(ErrorCode.INELIGIBLE_REPLICA), led.now)
    assert led.leading.pending is None
    assert led.log.high_watermark == 2


def test_a_late_refusal_leaves_a_newer_question_alone() -> None:
    led = Led(isr=(1,), records=1)
    led.fetch(2, 1)
    old = led.leading.begin_change([1, 2])
    led.record(partition_epoch=1)
    new = led.leading.begin_change([1, 2])
    led.leading.end_change(old, KafkaError(ErrorCode.INELIGIBLE_REPLICA), led.now)
    assert led.leading.pending is new


def test_a_leader_goes_on_in_a_new_epoch_with_who_waits_and_what_it_knows() -> None:
    led = Led(records=3)
    led.fetch(2, 3)
    led.wait_for(3)
    led.record(leader_epoch=1, replicas=[1, 2], isr=[1, 2])
    assert led.leading.epoch_start_offset == 3
    assert list(led.leading.followers) == [2]
    assert led.answers == [NONE]


def test_a_replica_that_comes_back_has_to_show_itself_anew() -> None:
    led = Led(records=3)
    led.fetch(3, 3)
    led.record(replicas=[1, 2], isr=[1, 2])
    led.record(replicas=[1, 2, 3])
    assert not led.leading.may_join(3)


# What consumers and deletions ask


def test_consumers_may_read_from_those_that_are_in_sync() -> None:
    led = Led(isr=(1, 2), records=2)
    led.fetch(2, 1)
    led.fetch(3, 2)
    (view,) = led.leading.in_sync_followers()
    assert (view.node_id, view.log_start_offset, view.end_offset) == (2, 0, 1)


def test_the_low_watermark_is_the_least_start_of_those_that_are_alive() -> None:
    led = Led(records=2)
    for node_id, start in ((2, 1), (3, 0)):
        led.leading.note_fetch(Follower(node_id, led.broker_epochs[node_id]), 2, start, led.now)
    led.log.delete_records_before(2)
    assert led.leading.low_watermark(lambda node_id: True) == 0
    assert led.leading.low_watermark(lambda node_id: node_id == 2) == 1
    assert led.leading.low_watermark(lambda node_id: False) == 2
