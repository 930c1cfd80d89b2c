"""What OpenSSL is told for one listener: its certificate and key, whom it trusts, what it speaks.

Everything is checked here, before anybody connects: the certificate belongs to the key, it has not expired, the
password fits. ConfigError says what is wrong, in one line that has no secret in it.
"""

import contextlib
import os
import ssl
import tempfile
from collections.abc import Generator, Sequence
from datetime import UTC, datetime

from ...config.config_def import ConfigError
from .certificate import Certificate, NoCertificate, read_certificate
from .cipher_suites import CipherSuites
from .pem import CERTIFICATE, Block, written
from .settings import StoreSettings, TlsSettings
from .stores import Identity, read_identity, read_trusted

_VERSIONS = {"TLSv1.2": ssl.TLSVersion.TLSv1_2, "TLSv1.3": ssl.TLSVersion.TLSv1_3}
_VERIFY = {"none": ssl.CERT_NONE, "requested": ssl.CERT_OPTIONAL, "required": ssl.CERT_REQUIRED}


def build_context(settings: TlsSettings, now_ms: int) -> tuple[ssl.SSLContext, Certificate]:
    """A context, and the certificate that it shows. ConfigError names the setting that is at fault."""
    if not settings.keystore.is_given:
        raise ConfigError(
            "there is no certificate: set ssl.keystore.location and ssl.keystore.password (or ssl.keystore.type=PEM), "
            "or have one made with --tls auto"
        )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.options |= ssl.OP_NO_RENEGOTIATION  # a client could have a handshake done again and again
    identity = read_identity(settings.keystore)
    certificate = _certificate_of(settings.keystore, identity, now_ms)
    _choose(context, settings.versions, settings.suites)
    _load(context, settings.keystore, identity)
    _trust(context, settings)
    return context, certificate


def _certificate_of(store: StoreSettings, identity: Identity, now_ms: int) -> Certificate:
    """That of the broker itself, which clients are to take."""
    name = store.named
    try:
        certificate = read_certificate(identity.chain[0])
    except NoCertificate:
        raise ConfigError(f"{name}: its first certificate cannot be read") from None
    now = datetime.fromtimestamp(now_ms / 1000, UTC)
    if now > certificate.not_after:
        ended = f"{certificate.not_after:%Y-%m-%d %H:%M:%S} UTC"
        raise ConfigError(f"{name}: the certificate of {certificate.subject} expired at {ended}")
    if now < certificate.not_before:
        begins = f"{certificate.not_before:%Y-%m-%d %H:%M:%S} UTC"
        raise ConfigError(f"{name}: the certificate of {certificate.subject} is not valid before {begins}")
    return certificate


def _choose(context: ssl.SSLContext, versions: Sequence[str], suites: CipherSuites | None) -> None:
    spoken = [
        version
        for version in versions
        if suites is None or (suites.has_tls_1_3 if version == "TLSv1.3" else bool(suites.older))
    ]
    if not spoken:
        raise ConfigError("ssl.cipher.suites: none of them is of a version that ssl.enabled.protocols has")
    context.minimum_version, context.maximum_version = _VERSIONS[spoken[0]], _VERSIONS[spoken[-1]]
    if suites is not None and suites.older:
        try:
            context.set_ciphers(":".join(suites.older))
        except ssl.SSLError:
            raise ConfigError(f"ssl.cipher.suites: OpenSSL has none of {', '.join(suites.older)}") from None


def _load(context: ssl.SSLContext, store: StoreSettings, identity: Identity) -> None:
    pem = written([identity.key, *(Block(CERTIFICATE, der) for der in identity.chain)])
    password = identity.password
    if identity.key.is_encrypted and not password:
        raise ConfigError(f"{store.named}: the key is encrypted, and ssl.key.password is missing")
    try:
        with _as_file(pem.encode()) as path:
            # Without one to ask, OpenSSL would ask at the terminal.
            context.load_cert_chain(path, password=lambda: password or "")
    except ssl.SSLError as error:
        raise ConfigError(f"{store.named}: {_why(error, identity.key)}") from None
    except (OSError, ValueError) as error:
        raise ConfigError(f"{store.named}: the key cannot be read: {error}") from None


def _why(error: ssl.SSLError, key: Block) -> str:
    reason = error.reason or ""
    if "KEY_VALUES_MISMATCH" in reason or "KEY_TYPE_MISMATCH" in reason:
        return "the certificate does not belong to the key"
    if key.is_encrypted and (not reason or "DECRYPT" in reason or "PASSWORD" in reason):
        return "ssl.key.password is wrong, or the key is damaged"
    return f"OpenSSL does not take it: {reason.replace('_', ' ').lower() or 'the key or a certificate is damaged'}"


def _trust(context: ssl.SSLContext, settings: TlsSettings) -> None:
    context.verify_mode = _VERIFY[settings.client_auth]
    # Whatever is in a trust store is trusted, as in Java: it need not be a root.
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    if settings.truststore.is_given:
        trusted = read_trusted(settings.truststore)
        try:
            context.load_verify_locations(cadata=b"".join(trusted))
        except (ssl.SSLError, ValueError):
            raise ConfigError("ssl.truststore: a certificate in it cannot be read") from None
    elif settings.client_auth != "none":
        context.load_default_certs(ssl.Purpose.CLIENT_AUTH)


@contextlib.contextmanager
def _as_file(data: bytes) -> Generator[str]:
    """A path under which the ssl module finds the bytes; in memory where that can be, and nobody else's to read."""
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("tls")
        with open(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            yield f"/proc/self/fd/{descriptor}"
    else:  # macOS, Windows
        with tempfile.TemporaryDirectory(prefix="odradek-") as directory:
            path = os.path.join(directory, "key.pem")
            with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(data)
            yield path
