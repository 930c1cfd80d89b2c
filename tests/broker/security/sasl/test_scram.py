"""SCRAM: a client that has the password is known; any other is refused, and is not told why."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odradek.broker.security.sasl.mechanism import Challenge, Heavy, LoggedIn, LoginBroken, LoginFailed
from odradek.broker.security.sasl.scram import ScramLogin, TokenLogin
from odradek.broker.security.sasl.scram_credentials import ScramCredential, ScramMechanism, make_credential

from .scram_client import ScramClient

DIGESTS = {ScramMechanism.SCRAM_SHA_256: "sha256", ScramMechanism.SCRAM_SHA_512: "sha512"}
SHA_256 = ScramMechanism.SCRAM_SHA_256
NOW_MS = 1_000


def login_of(
    credential: ScramCredential | None, mechanism: ScramMechanism = SHA_256, token: TokenLogin | None = None
) -> ScramLogin:
    return ScramLogin(mechanism, "servernonce", lambda name: credential, lambda token_id: token)


def stored(password: str = "secret", mechanism: ScramMechanism = SHA_256, iterations: int = 4096) -> ScramCredential:
    return make_credential(mechanism, password, b"salt", iterations)


def challenged(login: ScramLogin, client: ScramClient) -> bytes:
    outcome = login.evaluate(client.first(), NOW_MS)
    assert isinstance(outcome, Challenge)
    return outcome.token


@pytest.mark.parametrize("mechanism", DIGESTS)
@pytest.mark.parametrize("name", ["al", "a,b=c"])
def test_a_client_with_the_password_is_known_and_knows_the_server(mechanism: ScramMechanism, name: str) -> None:
    login, client = login_of(stored(mechanism=mechanism), mechanism), ScramClient(name, "secret", DIGESTS[mechanism])
    challenge = challenged(login, client)
    assert challenge.startswith(b"r=clientnonceservernonce,s=")
    done = login.evaluate(client.final(challenge), NOW_MS)
    assert isinstance(done, LoggedIn)
    assert (done.user, done.expires_at_ms, done.is_by_delegation_token) == (name, None, False)
    assert client.is_server(done.token)


def test_another_password_is_refused_without_a_reason() -> None:
    login, client = login_of(stored()), ScramClient("al", "wrong")
    challenge = challenged(login, client)
    with pytest.raises(LoginFailed) as refused:
        login.evaluate(client.final(challenge), NOW_MS)
    assert refused.value.told is None


def test_a_user_that_does_not_exist_is_refused_without_a_reason() -> None:
    with pytest.raises(LoginFailed) as refused:
        login_of(None).evaluate(ScramClient("al", "secret").first(), NOW_MS)
    assert refused.value.told is None


@pytest.mark.parametrize("nonce", ["clientnonce", "clientnonceother", "servernonce", "clientnonceservernoncex"])
def test_a_final_message_with_another_nonce_is_refused(nonce: str) -> None:
    login, client = login_of(stored()), ScramClient("al", "secret")
    challenge = challenged(login, client)
    with pytest.raises(LoginFailed, match="nonce"):
        login.evaluate(client.final(challenge, nonce), NOW_MS)


def test_an_answer_to_another_challenge_is_refused() -> None:
    client = ScramClient("al", "secret")
    first = login_of(stored())
    recorded = client.final(challenged(first, client))
    other = ScramLogin(SHA_256, "anothernonce", lambda name: stored(), lambda token_id: None)
    challenged(other, client)
    with pytest.raises(LoginFailed):
        other.evaluate(recorded, NOW_MS)


def test_a_credential_of_too_few_iterations_lets_nobody_in() -> None:
    with pytest.raises(LoginFailed, match="4095"):
        login_of(stored(iterations=4095)).evaluate(ScramClient("al", "secret").first(), NOW_MS)


def test_an_authorization_id_must_be_the_user() -> None:
    with pytest.raises(LoginFailed) as refused:
        login_of(stored()).evaluate(ScramClient("al", "secret", header="n,a=bo,").first(), NOW_MS)
    assert refused.value.told is not None
    challenged(login_of(stored()), ScramClient("al", "secret", header="n,a=al,"))


def test_a_proof_of_another_length_breaks_the_login() -> None:
    login, client = login_of(stored()), ScramClient("al", "secret")
    challenge = challenged(login, client)
    with pytest.raises(LoginBroken):
        login.evaluate(client.final(challenge).partition(b",p=")[0] + b",p=AAEC", NOW_MS)


def test_a_delegation_token_logs_in_as_its_owner_until_it_ends() -> None:
    token = TokenLogin("owner", 5_000, lambda: stored("token secret"))
    login, client = login_of(None, token=token), ScramClient("id", "token secret", extensions=",tokenauth=true")
    outcome = login.evaluate(client.first(), NOW_MS)
    assert isinstance(outcome, Heavy)  # its credential is made first
    challenge = outcome.run()
    assert isinstance(challenge, Challenge)
    done = login.evaluate(client.final(challenge.token), NOW_MS)
    assert isinstance(done, LoggedIn)
    assert (done.user, done.expires_at_ms, done.is_by_delegation_token) == ("owner", 5_000, True)


def test_a_token_that_does_not_exist_is_refused_even_if_a_user_is_called_so() -> None:
    with pytest.raises(LoginFailed):
        login_of(stored()).evaluate(ScramClient("al", "secret", extensions=",tokenauth=true").first(), NOW_MS)


@given(st.binary(), st.binary())
def test_any_bytes_are_refused(first: bytes, second: bytes) -> None:
    with pytest.raises(LoginFailed):
        login_of(stored()).evaluate(first, NOW_MS)
    login = login_of(stored())
    challenged(login, ScramClient("al", "secret"))
    with pytest.raises((LoginFailed, LoginBroken)):
        login.evaluate(second, NOW_MS)
