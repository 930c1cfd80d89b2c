"""TLS on the broker's side of one connection, as bytes in and bytes out: no socket, no clock, no loop.

`receive` what has come, `handshake` until it is open, then `decrypt`; after each of these, and after `encrypt`, what is
`to_send` is sent.
"""

import ssl

from .certificate import read_certificate
from .distinguished_name import distinguished_name
from .principal_mapping import NoMatchingRule, PrincipalMapping

_RECORD_BYTES = 16 * 1024
_HANDSHAKE, _SSL2 = 0x16, 0x80
_HTTP = (b"GET ", b"HEAD", b"POST", b"PUT ", b"DELE", b"OPTI", b"PATC", b"CONN", b"TRAC", b"PRI ")
_DISTRUST = ("UNKNOWN_CA", "BAD_CERTIFICATE", "CERTIFICATE_UNKNOWN", "CERTIFICATE_EXPIRED", "UNSUPPORTED_CERTIFICATE")


class TlsFailure(Exception):
    """It cannot go on; the text says why, for the broker's log."""


class TlsStream:
    """One connection's TLS."""

    def __init__(
        self, context: ssl.SSLContext, client_auth: str = "none", mapping: PrincipalMapping | None = None
    ) -> None:
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self._client_auth = client_auth
        self._mapping = mapping
        self._first = b""
        self.is_open = False
        self.has_ended = False  # the client sends nothing more

    @property
    def has_begun(self) -> bool:
        """Whether the client has said anything."""
        return bool(self._first)

    def receive(self, data: bytes) -> None:
        """Bytes that have come. TlsFailure where they are not TLS from the first."""
        if len(self._first) < 4:
            self._first += data[:4]
            if self._first and self._first[0] != _HANDSHAKE and not self._first[0] & _SSL2:
                raise TlsFailure(_spoken(self._first))
        self._incoming.write(data)

    def handshake(self) -> bool:
        """Go on as far as can be; whether it is done. TlsFailure; there may still be something to send."""
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            return False
        except ssl.SSLError as error:
            raise TlsFailure(f"the TLS handshake failed: {self._why(error)}") from None
        self.is_open = True
        return True

    def decrypt(self) -> bytes:
        """What the client has said since. TlsFailure."""
        pieces: list[bytes] = []
        try:
            while piece := self._tls.read(_RECORD_BYTES):
                pieces.append(piece)
            self.has_ended = True
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLZeroReturnError:
            self.has_ended = True
        except ssl.SSLError as error:
            raise TlsFailure(f"TLS failed: {self._why(error)}") from None
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def encrypt(self, data: bytes | bytearray | memoryview) -> None:
        """Say this. TlsFailure."""
        try:
            if len(data) <= _RECORD_BYTES:
                self._tls.write(data)
                return
            view = memoryview(data)
            while view:
                view = view[self._tls.write(view) :]
        except ssl.SSLError as error:
            raise TlsFailure(f"TLS failed: {self._why(error)}") from None

    def end(self) -> None:
        """Say that nothing more will come."""
        try:
            self._tls.unwrap()
        except ssl.SSLError:
            return  # it waits for the client to say the same, which nobody does

    def to_send(self) -> bytes:
        """What is to be sent, once."""
        return self._outgoing.read()

    def user(self) -> str | None:
        """Whom the client's certificate stands for; None where it has shown none, or it says nothing of users.

        TlsFailure where no rule is for it.
        """
        der = self._tls.getpeercert(binary_form=True)
        if not der or self._mapping is None:
            return None
        try:
            return self._mapping.user_of(distinguished_name(read_certificate(der).subject_der))
        except NoMatchingRule as error:
            raise TlsFailure(f"the client's certificate: {error}") from None
        except (ValueError, IndexError, StopIteration):
            raise TlsFailure("the client's certificate has a name that cannot be read") from None

    def _why(self, error: ssl.SSLError) -> str:
        reason = error.reason or ""
        if isinstance(error, ssl.SSLCertVerificationError):
            return f"the client's certificate is not trusted: {error.verify_message}"
        if "DID_NOT_RETURN_A_CERTIFICATE" in reason:
            return f"the client shows no certificate, and ssl.client.auth is {self._client_auth}"
        text = reason.replace("_", " ").lower() or str(error)
        if "ALERT" in reason and reason.endswith(_DISTRUST):
            return f"the client does not take this broker's certificate ({text})"
        return text


def _spoken(first: bytes) -> str:
    """What seems to be spoken instead, and what mends it."""
    if first in _HTTP:
        return "the client speaks HTTP, and this listener Kafka's protocol over TLS"
    return "the client does not speak TLS, and this listener does: set security.protocol=SSL (or SASL_SSL) there"
