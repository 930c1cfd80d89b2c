"""SCRAM's messages (RFC 5802) as Kafka reads and writes them. Pure."""

import base64
import binascii
import re
from dataclasses import dataclass

_SASLNAME = r"(?:[\x01-\x2b\x2d-\x3c\x3e-\x7f]|=2C|=3D)+"
_VALUE = r"[\x01-\x2b\x2d-\x7f]+"
_PRINTABLE = r"[\x21-\x2b\x2d-\x7e]+"
_BASE64 = r"(?:[a-zA-Z0-9/+]{4})*(?:[a-zA-Z0-9/+]{3}=|[a-zA-Z0-9/+]{2}==)?"
_EXTENSIONS = rf"(?:,[A-Za-z]+={_VALUE})*"
_CLIENT_FIRST = re.compile(
    rf"n,(?:a=(?P<authzid>{_SASLNAME}))?,(?:m={_VALUE},)?n=(?P<name>{_SASLNAME}),r=(?P<nonce>{_PRINTABLE})"
    rf"(?P<extensions>{_EXTENSIONS})"
)
_CLIENT_FINAL = re.compile(
    rf"(?P<before>c=(?P<channel>{_BASE64}),r=(?P<nonce>{_PRINTABLE})){_EXTENSIONS},p=(?P<proof>{_BASE64})"
)
# Kafka has no limit but the frame's; its pattern gives up long before.
MOST_BYTES = 64 * 1024


class BadMessage(ValueError):
    """It is no such message. The text says nothing of what stood in it."""


@dataclass(frozen=True, slots=True)
class ClientFirst:
    """n,[a=authzid],n=user,r=nonce[,name=value…]"""

    authorization_id: str
    user: str
    nonce: str
    extensions: tuple[tuple[str, str], ...]

    @property
    def is_by_token(self) -> bool:
        """Whether the name is that of a delegation token."""
        return dict(self.extensions).get("tokenauth", "").lower() == "true"

    @property
    def bare(self) -> str:
        """The part that is signed, as Kafka puts it together again."""
        name = self.user.replace("=", "=3D").replace(",", "=2C")
        extensions = "".join(f",{key}={value}" for key, value in dict(self.extensions).items())
        return f"n={name},r={self.nonce}{extensions}"


@dataclass(frozen=True, slots=True)
class ClientFinal:
    """c=channel,r=nonce,p=proof"""

    nonce: str
    proof: bytes
    without_proof: str


def parse_client_first(token: bytes) -> ClientFirst:
    """BadMessage."""
    found = _CLIENT_FIRST.fullmatch(_text(token))
    if found is None:
        raise BadMessage("Invalid SCRAM client first message format")
    pairs = [part.partition("=") for part in found["extensions"].split(",") if part]
    name = found["name"].replace("=2C", ",").replace("=3D", "=")
    return ClientFirst(found["authzid"] or "", name, found["nonce"], tuple((key, value) for key, _, value in pairs))


def parse_client_final(token: bytes) -> ClientFinal:
    """BadMessage."""
    found = _CLIENT_FINAL.fullmatch(_text(token))
    if found is None:
        raise BadMessage("Invalid SCRAM client final message format")
    try:
        proof = base64.b64decode(found["proof"], validate=True)
    except binascii.Error:
        raise BadMessage("Invalid SCRAM client final message format") from None
    return ClientFinal(found["nonce"], proof, found["before"])


def server_first(nonce: str, salt: bytes, iterations: int) -> str:
    """The challenge."""
    return f"r={nonce},s={base64.b64encode(salt).decode()},i={iterations}"


def server_final(signature: bytes) -> str:
    """The end of a login."""
    return f"v={base64.b64encode(signature).decode()}"


def _text(token: bytes) -> str:
    if len(token) > MOST_BYTES:
        raise BadMessage(f"A SCRAM message of {len(token)} bytes is too long")
    return token.decode("utf-8", "replace")
