"""`odradek produce`: records from arguments, or one from each line of standard input."""

import sys
from collections.abc import Iterable, Iterator
from typing import Any

import click

from .client import Failed, Kafka, connected, pairs
from .output import show

Row = tuple[str, int, int]  # topic, partition, offset
BUSY_S = 0.1


@click.command()
@click.argument("topic")
@click.argument("values", metavar="[VALUE]...", nargs=-1)
@click.option("--key", help="The key of every record.")
@click.option("--key-separator", metavar="TEXT", help="Each value begins with its key, up to this text.")
@click.option("--header", "headers", metavar="NAME=VALUE", multiple=True, help="A header; may be repeated.")
@click.option("--partition", type=click.IntRange(min=0), help="[as the client chooses]")
@click.option("--tombstone", is_flag=True, help="A record without a value; needs --key.")
@connected
def produce(
    kafka: Kafka,
    as_json: bool,
    topic: str,
    values: tuple[str, ...],
    key: str | None,
    key_separator: str | None,
    headers: tuple[str, ...],
    partition: int | None,
    tombstone: bool,
) -> None:
    """Write records; without values, one for each line of standard input. Returns when all are acknowledged."""
    if tombstone and (key is None or values):
        raise click.UsageError("--tombstone takes a --key and no values")
    if key_separator == "" or (key is not None and key_separator is not None):
        raise click.UsageError("--key-separator is a text, and does not go with --key")
    options: dict[str, Any] = {"headers": pairs(headers, "--header")}
    if partition is not None:
        options["partition"] = partition
    records: Iterable[tuple[str | None, str | None]]
    records = [(key, None)] if tombstone else _records(values or _lines(), key, key_separator)
    rows = _send(kafka, topic, records, options)
    show(("topic", "partition", "offset"), rows, as_json=as_json)


def _lines() -> Iterator[str]:
    for line in sys.stdin:
        yield line.rstrip("\r\n")


def _records(values: Iterable[str], key: str | None, separator: str | None) -> Iterator[tuple[str | None, str | None]]:
    for value in values:
        if separator is None:
            yield key, value
        else:
            own, found, rest = value.partition(separator)
            if not found:
                raise Failed(f"{value!r} has no {separator!r} between key and value")
            yield own, rest


def _send(
    kafka: Kafka, topic: str, records: Iterable[tuple[str | None, str | None]], options: dict[str, Any]
) -> list[Row]:
    """The place of each record, in the order of their acknowledgement. Failed where one was not acknowledged."""
    producer = kafka.producer()
    rows: list[Row] = []
    failures: list[str] = []

    def delivered(error: Any, message: Any) -> None:
        if error is not None:
            failures.append(str(error.str()))
        else:
            rows.append((message.topic(), message.partition(), message.offset()))

    try:
        for key, value in records:
            while True:
                try:
                    producer.produce(topic, value=value, key=key, on_delivery=delivered, **options)
                    break
                except BufferError:
                    producer.poll(BUSY_S)
            producer.poll(0)
    finally:
        producer.flush(kafka.timeout_s)
    if failures:
        raise Failed(f"{len(failures)} of {len(failures) + len(rows)} records not written: {failures[0]}")
    return rows
