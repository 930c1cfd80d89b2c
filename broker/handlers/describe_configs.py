"""DescribeConfigs 1-4: topic and broker settings with their sources and synonyms (KIP-226, KIP-569).

Not done: documentation texts (null), broker loggers, and the settings of groups and client metrics.
"""

import re
from collections.abc import Sequence

from ...protocol.errors import ErrorCode, KafkaError
from ...protocol.messages.describe_configs import (
    DescribeConfigsRequest,
    DescribeConfigsResource,
    DescribeConfigsResourceResult,
    DescribeConfigsResponse,
    DescribeConfigsResult,
    DescribeConfigsSynonym,
)
from ..config.config_def import ConfigKey, broker_config_def, topic_config_def
from ..config.topic_config import DEFAULT_SOURCE, STATIC_BROKER_SOURCE, ConfigValue, chain_of, effective
from ..context import Context
from ..session import Session
from ..slices import Steps
from ..topic_names import check_topic_name

TOPIC, BROKER = 2, 4
_INTEGER = re.compile(r"[+-]?[0-9]{1,10}")

# Kafka's numbers for a setting's type (KIP-569).
_TYPES = {
    "BOOLEAN": 1,
    "STRING": 2,
    "INT": 3,
    "SHORT": 4,
    "LONG": 5,
    "DOUBLE": 6,
    "LIST": 7,
    "CLASS": 8,
    "PASSWORD": 9,
}


def handle_describe_configs(
    request: DescribeConfigsRequest, version: int, session: Session, context: Context
) -> Steps[DescribeConfigsResponse]:
    """Describe each resource; keys that do not exist are left out silently."""
    described: dict[tuple[object, ...], DescribeConfigsResult] = {}  # one asked for again is described once
    results: list[DescribeConfigsResult] = []
    for resource in request.resources:
        keys = None if resource.configuration_keys is None else tuple(resource.configuration_keys)
        asked = (resource.resource_type, resource.resource_name, keys)
        if asked not in described:
            described[asked] = _resource(resource, context, with_synonyms=request.include_synonyms)
        results.append(described[asked])
        yield
    return DescribeConfigsResponse(results=results)


def _resource(resource: DescribeConfigsResource, context: Context, *, with_synonyms: bool) -> DescribeConfigsResult:
    try:
        configs = _configs(resource, context, with_synonyms=with_synonyms)
        code, message = ErrorCode.NONE, ""
    except KafkaError as error:
        is_unknown = error.code == ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
        configs, code, message = [], error.code, "" if is_unknown else error.message
    return DescribeConfigsResult(
        error_code=code,
        error_message=message,
        resource_type=resource.resource_type,
        resource_name=resource.resource_name,
        configs=configs,
    )


def _configs(
    resource: DescribeConfigsResource, context: Context, *, with_synonyms: bool
) -> list[DescribeConfigsResourceResult]:
    if resource.resource_type == TOPIC:
        found = _topic_configs(resource.resource_name, context)
    elif resource.resource_type == BROKER:
        found = _broker_configs(resource.resource_name, context)
    else:
        raise KafkaError(ErrorCode.INVALID_REQUEST)
    wanted = set(resource.configuration_keys or ())  # null and empty both mean all
    return [
        _described(setting, value, chain if with_synonyms else ())
        for setting, value, chain in found
        if not wanted or setting.name in wanted
    ]


Found = list[tuple[ConfigKey, ConfigValue, Sequence[ConfigValue]]]


def _topic_configs(name: str, context: Context) -> Found:
    check_topic_name(name)
    topic = context.topics.find(name)
    if topic is None:
        raise KafkaError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
    return [
        (
            setting,
            effective(setting.name, topic.configs, context.config),
            chain_of(setting.name, topic.configs, context.config),
        )
        for setting in topic_config_def().values()
        if setting.is_described
    ]


def _broker_configs(name: str, context: Context) -> Found:
    if not name:
        return []  # only cluster-wide overrides live under the empty name, and there are none
    if not _INTEGER.fullmatch(name):
        raise KafkaError(ErrorCode.INVALID_REQUEST, f"Broker id must be an integer, but it is: {name}")
    if int(name) != context.config.node_id:
        raise KafkaError(
            ErrorCode.INVALID_REQUEST,
            f"Unexpected broker id, expected {context.config.node_id} or empty string, but received {name}",
        )
    found: Found = []
    for setting in broker_config_def().values():
        if setting.is_described:
            chain = _broker_chain(setting, context)
            value = chain[0] if chain else ConfigValue(setting.name, None, DEFAULT_SOURCE)
            found.append((setting, value, chain))
    return found


def _broker_chain(setting: ConfigKey, context: Context) -> list[ConfigValue]:
    config = context.config
    chain: list[ConfigValue] = []
    in_force = config.effective(setting.name)
    # What differs from Kafka's default was decided by this broker: to a client that is static configuration.
    if setting.name in config.given or in_force != setting.default:
        chain.append(ConfigValue(setting.name, in_force, STATIC_BROKER_SOURCE))
    if setting.default is not None:
        chain.append(ConfigValue(setting.name, setting.default, DEFAULT_SOURCE))
    return chain


def _described(setting: ConfigKey, value: ConfigValue, chain: Sequence[ConfigValue]) -> DescribeConfigsResourceResult:
    return DescribeConfigsResourceResult(
        name=setting.name,
        value=None if setting.is_sensitive else value.value,
        read_only=setting.is_read_only,
        config_source=value.source,
        is_sensitive=setting.is_sensitive,
        synonyms=[
            DescribeConfigsSynonym(name=v.name, value=None if setting.is_sensitive else v.value, source=v.source)
            for v in chain
        ],
        config_type=_TYPES[setting.type],
        documentation=None,
    )
