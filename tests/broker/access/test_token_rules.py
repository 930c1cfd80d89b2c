"""Delegation tokens, for those whose they are and for others."""

from typing import Any, cast

import pytest

from odradek.broker.access.access import Access
from odradek.broker.access.common_rules import Rule
from odradek.broker.access.token_rules import create_delegation_token, describe_delegation_token
from odradek.broker.network.pipeline import ReceivedRequest
from odradek.broker.security.authorization.acl import Acl, Operation, PatternType, Permission, ResourceType
from odradek.broker.security.authorization.authorizer import Authorizer
from odradek.broker.session import Session
from odradek.protocol.api_keys import ApiKey
from odradek.protocol.header import RequestHeader
from odradek.protocol.messages.create_delegation_token import (
    CreateDelegationTokenRequest,
    CreateDelegationTokenResponse,
)
from odradek.protocol.messages.describe_delegation_token import (
    DescribedDelegationToken,
    DescribedDelegationTokenRenewer,
    DescribeDelegationTokenRequest,
    DescribeDelegationTokenResponse,
)

DENIED = 65


def asked(rule: Rule, body: object, served: object, user: str, *acls: Acl) -> Any:
    """The answer to a user, where the handler would give `served`."""
    authorizer = Authorizer()
    for acl in acls:
        authorizer.add(acl)
    session = Session("/127.0.0.1", "127.0.0.1", 9092, user=user)
    nothing = cast(Any, None)  # which no rule of tokens looks at
    received = ReceivedRequest(nothing, body, RequestHeader(ApiKey.CREATE_DELEGATION_TOKEN, 3, 1, "c"), session)
    return rule(received, Access(authorizer, session, nothing, "tokens"), lambda _: served)


def allowed(kind: ResourceType, name: str, operation: Operation) -> Acl:
    return Acl(kind, name, PatternType.LITERAL, "User:al", "*", operation, Permission.ALLOW)


@pytest.mark.parametrize(
    ("user", "owner", "acls", "code"),
    [
        ("al", None, [], 0),
        ("al", "al", [], 0),
        ("al", "bo", [], DENIED),
        ("al", "bo", [allowed(ResourceType.USER, "User:bo", Operation.CREATE_TOKENS)], 0),
        ("al", "bo", [allowed(ResourceType.USER, "User:bo", Operation.DESCRIBE_TOKENS)], DENIED),
        ("ANONYMOUS", "bo", [], 0),  # whom the handler refuses
    ],
)
def test_a_token_for_somebody_else_needs_a_rule(user: str, owner: str | None, acls: list[Acl], code: int) -> None:
    body = CreateDelegationTokenRequest(owner_principal_type=owner and "User", owner_principal_name=owner, renewers=[])
    served = CreateDelegationTokenResponse(error_code=0)
    answer = asked(create_delegation_token, body, served, user, *acls)
    assert answer.error_code == code
    if code:
        assert (answer.principal_name, answer.token_requester_principal_name) == (owner, user)


def token(owner: str, requester: str = "bo", renewer: str = "bo") -> DescribedDelegationToken:
    return DescribedDelegationToken(
        principal_type="User",
        principal_name=owner,
        token_requester_principal_type="User",
        token_requester_principal_name=requester,
        token_id=f"of-{owner}-by-{requester}-{renewer}",
        renewers=[DescribedDelegationTokenRenewer(principal_type="User", principal_name=renewer)],
    )


@pytest.mark.parametrize(
    ("acls", "seen"),
    [
        ([], 3),
        ([allowed(ResourceType.DELEGATION_TOKEN, "of-bo-by-bo-bo", Operation.DESCRIBE)], 4),
        ([allowed(ResourceType.USER, "User:bo", Operation.DESCRIBE_TOKENS)], 4),
        ([allowed(ResourceType.USER, "User:bo", Operation.CREATE_TOKENS)], 3),
    ],
)
def test_tokens_of_others_are_hidden_unless_a_rule_shows_them(acls: list[Acl], seen: int) -> None:
    served = DescribeDelegationTokenResponse(
        error_code=0, tokens=[token("al"), token("bo", requester="al"), token("bo", renewer="al"), token("bo")]
    )
    body = DescribeDelegationTokenRequest(owners=None)
    assert len(asked(describe_delegation_token, body, served, "al", *acls).tokens) == seen
