"""Logins: how many a broker takes in a second, by mechanism, one connection after the other and sixteen at once.

The client's share of SCRAM's arithmetic is done once and kept: it is the broker that is measured.
"""

import base64
import json
import time
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from hashlib import pbkdf2_hmac
from pathlib import Path

from odradek.broker.wire import Wire
from odradek.protocol.messages.create_delegation_token import (
    CreateDelegationTokenRequest,
    CreateDelegationTokenResponse,
)
from odradek.protocol.messages.sasl_authenticate import SaslAuthenticateRequest, SaslAuthenticateResponse
from odradek.protocol.messages.sasl_handshake import SaslHandshakeRequest, SaslHandshakeResponse
from tests.broker.security.sasl.scram_client import ScramClient
from tests.brokers import OdradekBroker
from tests.oracle.sasl_session import DIGESTS, SASL_SETTINGS, SaslKafka, make_users

AT_ONCE = 16
WARM = 300
SETTINGS = {
    **SASL_SETTINGS,
    "listeners": "PLAINTEXT://127.0.0.1:0,CLIENTS://127.0.0.1:0",
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CLIENTS:SASL_PLAINTEXT",
}
LoginBroker = OdradekBroker | SaslKafka


def measure_logins(broker: LoginBroker, count: int) -> dict[str, str]:
    """A row for each mechanism, and one for connections that do not log in."""
    broker.start()
    try:
        address, _, sasl_address = broker.address.partition(",")
        if isinstance(broker, SaslKafka):
            sasl_address = broker.sasl_address
        make_users(address)
        time.sleep(1)  # Apache Kafka's users are there a moment later
        found = {
            mechanism: _rates(_Login(sasl_address, mechanism), count)
            for mechanism in ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER")
        }
        found["a delegation token"] = _rates(_by_token(sasl_address), count)
    finally:
        broker.stop()
    return found


class _Login:
    def __init__(self, address: str, mechanism: str, user: str = "al", password: str = "secret") -> None:
        self.address = address
        self.mechanism = mechanism
        self._user, self._password = user, password
        self.extensions = ""

    def __call__(self) -> None:
        with Wire(self.address) as wire:
            self.on(wire)

    def on(self, wire: Wire) -> None:
        """Log in on a connection."""
        wire.ask(SaslHandshakeRequest(mechanism=self.mechanism), 1, SaslHandshakeResponse)
        if self.mechanism in DIGESTS:
            scram = _QuickScram(self._user, self._password, DIGESTS[self.mechanism], extensions=self.extensions)
            _send(wire, scram.final(_send(wire, scram.first())))
        elif self.mechanism == "PLAIN":
            _send(wire, f"\0{self._user}\0{self._password}".encode())
        else:
            _send(wire, b"n,,\x01auth=Bearer " + _unsigned() + b"\x01\x01")


class _QuickScram(ScramClient):
    def salted(self, salt: bytes, iterations: int) -> bytes:
        return _salted(self.digest, self.password, salt, iterations)


@cache
def _salted(digest: str, password: str, salt: bytes, iterations: int) -> bytes:
    return pbkdf2_hmac(digest, password.encode(), salt, iterations)


@cache
def _unsigned() -> bytes:
    claims = {"sub": "al", "exp": int(time.time()) + 36_000}
    parts = (json.dumps(part).encode() for part in ({"alg": "none"}, claims))
    return b".".join([*(base64.urlsafe_b64encode(part).rstrip(b"=") for part in parts), b""])


def _send(wire: Wire, token: bytes) -> bytes:
    answer = wire.ask(SaslAuthenticateRequest(auth_bytes=token), 2, SaslAuthenticateResponse)
    assert answer.error_code == 0, answer
    return answer.auth_bytes


def _by_token(address: str) -> _Login:
    with Wire(address) as wire:
        _Login(address, "PLAIN").on(wire)
        made = wire.ask(CreateDelegationTokenRequest(max_lifetime_ms=-1), 3, CreateDelegationTokenResponse)
    time.sleep(1)  # Apache Kafka's tokens are there a moment later
    login = _Login(address, "SCRAM-SHA-256", made.token_id, base64.b64encode(made.hmac).decode())
    login.extensions = ",tokenauth=true"
    return login


def _rates(login: _Login, count: int) -> str:
    for _ in range(WARM):
        login()
    began = time.perf_counter()
    for _ in range(count):
        login()
    alone = count / (time.perf_counter() - began)
    with ThreadPoolExecutor(AT_ONCE) as threads:
        began = time.perf_counter()
        for done in [threads.submit(login) for _ in range(count)]:
            done.result()
        together = count / (time.perf_counter() - began)
    return f"{alone:>8,.0f} a second   {together:>8,.0f} with {AT_ONCE} at once"


def login_brokers(only: str | None, directory: Path) -> dict[str, LoginBroker]:
    """The brokers to measure, not started."""
    brokers: dict[str, LoginBroker] = {}
    if only != "kafka":
        brokers["odradek"] = OdradekBroker(directory / "odradek", SETTINGS, ephemeral=True)
    if only != "odradek":
        brokers["kafka"] = SaslKafka(directory / "kafka")
    return brokers
