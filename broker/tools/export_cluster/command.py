"""`odradek export-cluster`: the server.properties with which Apache Kafka goes on from a data directory.

The rule: the directory itself is Apache Kafka's already, and is not changed; there is nothing to convert.
"""

import os
import secrets
import sys
from pathlib import Path

import click

from ....storage.directory import DirectoryError
from ...config.config_def import ConfigError
from ...config.listeners import EVERY_INTERFACE, parse_address
from ...config.release import AS_VERSION
from ...config.sources import DEFAULT_ADDRESS, Settings, collect, listeners_of, read_properties
from ...config.start_topics import TOPICS_SETTING
from .kafka_settings import encode_settings, kafka_settings
from .node_listeners import NodeAddresses
from .source_directory import SourceDirectory, copy_source, open_source

PROPERTIES = "server.properties"


@click.command("export-cluster")
@click.argument("directory", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "--to", "out", metavar="OUT", required=True, type=click.Path(path_type=Path), help="Where to write; it is made."
)
@click.option("--copy", "is_copied", is_flag=True, help="Copy the data to OUT/data, and have Apache Kafka use that.")
@click.option(
    "--config",
    "config_file",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The server.properties that Odradek had; its settings are carried over.",
)
@click.option("--set", "assignments", metavar="NAME=VALUE", multiple=True, help="A setting; may be repeated.")
@click.option(
    "--listen",
    metavar="HOST:PORT",
    multiple=True,
    help=f"Where clients are listened to, unless `listeners` says it; may be repeated.  [{DEFAULT_ADDRESS}]",
)
@click.option(
    "--controller",
    metavar="HOST:PORT",
    default="127.0.0.1:9093",
    show_default=True,
    help="Where the controller listens, unless the settings say it: more brokers need one that they can reach.",
)
@click.option(
    "--brokers",
    metavar="HOST:PORT",
    default="127.0.0.1:9094",
    show_default=True,
    help="Where brokers are listened to, if clients' listeners are protected and the settings name none for brokers.",
)
def export_cluster(
    directory: Path,
    out: Path,
    is_copied: bool,
    config_file: Path | None,
    assignments: tuple[str, ...],
    listen: tuple[str, ...],
    controller: str,
    brokers: str,
) -> None:
    """Have Apache Kafka 4.3 go on from DIR, the data directory of an Odradek that is stopped.

    Writes OUT/server.properties for one node, broker and controller, and prints what to run. The data stays where it
    is and is Apache Kafka's from then on; with --copy Odradek's stays as it was. Settings come from the file, then from
    the environment as for `odradek serve`, then from here. What was set while Odradek ran is in the data.
    """
    try:
        with open_source(directory) as source:
            _check_out(source, out, is_copied=is_copied)
            given = _collect(config_file, assignments, listen)
            addresses = NodeAddresses(
                _address(controller, "--controller"), _address(brokers, "--brokers"), secrets.token_urlsafe(24)
            )
            data = out.resolve() / "data" if is_copied else source.path
            settings = kafka_settings(
                given.values, source.node_id, str(data), addresses, is_voter_recorded=source.is_voter_recorded
            )
            out.mkdir(parents=True, exist_ok=True)
            if is_copied:
                copy_source(source, out.resolve())
            _write(out / PROPERTIES, encode_settings(settings))
    except (ConfigError, DirectoryError) as error:
        click.echo(f"odradek: {error}", err=True)
        sys.exit(1)
    except OSError as error:
        click.echo(f"odradek: {error.filename or out}: {error.strerror or error}", err=True)
        sys.exit(1)
    for line in _report(out / PROPERTIES, source, data, given.unknown):
        click.echo(line)


def _check_out(source: SourceDirectory, out: Path, *, is_copied: bool) -> None:
    if out.resolve().is_relative_to(source.path):
        raise ConfigError(f"--to {out} is in the data directory, where Apache Kafka wants nothing else: name another")
    for name in (PROPERTIES, "data") if is_copied else (PROPERTIES,):
        if (out / name).exists():
            raise ConfigError(f"{out / name} is there already, and is not overwritten: remove it, or name another --to")


def _collect(config_file: Path | None, assignments: tuple[str, ...], listen: tuple[str, ...]) -> Settings:
    """What Odradek was started with; what only Odradek knows is left out, and named with what nobody knows."""
    settings = collect(read_properties(config_file), os.environ, assignments)
    if listen or "listeners" not in settings.values:
        settings.values.update(listeners_of(listen or [DEFAULT_ADDRESS]))
    if settings.topics:
        settings.unknown.append(TOPICS_SETTING)
    if settings.values.pop(AS_VERSION, None) is not None:
        settings.unknown.append(AS_VERSION)
    return settings


def _address(text: str, option: str) -> tuple[str, int]:
    host, port = parse_address(text, option)
    if host in EVERY_INTERFACE or not port:
        raise ConfigError(f"{option}: {text!r} is no address at which the node can be found: HOST:PORT")
    return host, port


def _write(path: Path, text: str) -> None:
    """For its owner alone: there may be passwords in it."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(text)


def _report(properties: Path, source: SourceDirectory, data: Path, left_out: list[str]) -> list[str]:
    lines = [f"wrote {properties}: node {source.node_id}, data in {data}"]
    if left_out:
        lines.append(f"left out, for Apache Kafka does not have them: {', '.join(left_out)}")
    lines += [
        "the directory is formatted already; with a Kafka 4.3 that is unpacked here, run",
        f"    bin/kafka-server-start.sh {properties.resolve()}",
    ]
    if data == source.path:
        lines.append("Odradek and Apache Kafka may have the directory in turns, never both at a time")
    return lines
