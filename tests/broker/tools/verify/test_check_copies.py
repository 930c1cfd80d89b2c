"""Planted by hand: copies that are missing, doubled, invented or out of order."""

from collections.abc import Sequence

from odradek.broker.tools.verify.check_copies import Pipeline, check_copies, copy_of, original_of
from odradek.broker.tools.verify.history import Record
from odradek.broker.tools.verify.verdict import Verdict

from .story import A, B, Story, assert_clean, assert_violated, at

PIPELINE = Pipeline("g", "a", "b")
INPUT = [at(A, 0, "one"), at(A, 2, "two"), at(A, 4, "three")]


def copied(*values: str) -> list[Record]:
    return [at(B, offset, value) for offset, value in enumerate(values)]


def checked_copies(copies: Sequence[Record], *, is_drained: bool = True) -> Verdict:
    story = Story().send("p", None, *INPUT)
    if copies:
        story.send("c", None, *copies)
    return check_copies(story.facts(), [*INPUT, *copies], [PIPELINE], is_drained=is_drained)


def test_a_copy_names_its_original_and_its_transaction() -> None:
    assert copy_of("one", "t") == "one@t"
    assert original_of("one@t") == "one"


def test_one_copy_of_each_in_order_is_exactly_once() -> None:
    assert_clean(checked_copies(copied("one@t", "two@t", "three@u")), 3)


def test_a_record_that_was_never_copied_is_caught() -> None:
    assert_violated(checked_copies(copied("one@t", "three@t")), "1 of 3", "never copied", "two")


def test_no_copies_at_all_are_caught() -> None:
    assert_violated(checked_copies([]), "3 of 3", "never copied")


def test_a_record_that_was_copied_twice_is_caught() -> None:
    assert_violated(checked_copies(copied("one@t", "two@t", "two@u", "three@u")), "two was copied 2 times")


def test_a_copy_of_nothing_is_caught() -> None:
    assert_violated(checked_copies(copied("one@t", "two@t", "three@t", "four@t")), "copy of nothing")


def test_copies_out_of_order_are_caught() -> None:
    assert_violated(checked_copies(copied("two@t", "one@u", "three@u")), "out of order", "two stands where one belongs")


def test_copies_that_end_early_are_clean_while_the_copiers_are_not_done() -> None:
    assert_clean(checked_copies(copied("one@t"), is_drained=False), 1)


def test_a_gap_is_caught_even_while_the_copiers_are_not_done() -> None:
    assert_violated(checked_copies(copied("one@t", "three@t"), is_drained=False), "two")
