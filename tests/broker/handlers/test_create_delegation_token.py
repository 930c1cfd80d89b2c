"""CreateDelegationToken; tests/oracle compares it with Apache Kafka's."""

import pytest

from odradek.broker.session import ANONYMOUS
from odradek.protocol.api_keys import ApiKey
from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages.create_delegation_token import (
    CreatableRenewers,
    CreateDelegationTokenRequest,
    CreateDelegationTokenResponse,
)

from .broker_harness import served
from .token_broker import TokenBroker

DAY_MS = 86_400_000


@pytest.mark.parametrize("version", served(ApiKey.CREATE_DELEGATION_TOKEN))
def test_a_token_is_recorded_and_told_with_its_secret(version: int) -> None:
    broker = TokenBroker()
    made = broker.make(version)
    assert (made.error_code, made.principal_type, made.principal_name) == (0, "User", "al")
    record = broker.context.metadata.image.credentials.tokens[made.token_id]
    assert (record.owner, record.requester) == ("User:al", "User:al")
    assert made.hmac == broker.context.tokens.secret_of(made.token_id)
    assert made.expiry_timestamp_ms - made.issue_timestamp_ms == DAY_MS
    assert made.max_timestamp_ms - made.issue_timestamp_ms == 7 * DAY_MS


def test_a_token_may_be_anothers_and_have_renewers() -> None:
    broker = TokenBroker()
    request = CreateDelegationTokenRequest(
        owner_principal_type="User",
        owner_principal_name="bo",
        renewers=[CreatableRenewers(principal_type="User", principal_name="cy")],
    )
    made = broker.ask(request, 3, CreateDelegationTokenResponse).answer
    assert (made.principal_name, made.token_requester_principal_name) == ("bo", "al")
    record = broker.context.metadata.image.credentials.tokens[made.token_id]
    assert (record.owner, record.requester, list(record.renewers)) == ("User:bo", "User:al", ["User:cy"])


def test_a_renewer_is_a_user() -> None:
    request = CreateDelegationTokenRequest(renewers=[CreatableRenewers(principal_type="Group", principal_name="g")])
    made = TokenBroker().ask(request, 3, CreateDelegationTokenResponse).answer
    assert (made.error_code, made.token_id, made.hmac) == (ErrorCode.INVALID_PRINCIPAL_TYPE, "", b"")


def test_nobody_in_particular_gets_none_and_without_a_key_nobody_does() -> None:
    broker = TokenBroker()
    broker.be(ANONYMOUS)
    assert broker.make().error_code == ErrorCode.DELEGATION_TOKEN_REQUEST_NOT_ALLOWED
    assert TokenBroker("").make().error_code == ErrorCode.DELEGATION_TOKEN_AUTH_DISABLED


def test_a_token_is_there_after_a_restart() -> None:
    broker = TokenBroker()
    made = broker.make()
    broker.restart(is_clean=False)
    assert set(broker.context.metadata.image.credentials.tokens) == {made.token_id}
