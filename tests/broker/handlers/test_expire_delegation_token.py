"""ExpireDelegationToken; tests/oracle compares it with Apache Kafka's."""

import pytest

from odradek.broker.session import ANONYMOUS
from odradek.protocol.api_keys import ApiKey
from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages.expire_delegation_token import (
    ExpireDelegationTokenRequest,
    ExpireDelegationTokenResponse,
)

from .broker_harness import served
from .token_broker import TokenBroker


def expire(broker: TokenBroker, secret: bytes, period_ms: int, version: int = 2) -> ExpireDelegationTokenResponse:
    request = ExpireDelegationTokenRequest(hmac=secret, expiry_time_period_ms=period_ms)
    return broker.ask(request, version, ExpireDelegationTokenResponse).answer


@pytest.mark.parametrize("version", served(ApiKey.EXPIRE_DELEGATION_TOKEN))
def test_a_token_ends_now_or_later(version: int) -> None:
    broker = TokenBroker()
    made = broker.make()
    later = expire(broker, made.hmac, 1000, version)
    assert (later.error_code, later.expiry_timestamp_ms) == (0, made.issue_timestamp_ms + 1000)
    assert made.token_id in broker.context.metadata.image.credentials.tokens
    now = expire(broker, made.hmac, -1, version)
    assert (now.error_code, now.expiry_timestamp_ms) == (0, made.issue_timestamp_ms)
    assert broker.context.metadata.image.credentials.tokens == {}


def test_others_and_nobody_may_not_end_it() -> None:
    broker = TokenBroker()
    secret = broker.make().hmac
    assert expire(broker, b"x", -1).error_code == ErrorCode.DELEGATION_TOKEN_NOT_FOUND
    broker.be("bo")
    assert expire(broker, secret, -1).error_code == ErrorCode.DELEGATION_TOKEN_OWNER_MISMATCH
    broker.be(ANONYMOUS)
    refused = expire(broker, secret, -1)
    assert (refused.error_code, refused.expiry_timestamp_ms) == (ErrorCode.DELEGATION_TOKEN_REQUEST_NOT_ALLOWED, -1)
    assert len(broker.context.metadata.image.credentials.tokens) == 1
