"""Java's key stores of the type JKS: entries one after the other, sealed with a digest of their password.

A reader of its own, as the format is small and has not changed since 1998, and what reads it in Python is no longer
kept. Keys are encrypted by Sun's own cipher (SHA-1 as a stream), which only this format has.
"""

import hashlib
import hmac
import struct
from collections.abc import Sequence
from typing import NamedTuple

from .der import elements

MAGIC = b"\xfe\xed\xfe\xed"
JCEKS_MAGIC = b"\xce\xce\xce\xce"
_KEY, _TRUSTED = 1, 2
_DIGEST_BYTES = 20
_WHITENER = b"Mighty Aphrodite"
_MOST_ENTRIES = 10_000


class NoJks(ValueError):
    """Bytes that are no such store, or not with this password."""


class WrongPassword(NoJks):
    """The password is not the store's, or the key's."""


class KeyEntry(NamedTuple):
    """A private key, still encrypted, with the certificates that stand for it, its own first."""

    alias: str
    sealed: bytes
    chain: Sequence[bytes]


class JavaKeyStore(NamedTuple):
    """What is in a store, certificates in DER."""

    keys: Sequence[KeyEntry]
    trusted: Sequence[bytes]


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self.pos = 0

    def take(self, size: int) -> bytes:
        if size > len(self._data) - self.pos:
            raise NoJks("it ends too early")
        self.pos += size
        return self._data[self.pos - size : self.pos]

    def number(self) -> int:
        (value,) = struct.unpack(">I", self.take(4))
        return int(value)

    def text(self) -> str:
        (size,) = struct.unpack(">H", self.take(2))
        return self.take(size).decode("utf-8", "replace")

    def certificate(self, version: int) -> bytes:
        if version == 2 and (kind := self.text()) != "X.509":
            raise NoJks(f"it has a certificate of the type {kind[:40]!r}")
        return self.take(self.number())


def read_jks(data: bytes, password: str | None) -> JavaKeyStore:
    """What a store holds. Without a password it is not checked, as Java has it for trust stores. NoJks."""
    if not data.startswith(MAGIC):
        raise NoJks("it does not begin as a Java key store of the type JKS")
    sealed, digest = data[:-_DIGEST_BYTES], data[-_DIGEST_BYTES:]
    if password is not None:
        expected = hashlib.sha1(_utf16(password) + _WHITENER + sealed).digest()
        if not hmac.compare_digest(expected, digest):
            raise WrongPassword("its password is another, or it was damaged")
    reader = _Reader(sealed)
    reader.take(len(MAGIC))
    version, count = reader.number(), reader.number()
    if version not in (1, 2) or count > _MOST_ENTRIES:
        raise NoJks(f"version {version} with {count} entries is not known")
    keys: list[KeyEntry] = []
    trusted: list[bytes] = []
    for _ in range(count):
        kind, alias = reader.number(), reader.text()
        reader.take(8)  # when it was made
        if kind == _KEY:
            encrypted, certificates = reader.take(reader.number()), reader.number()
            chain = [reader.certificate(version) for _ in range(min(certificates, _MOST_ENTRIES))]
            keys.append(KeyEntry(alias, encrypted, chain))
        elif kind == _TRUSTED:
            trusted.append(reader.certificate(version))
        else:
            raise NoJks(f"an entry of kind {kind} is not known")
    return JavaKeyStore(keys, trusted)


def unseal(entry: KeyEntry, password: str) -> bytes:
    """The private key in PKCS #8. WrongPassword, NoJks."""
    try:
        (whole,) = elements(entry.sealed)
        _, octets = elements(whole.body)
    except (ValueError, IndexError) as error:
        raise NoJks(f"the key {entry.alias!r} cannot be read: {error}") from None
    salt, encrypted = octets.body[:_DIGEST_BYTES], octets.body[_DIGEST_BYTES:-_DIGEST_BYTES]
    secret, digest, stream = _utf16(password), salt, bytearray()
    while len(stream) < len(encrypted):
        digest = hashlib.sha1(secret + digest).digest()
        stream += digest
    key = bytes(a ^ b for a, b in zip(encrypted, stream, strict=False))
    if not hmac.compare_digest(hashlib.sha1(secret + key).digest(), octets.body[-_DIGEST_BYTES:]):
        raise WrongPassword(f"the password of the key {entry.alias!r} is another")
    return key


def _utf16(password: str) -> bytes:
    return password.encode("utf-16-be", "surrogatepass")
