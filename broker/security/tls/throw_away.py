"""`odradek serve --tls auto`: an authority, and a certificate of it for this machine, for a desk or a test.

The authority's key is never written: it signs one certificate and is gone, so that whoever trusts `ca.pem` trusts this
broker and nothing else. What lies in the directory and was not made here is not touched.
"""

import contextlib
import ipaddress
import os
import socket
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from ...config.config_def import ConfigError
from ...log_output import get_logger
from . import pem
from .certificate import Certificate, NoCertificate, read_certificate
from .stores import INSTALL

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey, EllipticCurvePublicKey

logger = get_logger("tls")

DIRECTORY = "odradek-tls"
CA, CERTIFICATE, KEY, TRUST_STORE = "ca.pem", "server.pem", "server.key", "truststore.p12"
TRUST_STORE_PASSWORD = "changeit"  # Java's own; what it seals is no secret
AUTHORITY_NAME = "Odradek throw-away CA"
EVERYWHERE = ("localhost", "127.0.0.1", "::1")
LIFETIME = timedelta(days=825)  # the longest that every client takes
# One that ends sooner is made anew.
LEFT = timedelta(days=1)
EARLIER = timedelta(hours=1)  # clocks of containers differ


@dataclass(frozen=True, slots=True)
class ThrowAway:
    """Where it lies, until when it is good, and whether it was there already."""

    directory: Path
    until: datetime
    is_new: bool

    def settings(self) -> dict[str, str]:
        """What has a broker show it."""
        return {
            "ssl.keystore.type": "PEM",
            "ssl.keystore.certificate.chain": (self.directory / CERTIFICATE).read_text(),
            "ssl.keystore.key": (self.directory / KEY).read_text(),
        }


def host_names() -> Sequence[str]:
    """What this machine is called; no name server is asked."""
    name = socket.gethostname()
    return (name, name.partition(".")[0])


def throw_away(directory: Path, hosts: Iterable[str], now: datetime, data_directory: Path | None) -> ThrowAway:
    """Certificates for `hosts`, made now or taken from an earlier start. ConfigError."""
    directory = directory.absolute()
    if data_directory is not None and directory.resolve().is_relative_to(data_directory.resolve()):
        raise ConfigError(f"--tls-dir {directory} lies in the data directory {data_directory}, which is Kafka's alone")
    wanted = list(dict.fromkeys([*EVERYWHERE, *(host for host in hosts if _is_host(host))]))
    try:
        found = _made_before(directory)
        if directory.is_dir():
            _keep_for_us(directory)
        if found is not None and found.not_after - now > LEFT and all(found.is_for(host) for host in wanted):
            return ThrowAway(directory, found.not_after, is_new=False)
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        return ThrowAway(directory, _make(directory, wanted, now), is_new=True)
    except OSError as error:
        raise ConfigError(f"--tls auto: {error.filename or directory}: {error.strerror or error}") from None


def _is_host(host: str) -> bool:
    return bool(host) and host.isascii() and host not in ("0.0.0.0", "::")


def _made_before(directory: Path) -> Certificate | None:
    """The certificate of an earlier start, if all is there. ConfigError where something is somebody else's."""
    paths = {name: directory / name for name in (CA, CERTIFICATE, KEY, TRUST_STORE)}
    there = [name for name, path in paths.items() if path.exists()]
    if not there:
        return None
    certificate: Certificate | None = None
    with contextlib.suppress(pem.NoPem, NoCertificate, FileNotFoundError, UnicodeDecodeError):
        authority, issued = (_certificate(paths[name]) for name in (CA, CERTIFICATE))
        if authority.subject == issued.issuer == AUTHORITY_NAME:
            certificate = issued
    if certificate is None:
        raise ConfigError(
            f"--tls auto: {paths[there[0]]} is there and was not made by it; "
            f"remove {', '.join(there)} from {directory}, or name another directory with --tls-dir"
        )
    return certificate if len(there) == len(paths) else None


def _keep_for_us(directory: Path) -> None:
    """Nobody else looks into a directory that is ours alone; one that has more in it is left, and that is said."""
    status = directory.stat()
    if not status.st_mode & 0o077:
        return
    ours = {CA, CERTIFICATE, KEY, TRUST_STORE}
    if status.st_uid == os.geteuid() and all(one.name.removesuffix(".new") in ours for one in directory.iterdir()):
        directory.chmod(0o700)
    else:
        logger.warning("others may look into the directory of --tls-dir", directory=str(directory))


def _certificate(path: Path) -> Certificate:
    return read_certificate(pem.certificates_of(path.read_text())[0])


def _make(directory: Path, hosts: Sequence[str], now: datetime) -> datetime:
    try:
        from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
        from cryptography.hazmat.primitives.serialization import (
            BestAvailableEncryption,
            Encoding,
            NoEncryption,
            PrivateFormat,
        )
        from cryptography.hazmat.primitives.serialization.pkcs12 import PKCS12Certificate, serialize_java_truststore
    except ModuleNotFoundError:
        raise ConfigError(f"--tls auto needs cryptography: {INSTALL}") from None
    until = (now + LIFETIME).replace(microsecond=0)
    authority_key, key = generate_private_key(SECP256R1()), generate_private_key(SECP256R1())
    authority = _signed(AUTHORITY_NAME, authority_key.public_key(), authority_key, now, until)
    certificate = _signed(hosts[0], key.public_key(), authority_key, now, until, hosts)
    secret = BestAvailableEncryption(TRUST_STORE_PASSWORD.encode())
    trusted = serialize_java_truststore([PKCS12Certificate(authority, b"odradek")], secret)
    # The certificate comes last: without it the others are made again.
    _write(directory / KEY, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), 0o600)
    _write(directory / TRUST_STORE, trusted, 0o644)
    _write(directory / CA, authority.public_bytes(Encoding.PEM), 0o644)
    _write(directory / CERTIFICATE, certificate.public_bytes(Encoding.PEM), 0o644)
    return until


def _signed(
    name: str,
    public: "EllipticCurvePublicKey",
    authority_key: "EllipticCurvePrivateKey",
    now: datetime,
    until: datetime,
    hosts: Sequence[str] = (),
) -> "x509.Certificate":
    """A certificate for these hosts; without any the authority's own."""
    from cryptography import x509
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    subject, issuer = (x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, one)]) for one in (name, AUTHORITY_NAME))
    is_authority = not hosts
    own, of_authority = (x509.SubjectKeyIdentifier.from_public_key(key) for key in (public, authority_key.public_key()))
    builder = (
        x509.CertificateBuilder(issuer, subject, public, x509.random_serial_number(), now - EARLIER, until)
        .add_extension(x509.BasicConstraints(is_authority, 0 if is_authority else None), critical=True)
        .add_extension(_usage(is_authority=is_authority), critical=True)
        .add_extension(own, critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(of_authority), critical=False)
    )
    if hosts:
        builder = builder.add_extension(
            x509.SubjectAlternativeName([_general_name(host) for host in hosts]), critical=False
        ).add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    return builder.sign(authority_key, SHA256())


def _usage(*, is_authority: bool) -> "x509.KeyUsage":
    from cryptography import x509

    return x509.KeyUsage(
        digital_signature=not is_authority,
        key_cert_sign=is_authority,
        crl_sign=is_authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _general_name(host: str) -> "x509.GeneralName":
    from cryptography import x509

    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _write(path: Path, data: bytes, mode: int) -> None:
    """Never readable by more than `mode` says, nor half written under its name."""
    new = path.with_name(f"{path.name}.new")
    new.unlink(missing_ok=True)
    with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(data)
    new.replace(path)
