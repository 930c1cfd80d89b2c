"""A broker with users behind a listener with SASL, and one connection to it without a socket."""

import struct
from collections.abc import Mapping
from typing import TypeVar

from odradek.broker.config.broker_config import BrokerConfig
from odradek.broker.network.connection import Connection
from odradek.broker.network.dispatch import Dispatcher
from odradek.broker.security.sasl.jaas import PLAIN_MODULE
from odradek.broker.security.sasl.scram_credentials import ScramMechanism, credential_record, make_credential
from odradek.broker.session import Session
from odradek.broker.wire import Conversation
from odradek.protocol.messages.sasl_authenticate import SaslAuthenticateRequest, SaslAuthenticateResponse
from odradek.protocol.messages.sasl_handshake import SaslHandshakeRequest, SaslHandshakeResponse
from odradek.protocol.metadata_records import MetadataRecord

from ...handlers.broker_harness import AskedBroker
from ...network.test_connection import Listener, Transport

LISTENER = "CLIENTS"
DELAY_S = 0.1
SETTINGS = {
    "listeners": f"{LISTENER}://127.0.0.1:0",
    "listener.security.protocol.map": f"{LISTENER}:SASL_PLAINTEXT",
    "listener.name.clients.plain.sasl.jaas.config": f'{PLAIN_MODULE} required user_al="secret" user_bo="other";',
}
PLAIN_TOKEN = b"\0al\0secret"
MOST_BYTES = 1 << 20

R = TypeVar("R")


class SaslListener(Listener):
    """Wants a login of whoever connects."""

    def __init__(self, broker: AskedBroker) -> None:
        super().__init__(broker.parts.runtime, admits=True)
        self._broker = broker

    def now(self) -> float:
        return self._broker.clock.now()

    def expect_login(self, session: Session) -> None:
        session.listener = LISTENER
        self._broker.context.sasl.expect_login(session)


class SaslClient(Conversation):
    """A client; its connection's session is `session`."""

    def __init__(self, settings: Mapping[str, str] | None = None, broker: AskedBroker | None = None) -> None:
        super().__init__("wire")
        self.broker = broker or AskedBroker({**SETTINGS, **(settings or {})})
        self.transport = Transport()
        self.connection = Connection(SaslListener(self.broker), Dispatcher(self.broker.context), MOST_BYTES, LISTENER)
        self.connection.connection_made(self.transport)

    @property
    def session(self) -> Session:
        return self.connection._session

    def send(self, frame: bytes) -> None:
        """A frame, with its length."""
        self.connection.data_received(struct.pack(">i", len(frame)) + frame)

    def take(self) -> bytes:
        """The one answer that has come."""
        (sent,) = self.transport.sent
        self.transport.sent.clear()
        (length,) = struct.unpack_from(">i", sent)
        assert length == len(sent) - 4
        return sent[4:]

    def ask(self, request: object, version: int, response_type: type[R]) -> R:
        """A request, and its answer, which is there at once."""
        self.send(self.frame_of(request, version))
        return self.decode_answer(self.take(), type(request), version, response_type)

    def shake_hands(self, mechanism: str = "PLAIN", version: int = 1) -> SaslHandshakeResponse:
        return self.ask(SaslHandshakeRequest(mechanism=mechanism), version, SaslHandshakeResponse)

    def authenticate(self, token: bytes, version: int = 2) -> SaslAuthenticateResponse:
        return self.ask(SaslAuthenticateRequest(auth_bytes=token), version, SaslAuthenticateResponse)

    def log_in(self, token: bytes = PLAIN_TOKEN) -> SaslAuthenticateResponse:
        assert self.shake_hands().error_code == 0
        return self.authenticate(token)

    def refused(self, token: bytes) -> SaslAuthenticateResponse:
        """What comes of a token after a while, with the end of the connection."""
        request = SaslAuthenticateRequest(auth_bytes=token)
        self.send(self.frame_of(request, 2))
        assert not self.transport.sent
        self.wait()
        assert self.transport.is_closed
        return self.decode_answer(self.take(), SaslAuthenticateRequest, 2, SaslAuthenticateResponse)

    def wait(self, seconds: float = DELAY_S) -> None:
        self.broker.clock.advance(seconds)

    def record(self, *records: MetadataRecord) -> None:
        """A change of the metadata."""
        self.broker.context.metadata.change(lambda image: records, lambda error: None)

    def add_scram(self, name: str, password: str, mechanism: ScramMechanism = ScramMechanism.SCRAM_SHA_256) -> None:
        self.record(credential_record(name, mechanism, make_credential(mechanism, password, b"salt", 4096)))


def config_of(settings: Mapping[str, str]) -> BrokerConfig:
    return BrokerConfig.from_settings({**SETTINGS, **settings})
