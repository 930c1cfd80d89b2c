"""Whole frames at random, for every API and version: an answer or a closed connection, and nothing left."""

import struct

import pytest

from odradek.broker.network.connection import Connection
from odradek.broker.network.dispatch import Dispatcher
from odradek.protocol.api_keys import ApiKey

from ..broker.handlers.broker_harness import AskedBroker
from ..broker.network.test_connection import Listener, Transport
from ..conftest import Rounds
from .frames import Frames

FRAMES_A_BROKER = 500  # then another, so that what the frames create does not add up
MOST_FRAMES_AT_ONCE = 3
OUR_FAULTS = (
    "a request failed",
    "an unexpected",
    "an operation failed",
    "a timer failed",
    "could not be checked",
    "could not be delivered",
    "could not be encoded",
    "could not be handled",
    "Traceback",
)
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

    def assert_nothing_is_left(sent: list[bytes]) -> None:
        left = (len(listener.turns), len(broker.context.slices), len(broker.context.purgatory))
        held = (listener.memory.held_bytes, listener.unsent.total_bytes)
        assert (*left, *held) == (0, 0, 0, 0, 0), [frame.hex() for frame in sent]

    asked = 0
    while asked < FRAMES_A_BROKER:
        sent = [frames.next() for _ in range(frames.random.randint(1, MOST_FRAMES_AT_ONCE))]
        asked += len(sent)
        connection, transport = Connection(listener, dispatcher, 1 << 20), Transport()
        connection.connection_made(transport)
        connection.data_received(b"".join(struct.pack(">i", len(frame)) + frame for frame in sent))
        broker.clock.advance(0)
        answers = len(transport.sent) + sum(map(is_unanswered, sent))
        is_dealt_with = transport.is_closed or not connection.is_idle or answers >= len(sent)
        assert is_dealt_with, [frame.hex() for frame in sent]
        connection.connection_lost(None)
        broker.clock.advance(0)
        assert_nothing_is_left(sent)
    broker.clock.advance(MINUTE_S)
    assert_nothing_is_left([])


def is_unanswered(frame: bytes) -> bool:
    """Whether it may be a Produce of acks=0, which is answered with nothing."""
    return frame[:2] == ApiKey.PRODUCE.to_bytes(2)
