"""Who is let in, and when: one after the other, as fast as the rates allow."""

from odradek.broker.config.broker_config import BrokerConfig
from odradek.broker.metadata.image import MetadataImage
from odradek.broker.network.arrivals import MOST_WAITING, Arrivals
from odradek.broker.quotas.connection_rates import ConnectionRates
from odradek.broker.testing.clock import ManualClock
from odradek.broker.testing.manual_runtime import manual_runtime


class Caller:
    """A connection that has been accepted, and what became of it."""

    def __init__(self, number: int, host: str = "10.0.0.7", listener_name: str = "PLAINTEXT") -> None:
        self.number = number
        self.host = host
        self.listener_name = listener_name
        self.is_closed = False
        self.is_held = False

    def hold(self) -> None:
        self.is_held = True

    def refuse(self) -> None:
        self.is_closed = True


class Door:
    """Arrivals with a clock turned by hand; `inside` has the numbers of those that were let in."""

    def __init__(self, rate: int | None = None, of_address: float | None = None) -> None:
        image = MetadataImage()
        if of_address is not None:
            image.quotas[("ip", None),] = {"connection_creation_rate": of_address}
        settings = {} if rate is None else {"max.connection.creation.rate": str(rate)}
        self.clock = ManualClock()
        self.inside: list[int] = []
        rates = ConnectionRates(BrokerConfig.from_settings(settings), image)
        self.arrivals: Arrivals[Caller] = Arrivals(rates, manual_runtime(self.clock), self.let_in)

    def let_in(self, caller: Caller) -> None:
        self.inside.append(caller.number)

    def come(self, *numbers: int) -> list[Caller]:
        callers = [Caller(number) for number in numbers]
        for caller in callers:
            self.arrivals.arrive(caller)
        return callers


def test_without_rates_everybody_is_let_in_at_once() -> None:
    door = Door()
    callers = door.come(*range(100))
    assert door.inside == list(range(100))
    assert not any(caller.is_held for caller in callers)


def test_one_is_held_back_and_those_behind_it_wait_in_order() -> None:
    door = Door(rate=1)
    callers = door.come(*range(13))
    assert door.inside == list(range(10))
    assert [caller.is_held for caller in callers[10:]] == [True] * 3
    door.clock.advance(1.01)
    assert door.inside == list(range(11))
    door.clock.advance(30)
    assert door.inside == list(range(13))


def test_one_that_has_gone_meanwhile_is_not_counted() -> None:
    door = Door(rate=1)
    callers = door.come(*range(13))
    callers[11].is_closed = True
    door.arrivals.forget(callers[11])
    door.clock.advance(2.01)
    assert door.inside == [*range(11), 12]


def test_the_first_may_go_while_it_is_held_back() -> None:
    door = Door(rate=1)
    callers = door.come(*range(12))
    callers[10].is_closed = True
    door.clock.advance(30)
    assert door.inside == [*range(10), 11]


def test_of_an_address_what_is_too_much_is_closed_late_and_never_let_in() -> None:
    door = Door(of_address=2)
    (late,) = door.come(*range(21))[20:]
    assert (late.is_held, late.is_closed) == (True, False)
    door.clock.advance(0.499)
    assert not late.is_closed
    door.clock.advance(0.002)
    assert late.is_closed
    assert door.inside == list(range(20))


def test_one_that_closes_itself_needs_no_timer() -> None:
    door = Door(of_address=2)
    (late,) = door.come(*range(21))[20:]
    assert door.clock.pending == 1
    door.arrivals.forget(late)
    assert door.clock.pending == 0


def test_no_more_than_so_many_wait() -> None:
    door = Door(rate=1)
    callers = door.come(*range(10 + MOST_WAITING + 5))
    assert [caller.is_closed for caller in callers].count(True) == 5
    assert not any(caller.is_closed for caller in callers[: 10 + MOST_WAITING])
