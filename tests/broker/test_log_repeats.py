"""Lines of one kind beyond so many a second are counted."""

from odradek.broker.log_repeats import RepeatLimit

KIND, OTHER = ("warning", "fetch", "a log cannot be read"), ("warning", "fetch", "another")


def test_lines_beyond_the_limit_are_held_back_and_counted_once_the_second_is_over() -> None:
    limit = RepeatLimit(2)
    assert [limit.admits(KIND, 10.0 + at / 10) for at in range(5)] == [True, True, False, False, False]
    assert limit.holds_back
    assert limit.take_ended(10.9) == []
    assert limit.take_ended(11.0) == [(KIND, 3)]
    assert not limit.holds_back
    assert limit.take_ended(20.0) == []
    assert limit.admits(KIND, 11.0)


def test_each_kind_has_a_limit_of_its_own() -> None:
    limit = RepeatLimit(1)
    assert limit.admits(KIND, 1.0)
    assert limit.admits(OTHER, 1.0)
    assert not limit.admits(OTHER, 1.0)
    assert limit.take_ended(2.0) == [(OTHER, 1)]


def test_what_is_within_the_limit_in_every_second_is_all_written() -> None:
    limit = RepeatLimit(2)
    assert all(limit.admits(KIND, at / 2) for at in range(100))
    assert not limit.holds_back


def test_ever_new_kinds_do_not_take_ever_more_memory_and_nothing_held_back_is_forgotten() -> None:
    limit = RepeatLimit(1)
    for _ in range(2):
        limit.admits(KIND, 1.0)
    for number in range(5000):
        limit.admits(("error", "asyncio", str(number)), 1.0)
    assert len(limit._windows) <= 1001
    assert limit.take_ended(2.0) == [(KIND, 1)]
