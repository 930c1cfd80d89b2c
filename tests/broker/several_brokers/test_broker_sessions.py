"""A broker that the controller has not heard of for too long is fenced, and let in when it is heard of again."""

from collections.abc import Callable, Mapping
from typing import cast

import pytest

from odradek.broker.controller.controller import Controller
from odradek.broker.metadata.registrations import BrokerRegistration
from odradek.broker.nodes.links import CONTROLLER, Links
from odradek.broker.several_brokers.broker_sessions import BrokerSessions
from odradek.broker.testing.clock import ManualClock
from odradek.broker.testing.manual_runtime import manual_runtime
from odradek.protocol.errors import ErrorCode, KafkaError

TIMEOUT_S = 9.0
Then = Callable[[KafkaError | None], None]


class Registered:
    """One that is registered, as far as it matters here."""

    def __init__(self) -> None:
        self.is_fenced = False


class SlowController:
    """A controller whose changes count when the test says so, if it is `slow`."""

    def __init__(self) -> None:
        self.registered = {1: Registered(), 2: Registered()}
        self.done: list[str] = []
        self.is_slow = False
        self.waiting: list[Callable[[], None]] = []
        self.refusal: KafkaError | None = None

    @property
    def cluster(self) -> "SlowController":
        return self

    @property
    def brokers(self) -> Mapping[int, BrokerRegistration]:
        return cast("Mapping[int, BrokerRegistration]", self.registered)

    def fence_broker(self, broker_id: int, then: Then) -> None:
        self._change(f"fence {broker_id}", broker_id, True, then)

    def unfence_broker(self, broker_id: int, then: Then) -> None:
        self._change(f"unfence {broker_id}", broker_id, False, then)

    def _change(self, what: str, broker_id: int, is_fenced: bool, then: Then) -> None:
        def count() -> None:
            self.done.append(what)
            if self.refusal is None:
                self.registered[broker_id].is_fenced = is_fenced
            then(self.refusal)

        if self.is_slow:
            self.waiting.append(count)
        else:
            count()

    def go_on(self) -> None:
        waiting, self.waiting = self.waiting, []
        for count in waiting:
            count()


class Watched:
    """Broker 1, whose session is watched."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.links = Links(self.clock, self.clock)
        self.controller = SlowController()
        controller = cast(Controller, self.controller)
        self.sessions = BrokerSessions(controller, self.links, manual_runtime(self.clock), lambda: TIMEOUT_S)
        self.sessions.watch(1)


@pytest.fixture
def watched() -> Watched:
    return Watched()


def test_a_broker_that_is_not_heard_of_is_fenced_when_its_time_is_up(watched: Watched) -> None:
    watched.links.set(1, CONTROLLER, is_cut=True)
    watched.clock.advance(TIMEOUT_S - 1)
    assert watched.controller.done == []
    watched.clock.advance(1)
    assert watched.controller.done == ["fence 1"]


def test_the_time_begins_when_the_way_is_lost_and_no_later_change_prolongs_it(watched: Watched) -> None:
    watched.links.set(1, CONTROLLER, is_cut=True)
    watched.clock.advance(TIMEOUT_S - 1)
    watched.links.set(2, 3, is_cut=True)
    watched.clock.advance(1)
    assert watched.controller.done == ["fence 1"]


def test_a_broker_that_is_heard_of_in_time_has_all_its_time_again(watched: Watched) -> None:
    watched.links.hold_still(1)
    watched.clock.advance(TIMEOUT_S - 1)
    watched.links.set_going(1)
    watched.links.hold_still(1)
    watched.clock.advance(TIMEOUT_S - 1)
    assert watched.controller.done == []


def test_a_broker_that_is_heard_of_again_is_let_in(watched: Watched) -> None:
    watched.links.hold_still(1)
    watched.clock.advance(TIMEOUT_S)
    watched.links.set_going(1)
    assert watched.controller.done == ["fence 1", "unfence 1"]


def test_a_broker_that_is_heard_and_hears_nothing_keeps_its_session(watched: Watched) -> None:
    watched.links.set(CONTROLLER, 1, is_cut=True)
    watched.clock.advance(10 * TIMEOUT_S)
    assert watched.controller.done == []


def test_a_broker_that_was_fenced_is_let_in_only_once_it_hears_what_has_happened(watched: Watched) -> None:
    watched.links.set(1, CONTROLLER, is_cut=True)
    watched.clock.advance(TIMEOUT_S)
    watched.links.set(CONTROLLER, 1, is_cut=True)
    watched.links.set(1, CONTROLLER, is_cut=False)
    assert watched.controller.done == ["fence 1"]
    watched.links.set(CONTROLLER, 1, is_cut=False)
    assert watched.controller.done == ["fence 1", "unfence 1"]


def test_a_broker_that_is_heard_of_while_it_is_being_fenced_is_let_in_afterwards(watched: Watched) -> None:
    watched.controller.is_slow = True
    watched.links.hold_still(1)
    watched.clock.advance(TIMEOUT_S)
    watched.links.set_going(1)
    watched.controller.go_on()
    watched.controller.go_on()
    assert watched.controller.done == ["fence 1", "unfence 1"]


def test_a_broker_that_is_lost_again_while_it_is_let_in_is_fenced_once_more(watched: Watched) -> None:
    watched.links.hold_still(1)
    watched.clock.advance(TIMEOUT_S)
    watched.controller.is_slow = True
    watched.links.set_going(1)
    watched.links.hold_still(1)
    watched.controller.is_slow = False
    watched.controller.go_on()
    watched.clock.advance(TIMEOUT_S)
    assert watched.controller.done == ["fence 1", "unfence 1", "fence 1"]


def test_what_the_controller_cannot_record_is_reported_and_not_tried_at_once(
    watched: Watched, capfd: pytest.CaptureFixture[str]
) -> None:
    watched.controller.refusal = KafkaError(ErrorCode.KAFKA_STORAGE_ERROR)
    watched.links.hold_still(1)
    watched.clock.advance(TIMEOUT_S)
    assert watched.controller.done == ["fence 1"]
    assert "cannot be fenced" in capfd.readouterr().err


def test_a_broker_that_is_forgotten_is_neither_fenced_nor_let_in(watched: Watched) -> None:
    watched.links.hold_still(1)
    watched.sessions.forget(1)
    watched.clock.advance(TIMEOUT_S)
    watched.controller.registered[1].is_fenced = True
    watched.links.set_going(1)
    assert watched.controller.done == []
