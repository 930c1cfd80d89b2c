"""`odradek topics`: list, describe, create, alter, delete."""

import click

from .client import Failed, Kafka, connected, pairs
from .configs import own_configs
from .output import show, show_json

DEFAULT = -1  # the broker's own


@click.group()
def topics() -> None:
    """Topics of a cluster."""


@topics.command("list")
@click.option("--internal", "with_internal", is_flag=True, help="Those that begin with __ as well.")
@connected
def list_topics(kafka: Kafka, as_json: bool, with_internal: bool) -> None:
    """Every topic, with its partitions and replicas."""
    found = kafka.admin.list_topics(timeout=kafka.timeout_s).topics
    rows = [
        (name, len(topic.partitions), max((len(one.replicas) for one in topic.partitions.values()), default=0))
        for name, topic in sorted(found.items())
        if with_internal or not name.startswith("__")
    ]
    show(("topic", "partitions", "replicas"), rows, as_json=as_json)


@topics.command()
@click.argument("names", metavar="NAME...", nargs=-1, required=True)
@connected
def describe(kafka: Kafka, as_json: bool, names: tuple[str, ...]) -> None:
    """Partitions, offsets and settings of topics."""
    asked = kafka.module.TopicCollection(list(names))
    found = kafka.results(kafka.admin.describe_topics(asked, request_timeout=kafka.timeout_s))
    spec = kafka.admin_module.OffsetSpec
    described: list[object] = []
    for name, topic in found.items():
        places = [(name, one.id) for one in topic.partitions]
        earliest, latest = (kafka.offsets_of(places, which) for which in (spec.earliest(), spec.latest()))
        rows = [
            (
                one.id,
                None if one.leader is None else one.leader.id,
                [replica.id for replica in one.replicas],
                [replica.id for replica in one.isr],
                earliest[name, one.id],
                latest[name, one.id],
            )
            for one in topic.partitions
        ]
        columns = ("partition", "leader", "replicas", "isr", "earliest", "latest")
        configs = own_configs(kafka, "topic", name)
        if as_json:
            partitions = [dict(zip(columns, row, strict=True)) for row in rows]
            described.append({"topic": name, "id": str(topic.topic_id), "partitions": partitions, "configs": configs})
        else:
            settings = " ".join(f"{key}={value}" for key, value in configs.items())
            click.echo(f"{name}  id {topic.topic_id}  {settings}".rstrip())
            show(columns, rows, as_json=False)
    if as_json:
        show_json(described)


@topics.command()
@click.argument("names", metavar="NAME...", nargs=-1, required=True)
@click.option("--partitions", type=click.IntRange(min=1), help="How many.  [the broker's default]")
@click.option("--replication-factor", type=click.IntRange(min=1), help="How many.  [the broker's default]")
@click.option("--config", "configs", metavar="NAME=VALUE", multiple=True, help="A setting; may be repeated.")
@click.option("--if-not-exists", is_flag=True, help="A topic that is there already is no error.")
@connected
def create(
    kafka: Kafka,
    as_json: bool,
    names: tuple[str, ...],
    partitions: int | None,
    replication_factor: int | None,
    configs: tuple[str, ...],
    if_not_exists: bool,
) -> None:
    """Create topics."""
    given = dict(pairs(configs, "--config"))
    there = set(kafka.admin.list_topics(timeout=kafka.timeout_s).topics) if if_not_exists else set[str]()
    new = [
        kafka.admin_module.NewTopic(name, partitions or DEFAULT, replication_factor or DEFAULT, config=given)
        for name in names
        if name not in there
    ]
    if new:
        kafka.results(kafka.admin.create_topics(new, request_timeout=kafka.timeout_s))
    created = {topic.topic for topic in new}
    rows = [(name, "created" if name in created else "was there") for name in names]
    show(("topic", "result"), rows, as_json=as_json)


@topics.command()
@click.argument("name")
@click.option("--partitions", type=click.IntRange(min=1), required=True, help="How many it has then.")
@connected
def alter(kafka: Kafka, as_json: bool, name: str, partitions: int) -> None:
    """Give a topic more partitions. Its settings: `odradek configs set topic NAME`."""
    new = kafka.admin_module.NewPartitions(name, partitions)
    kafka.results(kafka.admin.create_partitions([new], request_timeout=kafka.timeout_s))
    show(("topic", "partitions"), [(name, partitions)], as_json=as_json)


@topics.command()
@click.argument("names", metavar="NAME...", nargs=-1, required=True)
@connected
def delete(kafka: Kafka, as_json: bool, names: tuple[str, ...]) -> None:
    """Delete topics, with all their records."""
    if len(set(names)) < len(names):
        raise Failed("a topic is named twice")
    kafka.results(kafka.admin.delete_topics(list(names), request_timeout=kafka.timeout_s))
    show(("topic", "result"), [(name, "deleted") for name in names], as_json=as_json)
