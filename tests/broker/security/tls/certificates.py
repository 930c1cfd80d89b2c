"""Certificates for tests: one authority, and what it has issued; files with them in every shape."""

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import trustme
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.hazmat.primitives.serialization.pkcs12 import serialize_key_and_certificates
from cryptography.x509 import load_pem_x509_certificate

PAST = datetime(2001, 2, 3, 4, 5, 6, tzinfo=UTC)
HOSTS = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True)
class Issued:
    """A certificate with its key, in PEM; both in one text is what Kafka calls a key store."""

    key: str
    chain: str

    @property
    def text(self) -> str:
        return self.key + self.chain

    def write(self, path: Path) -> str:
        path.write_text(self.text)
        return str(path)

    def write_pkcs12(self, path: Path, password: str) -> str:
        key, certificate = load_pem_private_key(self.key.encode(), None), load_pem_x509_certificate(self.chain.encode())
        secret = BestAvailableEncryption(password.encode())
        path.write_bytes(serialize_key_and_certificates(b"own", key, certificate, None, secret))  # type: ignore[arg-type]
        return str(path)

    def sealed_key(self, password: str) -> str:
        key = load_pem_private_key(self.key.encode(), None)
        secret = BestAvailableEncryption(password.encode())
        return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, secret).decode()


class Authority:
    """Issues certificates; `pem` is what is to be trusted."""

    def __init__(self) -> None:
        self._ca = trustme.CA()
        self.pem = self._ca.cert_pem.bytes().decode()

    def issue(self, *hosts: str, user: str | None = None, until: datetime | None = None) -> Issued:
        named = hosts or (f"{user}.example",)  # Java takes no certificate whose list of names is empty
        issued = self._ca.issue_cert(*named, common_name=user, not_after=until)
        key = load_pem_private_key(issued.private_key_pem.bytes(), None)
        text = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        return Issued(text, issued.cert_chain_pems[0].bytes().decode())

    def write(self, path: Path) -> str:
        path.write_text(self.pem)
        return str(path)

    def client_context(self, directory: Path, own: Issued | None = None) -> ssl.SSLContext:
        """What a client has that trusts this authority, with a certificate of its own or none."""
        context = ssl.create_default_context(cadata=self.pem)
        if own is not None:
            context.load_cert_chain(own.write(directory / "client.pem"))
        return context


AUTHORITY = Authority()
SERVER = AUTHORITY.issue(*HOSTS)
EXPIRED = AUTHORITY.issue(*HOSTS, until=PAST)
CLIENT = AUTHORITY.issue(user="alice")
