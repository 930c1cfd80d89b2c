"""CreateAcls without an authorizer."""

from dataclasses import replace

import pytest

from odradek.broker.deferred import Disconnect
from odradek.broker.handlers.create_acls import handle_create_acls
from odradek.protocol.api_keys import ApiKey
from odradek.protocol.messages.create_acls import AclCreation, CreateAclsRequest, CreateAclsResponse

from .broker_harness import AskedBroker, served

RULE = AclCreation(
    resource_type=2,
    resource_name="t",
    resource_pattern_type=3,
    principal="User:a",
    host="*",
    operation=3,
    permission_type=3,
)


@pytest.mark.parametrize("version", served(ApiKey.CREATE_ACLS))
def test_each_rule_is_refused(version: int) -> None:
    for count in (0, 1, 3):
        request = CreateAclsRequest(creations=[RULE] * count)
        answer = AskedBroker().ask(request, version, CreateAclsResponse).answer
        refused = [(one.error_code, one.error_message) for one in answer.results]
        assert refused == [(54, "No Authorizer is configured.")] * count


@pytest.mark.parametrize(
    "wrong",
    [
        replace(RULE, resource_type=0),
        replace(RULE, resource_pattern_type=0),
        replace(RULE, operation=0),
        replace(RULE, permission_type=0),
    ],
)
def test_an_unknown_element_closes_the_connection(wrong: AclCreation) -> None:
    with pytest.raises(Disconnect):
        AskedBroker().hand(CreateAclsRequest(creations=[RULE, wrong]), 3)


def test_the_handler_pauses_from_rule_to_rule() -> None:
    broker = AskedBroker()
    steps = handle_create_acls(CreateAclsRequest(creations=[RULE] * 20), 3, broker.session, broker.context)
    assert sum(1 for _ in steps) == 20
