"""An attack, and what is seen of it: from the bystander's side, and from the machine's."""

import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from odradek.broker.wire import ClosedByPeer, Wire

from ..brokers import BrokerProcess, OdradekBroker, resident_bytes
from .bystander import PATIENCE_S, Bystander, Waits

Response = TypeVar("Response")

SAMPLE_S = 0.02
NOTICED_S = 5.0


class Attacker:
    """One client of a broker; `size` says how far it goes. `login_address` is a listener with SASL, if there is one."""

    def __init__(self, broker: BrokerProcess, size: int) -> None:
        self.address, _, second = broker.address.partition(",")
        self.tls_address = self.login_address = second
        self.size = size

    def connect(self) -> Wire:
        return Wire(self.address, client_id="attacker", timeout_s=PATIENCE_S)

    def ask(self, request: object, version: int, response_type: type[Response]) -> Response | None:
        """One request on a connection of its own; None where the broker closes it."""
        with self.connect() as wire:
            try:
                return wire.ask(request, version, response_type)
            except (ClosedByPeer, ConnectionError):
                return None

    def send(self, request: object, version: int) -> None:
        """One request on a connection of its own, whose answer is received and not looked at."""
        with self.connect() as wire, suppress(ClosedByPeer, ConnectionError):
            wire.send(request, version)
            wire.receive_frame()

    def send_frame(self, frame: bytes) -> bytes | None:
        """A frame, and its answer; None where the broker closes the connection."""
        with self.connect() as wire:
            try:
                wire.send_frame(frame)
                return wire.receive_frame()
            except (ClosedByPeer, ConnectionError):
                return None


@dataclass(frozen=True)
class Attack:
    """One line of the table: `attack` is what is sent, after `prepare`, which the bystander does not see."""

    title: str
    attack: Callable[[Attacker], None]
    small: int  # enough to show its kind in about a second
    full: int
    prepare: Callable[[Attacker], None] = lambda attacker: None
    # Fills the directory of a broker that runs, and ends it; the one that is attacked starts on what it left.
    seed: Callable[[BrokerProcess, int], None] | None = None
    settings: Mapping[str, str] | None = None
    files: int = 0  # that the broker opens for the first time, and keeps open as it does all it uses


@dataclass(frozen=True)
class Seen:
    """`memory_bytes` is what the broker held at most beyond what it held before, `descriptors` what it kept after."""

    took_s: float
    bystander: Waits
    memory_bytes: int
    descriptors: int


def start(attack: Attack, size: int, directory: Path, *, ephemeral: bool) -> OdradekBroker:
    """The broker to attack: in memory if it is to be `ephemeral`, unless the attack needs a directory."""
    broker = OdradekBroker(directory, attack.settings, ephemeral=ephemeral and attack.seed is None)
    broker.start()
    if attack.seed is not None:
        attack.seed(broker, size)
        broker.start()
    return broker


def watch(attack: Attack, size: int, broker: BrokerProcess, bystander: Bystander) -> Seen:
    """Prepare, let the bystander work, attack, and see."""
    attacker = Attacker(broker, size)
    attack.prepare(attacker)
    before, open_before = resident_bytes(broker.pid()), _descriptors(broker)
    samples = [before]
    is_over = threading.Event()

    def sample() -> None:
        while not is_over.wait(SAMPLE_S):
            samples.append(resident_bytes(broker.pid()))

    sampler = threading.Thread(target=sample)
    bystander.go()
    sampler.start()
    began = time.perf_counter()
    try:
        attack.attack(attacker)
    finally:
        took_s = time.perf_counter() - began
        waits = bystander.stop()
        is_over.set()
        sampler.join()
    return Seen(took_s, waits, max(samples) - before, _left_open(broker, open_before + attack.files))


def _left_open(broker: BrokerProcess, open_before: int) -> int:
    """How many descriptors more there are once the broker has had time to notice that the attacker has gone."""
    until = time.monotonic() + NOTICED_S
    while (left := _descriptors(broker) - open_before) > 2 and time.monotonic() < until:
        threading.Event().wait(SAMPLE_S)
    return left


def _descriptors(broker: BrokerProcess) -> int:
    return len(list(Path(f"/proc/{broker.pid()}/fd").iterdir()))
