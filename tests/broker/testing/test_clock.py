"""The hand-turned clock keeps the promises that tests rely on."""

from functools import partial

from odradek.broker.testing.clock import ManualClock


def test_both_hands_move_together_and_only_when_turned() -> None:
    clock = ManualClock(now=10.0, now_ms=5000)
    assert (clock.now(), clock.now_ms()) == (10.0, 5000)
    clock.advance(1.5)
    assert (clock.now(), clock.now_ms()) == (11.5, 6500)


def test_timers_fire_in_order_each_at_its_own_time() -> None:
    clock = ManualClock(now=0.0, now_ms=0)
    seen: list[tuple[str, float, int]] = []

    def see(name: str) -> None:
        seen.append((name, clock.now(), clock.now_ms()))

    for name, deadline in (("late", 3.0), ("early", 1.0), ("also early", 1.0), ("past", -5.0)):
        clock.call_at(deadline, partial(see, name))
    clock.advance(2.0)
    assert seen == [("past", 0.0, 0), ("early", 1.0, 1000), ("also early", 1.0, 1000)]
    clock.advance(2.0)
    assert seen[-1] == ("late", 3.0, 3000)
    assert (clock.now(), clock.now_ms()) == (4.0, 4000)


def test_a_timer_set_by_a_timer_fires_in_the_same_turn_if_it_is_due() -> None:
    clock = ManualClock(now=0.0)
    seen: list[float] = []

    def again() -> None:
        seen.append(clock.now())
        clock.call_at(clock.now() + 1.0, again)

    clock.call_at(1.0, again)
    clock.advance(3.5)
    assert seen == [1.0, 2.0, 3.0]


def test_a_cancelled_timer_does_not_fire() -> None:
    clock = ManualClock()
    seen: list[str] = []
    clock.call_at(clock.now() + 1, lambda: seen.append("fired")).cancel()
    clock.advance(5)
    assert seen == []
