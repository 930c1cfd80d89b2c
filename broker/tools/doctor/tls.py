"""The TLS side of a port: a handshake that takes any certificate, and what stands in the one that came."""

import socket
from typing import TYPE_CHECKING

from ...security.tls.certificate import Certificate, NoCertificate, read_certificate
from .facts import Tls

if TYPE_CHECKING:
    import ssl


def start_tls(connection: socket.socket, host: str) -> "ssl.SSLSocket":
    """The same connection, over TLS; no certificate is refused. OSError (ssl.SSLError is one)."""
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # it is looked at, not relied upon: nothing secret is sent
    return context.wrap_socket(connection, server_hostname=host)


def tls_of(connection: "ssl.SSLSocket") -> Tls:
    """What the handshake came to."""
    return Tls(connection.version() or "TLS", _certificate(connection.getpeercert(binary_form=True)))


def wants_client_certificate(error: BaseException) -> bool:
    """Whether the server ended the connection because no certificate was shown: in TLS 1.3 after the handshake."""
    reason = getattr(error, "reason", None) or ""
    return "CERTIFICATE_REQUIRED" in reason or "BAD_CERTIFICATE" in reason  # the latter of Java


def _certificate(der: bytes | None) -> Certificate | None:
    try:
        return read_certificate(der) if der else None
    except NoCertificate:
        return None
