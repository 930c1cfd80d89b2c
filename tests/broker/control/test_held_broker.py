"""A broker is held before its first request, and nothing is left of one whose opening fails."""

from functools import partial

import pytest

from odradek.broker.broker import Broker
from odradek.broker.cluster import StartError
from odradek.broker.config.broker_config import BrokerConfig
from odradek.broker.control.held_broker import HeldBroker
from odradek.broker.control.plane import ControlPlane
from odradek.broker.testing.reins import Reins
from odradek.broker.testing.running_cluster import LOOPBACK
from odradek.broker.wire import Wire


class Opening:
    """Freezes the clock, makes a cluster, and fails if it is to."""

    def __init__(self, *, is_failing: bool) -> None:
        self._is_failing = is_failing
        self.addresses: list[str] = []

    def prepare(self, reins: Reins) -> None:
        reins.clock.freeze()

    async def carry_out(self, plane: ControlPlane) -> None:
        await plane.create("a", {}, None)
        self.addresses = [plane.find(name).cluster.bootstrap for name in plane.names()]
        if self._is_failing:
            raise StartError("no")


def held(opening: Opening | None) -> HeldBroker:
    config = BrokerConfig.from_settings({"listeners": LOOPBACK})
    return HeldBroker(partial(Broker, config, is_ephemeral=True), opening)


async def test_it_begins_as_the_opening_has_it() -> None:
    broker = held(Opening(is_failing=False))
    await broker.start()
    assert broker.ready == broker.plane.find(None).cluster.bootstrap
    assert broker.plane.find(None).clock.rate == 0
    assert broker.plane.names() == ["default", "a"]
    await broker.stop()


async def test_nothing_is_left_of_one_that_fails() -> None:
    opening = Opening(is_failing=True)
    with pytest.raises(StartError, match="no"):
        await held(opening).start()
    assert len(opening.addresses) == 2
    for address in opening.addresses:
        with pytest.raises(ConnectionRefusedError):
            Wire(address)


async def test_without_one_it_is_a_broker() -> None:
    broker = held(None)
    await broker.start()
    assert broker.plane.find(None).clock.rate == 1
    await broker.stop()
