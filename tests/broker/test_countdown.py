from odradek.broker.countdown import Countdown


def test_it_calls_once_after_the_last_answer() -> None:
    calls: list[str] = []
    countdown = Countdown(3, lambda: calls.append("all"))
    countdown.count_down()
    countdown.count_down()
    assert calls == []
    countdown.count_down()
    assert calls == ["all"]
    countdown.count_down()
    assert calls == ["all"]


def test_with_nothing_to_wait_for_it_calls_at_once() -> None:
    calls: list[str] = []
    Countdown(0, lambda: calls.append("all"))
    assert calls == ["all"]
