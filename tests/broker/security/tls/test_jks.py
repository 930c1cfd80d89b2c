"""Java's own key stores."""

import contextlib
import hashlib
import struct

import pytest
from cryptography.hazmat.primitives.serialization import load_der_private_key
from hypothesis import given
from hypothesis import strategies as st

from odradek.broker.security.tls.certificate import read_certificate
from odradek.broker.security.tls.jks import MAGIC, KeyEntry, NoJks, WrongPassword, read_jks, unseal

from .java_stores import KEY_PASSWORD, KEY_STORE, STORE_PASSWORD, TRUST_PASSWORD, TRUST_STORE


def sealed(body: bytes) -> bytes:
    """A store with any content, as Java would have closed it."""
    whole = MAGIC + body
    return whole + hashlib.sha1("x".encode("utf-16-be") + b"Mighty Aphrodite" + whole).digest()


def test_a_key_comes_with_its_certificates() -> None:
    (entry,) = read_jks(KEY_STORE, STORE_PASSWORD).keys
    key = load_der_private_key(unseal(entry, KEY_PASSWORD), None)
    assert entry.alias == "own"
    assert [read_certificate(one).subject for one in entry.chain] == ["jks.example"]
    assert type(key).__name__ == "ECPrivateKey"


@pytest.mark.parametrize("password", [TRUST_PASSWORD, None])
def test_what_is_trusted_may_be_read_without_a_password(password: str | None) -> None:
    (trusted,) = read_jks(TRUST_STORE, password).trusted
    assert read_certificate(trusted).subject == "jks.example"


def test_another_password_is_refused_for_the_store_and_for_the_key() -> None:
    with pytest.raises(WrongPassword):
        read_jks(KEY_STORE, "Secret")
    (entry,) = read_jks(KEY_STORE, STORE_PASSWORD).keys
    with pytest.raises(WrongPassword, match="of the key 'own' is another"):
        unseal(entry, STORE_PASSWORD)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (struct.pack(">II", 3, 0), "version 3"),
        (struct.pack(">II", 2, 0xFFFFFFFF), "4294967295 entries"),
        (struct.pack(">IIIHQ", 2, 1, 9, 0, 0), "kind 9"),
        (struct.pack(">IIIHQI", 2, 1, 1, 0, 0, 0xFFFFFFFF), "ends too early"),
        (struct.pack(">IIIHQH", 2, 1, 2, 0, 0, 1) + b"X" + bytes(4), "of the type 'X'"),
    ],
)
def test_what_is_not_known_is_named(body: bytes, why: str) -> None:
    with pytest.raises(NoJks, match=why):
        read_jks(sealed(body), "x")


def test_a_key_that_is_not_sealed_as_javas_is_named() -> None:
    with pytest.raises(NoJks, match="'own' cannot be read"):
        unseal(KeyEntry("own", b"\x30\x05a", []), "x")


@given(st.integers(0, len(KEY_STORE) - 1), st.binary(min_size=1, max_size=6), st.booleans())
def test_a_damaged_store_is_refused_or_read_and_nothing_else(at: int, damage: bytes, is_short: bool) -> None:
    data = KEY_STORE[:at] + damage + (b"" if is_short else KEY_STORE[at + len(damage) :])
    with contextlib.suppress(NoJks):
        for entry in read_jks(data, None).keys:
            unseal(entry, KEY_PASSWORD)
