"""Faults over HTTP: rules are given, looked at and taken back."""

import types
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any, Union, get_args, get_origin, get_type_hints

from ...protocol.errors import ErrorCode
from ..config.config_def import nearest
from ..faults.fault_table import Fault, FaultTable
from ..faults.rule import ACTIONS, FaultRule, parse_rule
from ..testing.hits import missing_hits, wait_for_hits
from .operation import CLUSTER, ENDING, Asked, Field, Kind, Operation, Refused
from .plane import MOST_FAULTS

MOST_WAIT_MS = 600_000

_ABOUT: Mapping[str, str] = {
    "api": "Requests of this API, by Kafka's name; as every field of the request, it fits any if it is left out.",
    "version": "Of this version.",
    "topic": "That name this topic; of what happens to the disk, the topic whose logs are meant.",
    "partition": "That name this partition of the topic.",
    "client_id": "Of this client id.",
    "principal": "Of this principal, as Kafka writes it: User:ANONYMOUS.",
    "connection": "Of this connection, as the journal names it: the client's end, HOST:PORT.",
    "broker": "That come to the broker of this id; of what happens to the disk, the broker whose logs are meant.",
    "group": "That name this group.",
    "transactional_id": "That name this transactional id.",
    "key": "FindCoordinator of this key.",
    "error": "What is answered, by Kafka's name; nothing is applied, unless is_applied says so.",
    "is_applied": "The request is applied although the error is answered.",
    "action": "What is done instead of an error.",
    "ms": "The time of delay, throttle and slow_disk; how long a coordinator that has moved reads its log; after how "
    "long a broker that has died is started again.",
    "skip": "How many requests that fit are let pass first.",
    "times": "How many are hit at most.",
    "every": "Each nth of those that fit is hit.",
    "probability": "How likely one that fits is hit.",
    "seed": "What chance is drawn from.",
    "for_ms": "How long the rule holds, by the cluster's clock.",
}
_KINDS: Mapping[type, Kind] = {str: "string", int: "integer", float: "number", bool: "boolean"}
_DEFAULTS: Mapping[str, object] = {one.name: one.default for one in fields(FaultRule)}


def _rule_fields() -> Sequence[Field]:
    """The fields of a rule, as Python has them."""
    found: list[Field] = []
    for name, hint in get_type_hints(FaultRule).items():
        options = get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)
        kind: Kind = next(_KINDS[option] for option in options if option in _KINDS)
        choices = {"action": ACTIONS, "error": [name for name in ErrorCode.__members__ if name != "NONE"]}.get(name, ())
        found.append(Field(name, kind, _ABOUT[name], choices=choices, is_nullable=True))
    return found


RULE = _rule_fields()
COUNTS = (
    Field("id", "string", "Its name in the cluster."),
    Field("hits", "integer", "How many requests it has hit."),
    Field("matched", "integer", "How many requests fitted, hit or not."),
    Field("is_over", "boolean", "Whether it will hit nothing any more."),
)
VIEW = (*COUNTS, *RULE)
PATH = {"id": "The id of a fault."}


async def add(asked: Asked) -> Mapping[str, Any]:
    faults, clock = asked.cluster.faults, asked.cluster.clock
    if len(faults) >= MOST_FAULTS:
        raise Refused(409, f"there are {MOST_FAULTS} faults, and there can be no more; remove some")
    return _view(asked, faults.add(parse_rule(asked.body), clock.now()))


async def list_all(asked: Asked) -> Mapping[str, Any]:
    unhit = asked.query.get("never_hit", False)
    return {"faults": [_view(asked, one) for one in asked.cluster.faults if not (unhit and one.hits)]}


async def look(asked: Asked) -> Mapping[str, Any]:
    """At once, or when it has hit so many."""
    fault = _find(asked)
    wanted, timeout_s = asked.query.get("hits"), asked.query.get("timeout_ms", 10_000) / 1000
    if wanted is not None and not await wait_for_hits(fault, wanted, timeout_s, asked.plane.ending):
        raise Refused(409, ENDING if asked.plane.ending.is_set() else missing_hits(fault, wanted, timeout_s))
    return _view(asked, fault)


async def remove(asked: Asked) -> Mapping[str, Any]:
    fault = _find(asked)
    view = _view(asked, fault)
    asked.cluster.faults.remove(fault.fault_id)
    return view


async def clear(asked: Asked) -> Mapping[str, Any]:
    removed = await list_all(asked)
    asked.cluster.faults.clear()
    return removed


def _find(asked: Asked) -> Fault:
    faults: FaultTable = asked.cluster.faults
    fault_id = asked.path["id"]
    found = next((one for one in faults if one.fault_id == fault_id), None)
    if found is None:
        there = [one.fault_id for one in faults]
        hint = nearest(fault_id, there) or f"; there are: {', '.join(there[:20]) or 'none'}"
        raise Refused(404, f"there is no fault {fault_id!r}{hint}")
    return found


def _view(asked: Asked, fault: Fault) -> Mapping[str, Any]:
    """What it counts, and what of its rule is not as it is by itself."""
    rule = {name: getattr(fault.rule, name) for name in _DEFAULTS}
    is_over = fault.is_over(asked.cluster.clock.now())
    return {
        **{"id": fault.fault_id, "hits": fault.hits, "matched": fault.matched, "is_over": is_over},
        **{name: value for name, value in rule.items() if value != _DEFAULTS[name]},
    }


NEVER_HIT = Field("never_hit", "boolean", "Those that have hit nothing: a strict test fails where there are any.")
FAULTS = (Field("faults", "array", "In the order in which they were given.", items=VIEW),)
OPERATIONS = (
    Operation(
        "POST",
        "/v1/faults",
        "addFault",
        "Have a fault at work from now on. The first rule that hits a request decides.",
        add,
        body=RULE,
        query=(CLUSTER,),
        answer=VIEW,
        status=201,
        example={"api": "Produce", "topic": "orders", "error": "NOT_LEADER_OR_FOLLOWER", "times": 2},
        has_own_checks=True,
    ),
    Operation(
        "GET", "/v1/faults", "listFaults", "The faults at work.", list_all, query=(NEVER_HIT, CLUSTER), answer=FAULTS
    ),
    Operation("DELETE", "/v1/faults", "clearFaults", "Have no fault any more.", clear, query=(CLUSTER,), answer=FAULTS),
    Operation(
        "GET",
        "/v1/faults/{id}",
        "getFault",
        "One fault and how often it was hit; with `hits`, once it was hit so often.",
        look,
        query=(
            Field("hits", "integer", "How many hits to wait for.", least=1),
            Field("timeout_ms", "integer", "How long to wait for them: 10 s by itself.", least=0, most=MOST_WAIT_MS),
            CLUSTER,
        ),
        answer=VIEW,
        path_fields=PATH,
        has_own_turn=True,
    ),
    Operation(
        "DELETE",
        "/v1/faults/{id}",
        "removeFault",
        "Have a fault hit nothing any more.",
        remove,
        query=(CLUSTER,),
        answer=VIEW,
        path_fields=PATH,
    ),
)
