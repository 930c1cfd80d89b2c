"""The clock of a cluster over HTTP."""

from collections.abc import Mapping
from typing import Any

from ..testing.cluster_clock import ClockEnded
from .operation import CLUSTER, Asked, Field, Operation, Refused

UNITS: Mapping[str, float] = {"ms": 0.001, "seconds": 1, "minutes": 60, "hours": 3600, "days": 86400}
VIEW = (
    Field("now_ms", "integer", "Milliseconds since 1970, as the cluster has them: what records are stamped with."),
    Field("rate", "number", "Seconds of this clock in each of the machine's; 0 while it stands still."),
)


async def look(asked: Asked) -> Mapping[str, Any]:
    clock = asked.cluster.clock
    return {"now_ms": clock.now_ms(), "rate": clock.rate}


async def advance(asked: Asked) -> Mapping[str, Any]:
    try:
        await asked.cluster.clock.advance(sum(float(asked.body.get(unit, 0)) * size for unit, size in UNITS.items()))
    except ValueError as error:
        raise Refused(400, str(error)) from None
    except ClockEnded as error:
        raise Refused(409, str(error)) from None
    return await look(asked)


async def freeze(asked: Asked) -> Mapping[str, Any]:
    asked.cluster.clock.freeze()
    return await look(asked)


async def run(asked: Asked) -> Mapping[str, Any]:
    try:
        asked.cluster.clock.run(float(asked.body.get("rate", 1.0)))
    except ValueError as error:
        raise Refused(400, str(error)) from None
    return await look(asked)


OPERATIONS = (
    Operation("GET", "/v1/clock", "getClock", "What time it is.", look, query=(CLUSTER,), answer=VIEW),
    Operation(
        "POST",
        "/v1/clock/advance",
        "advanceClock",
        "Move the clock on, by all of these together; answered when all that became due has been done.",
        advance,
        body=[Field(unit, "number", f"So many {unit}.") for unit in UNITS],
        query=(CLUSTER,),
        answer=VIEW,
        example={"ms": 60000},
    ),
    Operation("POST", "/v1/clock/freeze", "freezeClock", "Stand still.", freeze, query=(CLUSTER,), answer=VIEW),
    Operation(
        "POST",
        "/v1/clock/run",
        "runClock",
        "Go on, as the machine's clock goes or at another rate.",
        run,
        body=(Field("rate", "number", "Seconds in each of the machine's; 1 by itself."),),
        query=(CLUSTER,),
        answer=VIEW,
        example={"rate": 10},
    ),
)
