"""How often a password may have to be hashed."""

import contextlib

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.hazmat.primitives.serialization.pkcs12 import serialize_key_and_certificates
from hypothesis import given
from hypothesis import strategies as st

from odradek.broker.security.tls.effort import MOST_ROUNDS, TooMuchEffort, check_effort

KEY = ec.generate_private_key(ec.SECP256R1())
SECRET = BestAvailableEncryption(b"secret")
SEALED = KEY.private_bytes(Encoding.DER, PrivateFormat.PKCS8, SECRET)
STORE = serialize_key_and_certificates(b"a", KEY, None, None, SECRET)
MANY = (2**31 - 1).to_bytes(4)


def number(value: bytes) -> bytes:
    return b"\x02" + bytes([len(value)]) + value


def sequence(*parts: bytes) -> bytes:
    body = b"".join(parts)
    return b"\x30\x82" + len(body).to_bytes(2) + body


def octets(data: bytes) -> bytes:
    return b"\x04\x82" + len(data).to_bytes(2) + data


def pbkdf2(rounds: bytes) -> bytes:
    return sequence(bytes.fromhex("06092a864886f70d01050c"), sequence(octets(bytes(8)), number(rounds)))


@pytest.mark.parametrize("der", [SEALED, STORE, b"", b"\x30", b"nothing at all"])
def test_what_people_have_is_not_too_much(der: bytes) -> None:
    check_effort(der)


@pytest.mark.parametrize("shape", [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL])
@pytest.mark.parametrize(
    "key",
    [rsa.generate_private_key(65537, 2048), rsa.generate_private_key(65537, 4096), KEY],
    ids=["2048", "4096", "ec"],
)
def test_the_numbers_of_a_key_itself_are_no_rounds(
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, shape: PrivateFormat
) -> None:
    check_effort(key.private_bytes(Encoding.DER, shape, NoEncryption()))


def test_a_key_of_edwards_curves_is_no_store() -> None:
    key = ed25519.Ed25519PrivateKey.generate()
    check_effort(key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()))
    check_effort(key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, SECRET))


@pytest.mark.parametrize(
    "der",
    [
        pbkdf2(MANY),
        sequence(sequence(pbkdf2(MANY)), octets(bytes(8))),
        sequence(octets(sequence(pbkdf2(MANY)))),
        sequence(number(b"\x03"), sequence(), sequence(sequence(), octets(bytes(8)), number(MANY))),
    ],
)
def test_a_number_beyond_all_need_is_refused_wherever_it_stands(der: bytes) -> None:
    with pytest.raises(TooMuchEffort, match=f"hashed {2**31 - 1} times; at most {MOST_ROUNDS}"):
        check_effort(der)


def test_nesting_has_an_end() -> None:
    der = b""
    for _ in range(100):
        der = sequence(der)
    with pytest.raises(TooMuchEffort, match="nested"):
        check_effort(der)


@given(st.integers(0, len(STORE) - 1), st.binary(min_size=1, max_size=4))
def test_damaged_stores_are_judged_without_a_fault(at: int, damage: bytes) -> None:
    with contextlib.suppress(TooMuchEffort):
        check_effort(STORE[:at] + damage + STORE[at + len(damage) :])
