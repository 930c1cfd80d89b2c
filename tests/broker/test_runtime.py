"""The alarm that stands at one deadline, and the machine's clock."""

import asyncio
import gc
import random
import weakref
from dataclasses import dataclass, field, replace
from functools import partial

from odradek.broker.runtime import LoopThreads, SystemClock, Timer, chance_of
from odradek.broker.testing.clock import ManualClock
from odradek.broker.testing.manual_runtime import manual_runtime


def test_from_a_seed_the_same_chance_follows() -> None:
    assert chance_of(5).randbytes(16) == chance_of(5).randbytes(16) != chance_of(6).randbytes(16)
    assert chance_of(None).randbytes(16) != chance_of(None).randbytes(16)


class BytesInOrder(random.Random):
    """Chance that is no chance: these, one after the other."""

    def __init__(self, *drawn: bytes) -> None:
        super().__init__()
        self._drawn = list(drawn)

    def randbytes(self, n: int) -> bytes:
        return self._drawn.pop(0)


def test_no_id_begins_with_a_dash_which_kafkas_tools_would_take_for_an_option() -> None:
    chance = BytesInOrder(b"\xf8" + bytes(15), b"\xfb" * 16, b"\xfc" + bytes(15))
    made = replace(manual_runtime(), random=chance).new_uuid()
    assert made.bytes[0] == 0xFC


@dataclass
class Ringing:
    clock: ManualClock = field(default_factory=lambda: ManualClock(now=0.0))
    rang_at: list[float] = field(default_factory=list[float])

    def __post_init__(self) -> None:
        self.alarm = Timer(self.clock, lambda: self.rang_at.append(self.clock.now()))


def test_it_rings_once_at_its_deadline() -> None:
    ringing = Ringing()
    ringing.alarm.set(5.0)
    ringing.clock.advance(100)
    assert ringing.rang_at == [5.0]


def test_another_deadline_takes_the_place_of_the_first() -> None:
    ringing = Ringing()
    for deadline in (5.0, 3.0, 7.0, 7.0):
        ringing.alarm.set(deadline)
    ringing.clock.advance(100)
    assert ringing.rang_at == [7.0]


def test_none_silences_it() -> None:
    ringing = Ringing()
    ringing.alarm.set(5.0)
    ringing.alarm.set(None)
    ringing.clock.advance(100)
    assert ringing.rang_at == []


def test_it_can_be_set_again_from_where_it_rings_to_the_same_deadline_even() -> None:
    ringing = Ringing()

    def ring() -> None:
        ringing.rang_at.append(ringing.clock.now())
        if len(ringing.rang_at) < 3:
            alarm.set(5.0)

    alarm = Timer(ringing.clock, ring)
    alarm.set(5.0)
    ringing.clock.advance(100)
    assert ringing.rang_at == [5.0, 5.0, 5.0]


def test_the_hands_of_the_machines_clock_go_forward() -> None:
    clock = SystemClock()
    assert clock.now() <= clock.now()
    assert clock.now_ms() > 1_700_000_000_000


async def test_a_failure_on_a_thread_keeps_nothing_of_what_the_work_held() -> None:
    class Held:
        pass

    def failing(held: Held) -> None:
        raise RuntimeError("the unforeseen")

    threads = LoopThreads(asyncio.get_running_loop())
    held = Held()
    is_held = weakref.ref(held)
    ended = asyncio.Event()
    threads.run(partial(failing, held), lambda error: ended.set())
    del held
    gc.disable()
    try:
        await ended.wait()
        threads.close()
        await asyncio.sleep(0)
        assert is_held() is None
    finally:
        gc.enable()
