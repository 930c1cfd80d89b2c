"""ListConfigResources: what has settings, by type."""

import pytest

from odradek.broker.dynamic_config.changes import ConfigChange, ResourceChange
from odradek.broker.handlers.list_config_resources import handle_list_config_resources
from odradek.protocol.messages.list_config_resources import ListConfigResourcesRequest, ListConfigResourcesResponse

from ..nodes.three_brokers import ThreeBrokers
from .broker_harness import AskedBroker, AskedContext

TOPIC, BROKER, BROKER_LOGGER, CLIENT_METRICS, GROUP = 2, 4, 8, 16, 32
Found = list[tuple[int, str]]


@pytest.fixture
def broker() -> AskedBroker:
    broker = AskedBroker()
    for name in ("a", "b"):
        broker.create(name)
    return broker


def listed(broker: AskedContext, *kinds: int, version: int = 1) -> tuple[int, Found]:
    request = ListConfigResourcesRequest(resource_types=kinds)
    answer = broker.ask(request, version, ListConfigResourcesResponse).answer
    return answer.error_code, [(one.resource_type, one.resource_name) for one in answer.config_resources]


def test_no_types_mean_all(broker: AskedBroker) -> None:
    everything = [(BROKER_LOGGER, "1"), (BROKER, "1"), (TOPIC, "a"), (TOPIC, "b")]
    assert listed(broker) == (0, everything)
    assert listed(broker, TOPIC, BROKER, GROUP, BROKER_LOGGER, CLIENT_METRICS, TOPIC) == (0, everything)


@pytest.mark.parametrize(
    ("kind", "found"),
    [
        (TOPIC, [(TOPIC, "a"), (TOPIC, "b")]),
        (BROKER, [(BROKER, "1")]),
        (BROKER_LOGGER, [(BROKER_LOGGER, "1")]),
        (CLIENT_METRICS, list[tuple[int, str]]()),
        (GROUP, list[tuple[int, str]]()),
    ],
)
def test_a_type_is_listed_alone(broker: AskedBroker, kind: int, found: Found) -> None:
    assert listed(broker, kind) == (0, found)


def test_version_0_lists_client_metrics_alone(broker: AskedBroker) -> None:
    assert listed(broker, version=0) == (0, [])


@pytest.mark.parametrize("kinds", [(0,), (1,), (3,), (64,), (-1,), (TOPIC, 3)])
def test_an_unknown_type_refuses_all(broker: AskedBroker, kinds: tuple[int, ...]) -> None:
    assert listed(broker, *kinds) == (35, [])


def test_the_handler_pauses_from_topic_to_topic(broker: AskedBroker) -> None:
    steps = handle_list_config_resources(ListConfigResourcesRequest(), 1, broker.session, broker.context)
    assert sum(1 for _ in steps) == 4


def test_groups_and_subscriptions_with_settings_are_listed() -> None:
    broker = AskedBroker()
    for kind, name, key in ((GROUP, "g", "consumer.session.timeout.ms"), (CLIENT_METRICS, "m", "interval.ms")):
        change = ResourceChange(kind, name, [ConfigChange(key, "46000")])
        broker.context.configs.alter([change], lambda refusals: None, validate_only=False)
    assert listed(broker, GROUP, CLIENT_METRICS) == (0, [(GROUP, "g"), (CLIENT_METRICS, "m")])
    assert listed(broker, version=0) == (0, [(CLIENT_METRICS, "m")])


def test_of_several_brokers_those_that_are_there_have_settings() -> None:
    brokers = ThreeBrokers()
    brokers.kill(2)
    assert listed(brokers[1], BROKER) == (0, [(BROKER, "1"), (BROKER, "3")])
    assert listed(brokers[3], BROKER_LOGGER) == (0, [(BROKER_LOGGER, "1"), (BROKER_LOGGER, "3")])
