"""Delegation tokens: who may do what with them, and how long they live."""

import base64
import hmac
from collections.abc import Callable

import pytest

from odradek.broker.config.broker_config import BrokerConfig
from odradek.broker.metadata.image import MetadataImage
from odradek.broker.security.sasl.scram_credentials import ScramMechanism, make_credential
from odradek.broker.security.tokens.delegation_tokens import DelegationTokens, is_of, principal_of
from odradek.protocol.errors import ErrorCode, KafkaError
from odradek.protocol.metadata_records import DelegationTokenRecord

AL, BO, CY = (principal_of(name) for name in ("al", "bo", "cy"))
SETTINGS = {
    "delegation.token.secret.key": "key",
    "delegation.token.max.lifetime.ms": "1000",
    "delegation.token.expiry.time.ms": "400",
}
NOW_MS = 10_000


class World:
    """Tokens over an image that a test changes."""

    def __init__(self, settings: dict[str, str] = SETTINGS) -> None:
        self.image = MetadataImage()
        config = BrokerConfig.from_settings(settings)
        self.tokens = DelegationTokens(config, lambda: self.image, lambda size: b"s" * size)

    def create(self, owner: str = AL, requester: str = AL, max_lifetime_ms: int = -1) -> DelegationTokenRecord:
        token = self.tokens.create("id", owner, requester, [CY], max_lifetime_ms, NOW_MS)
        self.image.credentials.replay(token)
        return token

    @property
    def secret(self) -> bytes:
        return self.tokens.secret_of("id")


def refusal(ask: Callable[[], object]) -> ErrorCode:
    with pytest.raises(KafkaError) as refused:
        ask()
    return refused.value.code


def test_a_token_lives_until_it_expires_and_never_longer_than_the_longest() -> None:
    token = World().create()
    assert (token.issue_timestamp, token.max_timestamp, token.expiration_timestamp) == (10_000, 11_000, 10_400)
    assert World().create(max_lifetime_ms=100).expiration_timestamp == 10_100
    assert World().create(max_lifetime_ms=5000).max_timestamp == 11_000


def test_a_token_is_prolonged_up_to_its_longest_life() -> None:
    world = World()
    world.create()
    assert world.tokens.renew(world.secret, AL, -1, NOW_MS + 300).expiration_timestamp == 10_700
    assert world.tokens.renew(world.secret, AL, 50, NOW_MS + 300).expiration_timestamp == 10_350
    assert world.tokens.renew(world.secret, AL, 5000, NOW_MS + 400).expiration_timestamp == 10_800
    world.image.credentials.replay(world.tokens.renew(world.secret, AL, -1, NOW_MS + 400))
    assert world.tokens.renew(world.secret, AL, -1, NOW_MS + 700).expiration_timestamp == 11_000


def test_owner_and_renewers_may_prolong_and_end_it_and_nobody_else() -> None:
    world = World()
    world.create(owner=AL, requester=BO)
    for principal in (AL, CY):
        world.tokens.renew(world.secret, principal, -1, NOW_MS)
        world.tokens.expire(world.secret, principal, -1, NOW_MS)
    for ask in (world.tokens.renew, world.tokens.expire):
        for other in (principal_of("dan"), BO):  # who made it for another among them
            code = refusal(lambda ask=ask, other=other: ask(world.secret, other, -1, NOW_MS))  # type: ignore[misc]
            assert code == ErrorCode.DELEGATION_TOKEN_OWNER_MISMATCH


def test_a_token_ends_now_or_later() -> None:
    world = World()
    world.create()
    assert world.tokens.expire(world.secret, AL, -1, NOW_MS) == "id"
    later = world.tokens.expire(world.secret, AL, 200, NOW_MS)
    assert isinstance(later, DelegationTokenRecord)
    assert later.expiration_timestamp == 10_200


def test_one_whose_time_is_over_can_be_removed_only() -> None:
    world = World()
    world.create()
    late = NOW_MS + 401
    assert refusal(lambda: world.tokens.renew(world.secret, AL, -1, late)) == ErrorCode.DELEGATION_TOKEN_EXPIRED
    assert refusal(lambda: world.tokens.expire(world.secret, AL, 5, late)) == ErrorCode.DELEGATION_TOKEN_EXPIRED
    assert world.tokens.expire(world.secret, AL, -1, late) == "id"
    assert world.tokens.expired(NOW_MS + 400) == []
    assert world.tokens.expired(late) == ["id"]


def test_a_secret_that_is_no_tokens_is_not_found() -> None:
    world = World()
    world.create()
    assert refusal(lambda: world.tokens.renew(b"x", AL, -1, NOW_MS)) == ErrorCode.DELEGATION_TOKEN_NOT_FOUND
    secret = world.secret
    world.tokens.renew(secret, AL, -1, NOW_MS)
    world.image.credentials.tokens.clear()
    assert refusal(lambda: world.tokens.renew(secret, AL, -1, NOW_MS)) == ErrorCode.DELEGATION_TOKEN_NOT_FOUND


def test_without_a_key_there_are_no_tokens() -> None:
    world = World({})
    assert not world.tokens.is_enabled
    disabled = ErrorCode.DELEGATION_TOKEN_AUTH_DISABLED
    assert refusal(world.create) == disabled
    assert refusal(lambda: world.tokens.renew(b"x", AL, -1, NOW_MS)) == disabled
    assert refusal(lambda: world.tokens.expire(b"x", AL, -1, NOW_MS)) == disabled


def test_a_login_needs_the_secret_in_base64_as_its_password() -> None:
    world = World()
    world.create(owner=BO)
    assert world.tokens.find_login(ScramMechanism.SCRAM_SHA_256, "other") is None
    login = world.tokens.find_login(ScramMechanism.SCRAM_SHA_256, "id")
    assert login is not None
    assert (login.owner, login.expires_at_ms) == ("bo", 10_400)
    password = base64.b64encode(hmac.digest(b"key", b"id", "sha512")).decode()
    assert login.credential() == make_credential(ScramMechanism.SCRAM_SHA_256, password, b"s" * 20, 4096)
    again = world.tokens.find_login(ScramMechanism.SCRAM_SHA_256, "id")
    assert again is not None
    assert again.credential() is login.credential()


def test_who_has_to_do_with_a_token() -> None:
    token = DelegationTokenRecord(owner=AL, requester=BO, renewers=[CY])
    assert all(is_of(token, one) for one in (AL, BO, CY))
    assert not is_of(token, principal_of("dan"))
