"""A raw client: it sends what it is told, and takes no answer for another."""

import socket
import struct
import threading
from collections.abc import Generator
from contextlib import contextmanager

import pytest

from odradek.broker.wire import MAX_ANSWER_BYTES, Wire
from odradek.protocol.codec import encode_bytes
from odradek.protocol.messages.heartbeat import HeartbeatRequest, HeartbeatResponse
from odradek.protocol.subscription import ConsumerProtocolAssignment

HEARTBEAT = HeartbeatRequest(group_id="g", generation_id=1, member_id="m")


def answer(correlation_id: int) -> bytes:
    body = struct.pack(">i", correlation_id) + b"\0" + encode_bytes(HeartbeatResponse(error_code=27), 4)
    return struct.pack(">i", len(body)) + body


@contextmanager
def peer(reply: bytes) -> Generator[tuple[str, list[bytes]]]:
    """A server of one connection: it reads once, replies, and closes when the block ends."""
    received: list[bytes] = []
    ended = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                received.append(connection.recv(1 << 16))
                connection.sendall(reply)
                if not reply.startswith(b"wait"):
                    return
                ended.wait(5)

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"127.0.0.1:{server.getsockname()[1]}", received
        ended.set()
        thread.join()


def test_a_request_is_a_frame_with_key_version_number_and_name() -> None:
    with peer(answer(1)) as (address, received), Wire(address, client_id="shop") as wire:
        assert wire.ask(HEARTBEAT, 4, HeartbeatResponse).error_code == 27
    head = struct.pack(">hhih", 12, 4, 1, 4) + b"shop\0"
    body = encode_bytes(HEARTBEAT, 4)
    assert received == [struct.pack(">i", len(head) + len(body)) + head + body]


@pytest.mark.parametrize(
    ("reply", "problem"),
    [
        (b"", "closed after 0 of 4 bytes"),
        (answer(1)[:-1], "closed after"),
        (answer(2), "answer 2 where 1 was due"),
        (struct.pack(">i", -1), "an answer of -1 bytes"),
        (struct.pack(">i", MAX_ANSWER_BYTES + 1), "an answer of"),
    ],
)
def test_what_is_no_answer_to_the_last_request_is_an_error(reply: bytes, problem: str) -> None:
    with peer(reply) as (address, _), Wire(address) as wire, pytest.raises(ConnectionError, match=problem):
        wire.ask(HEARTBEAT, 4, HeartbeatResponse)


def test_a_peer_that_says_nothing_is_not_waited_for_longer_than_told() -> None:
    with peer(b"wait") as (address, _), Wire(address, timeout_s=0.1) as wire:
        wire.send(HEARTBEAT, 4)
        assert wire.receive_exactly(4) == b"wait"
        with pytest.raises(TimeoutError):
            wire.receive_frame()
        assert not wire.is_closed_by_peer(0.05)
    with peer(b"") as (address, _), Wire(address) as wire:
        wire.send(HEARTBEAT, 4)
        assert wire.is_closed_by_peer()


def test_a_connection_that_is_there_is_spoken_over_as_one_of_its_own() -> None:
    with peer(answer(1)) as (address, _):
        host, _, port = address.rpartition(":")
        with Wire("", connection=socket.create_connection((host, int(port)), 10)) as wire:
            assert wire.ask(HEARTBEAT, 4, HeartbeatResponse).error_code == 27
            assert wire.receive_some(1) == b""


def test_only_requests_can_be_sent() -> None:
    with peer(b"") as (address, _), Wire(address) as wire:
        with pytest.raises(TypeError, match="is no request"):
            wire.send(ConsumerProtocolAssignment(), 0)
        wire.send_raw(b"x")
