"""A fault as data: which requests it hits, when it does, and what becomes of them.

The one rule: a rule that could never mean anything is refused, by the name of what is wrong with it.
"""

from collections.abc import Mapping
from dataclasses import Field, dataclass, fields, replace
from typing import Any

from ...protocol.api_keys import ApiKey
from ...protocol.errors import ErrorCode
from ..apis import TABLE
from ..config.config_def import nearest
from ..request_names import can_name

ACTIONS = (
    *("delay", "disconnect_before", "disconnect_after", "drop_answer"),
    *("truncate_answer", "corrupt_answer", "throttle", "blackhole"),
)
# What is done when the request has been applied: the answer is all that suffers.
AFTER = ("disconnect_after", "drop_answer", "truncate_answer", "corrupt_answer")


# Throttle times are 32 bits, for_ms is in milliseconds; what is counted ends where a client's counters do.
MOST = {"ms": 2**31 - 1, "for_ms": 2**53, "skip": 2**53, "times": 2**53, "every": 2**53}


class FaultError(ValueError):
    """A rule that cannot be; the text says why."""


@dataclass(frozen=True, slots=True)
class FaultRule:
    """Requests are hit that fit all of `api` to `key`; None fits any.

    `error` is answered and nothing applied, or `action` is done. With `is_applied` the error is answered although the
    request has been applied. `skip` is how many hits are let pass first, `times` the most hits, `every` takes each
    nth of them, `probability` some of them, drawn with `seed`. `for_ms` is how long the rule holds, by the cluster's
    clock. `ms` is the time of delay and throttle.
    """

    api: str | None = None
    version: int | None = None
    topic: str | None = None
    partition: int | None = None
    client_id: str | None = None
    group: str | None = None
    transactional_id: str | None = None
    key: str | None = None
    error: str | None = None
    is_applied: bool = False
    action: str | None = None
    ms: int | None = None
    skip: int = 0
    times: int | None = None
    every: int = 1
    probability: float = 1.0
    seed: int = 0
    for_ms: int | None = None

    def __str__(self) -> str:
        said = ((field.name, getattr(self, field.name)) for field in fields(self) if self._says(field))
        return "the fault " + " ".join(f"{name}={value}" for name, value in said)

    def _says(self, field: "Field[Any]") -> bool:
        return bool(getattr(self, field.name) != field.default)

    @property
    def code(self) -> ErrorCode:
        """The error to be answered."""
        return ErrorCode[self.error] if self.error is not None else ErrorCode.NONE


def api_of(key: int) -> str:
    """The name of an API, as Kafka writes it."""
    return "".join(part.capitalize() for part in ApiKey(key).name.split("_"))


_TYPES: Mapping[str, type | tuple[type, ...]] = {
    **dict.fromkeys(("api", "topic", "client_id", "group", "transactional_id", "key", "error", "action"), str),
    **dict.fromkeys(("version", "partition", "ms", "skip", "times", "every", "seed", "for_ms"), int),
    "probability": (int, float),
    "is_applied": bool,
}
_API_NAMES = {name.lower(): name for name in map(api_of, TABLE)}


def parse_rule(given: Mapping[str, Any]) -> FaultRule:
    """A rule from its fields, by name. FaultError names the field, and the nearest right thing."""
    known = [field.name for field in fields(FaultRule)]
    for name, value in given.items():
        if name not in known:
            raise FaultError(f"a fault has no field {name!r}{nearest(name, known)}")
        is_right = value is None or (
            isinstance(value, _TYPES[name]) and isinstance(value, bool) == (name == "is_applied")
        )
        if not is_right:
            raise FaultError(f"{name} of a fault cannot be {value!r}")
    rule = FaultRule(**{name: value for name, value in given.items() if value is not None})
    _check_what(rule)
    _check_when(rule)
    return replace(rule, api=_checked_api(rule))


def _checked_api(rule: FaultRule) -> str | None:
    name, version = rule.api, rule.version
    if name is None:
        return None
    known = _API_NAMES.get(name.lower().replace("_", ""))
    if known is None:
        raise FaultError(f"there is no API {name!r}{nearest(name, _API_NAMES.values())}")
    served = next(api for key, api in TABLE.items() if api_of(key) == known)
    if version is not None and not served.serves(version):
        raise FaultError(f"{known} has no version {version}: it is served from {served.first} to {served.last}")
    named = can_name(served.load().request)
    for what in ("topic", "partition", "group", "transactional_id"):
        if getattr(rule, what) is not None and what not in named:
            raise FaultError(f"{known} names no {what}: the fault would hit nothing")
    return known


def _check_what(rule: FaultRule) -> None:
    if (rule.error is None) == (rule.action is None):
        raise FaultError("a fault has an error or an action, one of them")
    if rule.error is not None and (rule.error not in ErrorCode.__members__ or rule.error == "NONE"):
        raise FaultError(f"{rule.error!r} is no error of Kafka's{nearest(rule.error, ErrorCode.__members__)}")
    if rule.action is not None and rule.action not in ACTIONS:
        raise FaultError(
            f"{rule.action!r} is no action; there are: {', '.join(ACTIONS)}{nearest(rule.action, ACTIONS)}"
        )
    if rule.is_applied and rule.error is None:
        raise FaultError("is_applied is said of an error")
    has_time = rule.action in ("delay", "throttle")
    if has_time != (rule.ms is not None):
        raise FaultError("delay and throttle have ms" if has_time else "ms is said of delay and throttle")
    if rule.ms is not None and rule.ms < 0:
        raise FaultError("ms of a fault is not negative")
    for name in ("topic", "client_id", "group", "transactional_id", "key"):
        if getattr(rule, name) == "":
            raise FaultError(f"{name} of a fault cannot be '': leave it out, and it fits any")
    for name in ("version", "partition"):
        value = getattr(rule, name)
        if value is not None and value < 0:
            raise FaultError(f"{name} of a fault is not negative")
    if rule.partition is not None and rule.topic is None:
        raise FaultError("a partition is one of a topic")
    if rule.key is not None and rule.api is not None and rule.api.lower().replace("_", "") != "findcoordinator":
        raise FaultError("key is said of FindCoordinator")


def _check_when(rule: FaultRule) -> None:
    for name, most in MOST.items():
        value = getattr(rule, name)
        if value is not None and value > most:
            raise FaultError(f"{name} of a fault is {most} at most")
    for name, least in (("skip", 0), ("times", 1), ("every", 1), ("for_ms", 1)):
        value = getattr(rule, name)
        if value is not None and value < least:
            raise FaultError(f"{name} of a fault is {least} at least, not {value}")
    if not 0 < rule.probability <= 1:
        raise FaultError(f"probability of a fault is more than 0 and 1 at most, not {rule.probability}")
