"""Each attack at a size that shows its kind: the bystander is served meanwhile, and nothing stays behind."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ..brokers import OdradekBroker
from .attack import Attack, start, watch
from .bystander import Bystander
from .table import ATTACKS

# Served in between while the attack lasts; without turns and slices it is the first record and the last.
LEAST_ANSWERS_A_SECOND = 20
MOST_MEMORY_BYTES = 400_000_000
MOST_DESCRIPTORS = 4


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.title)
def test_others_are_served_during(attack: Attack, tmp_path: Path, bystanders: "Bystanders") -> None:
    seen = watch(attack, attack.small, *bystanders.beside(start(attack, attack.small, tmp_path, ephemeral=True)))
    assert seen.bystander.answers >= LEAST_ANSWERS_A_SECOND * seen.took_s
    assert seen.memory_bytes < MOST_MEMORY_BYTES
    assert seen.descriptors <= MOST_DESCRIPTORS


class Bystanders:
    """A bystander beside the broker of each attack."""

    def __init__(self) -> None:
        self._running: list[tuple[OdradekBroker, Bystander]] = []

    def beside(self, broker: OdradekBroker) -> tuple[OdradekBroker, Bystander]:
        self._running.append((broker, Bystander(broker.address.partition(",")[0])))
        return self._running[-1]

    def end(self) -> None:
        for broker, bystander in self._running:
            bystander.close()
            broker.stop()
        self._running.clear()


@pytest.fixture
def bystanders() -> Iterator[Bystanders]:
    running = Bystanders()
    yield running
    running.end()
