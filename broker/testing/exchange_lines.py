"""The lines of an exported cluster: JSON objects, one a line, which people can write by hand as well.

    {"topic": "orders", "partitions": 2, "config": {"retention.ms": "-1"}}
    {"topic": "orders", "value": "one", "key": "k", "headers": {"source": "web"}, "timestamp": 1767225600000}
    {"group": "billing", "topic": "orders", "partition": 0, "offset": 1}

The one rule: a line that cannot be meant is refused, with its number and the nearest right thing.
"""

import base64
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import fields as dataclass_fields
from operator import attrgetter
from typing import Any, TypeAlias, cast

from ...protocol.compression import Codec
from ...protocol.records import Header
from ..config.config_def import nearest


class ImportRefused(ValueError):
    """What is to be imported is wrong; the text names the line, 0 if it is about the whole."""

    def __init__(self, line: int, why: str) -> None:
        super().__init__(f"line {line}: {why}" if line else why)
        self.line, self.why = line, why


@dataclass(frozen=True, slots=True)
class TopicLine:
    """A topic. Without a number of partitions it has `num.partitions`."""

    line: int
    topic: str
    partitions: int | None
    config: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class StartLine:
    """Where a partition's log begins."""

    line: int
    topic: str
    partition: int
    start: int


@dataclass(frozen=True, slots=True)
class RecordLine:
    """A record, or the end of a transaction (`marker`). Only with an offset it is put where it was."""

    line: int
    topic: str
    partition: int | None
    offset: int | None
    timestamp: int | None
    key: bytes | None
    value: bytes | None
    headers: Sequence[Header] = ()
    batch: int | None = None  # the base offset of the batch that it came in
    producer: tuple[int, int, int] = (-1, -1, -1)  # id, epoch, sequence
    is_transactional: bool = False
    marker: str | None = None
    compression: str = ""  # of the batch that it came in


@dataclass(frozen=True, slots=True)
class OffsetLine:
    """An offset that a group has committed."""

    line: int
    group: str
    topic: str
    partition: int
    offset: int
    metadata: str


@dataclass(frozen=True, slots=True)
class QuotaLine:
    """Quotas of users, client ids or addresses: `entity` has a name for each type, None for all without their own."""

    line: int
    entity: Mapping[str, str | None]
    quotas: Mapping[str, float]


Packed: TypeAlias = tuple[object, ...]
_PACKED = attrgetter(*(one.name for one in dataclass_fields(RecordLine)))


def pack(record: RecordLine) -> Packed:
    """As a tuple of what the garbage collector need not look at: of a file there may be very many."""
    packed: Packed = _PACKED(record)
    return packed


def unpack(packed: Packed) -> RecordLine:
    """The record again."""
    return RecordLine(*cast("tuple[Any, ...]", packed))


Line = TopicLine | StartLine | RecordLine | OffsetLine | QuotaLine

MOST_NUMBER = 1 << 62
COMPRESSIONS = [codec.name.lower() for codec in Codec if codec]

_FIELDS: Mapping[type[Line], frozenset[str]] = {
    TopicLine: frozenset({"topic", "partitions", "config"}),
    StartLine: frozenset({"topic", "partition", "start"}),
    OffsetLine: frozenset({"group", "topic", "partition", "offset", "metadata"}),
    QuotaLine: frozenset({"quota", "values"}),
    RecordLine: frozenset(
        {"topic", "partition", "offset", "timestamp", "key", "value", "headers"}
        | {"batch", "producer", "transactional", "marker", "compression"}
    ),
}
_ALL_FIELDS = sorted(frozenset[str]().union(*_FIELDS.values()))
_RECORD_ONLY = _FIELDS[RecordLine] - {"topic", "partition"}


def write_line(fields: Mapping[str, object]) -> str:
    """One line, ended."""
    return json.dumps(fields, separators=(", ", ": ")) + "\n"


def write_bytes(data: bytes | None) -> object:
    """Text where it is text, else base64."""
    if data is None:
        return None
    try:
        return data.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(data).decode()}


def read_lines(lines: Iterable[str]) -> Iterator[Line]:
    """What each line says; empty ones are passed over. ImportRefused."""
    for number, text in enumerate(lines, 1):
        if text.strip():
            try:
                yield read_line(number, json.loads(text))
            except json.JSONDecodeError as error:
                raise ImportRefused(number, f"no JSON: {error.msg} at column {error.colno}") from error
            except RecursionError as error:
                raise ImportRefused(number, "no JSON: it is nested too deep") from error


def read_line(number: int, given: object) -> Line:
    """What one line says, parsed already. ImportRefused."""
    found = _as_object(given)
    if found is None:
        raise ImportRefused(number, f"a JSON object is wanted, not {json.dumps(given)[:60]}")
    fields = _Fields(number, found)
    kind = _kind_of(found)
    for name in found:
        if name not in _FIELDS[kind]:
            known = sorted(_FIELDS[kind])
            hint = nearest(name, known) or nearest(name, _ALL_FIELDS)
            raise ImportRefused(number, f"unknown field {name!r}{hint}; there are: {', '.join(known)}")
    if kind is QuotaLine:
        return QuotaLine(number, fields.names("quota"), fields.numbers("values"))
    topic = fields.text("topic")
    if kind is OffsetLine:
        at = fields.number("partition"), fields.number("offset")
        return OffsetLine(number, fields.text("group"), topic, *at, fields.text("metadata", ""))
    if kind is StartLine:
        return StartLine(number, topic, fields.number("partition"), fields.number("start"))
    if kind is TopicLine:
        return TopicLine(number, topic, fields.optional("partitions", least=1), fields.texts("config"))
    return _record(number, topic, fields)


def _kind_of(given: Mapping[str, object]) -> type[Line]:
    if "quota" in given:
        return QuotaLine
    if "group" in given:
        return OffsetLine
    if "start" in given:
        return StartLine
    return RecordLine if "partition" in given or not _RECORD_ONLY.isdisjoint(given) else TopicLine


def _record(number: int, topic: str, fields: "_Fields") -> RecordLine:
    marker, offset = fields.text("marker", "") or None, fields.optional("offset")
    if marker is None:
        fields.needs("value")
    elif marker not in ("commit", "abort") or offset is None or "producer" not in fields.given:
        raise ImportRefused(number, "a marker is 'commit' or 'abort', and has an offset and a producer")
    if offset is None and (unplaced := {"batch", "producer", "transactional", "compression"} & set(fields.given)):
        raise ImportRefused(number, f"only a record with an offset has a {min(unplaced)}")
    if offset is not None:
        fields.needs("partition")
    is_transactional, producer = fields.flag("transactional"), fields.producer()
    if is_transactional and producer[0] < 0:
        raise ImportRefused(number, "a record that is transactional has a producer: its id, epoch and sequence")
    return RecordLine(
        line=number,
        topic=topic,
        partition=fields.optional("partition"),
        offset=offset,
        timestamp=fields.optional("timestamp", least=-1),
        key=fields.data("key"),
        value=fields.data("value"),
        headers=fields.headers(),
        batch=fields.optional("batch"),
        producer=producer,
        is_transactional=is_transactional,
        marker=marker,
        compression=fields.choice("compression", COMPRESSIONS),
    )


def _as_object(value: object) -> dict[str, object] | None:
    return cast("dict[str, object]", value) if isinstance(value, dict) else None


def _as_list(value: object) -> list[object] | None:
    return cast("list[object]", value) if isinstance(value, list) else None


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


class _Fields:
    """The fields of one line, each read as what it is to be."""

    def __init__(self, number: int, given: Mapping[str, object]) -> None:
        self._number = number
        self.given = given

    def needs(self, name: str) -> object:
        if name not in self.given:
            raise ImportRefused(self._number, f"{name!r} is missing")
        return self.given[name]

    def _refused(self, name: str, value: object, wanted: str) -> ImportRefused:
        return ImportRefused(self._number, f"{name!r} is {wanted}, not {json.dumps(value)[:60]}")

    def text(self, name: str, default: str | None = None) -> str:
        value = self.needs(name) if default is None else self.given.get(name, default)
        if not isinstance(value, str) or not _is_unicode(value):
            raise self._refused(name, value, "a text")
        return value

    def number(self, name: str, least: int = 0) -> int:
        value = self.needs(name)
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value < MOST_NUMBER:
            raise self._refused(name, value, f"a whole number of {least} or more")
        return value

    def optional(self, name: str, least: int = 0) -> int | None:
        return self.number(name, least) if name in self.given else None

    def flag(self, name: str) -> bool:
        value = self.given.get(name, False)
        if not isinstance(value, bool):
            raise self._refused(name, value, "true or false")
        return value

    def choice(self, name: str, choices: Sequence[str]) -> str:
        value = self.text(name, "")
        if value and value not in choices:
            raise self._refused(name, value, f"one of {', '.join(choices)}")
        return value

    def texts(self, name: str) -> Mapping[str, str]:
        value = self.given.get(name, {})
        pairs = _as_object(value)
        texts: dict[str, str] = {}
        for key, one in ({"": None} if pairs is None else pairs).items():
            if not isinstance(one, str | int | float):
                raise self._refused(name, value, "an object of names and values")
            texts[key] = str(one).lower() if isinstance(one, bool) else str(one)
        return texts

    def names(self, name: str) -> Mapping[str, str | None]:
        value = self.needs(name)
        found: dict[str, str | None] = {}
        for key, one in (_as_object(value) or {"": 0}).items():
            if not isinstance(one, str | None):
                raise self._refused(name, value, "an object of types and names, null for all others")
            found[key] = one
        return found

    def numbers(self, name: str) -> Mapping[str, float]:
        value = self.needs(name)
        found: dict[str, float] = {}
        for key, one in (_as_object(value) or {"": None}).items():
            if isinstance(one, bool) or not isinstance(one, int | float):
                raise self._refused(name, value, "an object of names and numbers")
            found[key] = float(one)
        return found

    def data(self, name: str) -> bytes | None:
        return self._data(name, self.given.get(name))

    def _data(self, name: str, value: object) -> bytes | None:
        if value is None:
            return None
        try:
            if isinstance(value, str):
                return value.encode()
            for way, coded in (_as_object(value) or {}).items():
                if way == "json":
                    return json.dumps(coded, separators=(",", ":"), ensure_ascii=False).encode()
                if way == "base64" and isinstance(coded, str):
                    return base64.b64decode(coded, validate=True)
        except ValueError:
            pass
        raise self._refused(name, value, 'a text, null, {"base64": …} or {"json": …}')

    def headers(self) -> Sequence[Header]:
        value = self.given.get("headers", [])
        by_name = _as_object(value)
        pairs = [[name, one] for name, one in by_name.items()] if by_name is not None else _as_list(value)
        headers: list[Header] = []
        for pair in [None] if pairs is None else pairs:
            both = _as_list(pair) or []
            if len(both) != 2 or not isinstance(both[0], str):
                raise self._refused("headers", value, "an object, or a list of pairs of name and value")
            headers.append((both[0], self._data("headers", both[1])))
        return tuple(headers)

    def producer(self) -> tuple[int, int, int]:
        value = self.given.get("producer", [-1, -1, -1])
        found = [one for one in _as_list(value) or () if isinstance(one, int) and not isinstance(one, bool)]
        if len(found) != 3 or any(not -1 <= one < 1 << bits for one, bits in zip(found, (62, 15, 31), strict=True)):
            raise self._refused("producer", value, "a list of id, epoch and sequence")
        return found[0], found[1], found[2]
