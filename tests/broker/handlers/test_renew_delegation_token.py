"""RenewDelegationToken; tests/oracle compares it with Apache Kafka's."""

import pytest

from odradek.broker.session import ANONYMOUS
from odradek.protocol.api_keys import ApiKey
from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages.renew_delegation_token import RenewDelegationTokenRequest, RenewDelegationTokenResponse

from .broker_harness import served
from .token_broker import TokenBroker


def renew(broker: TokenBroker, secret: bytes, period_ms: int = -1, version: int = 2) -> RenewDelegationTokenResponse:
    request = RenewDelegationTokenRequest(hmac=secret, renew_period_ms=period_ms)
    return broker.ask(request, version, RenewDelegationTokenResponse).answer


@pytest.mark.parametrize("version", served(ApiKey.RENEW_DELEGATION_TOKEN))
def test_a_token_lives_on_from_now(version: int) -> None:
    broker = TokenBroker()
    made = broker.make()
    broker.clock.advance(60)
    renewed = renew(broker, made.hmac, 3_600_000, version)
    assert (renewed.error_code, renewed.expiry_timestamp_ms) == (0, made.issue_timestamp_ms + 3_660_000)
    record = broker.context.metadata.image.credentials.tokens[made.token_id]
    assert record.expiration_timestamp == renewed.expiry_timestamp_ms


def test_others_and_nobody_may_not() -> None:
    broker = TokenBroker()
    secret = broker.make().hmac
    assert renew(broker, b"x").error_code == ErrorCode.DELEGATION_TOKEN_NOT_FOUND
    broker.be("bo")
    assert renew(broker, secret).error_code == ErrorCode.DELEGATION_TOKEN_OWNER_MISMATCH
    broker.be(ANONYMOUS)
    refused = renew(broker, secret)
    assert (refused.error_code, refused.expiry_timestamp_ms) == (ErrorCode.DELEGATION_TOKEN_REQUEST_NOT_ALLOWED, -1)


def test_one_that_has_expired_may_not_be() -> None:
    broker = TokenBroker()
    secret = broker.make(max_lifetime_ms=1).hmac
    broker.clock.advance(1)
    assert renew(broker, secret).error_code == ErrorCode.DELEGATION_TOKEN_EXPIRED
