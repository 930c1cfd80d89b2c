"""IncrementalAlterConfigs 0-1: set, delete, add to or take from single settings of resources (KIP-339)."""

from ...protocol.errors import ErrorCode, KafkaError
from ...protocol.messages.incremental_alter_configs import (
    AlterConfigsResourceResponse,
    IncrementalAlterConfigsRequest,
    IncrementalAlterConfigsResponse,
)
from ..context import CONTROLLER_TIMEOUT_MS, Context
from ..deferred import Deferred
from ..dynamic_config.changes import ConfigChange, ResourceChange
from ..dynamic_config.configs import Refusals
from ..session import Session


def handle_incremental_alter_configs(
    request: IncrementalAlterConfigsRequest, version: int, session: Session, context: Context
) -> Deferred[IncrementalAlterConfigsResponse]:
    """Change each resource whole or not at all."""
    deferred: Deferred[IncrementalAlterConfigsResponse] = Deferred()

    def answer(refusals: Refusals) -> IncrementalAlterConfigsResponse:
        return IncrementalAlterConfigsResponse(
            responses=[
                AlterConfigsResourceResponse(
                    error_code=ErrorCode.NONE if refusal is None else refusal.code,
                    error_message=None if refusal is None else refusal.why,
                    resource_type=resource.resource_type,
                    resource_name=resource.resource_name,
                )
                for resource, refusal in zip(request.resources, refusals, strict=True)
            ]
        )

    def late() -> IncrementalAlterConfigsResponse:
        return answer([KafkaError(ErrorCode.REQUEST_TIMED_OUT)] * len(request.resources))

    in_time = context.answer_in_time(deferred, CONTROLLER_TIMEOUT_MS, late)
    changes = [
        ResourceChange(
            resource.resource_type,
            resource.resource_name,
            [ConfigChange(config.name, config.value, config.config_operation) for config in resource.configs],
        )
        for resource in request.resources
    ]
    context.configs.alter(changes, lambda refusals: in_time(answer(refusals)), validate_only=request.validate_only)
    return deferred
