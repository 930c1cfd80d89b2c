"""The brokers of a cluster over HTTP, and the links between them: killed, stopped, frozen, cut off, and back again."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from ..testing import broker_commands as commands
from ..testing.brokers_seen import SeenBroker, SeenLink, addresses_of, seen_broker, seen_brokers
from ..testing.running_cluster import BrokerError, RunningCluster
from .operation import CLUSTER, Asked, Field, Operation, Refused

MOST_DELAY_MS = 86_400_000
ENDS = "the id of a broker, `controller` or `clients`."

VIEW = (
    Field("id", "integer", "Its id."),
    Field("bootstrap", "string", "HOST:PORT, which it keeps when it is started again."),
    Field("rack", "string", "Its rack.", is_nullable=True),
    Field("state", "string", "What has become of it.", choices=("running", "frozen", "stopped", "killed")),
    Field("is_fenced", "boolean", "Whether the controller takes it for dead: it may not lead, nor be in sync."),
    Field("epoch", "integer", "Its broker epoch, a new one with each registration; -1 where it has none."),
    Field("leads", "integer", "How many partitions it leads, those of the coordinators included."),
    Field("in_sync", "integer", "In how many it is in sync."),
    Field("replicas", "integer", "Of how many it has a replica."),
)
LINK = (
    Field("from", "string", f"Where it begins: {ENDS}", also="integer"),
    Field("to", "string", f"Where it ends: {ENDS}", also="integer"),
    Field("is_cut", "boolean", "Whether nothing gets through."),
    Field("delay_ms", "number", "How long everything is on its way, by the cluster's clock."),
)
LINKS = (Field("links", "array", "Those that are cut or slow, each direction by itself.", items=LINK),)
PATH = {"id": "The id of a broker."}
BOTH_WAYS = Field("both_ways", "boolean", "Back as well; true by itself.")


async def list_all(asked: Asked) -> Mapping[str, Any]:
    return {"brokers": [_view(one) for one in seen_brokers(asked.cluster).values()]}


async def look(asked: Asked) -> Mapping[str, Any]:
    return _view(seen_broker(asked.cluster, _id_of(asked)))


async def kill(asked: Asked) -> Mapping[str, Any]:
    noticed, page_cache = asked.body.get("noticed", True), asked.body.get("page_cache", "kept")
    return await _commanded(
        asked,
        lambda running, broker_id: commands.kill_broker(
            running, broker_id, is_noticed=noticed, keeps_page_cache=page_cache == "kept"
        ),
    )


async def stop(asked: Asked) -> Mapping[str, Any]:
    return await _commanded(asked, commands.stop_broker)


async def start(asked: Asked) -> Mapping[str, Any]:
    return await _commanded(asked, commands.start_broker)


async def freeze(asked: Asked) -> Mapping[str, Any]:
    return await _commanded(asked, commands.freeze_broker)


async def resume(asked: Asked) -> Mapping[str, Any]:
    return await _commanded(asked, commands.resume_broker)


async def list_links(asked: Asked) -> Mapping[str, Any]:
    return {"links": [_link_view(one) for one in commands.troubled_links(asked.cluster)]}


async def set_link(asked: Asked) -> Mapping[str, Any]:
    """One call may cut and slow: what is slow and cut is slow again once it is whole."""
    body = asked.body
    one, other, both_ways = _end(body["from"]), _end(body["to"]), body.get("both_ways", True)
    if "cut" not in body and "delay_ms" not in body:
        raise Refused(400, "a link is cut, or has a delay_ms: name one of them")
    with_both = {"both_ways": both_ways}
    try:
        if body.get("cut") is False:
            await commands.heal_links(asked.cluster, one, other, **with_both)
        if "delay_ms" in body:
            await commands.slow_link(asked.cluster, one, other, body["delay_ms"] / 1000, **with_both)
        if body.get("cut"):
            await commands.cut_link(asked.cluster, one, other, **with_both)
    except BrokerError as error:
        raise refused(error) from error
    return await list_links(asked)


async def heal(asked: Asked) -> Mapping[str, Any]:
    query = asked.query
    one, other = (_end(query[name]) if name in query else None for name in ("from", "to"))
    try:
        await commands.heal_links(asked.cluster, one, other, both_ways=query.get("both_ways", True))
    except BrokerError as error:
        raise refused(error) from error
    return await list_links(asked)


def refused(error: BrokerError) -> Refused:
    """What is unknown is not found; the rest is in the way of what there is."""
    return Refused(404 if isinstance(error, commands.UnknownBroker) else 409, str(error))


async def _commanded(asked: Asked, command: Callable[[RunningCluster, int], Awaitable[None]]) -> Mapping[str, Any]:
    broker_id = _id_of(asked)
    try:
        await command(asked.cluster, broker_id)
    except BrokerError as error:
        raise refused(error) from error
    return _view(seen_broker(asked.cluster, broker_id))


def _id_of(asked: Asked) -> int:
    given, there = asked.path["id"], addresses_of(asked.cluster)
    if not given.isdecimal() or int(given) not in there:
        raise Refused(404, f"there is no broker {given[:100]!r}; there are: {', '.join(map(str, there))}")
    return int(given)


def _end(given: str | int) -> commands.End:
    return commands.parse_end(given) if isinstance(given, str) else given


def _view(seen: SeenBroker) -> Mapping[str, Any]:
    return {
        "id": seen.broker_id,
        "bootstrap": seen.bootstrap,
        "rack": seen.rack,
        "state": seen.state,
        "is_fenced": seen.is_fenced,
        "epoch": seen.epoch,
        "leads": seen.leads,
        "in_sync": seen.in_sync,
        "replicas": seen.replicas,
    }


def _link_view(seen: SeenLink) -> Mapping[str, Any]:
    return {"from": seen.source, "to": seen.target, "is_cut": seen.is_cut, "delay_ms": round(seen.delay_s * 1000, 3)}


def _command(
    verb: str, about: str, does: Callable[[Asked], Awaitable[Mapping[str, Any]]], body: Sequence[Field] = ()
) -> Operation:
    return Operation(
        "POST",
        f"/v1/brokers/{{id}}/{verb}",
        f"{verb}Broker",
        about,
        does,
        body=body,
        query=(CLUSTER,),
        answer=VIEW,
        path_fields=PATH,
        example={"noticed": False, "page_cache": "lost"} if body else None,
        has_own_turn=True,
    )


BROKERS = (
    Operation(
        "GET",
        "/v1/brokers",
        "listBrokers",
        "All brokers, whether they run or not.",
        list_all,
        query=(CLUSTER,),
        answer=(Field("brokers", "array", "One after the other.", items=VIEW),),
    ),
    Operation(
        "GET", "/v1/brokers/{id}", "getBroker", "One broker.", look, query=(CLUSTER,), answer=VIEW, path_fields=PATH
    ),
    _command(
        "kill",
        "Have a broker die: its connections are reset, and nothing is written any more.",
        kill,
        body=(
            Field(
                "noticed",
                "boolean",
                "Whether the controller fences it at once, and others lead; else `broker.session.timeout.ms` later. "
                "True by itself.",
            ),
            Field(
                "page_cache",
                "string",
                "`lost` takes away all that no fsync has covered; `kept` by itself.",
                choices=("kept", "lost"),
            ),
        ),
    ),
    _command("stop", "Have others lead what a broker leads, as far as they can, then end it cleanly.", stop),
    _command("start", "Start a broker that was killed or stopped, at its address and with its data.", start),
    _command("freeze", "Have a broker do nothing, as SIGSTOP does: connections stay, unanswered.", freeze),
    _command("resume", "Have a broker that is frozen go on, with whatever it took for true.", resume),
)
BETWEEN = (
    Operation(
        "GET",
        "/v1/links",
        "listLinks",
        "The links that are cut or slow: between brokers, and from them to their controller and to clients.",
        list_links,
        query=(CLUSTER,),
        answer=LINKS,
    ),
    Operation(
        "POST",
        "/v1/links",
        "setLink",
        "Cut a link, have everything take its time on it, or both. The way of clients can be cut, not slowed: a fault "
        "delays their requests.",
        set_link,
        body=(
            Field("from", "string", f"Where it begins: {ENDS}", is_required=True, also="integer"),
            Field("to", "string", f"Where it ends: {ENDS}", is_required=True, also="integer"),
            Field("cut", "boolean", "Whether nothing gets through; false heals it."),
            Field(
                "delay_ms",
                "number",
                "How long everything is on its way, by the cluster's clock.",
                least=0,
                most=MOST_DELAY_MS,
            ),
            BOTH_WAYS,
        ),
        query=(CLUSTER,),
        answer=LINKS,
        example={"from": 1, "to": "clients", "cut": True},
        has_own_turn=True,
    ),
    Operation(
        "DELETE",
        "/v1/links",
        "healLinks",
        "Have everything get through at once: between two ends, or, where none are named, everywhere.",
        heal,
        query=(
            Field("from", "string", f"Where a link begins: {ENDS}"),
            Field("to", "string", f"Where it ends: {ENDS}"),
            BOTH_WAYS,
            CLUSTER,
        ),
        answer=LINKS,
        has_own_turn=True,
    ),
)
OPERATIONS = (*BROKERS, *BETWEEN)
