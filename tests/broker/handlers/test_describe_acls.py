"""DescribeAcls without an authorizer."""

from dataclasses import replace

import pytest

from odradek.broker.deferred import Disconnect
from odradek.protocol.api_keys import ApiKey
from odradek.protocol.messages.describe_acls import DescribeAclsRequest, DescribeAclsResponse

from .broker_harness import AskedBroker, served

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
