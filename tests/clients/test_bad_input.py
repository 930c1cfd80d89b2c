"""Garbage on the port disturbs nobody else, and costs no memory."""

import random
import socket
import struct
from collections.abc import Callable, Iterator

import pytest

from ..brokers import BrokerProcess, resident_bytes
from .stock_client import Message, StockClient, create

MEGABYTE = 1 << 20
GROWTH_BYTES = 40 * MEGABYTE


def random_bytes() -> Iterator[bytes]:
    chance = random.Random(20261121)
    for _ in range(160):
        yield chance.randbytes(65536)


def requests_of_garbage() -> Iterator[bytes]:
    """Whole frames with a plausible head and a body of noise: every key and version there is, and some more."""
    chance = random.Random(4711)
    for key in [*range(0, 93), -1, 1000]:
        for version in range(0, 19):
            body = struct.pack(">hhih", key, version, 7, 4) + b"nois" + chance.randbytes(chance.randrange(0, 400))
            yield struct.pack(">i", len(body)) + body


def odd_lengths() -> Iterator[bytes]:
    for length in (-1, -2147483648, 2147483647, 104857601, 0):
        yield struct.pack(">i", length) + b"xxxx"
    yield b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
    yield b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500)
    yield b"\x00"
    yield struct.pack(">i", 100_000_000) + bytes(10_000)  # begun and never ended


def counts_too_large() -> Iterator[bytes]:
    """Arrays and strings that claim more than the frame holds."""
    for tail in (b"\x7f\xff\xff\xff", b"\xff\xff\xff\xfe", struct.pack(">ih", 1, 32767), b"\x7f\xff\xff\xff" * 200):
        for version in (1, 5, 8):
            body = struct.pack(">hhih", 3, version, 1, 1) + b"x" + tail
            yield struct.pack(">i", len(body)) + body


@pytest.mark.parametrize("garbage", [random_bytes, requests_of_garbage, odd_lengths, counts_too_large])
def test_a_producer_goes_on_undisturbed_beside_garbage(
    bootstrap: str, admin: StockClient, topic: str, garbage: Callable[[], Iterator[bytes]]
) -> None:
    create(admin, topic)
    producer = admin.producer()
    sent = 0
    for number, data in enumerate(garbage()):
        throw(bootstrap, data)
        if number % 8 == 0:
            producer.send(topic, Message(b"%d" % sent))
            assert producer.flush() == [sent]
            sent += 1
    producer.close()
    assert [one.value for one in admin.read(topic, sent)] == [b"%d" % number for number in range(sent)]


def throw(address: str, data: bytes) -> None:
    """Sends the bytes on a connection of their own and reads whatever comes, for a moment."""
    host, _, port = address.rpartition(":")
    with socket.create_connection((host, int(port)), 10.0) as connection:
        connection.settimeout(0.002)
        try:
            connection.sendall(data)
            connection.recv(65536)
        except OSError:
            pass  # closed on us, or nothing to say: both are right


def test_ten_megabytes_of_garbage_leave_the_broker_as_small_as_it_was(odradek: BrokerProcess) -> None:
    for data in random_bytes():  # whatever a first fault loads
        throw(odradek.address, data)
        break
    before = resident_bytes(odradek.pid())
    thrown = 0
    for source in (random_bytes, requests_of_garbage, odd_lengths, counts_too_large):
        for data in source():
            throw(odradek.address, data)
            thrown += len(data)
    assert thrown >= 10 * MEGABYTE
    assert resident_bytes(odradek.pid()) - before < GROWTH_BYTES


def test_one_connection_that_never_ends_its_request_holds_up_nobody(
    bootstrap: str, admin: StockClient, topic: str
) -> None:
    create(admin, topic)
    host, _, port = bootstrap.rpartition(":")
    with socket.create_connection((host, int(port)), 10.0) as begun:
        begun.sendall(struct.pack(">i", 1000) + b"\0\0\0\x09")
        producer = admin.producer()
        producer.send(topic, Message(b"through"))
        assert producer.flush() == [0]
        producer.close()
