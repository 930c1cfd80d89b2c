"""What clients of a listener with TLS may do before anybody knows who they are."""

import socket
import ssl
import threading
from concurrent.futures import ThreadPoolExecutor

from odradek.broker.wire import host_and_port

from ..broker.security.tls.certificates import AUTHORITY, SERVER
from .attack import Attacker

HELD_S = 1.0
SETTINGS = {
    "listeners": "PLAINTEXT://127.0.0.1:0,SSL://127.0.0.1:0",
    "ssl.keystore.type": "PEM",
    "ssl.keystore.certificate.chain": SERVER.chain,
    "ssl.keystore.key": SERVER.key,
}


def hello() -> bytes:
    """What a client says first: the broker answers it with its certificate and a signature."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = ssl.create_default_context(cadata=AUTHORITY.pem).wrap_bio(incoming, outgoing, server_hostname="localhost")
    try:
        client.do_handshake()
    except ssl.SSLWantReadError:
        return outgoing.read()
    raise AssertionError


def begin_handshakes(attacker: Attacker) -> None:
    """So many clients at once that say hello, and then nothing."""
    said = hello()
    held = [socket.create_connection(host_and_port(attacker.tls_address)) for _ in range(attacker.size)]
    for one in held:
        one.sendall(said)
    threading.Event().wait(HELD_S)
    for one in held:
        one.close()


def come_and_go(attacker: Attacker) -> None:
    """Handshakes from eight clients at a time, and no request."""
    context = ssl.create_default_context(cadata=AUTHORITY.pem)

    def visit(_: int) -> None:
        with socket.create_connection(host_and_port(attacker.tls_address)) as plain:
            context.wrap_socket(plain, server_hostname="localhost").close()

    with ThreadPoolExecutor(8) as clients:
        list(clients.map(visit, range(attacker.size)))
