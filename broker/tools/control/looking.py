"""`odradek control topics`, `records`, `groups`, `journal`, `explain`, …: what is in a cluster, and what came of it."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from ...control.journal_operations import KINDS
from .client import ControlClient
from .options import settings_of
from .output import show

F = TypeVar("F", bound=Callable[..., Any])


@click.group(invoke_without_command=True)
@click.option("--internal", is_flag=True, default=None, help="Kafka's own topics as well.")
@click.pass_context
def topics(context: click.Context, internal: bool | None) -> None:
    """All topics; or what is done with one."""
    if context.invoked_subcommand is None:
        show(context.obj.call("GET", "topics", query={"internal": internal})["topics"])


@topics.command("create")
@click.argument("name")
@click.option("--partitions", type=int, help="How many; else `num.partitions`.")
@click.option("--replication-factor", type=int, help="How many replicas; else `default.replication.factor`.")
@click.option("--config", "assignments", metavar="NAME=VALUE", multiple=True, help="A topic's setting; repeatable.")
@click.pass_obj
def create_topic(client: ControlClient, /, name: str, assignments: tuple[str, ...], **counts: int | None) -> None:
    """Create a topic."""
    body: dict[str, Any] = {"name": name, "config": settings_of(assignments, "--config")}
    body |= {field: value for field, value in counts.items() if value is not None}
    show([client.call("POST", "topics", body=body)])


@topics.command("show")
@click.argument("topic")
@click.pass_obj
def show_topic(client: ControlClient, topic: str) -> None:
    """One topic, with its settings."""
    show([client.call("GET", "topics", topic)])


@click.command()
@click.argument("topic")
@click.option("--partition", type=int, help="One partition; else all of them.")
@click.pass_obj
def offsets(client: ControlClient, topic: str, partition: int | None) -> None:
    """Where the partitions of a topic stand."""
    show(client.call("GET", "topics", topic, "offsets", query={"partition": partition})["offsets"])


@click.command()
@click.argument("topic")
@click.option("--partition", type=int, help="One partition; else all of them.")
@click.option("--from", "start", type=int, help="The offset to begin at, with --partition.")
@click.option("--limit", type=int, help="The most records that are printed.")
@click.option("--uncommitted", is_flag=True, help="Also what was aborted or is open.")
@click.pass_obj
def records(
    client: ControlClient, topic: str, partition: int | None, start: int | None, limit: int | None, uncommitted: bool
) -> None:
    """What is in the logs, a page of it; on stderr, where it goes on."""
    isolation = "read_uncommitted" if uncommitted else None
    query = {"partition": partition, "from": start, "limit": limit, "isolation": isolation}
    page = client.call("GET", "topics", topic, "records", query=query)
    show(page["records"])
    if not page["is_complete"]:
        at = page["next"]
        click.echo(f"there is more: --partition {at['partition']} --from {at['offset']}", err=True)


@click.command()
@click.argument("topic")
@click.argument("values", metavar="VALUE…", nargs=-1, required=True)
@click.option("--key", help="The key of all of them.")
@click.option("--partition", type=int, help="The partition of all of them; else they are dealt out in turn.")
@click.option("--acks", type=click.Choice(["all", "1"]), help="1 waits for no replica.  [all]")
@click.pass_obj
def produce(
    client: ControlClient, topic: str, values: tuple[str, ...], key: str | None, partition: int | None, acks: str | None
) -> None:
    """Append records, past every client and fault; prints where each is."""
    given = [{"value": value} if key is None else {"value": value, "key": key} for value in values]
    body: dict[str, Any] = {"records": given}
    body |= {} if partition is None else {"partition": partition}
    body |= {} if acks is None else {"acks": acks}
    show(client.call("POST", "topics", topic, "records", body=body)["placed"])


@click.command()
@click.pass_obj
def groups(client: ControlClient) -> None:
    """All groups: their kinds, states and members."""
    show(client.call("GET", "groups")["groups"])


@click.command()
@click.argument("group")
@click.pass_obj
def committed(client: ControlClient, group: str) -> None:
    """The committed offsets of a group."""
    show(client.call("GET", "groups", group, "committed")["offsets"])


def _journal_options(command: F) -> F:
    for option in (
        click.option("--client-id", help="Requests of this client only."),
        click.option("--topic", help="Requests that name this topic only."),
        click.option("--group", help="Requests that name this group only."),
        click.option("--after", type=int, help="Entries behind this number only."),
        click.option("--most", type=int, help="So many of the newest at most."),
        click.option("--json", "as_json", is_flag=True, help="As objects with all their fields."),
    ):
        command = option(command)
    return command


@click.command()
@click.option("--api", help="Requests of this API only.")
@_journal_options
@click.pass_obj
def journal(client: ControlClient, /, as_json: bool, **query: Any) -> None:
    """What the cluster saw and decided, a line each, the newest last."""
    _show_entries(client, query, as_json=as_json)


@click.command()
@click.argument("api", required=False)
@_journal_options
@click.pass_obj
def requests(client: ControlClient, /, as_json: bool, **query: Any) -> None:
    """The requests of the journal, of one API or all, a line each, the newest last."""
    _show_entries(client, query, as_json=as_json, kinds=("request",))


def _show_entries(
    client: ControlClient, query: dict[str, Any], *, as_json: bool, kinds: tuple[str, ...] = ("request", "decision")
) -> None:
    entries = client.call("GET", "journal", query=query)["entries"]
    found = [one for one in entries if one["kind"] in kinds]
    if as_json:
        show(found)
    else:
        for one in found:
            click.echo(one["text"])


@click.command()
@click.argument("kind", type=click.Choice(KINDS))
@click.argument("name")
@click.option("--partition", type=int, help="Of a topic.  [0]")
@click.pass_obj
def explain(client: ControlClient, kind: str, name: str, partition: int | None) -> None:
    """How a group, a transaction, a partition or a client stands, and what became of it."""
    click.echo(client.call("GET", "explain", kind, name, query={"partition": partition})["text"])


@click.command()
@click.pass_obj
def health(client: ControlClient) -> None:
    """Whether it serves."""
    show([client.call("GET", "health")])


@click.command()
@click.pass_obj
def describe(client: ControlClient) -> None:
    """All that the control plane can do, as an OpenAPI document."""
    show([client.call("GET", "openapi.json")])


COMMANDS = (topics, offsets, records, produce, groups, committed, journal, requests, explain, health, describe)
