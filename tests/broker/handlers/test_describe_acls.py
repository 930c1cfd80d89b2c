"""DescribeAcls with and without an authorizer."""

from dataclasses import replace

import pytest

from odradek.broker.deferred import Disconnect
from odradek.protocol.api_keys import ApiKey
from odradek.protocol.messages.create_acls import CreateAclsRequest, CreateAclsResponse
from odradek.protocol.messages.describe_acls import DescribeAclsRequest, DescribeAclsResponse

from .broker_harness import AskedBroker, served
from .test_create_acls import RULE, SECURED

ANY = DescribeAclsRequest(
    resource_type_filter=1,
    resource_name_filter=None,
    pattern_type_filter=1,
    principal_filter=None,
    host_filter=None,
    operation=1,
    permission_type=1,
)


@pytest.mark.parametrize("version", served(ApiKey.DESCRIBE_ACLS))
def test_there_is_no_authorizer(version: int) -> None:
    answer = AskedBroker().ask(ANY, version, DescribeAclsResponse).answer
    assert (answer.error_code, answer.resources) == (54, [])
    assert answer.error_message == "No Authorizer is configured on the broker"


@pytest.mark.parametrize(
    "wrong",
    [
        replace(ANY, resource_type_filter=0),
        replace(ANY, pattern_type_filter=0),
        replace(ANY, operation=0),
        replace(ANY, permission_type=0),
    ],
)
def test_an_unknown_element_closes_the_connection(wrong: DescribeAclsRequest) -> None:
    with pytest.raises(Disconnect):
        AskedBroker().hand(wrong, 3)


@pytest.mark.parametrize("version", served(ApiKey.DESCRIBE_ACLS))
def test_with_an_authorizer_rules_of_a_resource_stand_together(version: int) -> None:
    broker = AskedBroker(SECURED)
    rules = [RULE, replace(RULE, resource_name="other"), replace(RULE, host="10.0.0.1")]
    broker.ask(CreateAclsRequest(creations=rules), 3, CreateAclsResponse)
    answer = broker.ask(ANY, version, DescribeAclsResponse).answer
    told = {one.resource_name: [acl.host for acl in one.acls] for one in answer.resources}
    assert (answer.error_code, answer.error_message) == (0, "")
    assert told == {"t": ["*", "10.0.0.1"], "other": ["*"]}
    none = broker.ask(replace(ANY, principal_filter="User:b"), version, DescribeAclsResponse).answer
    assert none.resources == []
