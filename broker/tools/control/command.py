"""`odradek control`: faults, clock, clusters and state of a broker that serves with --control, and what is in it.

What is answered is printed as JSON, one object a line.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from ...control.clock_operations import UNITS
from ...control.fault_operations import RULE
from ...control.operation import Kind
from . import brokers, looking, state
from .client import ControlClient
from .options import settings_of
from .output import show
from .rule_files import add_all, read_rules

F = TypeVar("F", bound=Callable[..., Any])

_TYPES: dict[Kind, type] = {"string": str, "integer": int, "number": float}


@click.group()
@click.option(
    "--url",
    metavar="URL",
    envvar="ODRADEK_CONTROL",
    required=True,
    show_envvar=True,
    help="Where the control plane is, as the ready line has it.",
)
@click.option("--cluster", metavar="NAME", help="The cluster that is meant.  [the one that is served]")
@click.pass_context
def control(context: click.Context, url: str, cluster: str | None) -> None:
    """Rule a broker that serves with --control: its faults, its clock, its clusters, its state."""
    context.obj = ControlClient(url, cluster)


def _rule_options(command: F) -> F:
    """An option for each field of a rule."""
    for one in reversed(RULE):
        name = f"--{one.name.replace('_', '-')}"
        if one.kind == "boolean":
            command = click.option(name, is_flag=True, default=None, help=one.about)(command)
        else:
            command = click.option(name, type=_TYPES[one.kind], help=one.about)(command)
    return command


@control.group()
def faults() -> None:
    """What goes wrong with requests, by rules."""


@faults.command("add")
@_rule_options
@click.option("--file", "path", type=click.Path(path_type=Path), help="Rules from a file, JSON or YAML, one or a list.")
@click.pass_obj
def add_fault(client: ControlClient, /, path: Path | None, **rule: Any) -> None:
    """Have a fault at work, or those of a file, all or none; the ids are in what is printed."""
    if path is not None:
        if any(value is not None for value in rule.values()):
            raise click.UsageError("--file has whole rules: no other option goes with it")
        show(add_all(client, read_rules(path)))
        return
    show([client.call("POST", "faults", body={name: value for name, value in rule.items() if value is not None})])


@faults.command("list")
@click.option("--never-hit", is_flag=True, default=None, help="Those that have hit nothing.")
@click.pass_obj
def list_faults(client: ControlClient, never_hit: bool | None) -> None:
    """The faults at work, and how often each was hit."""
    show(client.call("GET", "faults", query={"never_hit": never_hit})["faults"])


@faults.command("show")
@click.argument("fault_id", metavar="ID")
@click.option("--hits", type=int, help="Wait until it has hit so many.")
@click.option("--timeout-ms", type=int, help="How long.  [10000]")
@click.pass_obj
def show_fault(client: ControlClient, fault_id: str, hits: int | None, timeout_ms: int | None) -> None:
    """One fault, and how often it has hit."""
    show([client.call("GET", "faults", fault_id, query={"hits": hits, "timeout_ms": timeout_ms})])


@faults.command("remove")
@click.argument("fault_id", metavar="ID")
@click.pass_obj
def remove_fault(client: ControlClient, fault_id: str) -> None:
    """Have a fault hit nothing any more."""
    show([client.call("DELETE", "faults", fault_id)])


@faults.command("clear")
@click.pass_obj
def clear_faults(client: ControlClient) -> None:
    """Have none any more; prints those that there were."""
    show(client.call("DELETE", "faults")["faults"])


@control.group()
def clock() -> None:
    """What time it is for the cluster."""


@clock.command("show")
@click.pass_obj
def show_clock(client: ControlClient) -> None:
    """What time it is, and how fast it goes."""
    show([client.call("GET", "clock")])


def _unit_options(command: F) -> F:
    for unit in reversed([*UNITS]):
        command = click.option(f"--{unit}", type=float, help=f"So many {unit}.")(command)
    return command


@clock.command("advance")
@_unit_options
@click.pass_obj
def advance_clock(client: ControlClient, /, **by: float | None) -> None:
    """Move the clock on; returns when all that became due has been done."""
    named = {unit: value for unit, value in by.items() if value is not None}
    if not named:
        raise click.UsageError(f"advance by what? It has {', '.join(f'--{unit}' for unit in UNITS)}")
    show([client.call("POST", "clock", "advance", body=named)])


@clock.command("freeze")
@click.pass_obj
def freeze_clock(client: ControlClient) -> None:
    """Stand still."""
    show([client.call("POST", "clock", "freeze")])


@clock.command("run")
@click.option("--rate", type=float, default=1.0, show_default=True, help="Seconds in each of the machine's.")
@click.pass_obj
def run_clock(client: ControlClient, rate: float) -> None:
    """Go on, as the machine's clock goes or at another rate."""
    show([client.call("POST", "clock", "run", body={"rate": rate})])


@control.group()
def clusters() -> None:
    """Clusters of the process, each apart from the others."""


@clusters.command("create")
@click.argument("name")
@click.option("--set", "assignments", metavar="NAME=VALUE", multiple=True, help="One of Kafka's settings; repeatable.")
@click.option("--brokers", type=int, help="How many brokers it has.  [1]")
@click.option("--racks", metavar="RACK,RACK,…", help="The racks of the brokers, in order.")
@click.option("--seed", type=int, help="Makes every id in it the same in every run.")
@click.option("--frozen-at", "frozen_at_ms", type=int, metavar="MS", help="Its clock stands still there.")
@click.pass_obj
def create_cluster(
    client: ControlClient, /, name: str, assignments: tuple[str, ...], racks: str | None, **how: int | None
) -> None:
    """Make a cluster in memory; its bootstrap is in what is printed."""
    body: dict[str, Any] = {"name": name, "settings": settings_of(assignments, "--set")}
    body |= {field: value for field, value in how.items() if value is not None}
    show([client.call("POST", "clusters", body=body if racks is None else {**body, "racks": racks.split(",")})])


@clusters.command("list")
@click.pass_obj
def list_clusters(client: ControlClient) -> None:
    """All clusters, the served one first."""
    show(client.call("GET", "clusters")["clusters"])


@clusters.command("show")
@click.argument("name")
@click.pass_obj
def show_cluster(client: ControlClient, name: str) -> None:
    """One cluster."""
    show([client.call("GET", "clusters", name)])


@clusters.command("drop")
@click.argument("name")
@click.pass_obj
def drop_cluster(client: ControlClient, name: str) -> None:
    """End a cluster, with all that is in it."""
    show([client.call("DELETE", "clusters", name)])


for command in (*brokers.COMMANDS, *looking.COMMANDS, *state.COMMANDS):
    control.add_command(command)
