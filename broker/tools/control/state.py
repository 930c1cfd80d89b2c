"""`odradek control snapshot`, `restore`, `fork`, `reset`, `snapshots`, `export`, `import`: the state of a cluster."""

from typing import BinaryIO

import click

from .client import ControlClient
from .output import show


@click.command()
@click.argument("name")
@click.pass_obj
def snapshot(client: ControlClient, name: str) -> None:
    """Keep the state as it is now, under a name."""
    show([client.call("POST", "snapshots", body={"name": name})])


@click.command()
@click.argument("name")
@click.pass_obj
def restore(client: ControlClient, name: str) -> None:
    """Be as a snapshot says."""
    show([client.call("POST", "snapshots", name, "restore")])


@click.command()
@click.argument("snapshot_name", metavar="SNAPSHOT")
@click.argument("name")
@click.pass_obj
def fork(client: ControlClient, snapshot_name: str, name: str) -> None:
    """Make a cluster that begins with a snapshot; its bootstrap is in what is printed."""
    show([client.call("POST", "snapshots", snapshot_name, "fork", body={"name": name})])


@click.command()
@click.pass_obj
def reset(client: ControlClient) -> None:
    """Be as just made; snapshots, faults and clock stay."""
    show([client.call("POST", "reset")])


@click.group()
def snapshots() -> None:
    """What is kept of the cluster."""


@snapshots.command("list")
@click.pass_obj
def list_snapshots(client: ControlClient) -> None:
    """All of them, in the order of their keeping."""
    show(client.call("GET", "snapshots")["snapshots"])


@snapshots.command("remove")
@click.argument("name")
@click.pass_obj
def remove_snapshot(client: ControlClient, name: str) -> None:
    """Keep one no longer."""
    show([client.call("DELETE", "snapshots", name)])


@click.command("export")
@click.argument("file", type=click.File("wb", lazy=True))
@click.pass_obj
def export_file(client: ControlClient, file: BinaryIO) -> None:
    """Write topics, settings, records and committed offsets to FILE as JSON lines; - is stdout."""
    lines = client.fetch("export")
    file.write(lines)  # which opens it


@click.command("import")
@click.argument("file", type=click.File("rb"))
@click.pass_obj
def import_file(client: ControlClient, file: BinaryIO) -> None:
    """Bring in what FILE has, exported or written by hand, packed by gzip or not; - is stdin."""
    show([client.call("POST", "import", data=file.read())])


COMMANDS = (snapshot, restore, fork, reset, snapshots, export_file, import_file)
