"""SCRAM's arithmetic, held against the example of RFC 7677 and a client of our own."""

import base64

import pytest

from odradek.broker.security.sasl.scram_credentials import (
    BY_LABEL,
    ScramMechanism,
    credential_record,
    is_proof,
    make_credential,
    server_signature,
    stored_credential,
)

SHA_256 = ScramMechanism.SCRAM_SHA_256
# RFC 7677, section 3.
SALT = base64.b64decode("W22ZaJ0SNY7soEsUEjb6gQ==")
AUTH_MESSAGE = (
    b"n=user,r=rOprNGfwEbeRWgbNEkqO,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
    b"s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
)
PROOF = base64.b64decode("dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=")


def test_the_example_of_the_rfc_comes_out() -> None:
    credential = make_credential(SHA_256, "pencil", SALT, 4096)
    assert is_proof(SHA_256, credential, PROOF, AUTH_MESSAGE)
    signature = server_signature(SHA_256, credential, AUTH_MESSAGE)
    assert base64.b64encode(signature) == b"6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="


def test_another_password_gives_another_proof() -> None:
    assert not is_proof(SHA_256, make_credential(SHA_256, "pencils", SALT, 4096), PROOF, AUTH_MESSAGE)


def test_a_proof_of_another_length_is_none() -> None:
    with pytest.raises(ValueError, match="zip"):
        is_proof(SHA_256, make_credential(SHA_256, "pencil", SALT, 4096), PROOF[1:], AUTH_MESSAGE)


def test_a_credential_is_the_same_once_it_was_recorded() -> None:
    credential = make_credential(ScramMechanism.SCRAM_SHA_512, "pencil", SALT, 5000)
    record = credential_record("al", ScramMechanism.SCRAM_SHA_512, credential)
    assert (record.name, record.mechanism, record.iterations) == ("al", 2, 5000)
    assert stored_credential(record) == credential


def test_mechanisms_have_the_names_of_sasl_and_hide_what_they_store() -> None:
    assert list(BY_LABEL) == ["SCRAM-SHA-256", "SCRAM-SHA-512"]
    shown = repr(make_credential(SHA_256, "pencil", b"salt-salt", 4096))
    assert shown == "ScramCredential(iterations=4096)"
