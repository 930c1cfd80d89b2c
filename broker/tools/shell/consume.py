"""`odradek consume`: records of a topic as lines, to its end or as they come."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

import click

from .client import Failed, Kafka, connected
from .output import show_json
from .positions import Place, at_time, clamped, earliest, latest, time_ms
from .reading import line_of, read, shown


@click.command()
@click.argument("topic")
@click.option(
    "--partition", "partitions", type=click.IntRange(min=0), multiple=True, help="May be repeated.  [all of them]"
)
@click.option("--offset", type=click.IntRange(min=0), help="From this offset of each partition.")
@click.option("--time", "since_ms", type=time_ms, help="From this time: milliseconds, or 2026-01-31T12:00:00.")
@click.option("--last", type=click.IntRange(min=0), help="The newest so many of each partition.")
@click.option("--follow", is_flag=True, help="Go on with what comes; alone, only that.")
@click.option("--max", "most", type=click.IntRange(min=1), help="At most so many.")
@click.option("--uncommitted", is_flag=True, help="Records of open and aborted transactions as well.")
@connected
def consume(
    kafka: Kafka,
    as_json: bool,
    topic: str,
    partitions: tuple[int, ...],
    offset: int | None,
    since_ms: int | None,
    last: int | None,
    follow: bool,
    most: int | None,
    uncommitted: bool,
) -> None:
    """Print records, a line each: PARTITION:OFFSET, time, key, headers, value. From the beginning, to the end."""
    if sum(one is not None for one in (offset, since_ms, last)) > 1:
        raise click.UsageError("only one of --offset, --time, --last")
    there = kafka.partitions_of(topic)
    for partition in partitions:
        if partition not in there:
            raise Failed(f"{topic} has no partition {partition}")
    places = [(topic, partition) for partition in sorted(set(partitions)) or there]
    starts = _starts(kafka, places, offset, since_ms, last, follow)
    messages: Iterator[Any] = read(kafka, starts, follows=follow, is_committed_only=not uncommitted)
    try:
        for message in islice(messages, most):
            if as_json:
                show_json(shown(message))
            else:
                click.echo(line_of(message))
    except KeyboardInterrupt:
        """Which is how a person ends --follow."""


def _starts(
    kafka: Kafka, places: list[Place], offset: int | None, since_ms: int | None, last: int | None, follow: bool
) -> dict[Place, int]:
    """Where to begin in each partition."""
    if offset is not None:
        return clamped(kafka, dict.fromkeys(places, offset))
    if since_ms is not None:
        return at_time(kafka, places, since_ms)
    if last is not None:
        return clamped(kafka, {place: end - last for place, end in latest(kafka, places).items()})
    return latest(kafka, places) if follow else earliest(kafka, places)
