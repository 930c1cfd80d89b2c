"""A message in short: the fields that say something, by Kafka's names; records as counts, bytes and first offset.

The one rule: no more than so many values and so many characters of each, however large the message is.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

from ...protocol.batch import HEADER_BYTES, RecordBatch
from ...protocol.declaration import Field, fields_of
from ...protocol.errors import ErrorCode
from ...protocol.uuid_text import encode_uuid
from ..config.config_def import find_broker_config
from .entries import Fields, Plain

MOST_VALUES = 100
MOST_ITEMS = 10  # of an array
MOST_TEXT = 120  # characters of a string
MOST_BATCHES = 50  # of records that are counted one by one
VALUE_BYTES = 100  # of one value with its name: what the ring counts for it

# Arrays that every client is told alike, and nobody looks for.
_COUNTED = frozenset({"api_keys", "supported_features", "finalized_features"})

# Parts of the names of settings that hold secrets; DescribeConfigs does not show those either.
SECRETS = ("password", "jaas", "secret", "key", "passphrase", "credential")
HIDDEN = "(hidden)"

NameOf = Callable[[bytes], str | None]


@dataclass(slots=True)
class Summary:
    """A message in short, the errors in it, and what all of that takes."""

    fields: Fields
    errors: tuple[str, ...]
    size_bytes: int


@dataclass(slots=True)
class _Summing:
    version: int
    name_of: NameOf
    left: int = MOST_VALUES
    errors: list[str] = field(default_factory=list[str])
    text_bytes: int = 0

    def message(self, value: object) -> Fields:
        found: dict[str, Plain] = {}
        for name, one in _plan(type(value), self.version):
            content: object = getattr(value, one.name)
            if content is None or (one.has_default and _is_same(content, one.default)) or _is_empty(content):
                continue
            if one.name.endswith("error_code"):
                if content:
                    found[name] = self._error(cast(int, content))
                continue
            if self.left <= 0:
                found["…"] = "…"
                break
            self.left -= 1
            found[name] = HIDDEN if one.name == "value" and _is_secret(value) else self._value(one, content)
        return found

    def _error(self, code: int) -> str:
        error = error_name(code)
        if error not in self.errors:
            self.errors.append(error)
        return error

    def _value(self, one: Field, value: object) -> Plain:
        if one.name in _COUNTED:
            return f"{len(cast(Sequence[object], value))} of them"
        if one.kind == "array" and one.item is not None:
            return self._array(one.item, cast(Sequence[object], value))
        if one.kind == "struct":
            return self.message(value)
        if one.kind == "uuid":
            topic_id = bytes(cast(bytes, value))
            return (self.name_of(topic_id) if "topic" in one.name else None) or encode_uuid(topic_id)
        if one.kind == "records":
            return records_summary(cast(bytes, value))
        if isinstance(value, bytes | bytearray | memoryview):
            return f"{len(cast(bytes, value))} bytes"
        if isinstance(value, str):
            text = value if len(value) <= MOST_TEXT else f"{value[:MOST_TEXT]}… ({len(value)} characters)"
            self.text_bytes += len(text)
            return text
        return int(value) if isinstance(value, int) and not isinstance(value, bool) else cast(Plain, value)

    def _array(self, item: Field, values: Sequence[object]) -> Sequence[Plain]:
        shown: list[Plain] = []
        for value in values[:MOST_ITEMS]:
            if self.left <= 0:
                break
            self.left -= 1
            shown.append(None if value is None else self._value(item, value))
        if len(values) > len(shown):
            shown.append(f"… {len(values) - len(shown)} more")
        return shown


def _is_secret(setting: object) -> bool:
    """Whether it is a setting that holds a password, or may, as nobody here knows it."""
    name: object = getattr(setting, "name", None)
    if not isinstance(name, str):
        return False
    known = find_broker_config(name)
    return any(part in name for part in SECRETS) if known is None else known.is_sensitive


def summarise(message: object, version: int, name_of: NameOf) -> Summary:
    """A request or an answer of this version in short; `name_of` finds topics by their ids."""
    summing = _Summing(version, name_of)
    found = summing.message(message)
    return Summary(found, tuple(summing.errors), (MOST_VALUES - summing.left) * VALUE_BYTES + summing.text_bytes)


def error_name(code: int) -> str:
    """As Kafka calls it."""
    try:
        return ErrorCode(code).name
    except ValueError:
        return f"error {code}"


def camel(name: str) -> str:
    """`producer_epoch` as `producerEpoch`."""
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def records_summary(data: bytes | bytearray | memoryview) -> Mapping[str, Plain]:
    """How many records, bytes and batches, from which offset on, and whose."""
    counted, batches, at, first = 0, 0, 0, None
    while len(data) - at >= HEADER_BYTES and batches < MOST_BATCHES:
        batch = RecordBatch(data, at)
        if batch.magic != 2 or batch.size_bytes < HEADER_BYTES:
            break
        first = first or batch
        counted, batches, at = counted + batch.records_count, batches + 1, at + batch.size_bytes
    found: dict[str, Plain] = {"records": counted, "bytes": len(data)}
    if first is None:
        return {"bytes": len(data)}
    if batches > 1:
        found["batches"] = batches
    found["firstOffset"] = first.base_offset
    if first.has_producer:
        found |= {"producerId": first.producer_id, "epoch": first.producer_epoch, "sequence": first.base_sequence}
    if first.is_transactional:
        found["transactional"] = True
    return found


_plans: dict[tuple[type, int], Sequence[tuple[str, Field]]] = {}


def _plan(cls: type, version: int) -> Sequence[tuple[str, Field]]:
    """The fields that this version carries, by their names; throttle times of 0 are their default."""
    plan = _plans.get((cls, version))
    if plan is None:
        plan = _plans[cls, version] = [(camel(one.name), one) for one in fields_of(cls) if version in one.versions]
    return plan


def _is_empty(value: object) -> bool:
    return isinstance(value, str | list | tuple) and not value


def _is_same(value: object, default: object) -> bool:
    return type(value) is type(default) and value == default
