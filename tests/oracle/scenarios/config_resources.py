"""ListConfigResources: what has settings, by type."""

from odradek.protocol.messages.list_config_resources import ListConfigResourcesRequest, ListConfigResourcesResponse

from ..wire_session import Dialogue, scenario

TOPIC, BROKER, BROKER_LOGGER, CLIENT_METRICS, GROUP = 2, 4, 8, 16, 32


@scenario
def resources_by_type(d: Dialogue) -> None:
    one, _ = d.create_topic("one")
    other, _ = d.create_topic("other")
    mine = {one, other, str(d.node_id)}
    d.ask("v0", ListConfigResourcesRequest(), 0, ListConfigResourcesResponse)
    for kinds in (
        *([TOPIC], [BROKER], [BROKER_LOGGER], [CLIENT_METRICS], [GROUP]),
        *([], [BROKER, TOPIC], [TOPIC, BROKER], [TOPIC, TOPIC]),
        *([0], [1], [3], [64], [-1], [TOPIC, 3]),
    ):
        answer = d.wire.ask(ListConfigResourcesRequest(resource_types=kinds), 1, ListConfigResourcesResponse)
        found = sorted(
            (resource.resource_type, "the node" if resource.resource_name == str(d.node_id) else resource.resource_name)
            for resource in answer.config_resources
            if resource.resource_name in mine
        )
        d.note(f"{kinds}", [answer.error_code, found])
