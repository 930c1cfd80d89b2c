"""AlterConfigs 0-2: give resources all the settings they have, and take back the others."""

from ...protocol.errors import ErrorCode, KafkaError
from ...protocol.messages.alter_configs import (
    AlterConfigsRequest,
    AlterConfigsResourceResponse,
    AlterConfigsResponse,
)
from ..context import CONTROLLER_TIMEOUT_MS, Context
from ..deferred import Deferred
from ..dynamic_config.changes import ConfigChange, ResourceChange
from ..dynamic_config.configs import Refusals
from ..session import Session


def handle_alter_configs(
    request: AlterConfigsRequest, version: int, session: Session, context: Context
) -> Deferred[AlterConfigsResponse]:
    """Replace what each resource has, or leave all of it."""
    deferred: Deferred[AlterConfigsResponse] = Deferred()

    def answer(refusals: Refusals) -> AlterConfigsResponse:
        return AlterConfigsResponse(
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

    def late() -> AlterConfigsResponse:
        return answer([KafkaError(ErrorCode.REQUEST_TIMED_OUT)] * len(request.resources))

    in_time = context.answer_in_time(deferred, CONTROLLER_TIMEOUT_MS, late)
    changes = [
        ResourceChange(
            resource.resource_type,
            resource.resource_name,
            [ConfigChange(config.name, config.value) for config in resource.configs],
            is_whole=True,
        )
        for resource in request.resources
    ]
    context.configs.alter(changes, lambda refusals: in_time(answer(refusals)), validate_only=request.validate_only)
    return deferred
