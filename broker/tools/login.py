"""Logging in from a tool that speaks the protocol itself: the client's side of PLAIN and SCRAM.

The settings have librdkafka's names. The password never leaves this file: errors name the user alone.
"""

import base64
import hmac
import secrets
from collections.abc import Mapping, Sequence

from ...protocol.errors import ErrorCode
from ...protocol.messages.sasl_authenticate import SaslAuthenticateRequest, SaslAuthenticateResponse
from ...protocol.messages.sasl_handshake import SaslHandshakeRequest, SaslHandshakeResponse
from ..security.sasl.plain import PLAIN
from ..security.sasl.scram_credentials import (
    BY_LABEL,
    ScramMechanism,
    credential_of,
    salted_password,
    server_signature,
)
from ..wire import Wire

MECHANISMS = (PLAIN, *BY_LABEL)
MECHANISM_NAMES = ("sasl.mechanism", "sasl.mechanisms")  # librdkafka has both
USERNAME, PASSWORD = "sasl.username", "sasl.password"
NO_CHANNEL = "n,,"
NONCE_BYTES = 18
MOST_ITERATIONS = 1 << 20  # a second's work, which a broker could ask for without end


class LoginRefused(ConnectionError):
    """The broker did not take the login, or is not the one that knows the password."""


class Login:
    """Who logs in, by which mechanism. ValueError for settings that are none."""

    def __init__(self, settings: Mapping[str, str]) -> None:
        found = next((settings[name] for name in MECHANISM_NAMES if name in settings), None)
        if found is None:
            raise ValueError(f"-X sasl.mechanism is missing: there are {', '.join(MECHANISMS)}")
        if found.upper() not in MECHANISMS:
            raise ValueError(f"-X sasl.mechanism={found}: there are {', '.join(MECHANISMS)} here")
        for name in (USERNAME, PASSWORD):
            if name not in settings:
                raise ValueError(f"-X {name} is missing")
        self._mechanism = found.upper()
        self._user, self._password = settings[USERNAME], settings[PASSWORD]

    def over(self, wire: Wire) -> None:
        """Log in on a connection on which nothing else was asked yet. LoginRefused, and what Wire.ask raises."""
        answer = wire.ask(SaslHandshakeRequest(mechanism=self._mechanism), 1, SaslHandshakeResponse)
        if answer.error_code == ErrorCode.ILLEGAL_SASL_STATE:
            raise LoginRefused("nobody logs in there")
        if answer.error_code != ErrorCode.NONE:
            raise LoginRefused(f"it does not offer {self._mechanism}, but {', '.join(answer.mechanisms) or 'nothing'}")
        if self._mechanism == PLAIN:
            self._send(wire, f"\0{self._user}\0{self._password}".encode())
            return
        nonce = secrets.token_hex(NONCE_BYTES)
        first = client_first(self._user, nonce)
        challenge = self._send(wire, f"{NO_CHANNEL}{first}".encode())
        final, signature = client_final(BY_LABEL[self._mechanism], self._password, first, nonce, challenge)
        if self._send(wire, final) != signature:
            raise LoginRefused("it does not know the password itself")

    def _send(self, wire: Wire, token: bytes) -> bytes:
        answer = wire.ask(SaslAuthenticateRequest(auth_bytes=token), 1, SaslAuthenticateResponse)
        if answer.error_code != ErrorCode.NONE:
            raise LoginRefused(f"the login of {self._user} was refused: {answer.error_message}")
        return bytes(answer.auth_bytes)


def client_first(user: str, nonce: str) -> str:
    """The part of SCRAM's first message that is signed later (RFC 5802)."""
    name = user.replace("=", "=3D").replace(",", "=2C")
    return f"n={name},r={nonce}"


def client_final(
    mechanism: ScramMechanism, password: str, first: str, nonce: str, challenge: bytes
) -> tuple[bytes, bytes]:
    """The proof, and what a server that has the credential answers. LoginRefused for a challenge that is none."""
    try:
        parts = dict(part.split("=", 1) for part in challenge.decode().split(","))
        salt, iterations, whole = base64.b64decode(parts["s"], validate=True), int(parts["i"]), parts["r"]
    except (ValueError, KeyError):
        raise LoginRefused("its challenge is none of SCRAM's") from None
    if not whole.startswith(nonce) or not 0 < iterations <= MOST_ITERATIONS:
        raise LoginRefused("its challenge is not for this login")
    salted = salted_password(mechanism, password, salt, iterations)
    credential = credential_of(mechanism, salted, salt, iterations)
    without_proof = f"c={base64.b64encode(NO_CHANNEL.encode()).decode()},r={whole}"
    message = f"{first},{challenge.decode()},{without_proof}".encode()
    client_key = hmac.digest(salted, b"Client Key", mechanism.hash_name)
    signature = hmac.digest(credential.stored_key, message, mechanism.hash_name)
    proof = base64.b64encode(bytes(a ^ b for a, b in zip(client_key, signature, strict=True))).decode()
    expected = b"v=" + base64.b64encode(server_signature(mechanism, credential, message))
    return f"{without_proof},p={proof}".encode(), expected


def offered_mechanisms(wire: Wire) -> Sequence[str] | None:
    """What a listener offers that wants a login, None if it wants none. No mechanism has the empty name."""
    try:
        answer = wire.ask(SaslHandshakeRequest(mechanism=""), 1, SaslHandshakeResponse)
    except (OSError, ValueError):
        return None
    return None if answer.error_code == ErrorCode.ILLEGAL_SASL_STATE else list(answer.mechanisms)
