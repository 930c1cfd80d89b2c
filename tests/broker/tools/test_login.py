"""A tool logs in: by each mechanism, and with one line that says why it could not."""

import base64
from collections.abc import Iterator

import pytest

from odradek.broker.security.sasl.jaas import PLAIN_MODULE
from odradek.broker.security.sasl.scram_credentials import ScramMechanism, make_credential, server_signature
from odradek.broker.testing.embedded import running_broker
from odradek.broker.tools.login import Login, LoginRefused, client_final, client_first, offered_mechanisms
from odradek.broker.wire import Wire
from odradek.protocol.messages.alter_user_scram_credentials import (
    AlterUserScramCredentialsRequest,
    AlterUserScramCredentialsResponse,
    ScramCredentialUpsertion,
)
from odradek.protocol.messages.metadata import MetadataRequest, MetadataResponse

from ..security.sasl.scram_client import ScramClient

LISTENERS = {
    "listeners": "PLAINTEXT://127.0.0.1:0,CLIENTS://127.0.0.1:0",
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CLIENTS:SASL_PLAINTEXT",
    "listener.name.clients.plain.sasl.jaas.config": f'{PLAIN_MODULE} required user_al="secret";',
    "connection.failed.authentication.delay.ms": "0",
}
RIGHT = {"sasl.username": "al", "sasl.password": "secret"}


@pytest.fixture(scope="module")
def addresses() -> Iterator[tuple[str, str]]:
    """Of a listener for everybody, and of one that wants a login."""
    with running_broker(LISTENERS) as broker:
        plain, sasl = broker.bootstrap.split(",")
        for number, digest in ((1, "sha256"), (2, "sha512")):
            salted = ScramClient("al", "secret", digest).salted(b"salt", 4096)
            made = ScramCredentialUpsertion(
                name="al", mechanism=number, iterations=4096, salt=b"salt", salted_password=salted
            )
            with Wire(plain) as wire:
                request = AlterUserScramCredentialsRequest(upsertions=[made])
                (result,) = wire.ask(request, 0, AlterUserScramCredentialsResponse).results
            assert result.error_code == 0
        yield plain, sasl


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256", "scram-sha-512"])
def test_who_has_the_password_is_served(addresses: tuple[str, str], mechanism: str) -> None:
    with Wire(addresses[1]) as wire:
        Login({"sasl.mechanism": mechanism, **RIGHT}).over(wire)
        assert wire.ask(MetadataRequest(topics=[]), 12, MetadataResponse).brokers


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])
def test_a_wrong_password_is_refused_and_told_nobody(addresses: tuple[str, str], mechanism: str) -> None:
    with Wire(addresses[1]) as wire, pytest.raises(LoginRefused, match="the login of al was refused") as refused:
        Login({"sasl.mechanisms": mechanism, **RIGHT, "sasl.password": "hush"}).over(wire)
    assert "hush" not in str(refused.value)


def test_a_listener_without_logins_is_named_as_one(addresses: tuple[str, str]) -> None:
    with Wire(addresses[0]) as wire, pytest.raises(LoginRefused, match="nobody logs in there"):
        Login({"sasl.mechanism": "PLAIN", **RIGHT}).over(wire)


def test_a_mechanism_that_is_not_offered_is_refused_with_those_that_are() -> None:
    with (
        running_broker({**LISTENERS, "sasl.enabled.mechanisms": "PLAIN"}) as broker,
        Wire(broker.bootstrap.split(",")[1]) as wire,
        pytest.raises(LoginRefused, match=r"it does not offer SCRAM-SHA-256, but PLAIN$"),
    ):
        Login({"sasl.mechanism": "SCRAM-SHA-256", **RIGHT}).over(wire)


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        (RIGHT, "sasl.mechanism is missing: there are PLAIN, SCRAM-SHA-256, SCRAM-SHA-512"),
        ({**RIGHT, "sasl.mechanism": "GSSAPI"}, "sasl.mechanism=GSSAPI: there are PLAIN"),
        ({"sasl.mechanism": "PLAIN", "sasl.password": "x"}, "sasl.username is missing"),
        ({"sasl.mechanism": "PLAIN", "sasl.username": "x"}, "sasl.password is missing"),
    ],
)
def test_what_is_missing_is_named(settings: dict[str, str], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        Login(settings)


def test_the_proof_is_that_of_rfc_7677() -> None:
    first = client_first("user", "rOprNGfwEbeRWgbNEkqO")
    nonce = "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
    challenge = f"r={nonce},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096".encode()
    final, expected = client_final(ScramMechanism.SCRAM_SHA_256, "pencil", first, "rOprNGfwEbeRWgbNEkqO", challenge)
    assert final == f"c=biws,r={nonce},p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=".encode()
    assert expected == b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="


@pytest.mark.parametrize(
    ("challenge", "why"),
    [
        (b"nonsense", "none of SCRAM's"),
        (b"r=n1,s=c2FsdA==,i=many", "none of SCRAM's"),
        (b"r=n1,s=c2FsdA==,i=4096,x\xff", "none of SCRAM's"),
        (b"r=other,s=c2FsdA==,i=4096", "not for this login"),
        (b"r=n1,s=c2FsdA==,i=2000000000", "not for this login"),
    ],
)
def test_a_challenge_that_is_none_is_refused(challenge: bytes, why: str) -> None:
    with pytest.raises(LoginRefused, match=why):
        client_final(ScramMechanism.SCRAM_SHA_256, "pw", client_first("al", "n"), "n", challenge)


def test_names_with_signs_of_scrams_own_are_written_as_it_wants_them() -> None:
    assert client_first("a=b,c", "n") == "n=a=3Db=2Cc,r=n"


def test_a_server_without_the_credential_is_seen_through() -> None:
    challenge = b"r=n1,s=c2FsdA==,i=4096"
    _, expected = client_final(ScramMechanism.SCRAM_SHA_512, "pw", client_first("al", "n"), "n", challenge)
    other = make_credential(ScramMechanism.SCRAM_SHA_512, "other", b"salt", 4096)
    message = b"n=al,r=n,r=n1,s=c2FsdA==,i=4096,c=biws,r=n1"
    assert expected != b"v=" + base64.b64encode(server_signature(ScramMechanism.SCRAM_SHA_512, other, message))
    right = make_credential(ScramMechanism.SCRAM_SHA_512, "pw", b"salt", 4096)
    assert expected == b"v=" + base64.b64encode(server_signature(ScramMechanism.SCRAM_SHA_512, right, message))


def test_what_a_listener_offers_is_told_and_nothing_of_one_without_logins(addresses: tuple[str, str]) -> None:
    plain, sasl = addresses
    with Wire(plain) as wire:
        assert offered_mechanisms(wire) is None
    with Wire(sasl) as wire:
        assert offered_mechanisms(wire) == ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]
