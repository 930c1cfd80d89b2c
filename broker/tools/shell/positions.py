"""Where to read from, or to set a group to: earliest, latest, an offset, a time."""

from collections.abc import Sequence
from datetime import UTC, datetime

import click

from .client import Kafka

Place = tuple[str, int]  # topic and partition


def time_ms(text: str) -> int:
    """Milliseconds since 1970: given so, or as 2026-01-31T12:00:00, which is UTC unless it says otherwise."""
    if text.isdecimal():
        return int(text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(f"{text!r} is neither milliseconds nor like 2026-01-31T12:00:00") from None
    return round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)


def shown_time(timestamp_ms: int) -> str | None:
    """A record's time for people, in UTC; None where it has none."""
    if timestamp_ms < 0:
        return None
    try:
        return datetime.fromtimestamp(timestamp_ms / 1000, UTC).isoformat(timespec="milliseconds")
    except (ValueError, OverflowError, OSError):  # years that no calendar has
        return str(timestamp_ms)


def earliest(kafka: Kafka, places: Sequence[Place]) -> dict[Place, int]:
    """Where each partition begins."""
    return kafka.offsets_of(places, kafka.admin_module.OffsetSpec.earliest())


def latest(kafka: Kafka, places: Sequence[Place]) -> dict[Place, int]:
    """Where each partition ends."""
    return kafka.offsets_of(places, kafka.admin_module.OffsetSpec.latest())


def at_time(kafka: Kafka, places: Sequence[Place], timestamp_ms: int) -> dict[Place, int]:
    """The first record of each partition that is not older; its end where all are."""
    found = kafka.offsets_of(places, kafka.admin_module.OffsetSpec.for_timestamp(timestamp_ms))
    ends = latest(kafka, [place for place in places if found[place] < 0])
    return {place: ends.get(place, found[place]) for place in places}


def clamped(kafka: Kafka, wanted: dict[Place, int]) -> dict[Place, int]:
    """The same, within what each partition has."""
    begins, ends = earliest(kafka, list(wanted)), latest(kafka, list(wanted))
    return {place: max(begins[place], min(offset, ends[place])) for place, offset in wanted.items()}
