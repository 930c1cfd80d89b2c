"""Attacks before a login: clients that dawdle, that guess, and that send what is hard to read."""

import struct
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress

from odradek.broker.wire import ClosedByPeer, Wire
from odradek.protocol.messages.sasl_authenticate import SaslAuthenticateRequest
from odradek.protocol.messages.sasl_handshake import SaslHandshakeRequest, SaslHandshakeResponse

from .attack import Attacker
from .bystander import PATIENCE_S

SETTINGS = {
    "listeners": "PLAINTEXT://127.0.0.1:0,CLIENTS://127.0.0.1:0",
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CLIENTS:SASL_PLAINTEXT",
    "listener.name.clients.plain.sasl.jaas.config": (
        'org.apache.kafka.common.security.plain.PlainLoginModule required user_al="secret";'
    ),
    "delegation.token.secret.key": "key",
}
LONGEST = 524_000  # bytes of a frame before a login
BEGUN = 100_000


@contextmanager
def clients(attacker: Attacker, mechanism: str) -> Generator[list[Wire]]:
    """So many connections after their handshakes."""
    held: list[Wire] = []
    try:
        for _ in range(attacker.size):
            wire = Wire(attacker.login_address, client_id="attacker", timeout_s=PATIENCE_S)
            held.append(wire)
            wire.ask(SaslHandshakeRequest(mechanism=mechanism), 1, SaslHandshakeResponse)
        yield held
    finally:
        for wire in held:
            wire.close()


def dawdle(attacker: Attacker) -> None:
    """So many clients that begin a long token and never end it."""
    with clients(attacker, "PLAIN") as held:
        for wire in held:
            wire.send_raw(struct.pack(">i", LONGEST) + bytes(BEGUN))
        threading.Event().wait(1.0)


def guess(attacker: Attacker) -> None:
    """So many clients with a wrong password, all at once."""
    with clients(attacker, "PLAIN") as held:
        for wire in held:
            wire.send(SaslAuthenticateRequest(auth_bytes=b"\0al\0guess"), 2)
        for wire in held:
            with suppress(ClosedByPeer, ConnectionError):
                wire.receive_frame()


def long_messages(attacker: Attacker) -> None:
    """Messages as long as may be, of what patterns like least."""
    for mechanism, token in (
        ("SCRAM-SHA-256", b"n,,n=al,r=abc" + b",a=b" * (LONGEST // 4)),
        ("SCRAM-SHA-512", b"n,," + b"n=a=2C" * (LONGEST // 6)),
        ("PLAIN", b"\0" * LONGEST),
    ):
        with clients(attacker, mechanism) as held:
            for wire in held:
                with suppress(ClosedByPeer, ConnectionError):
                    wire.send(SaslAuthenticateRequest(auth_bytes=token[:LONGEST]), 2)
            for wire in held:
                with suppress(ClosedByPeer, ConnectionError):
                    wire.receive_frame()
