"""`odradek groups`: list, describe with lag, reset, delete."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import click

from .client import Failed, Kafka, connected
from .output import show, show_json
from .positions import Place, at_time, clamped, earliest, latest, time_ms


@click.group()
def groups() -> None:
    """Consumer groups of a cluster."""


@groups.command("list")
@connected
def list_groups(kafka: Kafka, as_json: bool) -> None:
    """Every group, with its state."""
    found = kafka.result(kafka.admin.list_consumer_groups(request_timeout=kafka.timeout_s))
    if found.errors:
        raise Failed("; ".join(str(error) for error in found.errors))
    rows = sorted((one.group_id, one.state.name.lower(), one.type.name.lower()) for one in found.valid)
    show(("group", "state", "type"), rows, as_json=as_json)


@groups.command()
@click.argument("name", metavar="GROUP")
@connected
def describe(kafka: Kafka, as_json: bool, name: str) -> None:
    """Members of a group, its committed offsets, and how far they lag behind the ends of the partitions."""
    group = kafka.results(kafka.admin.describe_consumer_groups([name], request_timeout=kafka.timeout_s))[name]
    holders: dict[Place, Any] = {
        (one.topic, one.partition): member for member in group.members for one in _assigned(member)
    }
    committed = _committed(kafka, name)
    places = sorted({*committed, *holders})
    ends = latest(kafka, places)
    rows: list[Sequence[object]] = []
    for place in places:
        holder, offset = holders.get(place), committed.get(place)
        lag = None if offset is None else max(0, ends[place] - offset)
        client, host = (None, None) if holder is None else (holder.client_id, holder.host)
        rows.append((*place, offset, ends[place], lag, client, host))
    columns = ("topic", "partition", "committed", "end", "lag", "client", "host")
    state, lags = group.state.name.lower(), sum(int(str(row[4])) for row in rows if row[4] is not None)
    if as_json:
        members = [{"member": one.member_id, "client": one.client_id, "host": one.host} for one in group.members]
        partitions = [dict(zip(columns, row, strict=True)) for row in rows]
        show_json({"group": name, "state": state, "lag": lags, "members": members, "partitions": partitions})
        return
    click.echo(f"{name}  {state}  members {len(group.members)}  assignor {group.partition_assignor or '-'}  lag {lags}")
    show(columns, rows, as_json=False)


@groups.command()
@click.argument("name", metavar="GROUP")
@click.option(
    "--topic", "topics", metavar="TOPIC[:PARTITION]", multiple=True, help="What to reset.  [all that it has committed]"
)
@click.option("--to-earliest", is_flag=True)
@click.option("--to-latest", is_flag=True)
@click.option("--to-offset", type=click.IntRange(min=0))
@click.option("--to-time", type=time_ms, help="Milliseconds, or 2026-01-31T12:00:00.")
@click.option("--shift", type=int, help="So many records on, or back if it is negative.")
@click.option("--execute", is_flag=True, help="Do it; without this it is only shown.")
@connected
def reset(
    kafka: Kafka,
    as_json: bool,
    name: str,
    topics: tuple[str, ...],
    to_earliest: bool,
    to_latest: bool,
    to_offset: int | None,
    to_time: int | None,
    shift: int | None,
    execute: bool,
) -> None:
    """Set committed offsets of a group that has no members: first shown, then done with --execute."""
    committed = _committed(kafka, name)
    places = _places(kafka, topics) if topics else sorted(committed)
    if not places:
        raise Failed(f"{name} has committed nothing: --topic names what to reset")
    if shift is not None and (missing := [place for place in places if place not in committed]):
        raise Failed(f"nothing is committed for {missing[0][0]}-{missing[0][1]}: it cannot be shifted")
    targets: dict[str, tuple[bool, Callable[[], Mapping[Place, int]]]] = {
        "--to-earliest": (to_earliest, lambda: earliest(kafka, places)),
        "--to-latest": (to_latest, lambda: latest(kafka, places)),
        "--to-offset": (to_offset is not None, lambda: clamped(kafka, dict.fromkeys(places, to_offset or 0))),
        "--to-time": (to_time is not None, lambda: at_time(kafka, places, to_time or 0)),
        "--shift": (shift is not None, lambda: clamped(kafka, {at: committed[at] + (shift or 0) for at in places})),
    }
    chosen = [target for is_given, target in targets.values() if is_given]
    if len(chosen) != 1:
        raise click.UsageError(f"exactly one of {', '.join(targets)} is needed")
    offsets = chosen[0]()
    if execute:
        _commit(kafka, name, offsets)
    rows = [(*place, committed.get(place), offsets[place]) for place in places]
    show(("topic", "partition", "from", "to"), rows, as_json=as_json)
    if not execute:
        click.echo("nothing was changed yet: --execute does it", err=True)


@groups.command()
@click.argument("names", metavar="GROUP...", nargs=-1, required=True)
@connected
def delete(kafka: Kafka, as_json: bool, names: tuple[str, ...]) -> None:
    """Delete groups that have no members, with their offsets."""
    kafka.results(kafka.admin.delete_consumer_groups(list(names), request_timeout=kafka.timeout_s))
    show(("group", "result"), [(name, "deleted") for name in names], as_json=as_json)


def _assigned(member: Any) -> Sequence[Any]:
    return member.assignment.topic_partitions if member.assignment else ()


def _committed(kafka: Kafka, name: str) -> dict[Place, int]:
    """What the group has committed."""
    asked = [kafka.module.ConsumerGroupTopicPartitions(name)]
    (future,) = kafka.admin.list_consumer_group_offsets(asked, request_timeout=kafka.timeout_s).values()
    found = kafka.result(future).topic_partitions or ()
    return {(one.topic, one.partition): int(one.offset) for one in found if one.offset >= 0}


def _places(kafka: Kafka, topics: Sequence[str]) -> list[Place]:
    """The partitions that TOPIC, or TOPIC:PARTITION, stand for."""
    found: list[Place] = []
    for text in topics:
        topic, _, partition = text.partition(":")
        there = kafka.partitions_of(topic)
        if partition and (not partition.isdecimal() or int(partition) not in there):
            raise Failed(f"{topic} has no partition {partition}")
        found += [(topic, int(partition))] if partition else [(topic, one) for one in there]
    return sorted(set(found))


def _commit(kafka: Kafka, name: str, offsets: Mapping[Place, int]) -> None:
    position = kafka.module.TopicPartition
    wanted = [position(topic, partition, offset) for (topic, partition), offset in offsets.items()]
    asked = [kafka.module.ConsumerGroupTopicPartitions(name, wanted)]
    (future,) = kafka.admin.alter_consumer_group_offsets(asked, request_timeout=kafka.timeout_s).values()
    failed = [one for one in kafka.result(future).topic_partitions if one.error is not None]
    if failed:
        raise Failed("\n".join(f"{one.topic}-{one.partition}: {one.error.str()}" for one in failed))
