"""What a request of any API names, found by its fields' names: topics and partitions, groups, transactional ids."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any, cast

from ..protocol.declaration import fields_of

TOPIC_FIELDS = ("topic", "name", "topic_name")
INDEX_FIELDS = ("index", "partition_index", "partition")
GROUP_FIELDS = ("group_id", "group")
TXN_FIELDS = ("transactional_id",)
KEY_FIELDS = ("key",)

GROUP_LISTS = ("groups_names", "group_ids", "groups")
TXN_LISTS = ("transactional_ids", "transactional_id_filters")
KEY_LISTS = ("coordinator_keys",)

NameOf = Callable[[bytes], str | None]
"""The name of the topic with this id."""


@dataclass(frozen=True, slots=True)
class Names:
    """What one request names; `partitions` are those of topics that come with partitions."""

    topics: frozenset[str]
    partitions: frozenset[tuple[str, int]]
    groups: frozenset[str]
    transactional_ids: frozenset[str]
    keys: frozenset[str]


def names_of(body: object, name_of: NameOf) -> Names:
    """Everything that a request names."""
    topics: set[str] = set()
    partitions: set[tuple[str, int]] = set()
    for topic, indexes in _topics(body, name_of):
        topics.add(topic)
        partitions.update((topic, index) for index in indexes)
    return Names(
        frozenset(topics),
        frozenset(partitions),
        frozenset(_texts(body, GROUP_FIELDS, GROUP_LISTS)),
        frozenset(_texts(body, TXN_FIELDS, TXN_LISTS)),
        frozenset(_texts(body, KEY_FIELDS, KEY_LISTS)),
    )


def can_name(request: type) -> frozenset[str]:
    """Which of topic, partition, group and transactional_id a request of this declaration can name."""
    found: set[str] = set()
    for one in fields_of(request):
        struct = one.struct if one.item is None else one.item.struct
        if one.name in (*GROUP_FIELDS, *(GROUP_LISTS if struct is None else ())):
            found.add("group")
        if one.name in (*TXN_FIELDS, *TXN_LISTS):
            found.add("transactional_id")
        if one.item is None or struct is None:
            found |= {"topic"} if one.name == "topic_names" else set()
        elif "topic" not in one.name:
            found |= can_name(struct)
        else:
            found.add("topic")
            if any("partition" in inner.name and inner.item is not None for inner in fields_of(struct)):
                found.add("partition")
    return frozenset(found)


def array_fields(value: object) -> list[tuple[str, Sequence[Any]]]:
    """The fields of a struct that are arrays with something in them."""
    found: list[tuple[str, Sequence[Any]]] = []
    for one in fields(cast(Any, value)) if is_dataclass(value) else ():
        content = getattr(value, one.name)
        if isinstance(content, list | tuple) and content:
            found.append((one.name, cast(Sequence[Any], content)))
    return found


def topic_of(value: object, name_of: NameOf) -> str | None:
    """The topic that a struct is of, by its name or its id."""
    topic_id = getattr(value, "topic_id", None)
    if isinstance(topic_id, bytes) and any(topic_id):
        return name_of(topic_id)
    for name in TOPIC_FIELDS:
        text = getattr(value, name, None)
        if isinstance(text, str) and text:
            return text
    return None


def index_of(value: object) -> int | None:
    """The partition that an item of a topic's array is of: a struct, or the number itself."""
    if isinstance(value, int):
        return value
    for name in INDEX_FIELDS:
        index = getattr(value, name, None)
        if isinstance(index, int):
            return index
    return None


def without(body: Any, takes: Callable[[str, int | None], bool], name_of: NameOf) -> tuple[Any, Any]:
    """A request in two: what `takes`, given a topic and a partition or None, leaves, and what it takes.

    Either may have no topics any more.
    """
    left: dict[str, list[Any]] = {}
    taken: dict[str, list[Any]] = {}
    for name, items in array_fields(body):
        if not is_dataclass(items[0]) or "topic" not in name:
            continue
        left[name], taken[name] = [], []
        for item in items:
            topic = topic_of(item, name_of) or ""
            rest, hit = _divided(item, topic, takes)
            left[name] += [] if rest is None else [rest]
            taken[name] += [] if hit is None else [hit]
    return replace(body, **left), replace(body, **taken)


def _divided(item: Any, topic: str, takes: Callable[[str, int | None], bool]) -> tuple[Any | None, Any | None]:
    arrays = [(name, items) for name, items in array_fields(item) if index_of(items[0]) is not None]
    if not arrays:
        return (None, item) if takes(topic, None) else (item, None)
    name, items = arrays[0]
    hit = [one for one in items if takes(topic, index_of(one))]
    rest = [one for one in items if not takes(topic, index_of(one))]
    return replace(item, **{name: rest}) if rest else None, replace(item, **{name: hit}) if hit else None


def _topics(value: object, name_of: NameOf) -> Iterator[tuple[str, Sequence[int]]]:
    for name, items in array_fields(value):
        for item in items:
            if isinstance(item, str) and name == "topic_names":
                yield item, ()
            elif is_dataclass(item):
                topic = topic_of(item, name_of) if "topic" in name else None
                if topic is not None:
                    yield topic, [index for index in _indexes(item) if index is not None]
                else:
                    yield from _topics(item, name_of)


def _indexes(item: object) -> Iterable[int | None]:
    for name, items in array_fields(item):
        if "partition" in name:
            yield from map(index_of, items)


def _texts(value: object, names: Sequence[str], lists: Sequence[str]) -> Iterator[str]:
    for name in names:
        text = getattr(value, name, None)
        if isinstance(text, str) and text:
            yield text
    for name, items in array_fields(value):
        for item in items:
            if isinstance(item, str) and name in lists:
                yield item
            elif is_dataclass(item) and "topic" not in name:
                yield from _texts(item, names, lists)
