"""ListConfigResources: what has settings, by type."""

from functools import partial

from odradek.protocol.messages.list_config_resources import ListConfigResourcesRequest, ListConfigResourcesResponse

from ..wire_session import Dialogue, scenario
from .alter_configs import BROKER, CLIENT_METRICS, DELETE, GROUP, SET, TOPIC, ask, resource
from .alter_configs import LOGGER as BROKER_LOGGER


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


@scenario
def groups_and_client_metrics_are_listed_once_they_have_settings(d: Dialogue) -> None:
    group, metrics = d.name("group"), d.name("metrics")

    def listed() -> list[tuple[int, str]]:
        answers = [
            d.wire.ask(ListConfigResourcesRequest(resource_types=kinds), version, ListConfigResourcesResponse)
            for kinds, version in (([], 0), ([GROUP], 1), ([CLIENT_METRICS], 1), ([], 1))
        ]
        return [
            (one.resource_type, one.resource_name)
            for answer in answers
            for one in sorted(answer.config_resources, key=lambda one: one.resource_type)
            if one.resource_name in (group, metrics)
        ]

    def are_listed(count: int) -> bool:
        return len(listed()) == count

    d.note("before", listed())
    for label, operation, count in (("given", SET, 5), ("taken away", DELETE, 0)):
        alter = [
            resource(GROUP, group, ("consumer.session.timeout.ms", operation, "50000")),
            resource(CLIENT_METRICS, metrics, ("interval.ms", operation, "1000")),
        ]
        ask(d, f"settings are {label}", *alter)
        d.wait_for(partial(are_listed, count), label)
        d.note(label, listed())
