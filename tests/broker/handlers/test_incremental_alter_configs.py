"""IncrementalAlterConfigs at every version: each resource has an answer of its own, in the order asked."""

import pytest

from odradek.broker.nodes.links import CONTROLLER
from odradek.protocol.api_keys import ApiKey
from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages.incremental_alter_configs import (
    AlterableConfig,
    AlterConfigsResource,
    IncrementalAlterConfigsRequest,
    IncrementalAlterConfigsResponse,
)

from ..nodes.three_brokers import ThreeBrokers
from .broker_harness import AskedBroker, AskedContext, batch, served

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


# Several brokers


BROKER, LOGGER = 4, 8
SET, DELETE = 0, 1


def alter(node: AskedContext, kind: int, name: str, key: str, value: str | None = None) -> tuple[int, str | None]:
    """Set a setting, or take it back: the error and its message."""
    operation = DELETE if value is None else SET
    config = AlterableConfig(name=key, config_operation=operation, value=value)
    resource = AlterConfigsResource(resource_type=kind, resource_name=name, configs=[config])
    request = IncrementalAlterConfigsRequest(resources=[resource])
    (answer,) = node.ask(request, 1, IncrementalAlterConfigsResponse).answer.responses
    return answer.error_code, answer.error_message


def test_a_broker_is_asked_itself_for_changes_of_its_settings() -> None:
    brokers = ThreeBrokers()
    refused = ErrorCode.INVALID_REQUEST
    assert alter(brokers[1], BROKER, "2", "log.retention.ms", "5000") == (
        refused,
        "Unexpected broker id, expected 1, but received 2",
    )
    assert alter(brokers[1], LOGGER, "2", "root", "DEBUG") == (
        refused,
        "Unexpected node id. Expected 1, but received 2",
    )
    assert alter(brokers[2], BROKER, "2", "log.retention.ms", "5000") == (0, None)
    retention = [node.context.config.effective("log.retention.ms") for node in brokers.running]
    assert retention == [None, "5000", None]


def test_what_is_set_for_all_brokers_holds_for_all_whoever_is_asked() -> None:
    brokers = ThreeBrokers()
    assert alter(brokers[2], BROKER, "", "log.retention.ms", "5000") == (0, None)
    assert [node.context.config.effective("log.retention.ms") for node in brokers.running] == ["5000"] * 3
    brokers.kill(3)
    brokers.start(3)
    assert brokers[3].context.config.effective("log.retention.ms") == "5000"


def test_the_minimum_in_sync_is_one_of_topics_or_of_all_brokers() -> None:
    """KIP-966: as long as a cluster keeps eligible leaders."""
    brokers = ThreeBrokers()
    brokers.create("t", [1, 2, 3])
    key = "min.insync.replicas"
    assert alter(brokers[1], BROKER, "", key) == (
        ErrorCode.INVALID_CONFIG,
        "Cluster-level min.insync.replicas cannot be removed while ELR is enabled.",
    )
    for value in ("2", None):
        assert alter(brokers[1], BROKER, "1", key, value) == (
            ErrorCode.INVALID_CONFIG,
            "Broker-level min.insync.replicas cannot be altered while ELR is enabled.",
        )
    assert alter(brokers[1], BROKER, "", key, "3") == (0, None)
    brokers.kill(3)
    asked = brokers[1].send(batch(b"v"))
    assert asked.answer.responses[0].partition_responses[0].error_code == ErrorCode.NOT_ENOUGH_REPLICAS
    assert alter(brokers[2], TOPIC, "t", key, "1") == (0, None)
    asked = brokers[1].send(batch(b"v"))
    brokers.settle()
    assert asked.answer.responses[0].partition_responses[0].error_code == 0


def test_a_minimum_above_the_replicas_that_there_are_asks_for_all_of_them() -> None:
    brokers = ThreeBrokers()
    brokers.create("t", [1, 2], min_insync_replicas="5")
    assert brokers.produce("t", batch(b"v")).error_code == 0
    brokers.kill(2)
    asked = brokers[1].send(batch(b"v"))
    assert asked.answer.responses[0].partition_responses[0].error_code == ErrorCode.NOT_ENOUGH_REPLICAS


def test_the_throttles_of_a_reassignment_are_taken() -> None:
    brokers = ThreeBrokers()
    brokers.create("t", [1, 2])
    for side in ("leader", "follower"):
        assert alter(brokers[1], TOPIC, "t", f"{side}.replication.throttled.replicas", "0:1,0:2") == (0, None)
        assert alter(brokers[1], BROKER, "1", f"{side}.replication.throttled.rate", "1000000") == (0, None)
        assert alter(brokers[1], BROKER, "1", f"{side}.replication.throttled.rate") == (0, None)


def test_nobody_is_elected_because_lost_records_are_allowed_now() -> None:
    """As in Kafka: the controller's next look at it does it, or the next broker that comes or goes."""
    brokers = ThreeBrokers()
    brokers.create("t", [1, 2])
    brokers.kill(2)
    brokers.kill(1)
    brokers.start(2)
    assert alter(brokers[3], TOPIC, "t", "unclean.leader.election.enable", "true") == (0, None)
    brokers.advance(8.0)
    assert brokers.record("t").leader == -1
    brokers.controller.elect_unclean_leaders(lambda error: None)
    brokers.settle()
    assert (brokers.record("t").leader, brokers[2].partition().is_leader) == (2, True)


def test_a_controller_that_cannot_be_reached_is_waited_for_for_a_minute() -> None:
    brokers = ThreeBrokers()
    brokers.create("t", [1, 2, 3])
    brokers.links.set(1, CONTROLLER, is_cut=True)
    request = IncrementalAlterConfigsRequest(resources=[resource("t", "5"), resource("u", "5")])
    asked = brokers[1].ask(request, 1, IncrementalAlterConfigsResponse)
    brokers.advance(60.0)
    assert [one.error_code for one in asked.answer.responses] == [ErrorCode.REQUEST_TIMED_OUT] * 2
