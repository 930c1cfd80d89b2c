"""CreateAcls with and without an authorizer."""

from dataclasses import replace

import pytest

from odradek.broker.deferred import Disconnect
from odradek.broker.handlers.create_acls import handle_create_acls
from odradek.protocol.api_keys import ApiKey
from odradek.protocol.messages.create_acls import AclCreation, CreateAclsRequest, CreateAclsResponse

from .broker_harness import AskedBroker, served

SECURED = {"authorizer.class.name": "StandardAuthorizer"}

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


@pytest.mark.parametrize("version", served(ApiKey.CREATE_ACLS))
def test_with_an_authorizer_rules_are_recorded_and_survive_a_restart(version: int) -> None:
    broker = AskedBroker(SECURED)
    wrong = replace(RULE, resource_name="")
    answer = broker.ask(CreateAclsRequest(creations=[RULE, wrong]), version, CreateAclsResponse).answer
    told = [(one.error_code, one.error_message) for one in answer.results]
    assert told == [(0, ""), (42, "Invalid empty resource name")]
    broker.restart(is_clean=False)
    (record,) = broker.context.metadata.image.acls.values()
    assert (record.resource_name, record.principal, record.operation) == ("t", "User:a", 3)


@pytest.mark.parametrize(
    "of_filters",
    [
        replace(RULE, resource_type=1),
        replace(RULE, resource_pattern_type=1),
        replace(RULE, resource_pattern_type=2),
        replace(RULE, operation=1),
        replace(RULE, permission_type=1),
    ],
)
def test_what_only_filters_have_fails_every_rule(of_filters: AclCreation) -> None:
    broker = AskedBroker(SECURED)
    answer = broker.ask(CreateAclsRequest(creations=[RULE, of_filters]), 3, CreateAclsResponse).answer
    assert [(one.error_code, one.error_message) for one in answer.results] == [(-1, None)] * 2
    assert not broker.context.metadata.image.acls


def test_a_disk_that_refuses_refuses_the_rules() -> None:
    broker = AskedBroker(SECURED)
    broker.files.failing_syncs = 1
    answer = broker.ask(CreateAclsRequest(creations=[RULE]), 3, CreateAclsResponse).answer
    assert [one.error_code for one in answer.results] == [56]
    assert not broker.context.metadata.image.acls
