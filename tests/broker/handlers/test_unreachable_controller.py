"""Requests that only the controller can answer, at a broker that does not reach it: an error, after a minute.

Kafka's brokers hand them on for as long; a request that has a timeout of its own is tested with its handler.
"""

from collections.abc import Callable

import pytest

from odradek.broker.nodes.links import CONTROLLER
from odradek.broker.security.authorization.acl import Operation, PatternType, Permission, ResourceType
from odradek.broker.session import Session
from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages.alter_client_quotas import (
    AlterClientQuotasRequest,
    AlterClientQuotasResponse,
    EntityData,
    EntryData,
    OpData,
)
from odradek.protocol.messages.alter_user_scram_credentials import (
    AlterUserScramCredentialsRequest,
    AlterUserScramCredentialsResponse,
    ScramCredentialDeletion,
)
from odradek.protocol.messages.create_acls import AclCreation, CreateAclsRequest, CreateAclsResponse
from odradek.protocol.messages.create_delegation_token import (
    CreateDelegationTokenRequest,
    CreateDelegationTokenResponse,
)
from odradek.protocol.messages.delete_acls import DeleteAclsFilter, DeleteAclsRequest, DeleteAclsResponse
from odradek.protocol.messages.expire_delegation_token import (
    ExpireDelegationTokenRequest,
    ExpireDelegationTokenResponse,
)
from odradek.protocol.messages.renew_delegation_token import RenewDelegationTokenRequest, RenewDelegationTokenResponse

from ..nodes.three_brokers import AskedNode, ThreeBrokers
from .group_context import Asked

SECURED = {
    "authorizer.class.name": "StandardAuthorizer",
    "super.users": "User:al",
    "delegation.token.secret.key": "key",
}
RULE = (ResourceType.TOPIC, "t", PatternType.LITERAL, "User:bo", "*", Operation.READ, Permission.ALLOW)

Codes = Callable[[], list[int]]


def quotas_altered(broker: AskedNode) -> Codes:
    entries = [
        EntryData(
            entity=[EntityData(entity_type="user", entity_name=user)],
            ops=[OpData(key="producer_byte_rate", value=1.0, remove=False)],
        )
        for user in ("al", "bo")
    ]
    asked = broker.ask(AlterClientQuotasRequest(entries=entries), 1, AlterClientQuotasResponse)
    return lambda: [entry.error_code for entry in asked.answer.entries]


def scram_credentials_altered(broker: AskedNode) -> Codes:
    deletions = [ScramCredentialDeletion(name=name, mechanism=1) for name in ("al", "bo")]
    request = AlterUserScramCredentialsRequest(deletions=deletions)
    asked = broker.ask(request, 0, AlterUserScramCredentialsResponse)
    return lambda: [result.error_code for result in asked.answer.results]


def rules_created(broker: AskedNode) -> Codes:
    kind, name, pattern, principal, host, operation, permission = RULE
    rule = AclCreation(
        resource_type=kind,
        resource_name=name,
        resource_pattern_type=pattern,
        principal=principal,
        host=host,
        operation=operation,
        permission_type=permission,
    )
    asked = broker.ask(CreateAclsRequest(creations=[rule, rule]), 3, CreateAclsResponse)
    return lambda: [result.error_code for result in asked.answer.results]


def rules_deleted(broker: AskedNode) -> Codes:
    kind, name, pattern, principal, host, operation, permission = RULE
    wanted = DeleteAclsFilter(
        resource_type_filter=kind,
        resource_name_filter=name,
        pattern_type_filter=pattern,
        principal_filter=principal,
        host_filter=host,
        operation=operation,
        permission_type=permission,
    )
    asked = broker.ask(DeleteAclsRequest(filters=[wanted, wanted]), 3, DeleteAclsResponse)
    return lambda: [result.error_code for result in asked.answer.filter_results]


def token_created(broker: AskedNode) -> Codes:
    asked = broker.ask(CreateDelegationTokenRequest(), 3, CreateDelegationTokenResponse)
    return _once(asked)


def token_renewed(broker: AskedNode) -> Codes:
    return _once(broker.ask(RenewDelegationTokenRequest(hmac=b"h"), 2, RenewDelegationTokenResponse))


def token_expired(broker: AskedNode) -> Codes:
    return _once(broker.ask(ExpireDelegationTokenRequest(hmac=b"h"), 2, ExpireDelegationTokenResponse))


def _once(
    asked: Asked[CreateDelegationTokenResponse]
    | Asked[RenewDelegationTokenResponse]
    | Asked[ExpireDelegationTokenResponse],
) -> Codes:
    return lambda: [asked.answer.error_code]


@pytest.mark.parametrize(
    ("ask", "count"),
    [
        (quotas_altered, 2),
        (scram_credentials_altered, 2),
        (rules_created, 2),
        (rules_deleted, 2),
        (token_created, 1),
        (token_renewed, 1),
        (token_expired, 1),
    ],
)
def test_a_controller_that_cannot_be_reached_is_waited_for_for_a_minute(
    ask: Callable[[AskedNode], Codes], count: int
) -> None:
    brokers = ThreeBrokers(SECURED)
    brokers[1].session = Session("/127.0.0.1", "127.0.0.1", 9092, user="al")
    brokers.links.set(1, CONTROLLER, is_cut=True)
    codes = ask(brokers[1])
    brokers.advance(60.0)
    assert codes() == [ErrorCode.REQUEST_TIMED_OUT] * count
    brokers.links.set(1, CONTROLLER, is_cut=False)
    brokers.settle()
    assert codes() == [ErrorCode.REQUEST_TIMED_OUT] * count  # what the controller says now is for nobody
