"""DescribeDelegationToken; tests/oracle compares it with Apache Kafka's."""

from collections.abc import Sequence

import pytest

from odradek.broker.session import ANONYMOUS
from odradek.protocol.api_keys import ApiKey
from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages.describe_delegation_token import (
    DescribeDelegationTokenOwner,
    DescribeDelegationTokenRequest,
    DescribeDelegationTokenResponse,
)

from .broker_harness import served
from .token_broker import TokenBroker


def describe(broker: TokenBroker, owners: Sequence[str] | None, version: int = 3) -> DescribeDelegationTokenResponse:
    named = None
    if owners is not None:
        named = [DescribeDelegationTokenOwner(principal_type="User", principal_name=owner) for owner in owners]
    return broker.ask(DescribeDelegationTokenRequest(owners=named), version, DescribeDelegationTokenResponse).answer


@pytest.mark.parametrize("version", served(ApiKey.DESCRIBE_DELEGATION_TOKEN))
def test_tokens_are_told_as_they_were_made(version: int) -> None:
    broker = TokenBroker()
    made = broker.make()
    (seen,) = describe(broker, None, version).tokens
    assert (seen.token_id, seen.hmac, seen.principal_name) == (made.token_id, made.hmac, "al")
    assert (seen.issue_timestamp, seen.expiry_timestamp, seen.max_timestamp) == (
        made.issue_timestamp_ms,
        made.expiry_timestamp_ms,
        made.max_timestamp_ms,
    )


def test_owners_may_be_named() -> None:
    broker = TokenBroker()
    broker.make()
    broker.be("bo")
    broker.make()
    assert [one.principal_name for one in describe(broker, ["bo", "nobody"]).tokens] == ["bo"]
    assert describe(broker, []).tokens == []


def test_who_may_renew_a_token_counts_as_an_owner() -> None:
    broker = TokenBroker()
    broker.make(renewers=["bo"])
    assert [one.principal_name for one in describe(broker, ["bo"]).tokens] == ["al"]
    assert describe(broker, ["cy"]).tokens == []


def test_nobody_in_particular_sees_none_and_without_a_key_there_are_none() -> None:
    broker = TokenBroker()
    broker.make()
    broker.be(ANONYMOUS)
    assert describe(broker, None).error_code == ErrorCode.DELEGATION_TOKEN_REQUEST_NOT_ALLOWED
    assert describe(TokenBroker(""), None).error_code == ErrorCode.DELEGATION_TOKEN_AUTH_DISABLED
