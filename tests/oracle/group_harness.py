"""What the scenarios of groups that the broker assigns have to do before they begin."""

from collections.abc import Mapping

from odradek.protocol.messages.find_coordinator import FindCoordinatorRequest, FindCoordinatorResponse
from odradek.protocol.messages.incremental_alter_configs import (
    AlterableConfig,
    AlterConfigsResource,
    IncrementalAlterConfigsRequest,
    IncrementalAlterConfigsResponse,
)

from .wire_session import Dialogue

GROUP = 32  # as a resource of configs


def await_coordinator(d: Dialogue, group: str) -> None:
    """Until somebody coordinates the group."""
    asked = FindCoordinatorRequest(key_type=0, coordinator_keys=[group])

    def is_there() -> bool:
        return d.wire.ask(asked, 4, FindCoordinatorResponse).coordinators[0].error_code == 0

    d.wait_for(is_there, "there is a coordinator")


def set_group_configs(d: Dialogue, group: str, configs: Mapping[str, str]) -> None:
    """Settings of the group's own; their names have underscores for dots."""
    resource = AlterConfigsResource(
        resource_type=GROUP,
        resource_name=group,
        configs=[
            AlterableConfig(name=name.replace("_", "."), config_operation=0, value=value)
            for name, value in configs.items()
        ],
    )
    answer = d.wire.ask(IncrementalAlterConfigsRequest(resources=[resource]), 1, IncrementalAlterConfigsResponse)
    assert [one.error_code for one in answer.responses] == [0]
