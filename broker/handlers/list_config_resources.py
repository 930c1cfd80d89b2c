"""ListConfigResources 0-1: what has settings of its own (KIP-714; KIP-1142 for the types besides client metrics)."""

from collections.abc import Iterable

from ...protocol.errors import ErrorCode
from ...protocol.messages.list_config_resources import (
    ConfigResource,
    ListConfigResourcesRequest,
    ListConfigResourcesResponse,
)
from ...protocol.metadata_records import ConfigResourceType
from ..context import Context
from ..session import Session
from ..slices import Steps

CLIENT_METRICS = ConfigResourceType.CLIENT_METRICS
IN_ORDER = (
    ConfigResourceType.GROUP,
    CLIENT_METRICS,
    ConfigResourceType.BROKER_LOGGER,
    ConfigResourceType.BROKER,
    ConfigResourceType.TOPIC,
)


def handle_list_config_resources(
    request: ListConfigResourcesRequest, version: int, session: Session, context: Context
) -> Steps[ListConfigResourcesResponse]:
    """List the types asked for, none meaning all; version 0 is of client metrics alone."""
    wanted = {CLIENT_METRICS} if version == 0 else set(request.resource_types or IN_ORDER)
    if not wanted <= set(IN_ORDER):
        return ListConfigResourcesResponse(error_code=ErrorCode.UNSUPPORTED_VERSION)
    found: list[ConfigResource] = []
    for kind in IN_ORDER:
        if kind in wanted:
            for name in _names(kind, session, context):
                found.append(ConfigResource(resource_name=name, resource_type=kind))
                yield
    return ListConfigResourcesResponse(error_code=ErrorCode.NONE, config_resources=found)


def _names(kind: ConfigResourceType, session: Session, context: Context) -> Iterable[str]:
    if kind is ConfigResourceType.TOPIC:
        return [topic.name for topic in context.topics]
    if kind in (ConfigResourceType.BROKER, ConfigResourceType.BROKER_LOGGER):
        return [str(node.node_id) for node in context.nodes.alive(session)]
    return [name for resource_type, name in context.metadata.image.configs if resource_type == kind]
