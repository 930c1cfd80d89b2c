"""DescribeConfigs 1-4: the settings of resources with their sources, synonyms and meanings (KIP-226, KIP-569)."""

from collections.abc import Mapping, Sequence

from ...protocol.errors import ErrorCode, KafkaError
from ...protocol.messages.describe_configs import (
    DescribeConfigsRequest,
    DescribeConfigsResource,
    DescribeConfigsResourceResult,
    DescribeConfigsResponse,
    DescribeConfigsResult,
    DescribeConfigsSynonym,
)
from ...protocol.metadata_records import ConfigResourceType
from ..config.config_value import ConfigValue
from ..config.documentation import DocumentedKind, documentation_of
from ..context import Context
from ..dynamic_config.kind import DescribedConfig
from ..session import Session
from ..slices import Steps

# Kafka's numbers for a setting's type (KIP-569).
_TYPES = {
    None: 0,
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

_DOCUMENTED: Mapping[int, DocumentedKind] = {
    ConfigResourceType.TOPIC: "topic",
    ConfigResourceType.BROKER: "broker",
    ConfigResourceType.GROUP: "group",
    ConfigResourceType.CLIENT_METRICS: "client_metrics",
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
            described[asked] = _resource(resource, request, context)
        results.append(described[asked])
        yield
    return DescribeConfigsResponse(results=results)


def _resource(
    resource: DescribeConfigsResource, request: DescribeConfigsRequest, context: Context
) -> DescribeConfigsResult:
    wanted = set(resource.configuration_keys or ())  # null and empty both mean all
    configs: list[DescribeConfigsResourceResult] = []
    code, message = ErrorCode.NONE, ""
    try:
        for config in context.configs.describe(resource.resource_type, resource.resource_name):
            if not wanted or config.value.name in wanted:
                config_result = _described(config, config.chain if request.include_synonyms else ())
                kind = _DOCUMENTED.get(resource.resource_type)
                if request.include_documentation and kind is not None:
                    config_result.documentation = documentation_of(kind, config.value.name)
                configs.append(config_result)
    except KafkaError as error:
        code = error.code
        message = "" if code == ErrorCode.UNKNOWN_TOPIC_OR_PARTITION else error.message
    return DescribeConfigsResult(
        error_code=code,
        error_message=message,
        resource_type=resource.resource_type,
        resource_name=resource.resource_name,
        configs=configs,
    )


def _described(config: DescribedConfig, chain: Sequence[ConfigValue]) -> DescribeConfigsResourceResult:
    return DescribeConfigsResourceResult(
        name=config.value.name,
        value=None if config.is_sensitive else config.value.value,
        read_only=config.is_read_only,
        config_source=config.value.source,
        is_sensitive=config.is_sensitive,
        synonyms=[
            DescribeConfigsSynonym(name=v.name, value=None if config.is_sensitive else v.value, source=v.source)
            for v in chain
        ],
        config_type=_TYPES[config.type],
        documentation=config.documentation,
    )
