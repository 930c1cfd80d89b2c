"""A fault as data: which requests it hits, when it does, and what becomes of them.

The one rule: a rule that could never mean anything is refused, by the name of what is wrong with it.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import Field, dataclass, fields, replace
from typing import Any

from ...protocol.api_keys import ApiKey
from ...protocol.errors import ErrorCode, KafkaError
from ..answers.request_names import can_name
from ..apis import TABLE
from ..config.config_def import nearest
from ..topic_names import check_topic_name

ON_REQUESTS = (
    *("delay", "disconnect_before", "disconnect_after", "drop_answer"),
    *("truncate_answer", "corrupt_answer", "throttle", "blackhole"),
)
# What a disk does to the logs of partitions, whoever asked for it.
ON_DISK = ("disk_full", "fsync_error", "slow_disk")
# What happens to the cluster when a request comes, before it is applied.
EVENTS = ("raise_leader_epoch", "move_coordinator", "stale_metadata")
# What becomes of the broker that a request has come to, where there are others.
DEATHS = ("kill_broker_before", "kill_broker_after")
ACTIONS = (*ON_REQUESTS, *ON_DISK, *EVENTS, *DEATHS)
WITH_MS = ("delay", "throttle", "slow_disk")
MAY_HAVE_MS = ("move_coordinator", *DEATHS)
# APIs that are answered from the metadata of the cluster.
OF_METADATA = ("Metadata", "DescribeTopicPartitions")
# What is done when the request has been applied: the answer is all that suffers.
AFTER = ("disconnect_after", "drop_answer", "truncate_answer", "corrupt_answer")


# What a request has, and a log has not.
OF_REQUESTS = ("api", "version", "client_id", "principal", "connection", "group", "transactional_id", "key")
# Throttle times are 32 bits, for_ms is in milliseconds; what is counted ends where a client's counters do.
MOST = {"ms": 2**31 - 1, "for_ms": 2**53, "skip": 2**53, "times": 2**53, "every": 2**53}
LEAST = {"ms": 0, "version": 0, "partition": 0, "broker": 0, "skip": 0, "times": 1, "every": 1, "for_ms": 1}
PRINCIPAL = r"[^:]+:(.|\n)+"
CONNECTION = r"\S+:[0-9]{1,5}"
# What a request must name, if it names its API, for an event to be about anything.
NEEDED_NAMES = {"raise_leader_epoch": ("partition",), "move_coordinator": ("group", "transactional_id")}


class FaultError(ValueError):
    """A rule that cannot be; the text says why."""


@dataclass(frozen=True, slots=True)
class FaultRule:
    """Requests are hit that fit all of `api` to `key`; None fits any.

    `error` is answered and nothing applied, or `action` is done. With `is_applied` the error is answered although the
    request has been applied. `skip` is how many hits are let pass first, `times` the most hits, `every` takes each
    nth of them, `probability` some of them, drawn with `seed`. `for_ms` is how long the rule holds, by the cluster's
    clock. `ms` is the time of delay, throttle and slow_disk, how long a coordinator that has moved reads its log, and
    after how long a broker that has died is started again.
    Those of ON_DISK are about the logs of `topic` and `partition`, and about no request. `broker` is the one that a
    request comes to, or that has the log.
    """

    api: str | None = None
    version: int | None = None
    topic: str | None = None
    partition: int | None = None
    client_id: str | None = None
    principal: str | None = None
    connection: str | None = None
    broker: int | None = None
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
    def is_of_disk(self) -> bool:
        """Whether it is about logs, and not about requests."""
        return self.action in ON_DISK

    @property
    def code(self) -> ErrorCode:
        """The error to be answered."""
        return ErrorCode[self.error] if self.error is not None else ErrorCode.NONE


def api_of(key: int) -> str:
    """The name of an API, as Kafka writes it."""
    return "".join(part.capitalize() for part in ApiKey(key).name.split("_"))


_TYPES: Mapping[str, type | tuple[type, ...]] = {
    **dict.fromkeys(("api", "topic", "client_id", "principal", "connection", "group", "transactional_id"), str),
    **dict.fromkeys(("key", "error", "action"), str),
    **dict.fromkeys(("version", "partition", "broker", "ms", "skip", "times", "every", "seed", "for_ms"), int),
    "probability": (int, float),
    "is_applied": bool,
}
_API_NAMES = {name.lower(): name for name in map(api_of, TABLE)}


def parse_rule(given: Mapping[str, Any]) -> FaultRule:
    """A rule from its fields, by name. FaultError names the field, and the nearest right thing."""
    known = [field.name for field in fields(FaultRule)]
    given = {name: value.name if isinstance(value, ErrorCode) else value for name, value in given.items()}
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
    needed = NEEDED_NAMES.get(rule.action or "", ())
    if needed and named.isdisjoint(needed):
        raise FaultError(f"{known} names no {' and no '.join(needed)}: {rule.action} would hit nothing")
    if rule.action == "stale_metadata" and known not in OF_METADATA:
        raise FaultError(f"{known} is not answered from metadata; {' and '.join(OF_METADATA)} are")
    return known


def _check_what(rule: FaultRule) -> None:
    if (rule.error is None) == (rule.action is None):
        raise FaultError("a fault has an error or an action, one of them")
    if rule.error == ErrorCode.NONE.name:
        raise FaultError("error of a fault cannot be 'NONE', which is no error: leave it out, and nothing is hit")
    if rule.error is not None and rule.error not in ErrorCode.__members__:
        raise FaultError(f"{rule.error!r} is no error of Kafka's{nearest(rule.error, ErrorCode.__members__)}")
    if rule.action is not None and rule.action not in ACTIONS:
        raise FaultError(
            f"{rule.action!r} is no action; there are: {', '.join(ACTIONS)}{nearest(rule.action, ACTIONS)}"
        )
    if rule.is_applied and rule.error is None:
        raise FaultError("is_applied is said of an error")
    if rule.action in WITH_MS and rule.ms is None:
        raise FaultError(f"{_listed(WITH_MS)} have ms")
    if rule.ms is not None and rule.action not in (*WITH_MS, *MAY_HAVE_MS):
        raise FaultError(f"ms is said of {_listed((*WITH_MS, *MAY_HAVE_MS))}")
    for name in ("topic", "client_id", "principal", "connection", "group", "transactional_id", "key"):
        if getattr(rule, name) == "":
            raise FaultError(f"{name} of a fault cannot be '': leave it out, and it fits any")
    if rule.principal is not None and not re.fullmatch(PRINCIPAL, rule.principal):
        raise FaultError(f"{rule.principal!r} is no principal; Kafka writes them as User:ANONYMOUS")
    if rule.connection is not None and not re.fullmatch(CONNECTION, rule.connection):
        raise FaultError(f"{rule.connection!r} is no connection; the journal names one by its client's end, HOST:PORT")
    if rule.topic is not None:
        try:
            check_topic_name(rule.topic)
        except KafkaError as error:
            raise FaultError(f"topic of a fault cannot be {rule.topic[:260]!r}: {error.message}") from None
    if rule.partition is not None and rule.topic is None:
        raise FaultError("a partition is one of a topic")
    if rule.is_of_disk:
        for name in OF_REQUESTS:
            if getattr(rule, name) is not None:
                raise FaultError(f"{rule.action} is about the log of a topic or a partition, whatever the {name}")
    if rule.key is not None and rule.api is not None and rule.api.lower().replace("_", "") != "findcoordinator":
        raise FaultError("key is said of FindCoordinator")
    if rule.key is not None and rule.action in EVENTS:
        raise FaultError(f"key is said of FindCoordinator, which {rule.action} has nothing to do with")


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:-1]) + f" and {names[-1]}"


def _check_when(rule: FaultRule) -> None:
    for name, most in MOST.items():
        value = getattr(rule, name)
        if value is not None and value > most:
            raise FaultError(f"{name} of a fault is {most} at most")
    for name, least in LEAST.items():
        value = getattr(rule, name)
        if value is not None and value < least:
            why = f"{least} at least, not {value}" if least or name == "skip" else "not negative"
            raise FaultError(f"{name} of a fault is {why}")
    if not 0 < rule.probability <= 1:
        raise FaultError(f"probability of a fault is more than 0 and 1 at most, not {rule.probability}")
