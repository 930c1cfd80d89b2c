"""Each delivery is told from when to when it was held, and what became of it."""

from odradek.broker.tools.verify.history import Kind, Phase

from .share_story import ONE, TWO, G, ShareStory
from .story import A


def test_a_delivery_was_acquired_after_the_poll_before_the_one_that_returned_it() -> None:
    story = ShareStory().asks("m").after(1).asks("m").after(1).asks("m").after(1).is_given("m", ONE)
    (one,) = story.shares()
    assert (one.floor.time_s, one.seen.time_s, one.until) == (1.0, 3.0, None)
    assert one.place == (G, A, 0)
    assert str(one) == "a-0@0=one#1 (to m)"


def test_a_hold_ends_where_an_acknowledgement_begins() -> None:
    story = ShareStory().gets("m", ONE).after(1).begins("m", Kind.REJECT, ONE).after(1)
    (one,) = story.ends("m", Kind.REJECT, ONE).shares()
    assert one.until is not None
    assert (one.until.time_s, one.kind, one.is_confirmed) == (1.0, Kind.REJECT, True)
    assert [operation.time_s for operation in one.story] == [0.0, 1.0, 2.0]


def test_an_answer_that_did_not_come_confirms_nothing() -> None:
    (one,) = ShareStory().gets("m", ONE).says("m", Kind.ACCEPT, ONE, Phase.INFO).shares()
    assert (one.kind, one.is_confirmed) == (Kind.ACCEPT, False)


def test_a_death_ends_all_holds_of_that_member_alone() -> None:
    shares = ShareStory().gets("m", ONE).gets("n", TWO).goes("m").goes("n", is_killed=False).shares()
    assert all(one.until is not None for one in shares)
    assert shares.killed == 1
    held = ShareStory().gets("m", ONE).gets("n", TWO).goes("m").shares()
    assert [one.until is None for one in held] == [False, True]


def test_the_lost_connection_of_a_member_disturbs_its_last_poll_and_its_next() -> None:
    story = ShareStory().gets("m", ONE).gets("m", TWO).loses("m").gets("m", ONE, 2).gets("m", TWO, 2).gets("n", ONE, 3)
    assert {str(one) for one in story.shares() if one.is_disturbed} == {"a-0@1=two#1 (to m)", "a-0@0=one#2 (to m)"}


def test_losses_of_a_broker_are_found_between_two_operations() -> None:
    story = ShareStory().asks("m").loses().asks("m").asks("m")
    first, loss, after, last = story.history.operations()
    shares = story.shares()
    assert shares.losses == [loss.index]
    assert shares.is_lost_between(first, after)
    assert not shares.is_lost_between(after, last)


def test_later_deliveries_are_those_of_the_same_record() -> None:
    shares = ShareStory().gets("m", ONE).gets("m", TWO).gets("n", ONE, 2).shares()
    first = next(iter(shares))
    assert [str(one) for one in shares.later_than(first)] == ["a-0@0=one#2 (to n)"]
