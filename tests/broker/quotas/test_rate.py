"""The sliding rate, against values worked out by hand from Kafka's SampledStat, Rate and QuotaUtils."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odradek.broker.quotas.rate import LONGEST_MS, QuotaWindow, Rate, SimpleRate, rounded_ms

KAFKAS = QuotaWindow(samples=11, window_ms=1000)
START_MS = 50_000


def recorded(*values: tuple[int, float], window: QuotaWindow = KAFKAS) -> Rate:
    """What was recorded, by milliseconds after the start."""
    rate = Rate(window)
    for after_ms, value in values:
        rate.record(value, START_MS + after_ms)
    return rate


def test_a_young_rate_is_over_all_windows_but_one() -> None:
    assert recorded((0, 20_000)).per_second(START_MS) == 2000
    assert recorded((0, 20_000)).window_ms(START_MS) == 10_000
    assert recorded((0, 20_000)).per_second(START_MS + 500) == pytest.approx(20_000 / 10.5)


def test_the_window_begins_with_its_oldest_sample() -> None:
    rate = recorded((0, 10), (1500, 10), (3000, 10), (10_900, 10))
    assert rate.window_ms(START_MS + 10_900) == 10_900
    assert rate.per_second(START_MS + 10_900) == pytest.approx(40 / 10.9)


def test_a_sample_that_overlaps_the_window_is_kept_whole() -> None:
    rate = recorded((0, 10), (999, 10), (2000, 10))
    assert rate.per_second(START_MS + 11_998) == pytest.approx(30 / 11.998)
    assert rate.per_second(START_MS + 11_999) == pytest.approx(10 / 10.999)  # its last event is a window old


def test_there_is_room_for_the_sample_that_overlaps_and_all_those_of_the_window() -> None:
    rate = recorded((0, 1), (999, 1), *((at_ms, 1) for at_ms in range(1000, 11_001, 1000)))
    assert rate.window_ms(START_MS + 11_000) == 11_000
    assert rate.per_second(START_MS + 11_000) == pytest.approx(13 / 11)


def test_after_a_whole_window_nothing_is_left() -> None:
    rate = recorded((0, 10_000))
    assert rate.per_second(START_MS + 10_999) > 0
    assert rate.per_second(START_MS + 11_000) == 0


def test_what_was_taken_back_does_not_count() -> None:
    assert recorded((0, 500), (10, -500)).per_second(START_MS + 10) == 0


def test_the_throttle_brings_the_rate_down_to_the_bound() -> None:
    assert recorded((0, 20_000)).throttle_ms(1000, START_MS) == 10_000
    assert recorded((0, 10_000)).throttle_ms(1000, START_MS) == 0
    assert recorded((0, 10_001)).throttle_ms(1000, START_MS) == 1


def test_a_single_window_is_at_least_a_millisecond_long() -> None:
    rate = recorded((0, 5), window=QuotaWindow(1, 1000))
    assert (rate.window_ms(START_MS), rate.per_second(START_MS)) == (1, 5000)


def test_a_bound_that_is_no_number_throttles_nobody() -> None:
    assert recorded((0, 1e9)).throttle_ms(float("nan"), START_MS) == 0


def test_a_throttle_fits_the_answer() -> None:
    assert recorded((0, 1e12)).throttle_ms(1, START_MS) == LONGEST_MS
    assert recorded((0, 1e12)).throttle_ms(0, START_MS) == LONGEST_MS
    assert recorded((0, 1e12)).throttle_ms(1e-320, START_MS) == LONGEST_MS


def test_milliseconds_are_rounded_as_java_rounds() -> None:
    assert [rounded_ms(value) for value in (0.49, 0.5, 1.5, 2.5, -0.5)] == [0, 1, 2, 3, 0]


moves = st.lists(st.tuples(st.integers(0, 4000), st.floats(0, 1e6)), min_size=1, max_size=60)


@given(moves, st.floats(100, 1e5))
def test_a_throttle_is_what_the_window_would_have_to_be_longer(moved: list[tuple[int, float]], bound: float) -> None:
    rate, now_ms = Rate(KAFKAS), START_MS
    for step_ms, value in moved:
        now_ms += step_ms
        rate.record(value, now_ms)
    throttle_ms, window_ms = rate.throttle_ms(bound, now_ms), rate.window_ms(now_ms)
    counted = rate.per_second(now_ms) * window_ms / 1000
    assert (throttle_ms == 0) == (counted / window_ms * 1000 <= bound * (1 + 0.6 / window_ms))
    if throttle_ms:
        assert counted / (window_ms + throttle_ms) * 1000 == pytest.approx(bound, rel=0.6 / window_ms)
    assert rate.throttle_ms(bound, now_ms + 12_000) == 0


@given(moves)
def test_a_rate_is_what_was_recorded_lately_over_the_time_it_took(moved: list[tuple[int, float]]) -> None:
    rate, now_ms = Rate(KAFKAS), START_MS
    for step_ms, value in moved:
        now_ms += step_ms
        rate.record(value, now_ms)
    counted = rate.per_second(now_ms) * rate.window_ms(now_ms) / 1000
    everything = sum(value for _, value in moved)
    assert counted <= everything + 1e-6 * everything + 1e-6
    ages, age_ms = [], 0
    for step_ms, value in reversed(moved):
        ages.append((age_ms, value))
        age_ms += step_ms
    assert counted >= sum(value for age, value in ages if age < 11_000) * (1 - 1e-9) - 1e-6
    assert 10_000 <= rate.window_ms(now_ms) <= 12_000


# SimpleRate, against the values of Kafka's ReplicationQuotaManagerTest


def simply_recorded(*values: tuple[int, float], window: QuotaWindow = KAFKAS) -> SimpleRate:
    rate = SimpleRate(window)
    for after_ms, value in values:
        rate.record(value, START_MS + after_ms)
    return rate


def test_a_simple_rate_is_over_the_time_that_has_passed() -> None:
    rate = simply_recorded((0, 0), (1500, 151), window=QuotaWindow(10, 1000))
    assert rate.per_second(START_MS + 1500) == 151 / 1.5
    assert rate.per_second(START_MS + 2000) == 151 / 2
    rate.record(100, START_MS + 2500)
    assert rate.per_second(START_MS + 2500) == 251 / 2.5
    assert rate.per_second(START_MS + 4500) == 251 / 4.5


def test_a_simple_rate_is_over_one_window_at_the_least() -> None:
    assert simply_recorded((0, 300)).per_second(START_MS + 1) == 300
    assert simply_recorded((0, 300), window=QuotaWindow(11, 3000)).per_second(START_MS) == 100


def test_a_simple_rate_is_at_its_bound_again_when_the_time_is_long_enough() -> None:
    rate = simply_recorded((0, 1000), (200, 500))
    assert rate.allowed_ms(1500, START_MS + 200) == START_MS + 200
    assert rate.allowed_ms(1000, START_MS + 200) == START_MS + 1500


def test_a_simple_rate_is_at_its_bound_again_when_what_came_is_too_old_to_count() -> None:
    rate = simply_recorded((0, 50_000), (3000, 3000))
    assert rate.allowed_ms(1000, START_MS + 3000) == START_MS + 11_000
    assert rate.allowed_ms(0, START_MS + 3000) == START_MS + 14_000
    assert simply_recorded((0, 50_000), (3000, 12_000)).allowed_ms(1000, START_MS + 3000) == START_MS + 14_000


@given(moves, st.floats(0, 1e5))
def test_a_simple_rate_is_above_its_bound_until_it_is_allowed(moved: list[tuple[int, float]], bound: float) -> None:
    rate, now_ms = SimpleRate(KAFKAS), START_MS
    for step_ms, value in moved:
        now_ms += step_ms
        rate.record(value, now_ms)
    allowed_ms = rate.allowed_ms(bound, now_ms)
    for at_ms in (*range(now_ms, allowed_ms, 500), allowed_ms - 1):
        assert at_ms < now_ms or rate.per_second(at_ms) > bound * (1 - 1e-9)
    assert rate.per_second(allowed_ms) <= bound * (1 + 1e-9)
