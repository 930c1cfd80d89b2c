"""What a test hands over, held to its types before anything is done with it: Python lets everything through.

TypeError and ValueError say what was meant to be there.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias, cast

MOST_PARTITIONS = 2**31 - 1
MOST_REPLICAS = 2**15 - 1
NAME = re.compile(r"[A-Za-z0-9._-]{1,100}")

Setting: TypeAlias = str | int | float | bool


def setting_text(name: str, value: object) -> str:
    """A setting as Kafka writes it. TypeError for what is none."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    raise TypeError(f"{name}: a setting is a text, a number, true or false, not {str(value)[:100]}")


def setting_texts(given: object) -> dict[str, str]:
    """Settings as Kafka writes them. TypeError for what are none."""
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise TypeError(f"settings are a mapping of names and values, not {given!r}")
    texts: dict[str, str] = {}
    for name, value in cast("Mapping[object, object]", given).items():
        if not isinstance(name, str):
            raise TypeError(f"a setting has a text for a name, not {name!r}")
        texts[name] = setting_text(name, value)
    return texts


def check_name(name: object, what: str) -> None:
    """ValueError for a name that does not go well into a path; `what` has it."""
    if not isinstance(name, str) or NAME.fullmatch(name) is None:
        raise ValueError(f"{name!r} is no name of {what}: 1 to 100 of a-z, A-Z, 0-9, '.', '_' and '-'")


def check_topic(name: object) -> None:
    """TypeError for what cannot be a topic's name; which texts can is for the broker to say."""
    if not isinstance(name, str):
        raise TypeError(f"a topic's name is a text, not {name!r}")


def check_count(partitions: object) -> None:
    """TypeError or ValueError for what cannot be the number of a topic's partitions."""
    if partitions is None:
        return
    if isinstance(partitions, bool) or not isinstance(partitions, int):
        raise TypeError(f"the number of partitions is an int, not {partitions!r}")
    if abs(partitions) > MOST_PARTITIONS:  # the rest is for the broker to say
        raise ValueError(f"a topic has {MOST_PARTITIONS} partitions at most, not {partitions}")


def check_factor(factor: object) -> None:
    """TypeError or ValueError for what cannot be the number of a partition's replicas."""
    if factor is None:
        return
    if isinstance(factor, bool) or not isinstance(factor, int):
        raise TypeError(f"the replication factor is an int, not {factor!r}")
    if abs(factor) > MOST_REPLICAS:  # the rest is for the broker to say
        raise ValueError(f"a partition has {MOST_REPLICAS} replicas at most, not {factor}")


def check_brokers(count: object, racks: object) -> None:
    """TypeError for what cannot be a number of brokers, or their racks."""
    if isinstance(count, bool) or not isinstance(count, int):
        raise TypeError(f"the number of brokers is an int, not {count!r}")
    if isinstance(racks, str) or not isinstance(racks, Sequence):
        raise TypeError(f"racks are a list of texts, one for each broker, not {racks!r}")
    for rack in cast("Sequence[object]", racks):
        if rack is not None and not (isinstance(rack, str) and rack):
            raise TypeError(f"a rack is a text, or None, not {rack!r}")


def check_partition(partition: object) -> None:
    """TypeError for what cannot be a partition; which there are is for the topic to say."""
    if partition is not None and (isinstance(partition, bool) or not isinstance(partition, int)):
        raise TypeError(f"a partition is an int, not {partition!r}")


def wants_all(acks: object) -> bool:
    """Whether all replicas in sync are to have what is appended, by acks as producers have it. ValueError."""
    if not isinstance(acks, bool):
        if acks in ("all", "-1", -1):
            return True
        if acks in ("1", 1):
            return False
    raise ValueError(f"acks is 'all' or 1, not {acks!r}")


def check_many(records: object) -> None:
    """TypeError for what are no records one after the other, such as one alone."""
    if isinstance(records, str | bytes | bytearray | memoryview) or not isinstance(records, Iterable):
        raise TypeError(f"records are given as a list, not as {records!r}")


def check_bytes(what: str, given: object) -> None:
    """TypeError for what no record can have, such as a text."""
    if not isinstance(given, bytes | bytearray | memoryview | None):
        raise TypeError(f"a record's {what} is bytes or None, not {given!r}: a text is to be encoded")


def check_headers(given: object) -> None:
    """TypeError for what are no headers."""
    pairs = cast("Sequence[object]", given) if isinstance(given, tuple | list) else [given]
    for pair in pairs:
        both = cast("Sequence[object]", pair) if isinstance(pair, tuple | list) else ()
        if len(both) != 2:
            raise TypeError(f"a record's headers are a list of pairs of name and value, not of {pair!r}")
        name, value = both
        if not isinstance(name, str):
            raise TypeError(f"a header's name is a text, not {name!r}")
        check_bytes(f"header {name!r}", value)


def check_time(timestamp_ms: object) -> None:
    """TypeError or ValueError for what is no timestamp."""
    if timestamp_ms is None:
        return
    if isinstance(timestamp_ms, bool) or not isinstance(timestamp_ms, int):
        raise TypeError(f"a record's timestamp_ms is an int of milliseconds since 1970, not {timestamp_ms!r}")
    if not -1 <= timestamp_ms < 1 << 63:
        raise ValueError(f"a record's timestamp_ms is milliseconds since 1970, not {timestamp_ms}")
