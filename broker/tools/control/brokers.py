"""`odradek control brokers`, `links`, `partitions`, `elect`: the brokers of a cluster, and what is between them."""

from typing import Any

import click

from ...control.replica_operations import UNTIL
from .client import ControlClient
from .output import show


@click.group()
def brokers() -> None:
    """The brokers of the cluster."""


@brokers.command("list")
@click.pass_obj
def list_brokers(client: ControlClient) -> None:
    """All of them, whether they run or not."""
    show(client.call("GET", "brokers")["brokers"])


@brokers.command("show")
@click.argument("broker_id", metavar="ID")
@click.pass_obj
def show_broker(client: ControlClient, broker_id: str) -> None:
    """One broker."""
    show([client.call("GET", "brokers", broker_id)])


@brokers.command("kill")
@click.argument("broker_id", metavar="ID")
@click.option("--unnoticed", is_flag=True, help="The controller finds out after broker.session.timeout.ms.")
@click.option("--lose-page-cache", is_flag=True, help="All is lost that no fsync has covered.")
@click.pass_obj
def kill_broker(client: ControlClient, broker_id: str, unnoticed: bool, lose_page_cache: bool) -> None:
    """Have it die."""
    body = {"noticed": not unnoticed, "page_cache": "lost" if lose_page_cache else "kept"}
    show([client.call("POST", "brokers", broker_id, "kill", body=body)])


@brokers.command("stop")
@click.argument("broker_id", metavar="ID")
@click.pass_obj
def stop_broker(client: ControlClient, broker_id: str) -> None:
    """Have others lead what it leads, then end it cleanly."""
    show([client.call("POST", "brokers", broker_id, "stop")])


@brokers.command("start")
@click.argument("broker_id", metavar="ID")
@click.pass_obj
def start_broker(client: ControlClient, broker_id: str) -> None:
    """Start it again, at its address and with its data."""
    show([client.call("POST", "brokers", broker_id, "start")])


@brokers.command("freeze")
@click.argument("broker_id", metavar="ID")
@click.pass_obj
def freeze_broker(client: ControlClient, broker_id: str) -> None:
    """Have it do nothing, its connections open."""
    show([client.call("POST", "brokers", broker_id, "freeze")])


@brokers.command("resume")
@click.argument("broker_id", metavar="ID")
@click.pass_obj
def resume_broker(client: ControlClient, broker_id: str) -> None:
    """Have it go on."""
    show([client.call("POST", "brokers", broker_id, "resume")])


@click.group()
def links() -> None:
    """What is between the brokers; an end is the id of one, `controller` or `clients`."""


_one_way = click.option("--one-way", is_flag=True, help="From the first to the second alone.")


@links.command("list")
@click.pass_obj
def list_links(client: ControlClient) -> None:
    """Those that are cut or slow, each direction by itself."""
    show(client.call("GET", "links")["links"])


@links.command("cut")
@click.argument("source", metavar="FROM")
@click.argument("target", metavar="TO")
@_one_way
@click.pass_obj
def cut_link(client: ControlClient, source: str, target: str, one_way: bool) -> None:
    """Have nothing get through; prints what is cut or slow now."""
    show(client.call("POST", "links", body=_link(source, target, one_way) | {"cut": True})["links"])


@links.command("slow")
@click.argument("source", metavar="FROM")
@click.argument("target", metavar="TO")
@click.option("--ms", type=float, required=True, help="How long everything is on its way.")
@_one_way
@click.pass_obj
def slow_link(client: ControlClient, source: str, target: str, ms: float, one_way: bool) -> None:
    """Have everything take its time; prints what is cut or slow now."""
    show(client.call("POST", "links", body=_link(source, target, one_way) | {"delay_ms": ms})["links"])


@links.command("heal")
@click.argument("ends", metavar="[FROM TO]", nargs=-1)
@_one_way
@click.pass_obj
def heal_links(client: ControlClient, ends: tuple[str, ...], one_way: bool) -> None:
    """Have everything get through at once, between two ends or everywhere; prints what is still cut or slow."""
    if len(ends) not in (0, 2):
        raise click.UsageError("a link has two ends: name both, or none for all links")
    query = _link(ends[0], ends[1], one_way) if ends else {}
    show(client.call("DELETE", "links", query=query)["links"])


def _link(source: str, target: str, one_way: bool) -> dict[str, Any]:
    return {"from": source, "to": target, "both_ways": not one_way}


@click.command()
@click.argument("topic")
@click.option("--partition", type=int, help="One partition; else all of them.")
@click.option("--until", type=click.Choice(UNTIL), help="Wait until they are so.")
@click.option("--other-than", type=int, metavar="ID", help="With --until led: led by another broker than this.")
@click.option("--timeout-ms", type=int, help="How long.  [10000]")
@click.pass_obj
def partitions(client: ControlClient, /, topic: str, **query: Any) -> None:
    """Who leads the partitions of a topic, who is in sync, and how far each log goes."""
    show(client.call("GET", "topics", topic, "partitions", query=query)["partitions"])


@click.command()
@click.argument("topic")
@click.option("--partition", type=int, help="One partition; else all of them.")
@click.option("--unclean", is_flag=True, help="Where nobody leads, one that is not in sync: what it lacks is lost.")
@click.pass_obj
def elect(client: ControlClient, topic: str, partition: int | None, unclean: bool) -> None:
    """Have the preferred replicas lead again."""
    body: dict[str, Any] = {"kind": "unclean" if unclean else "preferred"}
    body |= {} if partition is None else {"partition": partition}
    show(client.call("POST", "topics", topic, "elections", body=body)["partitions"])


COMMANDS = (brokers, links, partitions, elect)
