"""Clusters over HTTP: made beside the one that is served, in memory, in milliseconds; and whether all is well."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from ..testing import given
from ..testing.cluster_clock import ClockError
from ..testing.running_cluster import MOST_BROKERS, Brokers, RunningCluster
from .operation import Asked, Field, Operation, Refused

VIEW = (
    Field("name", "string", "What `?cluster=` calls it."),
    Field("bootstrap", "string", "HOST:PORT of each broker, for any client."),
    Field("cluster_id", "string", "Its id, as clients see it."),
)
PATH = {"name": "The name of a cluster."}


async def create(asked: Asked) -> Mapping[str, Any]:
    settings: dict[str, str] = {}
    for name, value in asked.body.get("settings", {}).items():
        settings[name] = setting_text(name, value)
    name, body = asked.body["name"], asked.body
    brokers = brokers_of(body.get("brokers", 1), body.get("racks", ()))
    try:
        made = await asked.plane.create(name, settings, body.get("seed"), body.get("frozen_at_ms"), brokers=brokers)
    except ClockError as error:
        raise Refused(400, str(error)) from error
    return cluster_view(name, made)


async def list_all(asked: Asked) -> Mapping[str, Any]:
    return {"clusters": [cluster_view(name, asked.plane.find(name)) for name in asked.plane.names()]}


async def look(asked: Asked) -> Mapping[str, Any]:
    name = asked.path["name"]
    return cluster_view(name, asked.plane.find(name))


async def drop(asked: Asked) -> Mapping[str, Any]:
    view = await look(asked)
    await asked.plane.drop(asked.path["name"])
    return view


async def health(asked: Asked) -> Mapping[str, Any]:
    return {"status": "ready", "clusters": len(asked.plane.names())}


def brokers_of(count: int, racks: Sequence[object]) -> Brokers:
    """How many brokers, in which racks. Refused."""
    try:
        given.check_brokers(count, racks)
        return Brokers(count, cast("Sequence[str | None]", racks))
    except (TypeError, ValueError) as error:
        raise Refused(400, str(error)) from None


def setting_text(name: str, value: object) -> str:
    """A setting as Kafka writes it, from JSON's text, number or truth. Refused."""
    try:
        return given.setting_text(name, value)
    except TypeError as error:
        raise Refused(400, str(error)) from None


def cluster_view(name: str, running: RunningCluster) -> Mapping[str, Any]:
    """What is shown of a cluster."""
    return {"name": name, "bootstrap": running.cluster.bootstrap, "cluster_id": running.cluster_id}


OPERATIONS = (
    Operation(
        "POST",
        "/v1/clusters",
        "createCluster",
        "Make a cluster of its own, in memory, with its own port, topics, groups, faults and clock.",
        create,
        body=(
            Field("name", "string", "What it is to be called.", is_required=True),
            Field("settings", "object", "Kafka's settings by name, as texts, numbers or truths."),
            Field("brokers", "integer", "How many brokers it has; 1 by itself.", least=1, most=MOST_BROKERS),
            Field("racks", "array", "Their racks, as texts, the first broker's first."),
            Field("seed", "integer", "Makes every id in it the same in every run."),
            Field("frozen_at_ms", "integer", "Its clock stands still at this time, from its start until it is moved."),
        ),
        answer=VIEW,
        status=201,
        example={"name": "other", "settings": {"num.partitions": 3}},
    ),
    Operation(
        "GET",
        "/v1/clusters",
        "listClusters",
        "All clusters of the process, the served one, `default`, first.",
        list_all,
        answer=(Field("clusters", "array", "One after the other.", items=VIEW),),
    ),
    Operation("GET", "/v1/clusters/{name}", "getCluster", "One cluster.", look, answer=VIEW, path_fields=PATH),
    Operation(
        "DELETE",
        "/v1/clusters/{name}",
        "dropCluster",
        "End a cluster: its connections are closed, and what was in it is gone. The served one cannot be dropped.",
        drop,
        answer=VIEW,
        path_fields=PATH,
    ),
    Operation(
        "GET",
        "/v1/health",
        "getHealth",
        "Answered while the broker serves.",
        health,
        answer=(
            Field("status", "string", "`ready`."),
            Field("clusters", "integer", "How many clusters the process has."),
        ),
    ),
)
