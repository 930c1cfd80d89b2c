"""Conversations with a listener that wants a login, held with two brokers of the same users.

al (secret) and bo (other) may log in with every mechanism; PLAIN logs in for an hour, the others for ever.
"""

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path

from odradek.broker.security.sasl.jaas import OAUTHBEARER_MODULE, PLAIN_MODULE, SCRAM_MODULE
from odradek.broker.wire import ClosedByPeer, Wire
from odradek.protocol.messages.alter_user_scram_credentials import (
    AlterUserScramCredentialsRequest,
    AlterUserScramCredentialsResponse,
    ScramCredentialUpsertion,
)
from odradek.protocol.messages.sasl_authenticate import SaslAuthenticateRequest, SaslAuthenticateResponse
from odradek.protocol.messages.sasl_handshake import SaslHandshakeRequest, SaslHandshakeResponse

from ..broker.security.sasl.scram_client import ScramClient
from .apache_kafka import ApacheKafka
from .normalise import Plain
from .wire_session import Dialogue

USERS = {"al": "secret", "bo": "other"}
DIGESTS = {"SCRAM-SHA-256": "sha256", "SCRAM-SHA-512": "sha512"}
_USERS = " ".join(f'user_{name}="{password}"' for name, password in USERS.items())
_SCRAM = f'{SCRAM_MODULE} required username="al" password="secret";'
SASL_SETTINGS = {
    "inter.broker.listener.name": "PLAINTEXT",
    "sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER",
    "listener.name.clients.plain.sasl.jaas.config": f'{PLAIN_MODULE} required username="al" password="x" {_USERS};',
    "listener.name.clients.scram-sha-256.sasl.jaas.config": _SCRAM,
    "listener.name.clients.scram-sha-512.sasl.jaas.config": _SCRAM,
    "listener.name.clients.oauthbearer.sasl.jaas.config": (
        f'{OAUTHBEARER_MODULE} required unsecuredLoginStringClaim_sub="al";'
    ),
    "listener.name.clients.plain.connections.max.reauth.ms": "3600000",
    "delegation.token.secret.key": "key",
    "delegation.token.expiry.check.interval.ms": "86400000",
}
# Whoever has logged in may do what rules allow; the other listener's clients may do everything.
SECURED_SETTINGS = {
    **SASL_SETTINGS,
    "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
    "super.users": "User:ANONYMOUS",
}

SaslScenario = Callable[["SaslDialogue"], None]
SASL_SCENARIOS: dict[str, SaslScenario] = {}


def sasl_scenario(function: SaslScenario) -> SaslScenario:
    """Registers a conversation; its name is its title."""
    SASL_SCENARIOS[function.__name__] = function
    return function


class SaslKafka(ApacheKafka):
    """Apache Kafka with a further listener, CLIENTS, that wants a login."""

    def __init__(self, directory: Path, settings: Mapping[str, str] = SASL_SETTINGS) -> None:
        super().__init__(directory, settings)
        self.sasl_address = f"127.0.0.1:{self._controller_port + 1}"

    def _properties(self) -> dict[str, str]:
        properties = super()._properties()
        clients = f",CLIENTS://{self.sasl_address}"
        return {
            **properties,
            "listeners": properties["listeners"] + clients,
            "advertised.listeners": properties["advertised.listeners"] + clients,
            "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,CLIENTS:SASL_PLAINTEXT",
        }


class SaslDialogue(Dialogue):
    """`wire` is a connection to a listener without SASL; `client` makes one to the other."""

    def __init__(self, address: str, sasl_address: str) -> None:
        super().__init__(address)
        self._sasl_address = sasl_address

    def client(self) -> Wire:
        """A connection that has not said anything yet."""
        wire = Wire(self._sasl_address, client_id="wire")
        self._wires.append(wire)
        return wire

    def shaken(self, mechanism: str = "PLAIN", version: int = 1) -> Wire:
        """A connection after its handshake."""
        wire = self.client()
        answer = wire.ask(SaslHandshakeRequest(mechanism=mechanism), version, SaslHandshakeResponse)
        assert answer.error_code == 0
        return wire

    def logged_in(
        self, user: str = "al", mechanism: str = "PLAIN", *, password: str = "", extensions: str = ""
    ) -> Wire:
        """A connection of a user."""
        wire = self.shaken(mechanism)
        password = password or USERS[user]
        if mechanism == "PLAIN":
            answer = self.authenticate(wire, f"\0{user}\0{password}".encode())
        else:
            scram = ScramClient(user, password, DIGESTS[mechanism], extensions=extensions)
            answer = self.authenticate(wire, scram.first())
            answer = self.authenticate(wire, scram.final(answer.auth_bytes))
        assert answer.error_code == 0, answer.error_message
        return wire

    @staticmethod
    def authenticate(wire: Wire, token: bytes, version: int = 2) -> SaslAuthenticateResponse:
        return wire.ask(SaslAuthenticateRequest(auth_bytes=token), version, SaslAuthenticateResponse)

    def token(self, label: str, wire: Wire, token: bytes, version: int = 2) -> bool:
        """Sends a token and writes down the answer and what becomes of the connection; whether it was taken."""
        try:
            answer = self.authenticate(wire, token, version)
        except ConnectionError:
            self.note(label, "closed without an answer")
            return False
        self.note(label, answer)
        if not answer.error_code:
            return True
        self.note(f"{label}: then", "closed" if wire.is_closed_by_peer(0.5) else "open")
        return False

    def raw(self, label: str, wire: Wire, frame: bytes) -> None:
        """Sends a frame and writes down the one that is answered."""
        wire.send_frame(frame)
        try:
            self.note(label, wire.receive_frame())
        except ClosedByPeer:
            self.note(label, "closed without an answer")


def make_users(address: str) -> None:
    """Have the users log in by SCRAM, too."""
    with Wire(address, client_id="wire") as wire:
        for number, digest in ((1, "sha256"), (2, "sha512")):
            made = [
                ScramCredentialUpsertion(
                    name=name, mechanism=number, iterations=4096, salt=b"salt", salted_password=salted(digest, password)
                )
                for name, password in USERS.items()
            ]
            request = AlterUserScramCredentialsRequest(upsertions=made)  # of a user one mechanism at a time
            for result in wire.ask(request, 0, AlterUserScramCredentialsResponse).results:
                assert result.error_code == 0, result


def salted(digest: str, password: str, salt: bytes = b"salt", iterations: int = 4096) -> bytes:
    return hashlib.pbkdf2_hmac(digest, password.encode(), salt, iterations)


def held_with_sasl(title: str, address: str, sasl_address: str) -> dict[str, Plain]:
    """The scenario of that title, held with the broker at these addresses."""
    with SaslDialogue(address, sasl_address) as dialogue:
        SASL_SCENARIOS[title](dialogue)
        return dialogue.steps
