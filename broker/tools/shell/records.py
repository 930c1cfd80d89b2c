"""`odradek records`: some records of a partition as a table."""

from itertools import islice

import click

from .client import Failed, Kafka, connected
from .output import show, show_json
from .positions import clamped, latest, shown_time
from .reading import headers_of, read, shown


@click.command()
@click.argument("topic")
@click.argument("partition", type=click.IntRange(min=0), default=0)
@click.option("--offset", type=click.IntRange(min=0), help="The first one.  [the newest --count]")
@click.option("--count", type=click.IntRange(min=1), default=20, show_default=True, help="How many at most.")
@click.option("--uncommitted", is_flag=True, help="Records of open and aborted transactions as well.")
@connected
def records(
    kafka: Kafka, as_json: bool, topic: str, partition: int, offset: int | None, count: int, uncommitted: bool
) -> None:
    """A table of records of one partition: offset, time, key, value, headers."""
    if partition not in kafka.partitions_of(topic):
        raise Failed(f"{topic} has no partition {partition}")
    place = (topic, partition)
    wanted = latest(kafka, [place])[place] - count if offset is None else offset
    messages = read(kafka, clamped(kafka, {place: wanted}), follows=False, is_committed_only=not uncommitted)
    found = [(shown(message), message) for message in islice(messages, count)]
    if as_json:
        show_json([record for record, _ in found])
        return
    rows = [
        (
            record["offset"],
            shown_time(message.timestamp()[1]),
            record["key"],
            record["value"],
            headers_of(message),
        )
        for record, message in found
    ]
    show(("offset", "time", "key", "value", "headers"), rows, as_json=False)
