"""What is written for the nodes of Apache Kafka: a place for each, with its server.properties and, if asked, its data.

The rule: nothing is overwritten, and where something fails no copy of the data is left behind.
"""

import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from ...config.config_def import ConfigError
from .kafka_settings import encode_settings
from .source_directory import COPY, SourceDirectory, copy_source

PROPERTIES = "server.properties"


class ExportedNode(NamedTuple):
    """A node: its place, whose data it goes on with, and the metadata log that the copy is to have, if any."""

    place: Path
    source: SourceDirectory
    is_copied: bool
    metadata: SourceDirectory | None = None

    @property
    def properties(self) -> Path:
        """Its settings."""
        return self.place / PROPERTIES

    @property
    def data(self) -> Path:
        """Its log directory."""
        return self.place.resolve() / COPY if self.is_copied else self.source.path


def check_places(root: Path, out: Path, nodes: Sequence[ExportedNode]) -> None:
    """Whether all of it can be written where nothing is; `root` is the directory that is exported. ConfigError."""
    if out.resolve().is_relative_to(root):
        raise ConfigError(f"--to {out} is in the data directory, where Apache Kafka wants nothing else: name another")
    for node in nodes:
        for name in (PROPERTIES, COPY) if node.is_copied else (PROPERTIES,):
            if (node.place / name).exists():
                raise ConfigError(
                    f"{node.place / name} is there already, and is not overwritten: remove it, or name another --to"
                )


def write_nodes(nodes: Sequence[ExportedNode], settings: Sequence[Mapping[str, str]]) -> None:
    """Copy what is to be copied, then write the settings. OSError."""
    copies: list[Path] = []
    try:
        for node in nodes:
            node.place.mkdir(parents=True, exist_ok=True)
            if node.is_copied:
                copies.append(copy_source(node.source, node.place.resolve(), node.metadata))
        for node, own in zip(nodes, settings, strict=True):
            _write(node.properties, encode_settings(own))
    except BaseException:
        for copy in copies:
            shutil.rmtree(copy, ignore_errors=True)
        raise


def _write(path: Path, text: str) -> None:
    """For its owner alone: there may be passwords in it."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(text)
