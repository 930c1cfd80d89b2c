"""DescribeClientQuotas: what a filter finds, at every version."""

import pytest

from odradek.protocol.api_keys import ApiKey
from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages.describe_client_quotas import (
    ComponentData,
    DescribeClientQuotasRequest,
    DescribeClientQuotasResponse,
)

from .broker_harness import AskedBroker, served
from .test_alter_client_quotas import alter, entry


@pytest.mark.parametrize("version", served(ApiKey.DESCRIBE_CLIENT_QUOTAS))
def test_what_is_set_is_found(version: int) -> None:
    broker = AskedBroker()
    alter(broker, entry("alice", producer_byte_rate=5.0), entry(None, consumer_byte_rate=6.0))
    for match, name, found in ((0, "alice", [5.0]), (1, None, [6.0]), (2, None, [5.0, 6.0]), (0, "bob", [])):
        component = ComponentData(entity_type="user", match_type=match, match=name)
        request = DescribeClientQuotasRequest(components=[component], strict=True)
        answer = broker.ask(request, version, DescribeClientQuotasResponse).answer
        assert [value.value for one in answer.entries or () for value in one.values] == found


def test_a_filter_that_is_none_finds_nothing() -> None:
    component = ComponentData(entity_type="animal", match_type=0, match="cat")
    answer = (
        AskedBroker().ask(DescribeClientQuotasRequest(components=[component]), 1, DescribeClientQuotasResponse).answer
    )
    assert (answer.error_code, answer.entries) == (ErrorCode.UNSUPPORTED_VERSION, None)
