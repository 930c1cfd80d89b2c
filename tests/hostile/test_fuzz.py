"""Whole frames at random, for every API and version: an answer or a closed connection, and nothing left."""

import struct

import pytest

from odradek.broker.network.connection import Connection
from odradek.broker.network.dispatch import Dispatcher

from ..broker.handlers.broker_harness import AskedBroker
from ..broker.network.test_connection import Listener, Transport
from ..conftest import Rounds
from .frames import Frames

FRAMES_A_BROKER = 500  # then another, so that what the frames create does not add up
OUR_FAULTS = ("a request failed", "an unexpected", "could not be handled", "could not be encoded", "Traceback")
SEEDS = 4
MINUTE_S = 60.0


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("seed", range(SEEDS))
def test_any_frame_is_answered_or_closes_its_connection_and_leaves_nothing(
    seed: int, rounds: Rounds, capfd: pytest.CaptureFixture[str]
) -> None:
    frames = Frames(seed)
    for _ in range(rounds(3, 10_000_000 // FRAMES_A_BROKER // SEEDS)):
        ask_a_broker(frames)
        logged = capfd.readouterr().err
        assert not any(fault in logged for fault in OUR_FAULTS), logged[-5000:]


def ask_a_broker(frames: Frames) -> None:
    broker = AskedBroker()
    broker.create("t", partitions=2)
    listener = Listener(broker.parts.runtime, admits=True)
    dispatcher = Dispatcher(broker.context)
    for _ in range(FRAMES_A_BROKER):
        frame = frames.next()
        connection, transport = Connection(listener, dispatcher, 1 << 20), Transport()
        connection.connection_made(transport)
        connection.data_received(struct.pack(">i", len(frame)) + frame)
        broker.clock.advance(0)
        connection.connection_lost(None)
        broker.clock.advance(0)
        left = (len(listener.turns), len(broker.context.slices), len(broker.context.purgatory))
        assert (*left, listener.memory.held_bytes, listener.unsent.total_bytes) == (0, 0, 0, 0, 0), frame.hex()
    broker.clock.advance(MINUTE_S)
