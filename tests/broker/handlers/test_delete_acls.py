"""DeleteAcls with and without an authorizer."""

from dataclasses import replace

import pytest

from odradek.broker.deferred import Disconnect
from odradek.broker.handlers.delete_acls import handle_delete_acls
from odradek.protocol.api_keys import ApiKey
from odradek.protocol.messages.create_acls import CreateAclsRequest, CreateAclsResponse
from odradek.protocol.messages.delete_acls import DeleteAclsFilter, DeleteAclsRequest, DeleteAclsResponse

from .broker_harness import AskedBroker, served
from .test_create_acls import RULE, SECURED

ANY = DeleteAclsFilter(
    resource_type_filter=1,
    resource_name_filter=None,
    pattern_type_filter=1,
    principal_filter=None,
    host_filter=None,
    operation=1,
    permission_type=1,
)


@pytest.mark.parametrize("version", served(ApiKey.DELETE_ACLS))
def test_each_filter_is_refused(version: int) -> None:
    for count in (0, 1, 3):
        answer = AskedBroker().ask(DeleteAclsRequest(filters=[ANY] * count), version, DeleteAclsResponse).answer
        refused = [(one.error_code, one.error_message, one.matching_acls) for one in answer.filter_results]
        assert refused == [(54, "No Authorizer is configured.", [])] * count


@pytest.mark.parametrize(
    "wrong",
    [
        replace(ANY, resource_type_filter=0),
        replace(ANY, pattern_type_filter=0),
        replace(ANY, operation=0),
        replace(ANY, permission_type=0),
    ],
)
def test_an_unknown_element_closes_the_connection(wrong: DeleteAclsFilter) -> None:
    with pytest.raises(Disconnect):
        AskedBroker().hand(DeleteAclsRequest(filters=[ANY, wrong]), 3)


def test_the_handler_pauses_from_filter_to_filter() -> None:
    broker = AskedBroker()
    steps = handle_delete_acls(DeleteAclsRequest(filters=[ANY] * 20), 3, broker.session, broker.context)
    assert sum(1 for _ in steps) == 20


@pytest.mark.parametrize("version", served(ApiKey.DELETE_ACLS))
def test_with_an_authorizer_rules_go_and_are_told(version: int) -> None:
    broker = AskedBroker(SECURED)
    rules = [RULE, replace(RULE, host="10.0.0.1")]
    broker.ask(CreateAclsRequest(creations=rules), 3, CreateAclsResponse)
    filters = [replace(ANY, host_filter="10.0.0.1"), replace(ANY, resource_type_filter=99)]
    answer = broker.ask(DeleteAclsRequest(filters=filters), version, DeleteAclsResponse).answer
    found, wrong = answer.filter_results
    assert [(one.resource_name, one.host, one.error_code) for one in found.matching_acls] == [("t", "10.0.0.1", 0)]
    assert (wrong.error_code, wrong.error_message) == (42, "Unknown patternFilter.")
    assert [record.host for record in broker.context.metadata.image.acls.values()] == ["*"]
