"""`odradek export-cluster`: the server.properties with which Apache Kafka goes on from a data directory.

The rule: the directory itself is Apache Kafka's already, and is not changed; there is nothing to convert.
"""

import os
import secrets
import sys
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import click

from ....storage.directory import DirectoryError
from ...config.config_def import ConfigError
from ...config.listeners import EVERY_INTERFACE, parse_address
from ...config.release import AS_VERSION
from ...config.sources import DEFAULT_ADDRESS, Settings, collect, listeners_of, read_properties
from ...config.start_topics import TOPICS_SETTING
from .exported_nodes import ExportedNode, check_places, write_nodes
from .kafka_settings import kafka_settings
from .node_listeners import NodeAddresses
from .several_settings import Member, combined_settings, isolated_settings
from .several_sources import SeveralSources, is_of_several, open_several
from .source_directory import SourceDirectory, open_source

# Where the nodes' own listeners are, unless they are given: of one node, and of several, whose clients' ports count up.
_OF_ONE = ("127.0.0.1:9093", "127.0.0.1:9094")
_OF_SEVERAL = ("127.0.0.1:19092", "127.0.0.1:29092")


class _Asked(NamedTuple):
    """What is to be done."""

    out: Path
    is_copied: bool
    is_combined: bool
    given: Settings
    controller: str | None
    brokers: str | None

    def addresses(self, defaults: tuple[str, str]) -> NodeAddresses:
        """Where the nodes' own listeners are to be; they share a password."""
        controller = _address(self.controller or defaults[0], "--controller")
        return NodeAddresses(controller, _address(self.brokers or defaults[1], "--brokers"), secrets.token_urlsafe(24))


@click.command("export-cluster")
@click.argument("directory", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "--to", "out", metavar="OUT", required=True, type=click.Path(path_type=Path), help="Where to write; it is made."
)
@click.option("--copy", "is_copied", is_flag=True, help="Copy the data to OUT, and have Apache Kafka use the copy.")
@click.option(
    "--combined",
    "is_combined",
    is_flag=True,
    help="Of several brokers: every one is a controller, too, and there is none apart. With --copy only.",
)
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
    help="Where clients are listened to, unless `listeners` says it; may be repeated. Of several brokers the ports "
    f"count up.  [{DEFAULT_ADDRESS}]",
)
@click.option(
    "--controller",
    metavar="HOST:PORT",
    help="Where the controller listens, unless the settings say it: more brokers need one that they can reach.  "
    f"[{_OF_ONE[0]}; of several brokers {_OF_SEVERAL[0]}]",
)
@click.option(
    "--brokers",
    metavar="HOST:PORT",
    help="Where brokers are listened to, if clients' listeners are protected and the settings name none for brokers.  "
    f"[{_OF_ONE[1]}; of several brokers {_OF_SEVERAL[1]} and up]",
)
def export_cluster(
    directory: Path,
    out: Path,
    is_copied: bool,
    is_combined: bool,
    config_file: Path | None,
    assignments: tuple[str, ...],
    listen: tuple[str, ...],
    controller: str | None,
    brokers: str | None,
) -> None:
    """Have Apache Kafka 4.3 go on from DIR, the data directory of an Odradek that is stopped.

    Writes OUT/server.properties for one node, broker and controller; of several brokers OUT/controller and
    OUT/node-1, OUT/node-2, ... with one each. Prints what to run. The data stays where it is and is Apache Kafka's from
    then on; with --copy Odradek's stays as it was. Settings come from the file, then from the environment as for
    `odradek serve`, then from here. What was set while Odradek ran is in the data.
    """
    try:
        given = _collect(config_file, assignments, listen)
        asked = _Asked(out, is_copied, is_combined, given, controller, brokers)
        with _planned(directory, asked) as (root, nodes, settings):
            check_places(root, out, nodes)
            write_nodes(nodes, settings)
    except (ConfigError, DirectoryError) as error:
        click.echo(f"odradek: {error}", err=True)
        sys.exit(1)
    except OSError as error:
        click.echo(f"odradek: {error.filename or out}: {error.strerror or error}", err=True)
        sys.exit(1)
    for line in _report(nodes, given.unknown):
        click.echo(line)


_Plan = tuple[Path, Sequence[ExportedNode], Sequence[Mapping[str, str]]]


@contextmanager
def _planned(directory: Path, asked: _Asked) -> Generator[_Plan]:
    """What is exported, locked; the nodes that come of it, and their settings. ConfigError, DirectoryError."""
    if is_of_several(directory):
        with open_several(directory) as sources:
            plan = _combined if asked.is_combined else _isolated
            yield sources.path, *plan(sources, asked)
        return
    if asked.is_combined:
        raise ConfigError(f"--combined is for several brokers, and {directory} is the directory of one")
    with open_source(directory) as source:
        node = ExportedNode(asked.out, source, asked.is_copied)
        yield source.path, [node], [_of_one(node, source, asked)]


def _of_one(node: ExportedNode, source: SourceDirectory, asked: _Asked) -> Mapping[str, str]:
    return kafka_settings(
        asked.given.values,
        source.node_id,
        str(node.data),
        asked.addresses(_OF_ONE),
        is_voter_recorded=source.is_voter_recorded,
    )


def _isolated(sources: SeveralSources, asked: _Asked) -> tuple[Sequence[ExportedNode], Sequence[Mapping[str, str]]]:
    nodes = [
        ExportedNode(asked.out / one.path.name, one, asked.is_copied)
        for one in (sources.controller, *(broker.directory for broker in sources.brokers))
    ]
    racks = (None, *(broker.rack for broker in sources.brokers))
    members = [Member(node.source.node_id, str(node.data), rack) for node, rack in zip(nodes, racks, strict=True)]
    settings = isolated_settings(
        asked.given.values,
        members[0],
        members[1:],
        asked.addresses(_OF_SEVERAL),
        is_voter_recorded=sources.controller.is_voter_recorded,
    )
    return nodes, settings


def _combined(sources: SeveralSources, asked: _Asked) -> tuple[Sequence[ExportedNode], Sequence[Mapping[str, str]]]:
    if not asked.is_copied:
        raise ConfigError(
            "--combined needs --copy: each broker gets a metadata log, and Odradek's would be out of date"
        )
    if sources.controller.is_voter_recorded:
        raise ConfigError(
            f"--combined: the metadata log says that node {sources.controller.node_id} alone votes; without --combined "
            "it goes on, and kafka-metadata-quorum.sh adds controllers then"
        )
    nodes = [
        ExportedNode(asked.out / one.directory.path.name, one.directory, True, sources.controller)
        for one in sources.brokers
    ]
    members = [
        Member(node.source.node_id, str(node.data), one.rack) for node, one in zip(nodes, sources.brokers, strict=True)
    ]
    return nodes, combined_settings(asked.given.values, members, asked.addresses(_OF_SEVERAL))


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


def _report(nodes: Sequence[ExportedNode], left_out: list[str]) -> list[str]:
    lines = [f"wrote {node.properties}: node {node.source.node_id}, data in {node.data}" for node in nodes]
    if left_out:
        lines.append(f"left out, for Apache Kafka does not have them: {', '.join(left_out)}")
    starts = [f"bin/kafka-server-start.sh {node.properties.resolve()}" for node in nodes]
    if len(nodes) == 1:
        lines.append("the directory is formatted already; with a Kafka 4.3 that is unpacked here, run")
    else:
        # Its own log files lie in one directory else, whatever number of processes begin in it.
        logs = [node.properties.resolve().with_name("logs") for node in nodes]
        starts = [f"LOG_DIR={directory} {start}" for directory, start in zip(logs, starts, strict=True)]
        lines.append(
            "the directories are formatted already; with a Kafka 4.3 that is unpacked here, run, each by itself and in "
            "this order,"
        )
    lines += [f"    {start}" for start in starts]
    if not nodes[0].is_copied:
        what = "the directory" if len(nodes) == 1 else "the directories"
        lines.append(f"Odradek and Apache Kafka may have {what} in turns, never both at a time")
    return lines
