"""A client's side of SCRAM, written from RFC 5802 by itself: what the server is held against."""

import base64
import hashlib
import hmac
from dataclasses import dataclass, field


@dataclass
class ScramClient:
    """One login; parts of the messages may be changed by a test."""

    user: str
    password: str
    digest: str = "sha256"
    nonce: str = "clientnonce"
    extensions: str = ""
    header: str = "n,,"
    signature: bytes = field(default=b"", init=False)

    @property
    def bare(self) -> str:
        name = self.user.replace("=", "=3D").replace(",", "=2C")
        return f"n={name},r={self.nonce}{self.extensions}"

    def first(self) -> bytes:
        return (self.header + self.bare).encode()

    def final(self, challenge: bytes, nonce: str | None = None) -> bytes:
        """The proof; `nonce` instead of the right one."""
        parts = dict(part.split("=", 1) for part in challenge.decode().split(","))
        salted = self.salted(base64.b64decode(parts["s"]), int(parts["i"]))
        without_proof = f"c={base64.b64encode(self.header.encode()).decode()},r={nonce or parts['r']}"
        message = f"{self.bare},{challenge.decode()},{without_proof}".encode()
        client_key = hmac.digest(salted, b"Client Key", self.digest)
        stored_key = hashlib.new(self.digest, client_key).digest()
        proof = bytes(a ^ b for a, b in zip(client_key, hmac.digest(stored_key, message, self.digest), strict=True))
        self.signature = hmac.digest(hmac.digest(salted, b"Server Key", self.digest), message, self.digest)
        return f"{without_proof},p={base64.b64encode(proof).decode()}".encode()

    def salted(self, salt: bytes, iterations: int) -> bytes:
        return hashlib.pbkdf2_hmac(self.digest, self.password.encode(), salt, iterations)

    def is_server(self, final: bytes) -> bool:
        """Whether the server has the credential."""
        return final == b"v=" + base64.b64encode(self.signature)
