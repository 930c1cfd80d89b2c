"""DescribeConfigs: values, where they come from, and which resources there are."""

from collections.abc import Mapping

import pytest

from odradek.broker.config.config_def import broker_config_def, topic_config_def
from odradek.protocol.api_keys import ApiKey
from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages.describe_configs import (
    DescribeConfigsRequest,
    DescribeConfigsResource,
    DescribeConfigsResourceResult,
    DescribeConfigsResponse,
    DescribeConfigsResult,
)

from ..nodes.three_brokers import ThreeBrokers
from .broker_harness import AskedBroker, AskedContext, served

TOPIC, BROKER, LOGGER = 2, 4, 8
DYNAMIC_DEFAULT = 3
INT, LONG = 3, 5


def ask(
    broker: AskedContext,
    kind: int,
    name: str,
    keys: list[str] | None = None,
    *,
    version: int = 4,
    with_synonyms: bool = False,
) -> DescribeConfigsResult:
    resource = DescribeConfigsResource(resource_type=kind, resource_name=name, configuration_keys=keys)
    request = DescribeConfigsRequest(resources=[resource], include_synonyms=with_synonyms)
    (answer,) = broker.ask(request, version, DescribeConfigsResponse).answer.results
    assert (answer.resource_type, answer.resource_name) == (kind, name)
    return answer


def told(broker: AskedContext, kind: int, name: str, key: str) -> DescribeConfigsResourceResult:
    (found,) = ask(broker, kind, name, [key], with_synonyms=True).configs
    return found


def chain(found: DescribeConfigsResourceResult) -> list[tuple[str, str | None, int]]:
    return [(synonym.name, synonym.value, synonym.source) for synonym in found.synonyms]


def broker_with(settings: Mapping[str, str] | None = None, **overrides: str) -> AskedBroker:
    broker = AskedBroker(settings)
    broker.create("t", 1, **overrides)
    return broker


@pytest.mark.parametrize("version", served(ApiKey.DESCRIBE_CONFIGS))
@pytest.mark.parametrize("keys", [None, []])
def test_every_version_tells_every_setting_of_a_topic(version: int, keys: list[str] | None) -> None:
    answer = ask(broker_with(), TOPIC, "t", keys, version=version)
    assert (answer.error_code, answer.error_message) == (0, "")
    described = {name for name, setting in topic_config_def().items() if setting.is_described}
    assert {config.name for config in answer.configs} == described
    assert not any(config.read_only or config.is_sensitive or config.synonyms for config in answer.configs)
    assert all((config.config_type > 0) == (version >= 3) for config in answer.configs)


@pytest.mark.parametrize("version", served(ApiKey.DESCRIBE_CONFIGS))
def test_every_version_tells_every_setting_of_this_broker(version: int) -> None:
    answer = ask(AskedBroker(), BROKER, "1", version=version)
    assert answer.error_code == 0
    described = {name for name, setting in broker_config_def().items() if setting.is_described}
    assert {config.name for config in answer.configs} == described


def test_keys_that_do_not_exist_are_left_out_in_silence() -> None:
    found = ask(broker_with(), TOPIC, "t", ["retention.ms", "no.such.thing"])
    assert ([config.name for config in found.configs], found.error_code) == (["retention.ms"], 0)


def test_a_default_says_that_it_is_one() -> None:
    found = told(broker_with(), TOPIC, "t", "segment.bytes")
    assert (found.value, found.config_source, found.config_type) == ("1073741824", 5, INT)
    assert chain(found) == [("log.segment.bytes", "1073741824", 5)]


def test_a_default_that_the_finest_unit_does_not_have_is_in_no_chain() -> None:
    found = told(broker_with(), TOPIC, "t", "retention.ms")
    assert (found.value, found.config_source, found.config_type) == ("604800000", 5, LONG)
    assert chain(found) == []


def test_an_override_stands_before_the_brokers_setting_and_that_before_the_default() -> None:
    found = told(broker_with({"log.segment.bytes": "2000000"}, segment_bytes="3000000"), TOPIC, "t", "segment.bytes")
    assert (found.value, found.config_source) == ("3000000", 1)
    assert chain(found) == [
        ("segment.bytes", "3000000", 1),
        ("log.segment.bytes", "2000000", 4),
        ("log.segment.bytes", "1073741824", 5),
    ]


@pytest.mark.parametrize(
    ("settings", "value", "source"),
    [
        ({"log.retention.hours": "2"}, "7200000", 5),  # as in Kafka, which knows it by its first name only
        ({"log.retention.hours": "2", "log.retention.minutes": "3"}, "180000", 5),
        ({"log.retention.hours": "2", "log.retention.minutes": "3", "log.retention.ms": "4"}, "4", 4),
        ({"log.retention.hours": "-1"}, "-1", 5),
    ],
)
def test_a_topic_has_the_brokers_value_in_its_own_unit_and_the_finest_unit_wins(
    settings: dict[str, str], value: str, source: int
) -> None:
    found = told(broker_with(settings), TOPIC, "t", "retention.ms")
    assert (found.value, found.config_source) == (value, source)


def test_a_brokers_own_value_is_static() -> None:
    found = told(AskedBroker({"num.partitions": "5"}), BROKER, "1", "num.partitions")
    assert (found.value, found.config_source, found.read_only) == ("5", 4, True)
    assert chain(found) == [("num.partitions", "5", 4), ("num.partitions", "1", 5)]


def test_what_can_be_changed_while_running_is_not_read_only() -> None:
    assert not told(AskedBroker(), BROKER, "1", "log.retention.ms").read_only


@pytest.mark.parametrize("name", ["ssl.key.password", "sasl.jaas.config", "delegation.token.secret.key"])
def test_a_password_is_never_told(name: str) -> None:
    found = told(AskedBroker({name: "secret"}), BROKER, "1", name)
    assert (found.value, found.is_sensitive) == (None, True)
    assert all(value is None for _, value, _ in chain(found))


def test_under_the_empty_name_there_are_only_cluster_wide_overrides_and_so_nothing() -> None:
    answer = ask(AskedBroker(), BROKER, "")
    assert (answer.error_code, answer.configs) == (0, [])


@pytest.mark.parametrize(
    ("kind", "name", "code"),
    [
        (TOPIC, "", ErrorCode.INVALID_TOPIC_EXCEPTION),
        (TOPIC, "a b", ErrorCode.INVALID_TOPIC_EXCEPTION),
        (BROKER, "9", ErrorCode.INVALID_REQUEST),
        (BROKER, "x", ErrorCode.INVALID_REQUEST),
        (BROKER, "--1", ErrorCode.INVALID_REQUEST),
        (BROKER, "²", ErrorCode.INVALID_REQUEST),
        (BROKER, "1" * 5000, ErrorCode.INVALID_REQUEST),
        (0, "t", ErrorCode.INVALID_REQUEST),
        (3, "t", ErrorCode.INVALID_REQUEST),
    ],
)
def test_what_does_not_exist_is_refused_with_a_reason(kind: int, name: str, code: ErrorCode) -> None:
    answer = ask(broker_with(), kind, name)
    assert (answer.error_code, answer.configs) == (code, [])
    assert answer.error_message


def test_an_unknown_topic_is_refused_without_a_text() -> None:
    answer = ask(AskedBroker(), TOPIC, "nobody")
    assert (answer.error_code, answer.error_message) == (ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, "")


def test_one_refused_resource_keeps_no_other_from_being_described() -> None:
    resources = [
        DescribeConfigsResource(resource_type=kind, resource_name=name, configuration_keys=None)
        for kind, name in ((TOPIC, "nobody"), (TOPIC, "t"), (BROKER, "1"))
    ]
    request = DescribeConfigsRequest(resources=resources)
    answer = broker_with().ask(request, 4, DescribeConfigsResponse).answer
    assert [r.error_code for r in answer.results] == [ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, 0, 0]


@pytest.mark.parametrize(("kind", "name"), [(TOPIC, "t"), (BROKER, "1"), (32, "g"), (16, "m")])
def test_every_setting_is_explained_to_who_asks_for_it(kind: int, name: str) -> None:
    broker = broker_with()
    resource = DescribeConfigsResource(resource_type=kind, resource_name=name, configuration_keys=None)
    for is_wanted in (True, False):
        request = DescribeConfigsRequest(resources=[resource], include_documentation=is_wanted)
        (result,) = broker.ask(request, 4, DescribeConfigsResponse).answer.results
        assert result.configs
        assert all(bool(config.documentation) is is_wanted for config in result.configs)


# Several brokers


@pytest.mark.parametrize(
    ("kind", "name", "message"),
    [
        (BROKER, "2", "Unexpected broker id, expected 1 or empty string, but received 2"),
        (BROKER, "9", "Unexpected broker id, expected 1 or empty string, but received 9"),
        (BROKER, "x", "Broker id must be an integer, but it is: x"),
        (LOGGER, "2", "Unexpected broker id, expected 1 but received 2"),
    ],
)
def test_a_broker_tells_of_no_others_settings(kind: int, name: str, message: str) -> None:
    answer = ask(ThreeBrokers()[1], kind, name)
    assert (answer.error_code, answer.error_message, answer.configs) == (ErrorCode.INVALID_REQUEST, message, [])


def test_the_minimum_in_sync_is_one_for_all_brokers_from_the_start() -> None:
    """KIP-966: as long as a cluster keeps eligible leaders."""
    brokers = ThreeBrokers({"min.insync.replicas": "2"})
    brokers.create("t", [1, 2, 3])
    for node in brokers.running:
        (found,) = ask(node, BROKER, "").configs
        assert (found.name, found.value, found.config_source) == ("min.insync.replicas", "2", DYNAMIC_DEFAULT)
        found = told(node, BROKER, str(node.node_id), "min.insync.replicas")
        assert (found.value, found.config_source) == ("2", DYNAMIC_DEFAULT)
        found = told(node, TOPIC, "t", "min.insync.replicas")
        assert (found.value, found.config_source) == ("2", DYNAMIC_DEFAULT)
