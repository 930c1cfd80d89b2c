"""Rules of settings: each resource of a request by its own type, and what is told of the cluster."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast

from ...protocol.errors import ErrorCode
from ...protocol.messages.alter_client_quotas import (
    AlterClientQuotasRequest,
    AlterClientQuotasResponse,
    ResponseEntryData,
)
from ...protocol.messages.alter_client_quotas import EntityData as QuotaEntityData
from ...protocol.messages.alter_configs import AlterConfigsRequest
from ...protocol.messages.alter_replica_log_dirs import AlterReplicaLogDir, AlterReplicaLogDirsRequest
from ...protocol.messages.describe_cluster import DescribeClusterResponse
from ...protocol.metadata_records import ConfigResourceType
from ..network.pipeline import Answer, Proceed, ReceivedRequest, observe
from ..security.authorization.acl import CLUSTER_NAME, Operation, ResourceType
from ..slices import Steps
from .access import GROUP, TOPIC, Access
from .common_rules import DENIED, Rule, Words, refuse, with_body

_OF_CLUSTER = (ConfigResourceType.BROKER, ConfigResourceType.BROKER_LOGGER, ConfigResourceType.CLIENT_METRICS)


def on_each_resource(operation: Operation, answer_field: str, *, refused_first: bool) -> Rule:
    """Each resource: those that are denied have their error, and the others are served."""

    def rule(received: ReceivedRequest, access: Access, proceed: Proceed) -> Steps[Answer]:
        body = cast(Any, received.body)
        resources: Sequence[Any] = body.resources
        codes: list[ErrorCode | None] = []
        for one in resources:
            codes.append(None if _is_unknown(one, body) else _refusal(one, operation, access))
            yield
        if not any(codes):
            return proceed(received)
        refused: list[Any] = []
        for one, code in zip(resources, codes, strict=True):
            if code is not None:
                words = Words.NONE if _is_altered_logger(one, operation) else Words.OF_CODE
                answer = refuse(received, code, replace(body, resources=[one]), words=words)
                refused += getattr(answer, answer_field)
            yield

        def add(given: object) -> None:
            served = getattr(given, answer_field)
            setattr(given, answer_field, [*refused, *served] if refused_first else [*served, *refused])

        left = [one for one, code in zip(resources, codes, strict=True) if code is None]
        return observe(proceed(with_body(received, replace(body, resources=left))), add)

    return rule


def _is_altered_logger(resource: Any, operation: Operation) -> bool:
    """Of which Kafka says nothing in words."""
    return operation == Operation.ALTER_CONFIGS and resource.resource_type == ConfigResourceType.BROKER_LOGGER


def _is_unknown(resource: Any, body: object) -> bool:
    """Whether the handler refuses it for its type: of loggers, AlterConfigs knows nothing."""
    return isinstance(body, AlterConfigsRequest) and resource.resource_type == ConfigResourceType.BROKER_LOGGER


def _refusal(resource: Any, operation: Operation, access: Access) -> ErrorCode | None:
    kind = resource.resource_type
    if kind in _OF_CLUSTER:
        of, name = ResourceType.CLUSTER, CLUSTER_NAME
    elif kind in (ConfigResourceType.TOPIC, ConfigResourceType.GROUP):
        of, name = (TOPIC if kind == ConfigResourceType.TOPIC else GROUP), resource.resource_name
    else:
        return None  # which the handler refuses
    return DENIED[of] if access.lacks(operation, of, name) else None


def alter_client_quotas(received: ReceivedRequest, access: Access, proceed: Proceed) -> Answer:
    """ALTER_CONFIGS; each entity has its error."""
    body = received.body
    assert isinstance(body, AlterClientQuotasRequest)
    if access.may_on_cluster(Operation.ALTER_CONFIGS):
        return proceed(received)
    code = ErrorCode.CLUSTER_AUTHORIZATION_FAILED
    return AlterClientQuotasResponse(
        entries=[
            ResponseEntryData(
                error_code=code,
                error_message=code.message,
                entity=[
                    QuotaEntityData(entity_type=one.entity_type, entity_name=one.entity_name) for one in entry.entity
                ],
            )
            for entry in body.entries
        ]
    )


def alter_replica_log_dirs(received: ReceivedRequest, access: Access, proceed: Proceed) -> Answer:
    """ALTER; each partition has its error, whatever directory it was to go to."""
    body = received.body
    assert isinstance(body, AlterReplicaLogDirsRequest)
    if access.may_on_cluster(Operation.ALTER):
        return proceed(received)
    moved = AlterReplicaLogDir(path="", topics=[topic for one in body.dirs for topic in one.topics])
    return refuse(received, ErrorCode.CLUSTER_AUTHORIZATION_FAILED, moved)


def describe_cluster(received: ReceivedRequest, access: Access, proceed: Proceed) -> Answer:
    """Everybody; what the client may do to the cluster is told to those who may describe it."""

    def show(given: object) -> None:
        assert isinstance(given, DescribeClusterResponse)
        if given.cluster_authorized_operations >= 0:
            may_see = access.may_on_cluster(Operation.DESCRIBE)
            bits = access.operations(ResourceType.CLUSTER, CLUSTER_NAME) if may_see else 0
            given.cluster_authorized_operations = bits

    return observe(proceed(received), show)
