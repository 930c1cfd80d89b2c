"""IncrementalAlterConfigs at every version: each resource has an answer of its own, in the order asked."""

import pytest

from odradek.protocol.api_keys import ApiKey
from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages.incremental_alter_configs import (
    AlterableConfig,
    AlterConfigsResource,
    IncrementalAlterConfigsRequest,
    IncrementalAlterConfigsResponse,
)

from .broker_harness import AskedBroker, served

TOPIC = 2


def resource(name: str, value: str | None) -> AlterConfigsResource:
    config = AlterableConfig(name="retention.ms", config_operation=0, value=value)
    return AlterConfigsResource(resource_type=TOPIC, resource_name=name, configs=[config])


@pytest.mark.parametrize("version", served(ApiKey.INCREMENTAL_ALTER_CONFIGS))
def test_every_version_changes_what_it_can_and_says_what_it_cannot(version: int) -> None:
    broker = AskedBroker()
    topic = broker.create("t", segment_bytes="2000000")
    request = IncrementalAlterConfigsRequest(
        resources=[resource("nobody", "5"), resource("t", "6"), resource("u", None)]
    )
    answer = broker.ask(request, version, IncrementalAlterConfigsResponse).answer
    assert [(one.resource_name, one.resource_type, one.error_code) for one in answer.responses] == [
        ("nobody", TOPIC, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION),
        ("t", TOPIC, ErrorCode.NONE),
        ("u", TOPIC, ErrorCode.INVALID_REQUEST),
    ]
    assert [one.error_message is None for one in answer.responses] == [False, True, False]
    assert topic.configs == {"segment.bytes": "2000000", "retention.ms": "6"}


def test_what_is_only_checked_changes_nothing() -> None:
    broker = AskedBroker()
    topic = broker.create("t")
    request = IncrementalAlterConfigsRequest(resources=[resource("t", "6")], validate_only=True)
    (one,) = broker.ask(request, 0, IncrementalAlterConfigsResponse).answer.responses
    assert (one.error_code, topic.configs) == (ErrorCode.NONE, {})
