"""The directory of several brokers (`odradek serve --brokers 3`): one of the controller, and one of each broker.

The rule: it is taken as a whole, or not at all. What is in use or was killed is named, and nothing is changed.
"""

import re
from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

from ....protocol.wire import CorruptFrame
from ....storage.checking.metadata import stored_records
from ....storage.directory import DirectoryError
from ....storage.files.read_only_files import ReadOnlyFiles
from ....storage.meta_properties import META_PROPERTIES
from ...metadata.image import MetadataImage
from ...node import CONTROLLER_DIRECTORY
from .source_directory import METADATA_LOG, SourceDirectory, open_source

_OF_BROKER = re.compile(r"node-([1-9][0-9]*)")


class BrokerSource(NamedTuple):
    """One broker's directory, and the rack in which it is registered."""

    directory: SourceDirectory
    rack: str | None


class SeveralSources(NamedTuple):
    """The whole cluster, the brokers by their ids."""

    path: Path
    controller: SourceDirectory
    brokers: Sequence[BrokerSource]


def is_of_several(path: Path) -> bool:
    """Whether a directory is that of several brokers."""
    return (path / CONTROLLER_DIRECTORY / META_PROPERTIES).is_file()


@contextmanager
def open_several(path: Path) -> Generator[SeveralSources]:
    """All of them, stopped cleanly; nobody else may take one meanwhile. DirectoryError."""
    path = path.resolve()
    ids = sorted(int(found[1]) for one in path.iterdir() if (found := _OF_BROKER.fullmatch(one.name)))
    if not ids:
        raise DirectoryError(f"{path} has a controller, and no brokers: there is no node-1")
    started_by = f"--brokers {max(*ids, 2)} --data-dir {path}"
    with ExitStack() as stack:
        controller = stack.enter_context(open_source(path / CONTROLLER_DIRECTORY, started_by))
        directories = [
            stack.enter_context(open_source(path / f"node-{one}", started_by, has_metadata=False)) for one in ids
        ]
        for node_id, directory in zip(ids, directories, strict=True):
            if (directory.node_id, directory.cluster_id) != (node_id, controller.cluster_id):
                raise DirectoryError(
                    f"{directory.path} is that of node {directory.node_id} of the cluster {directory.cluster_id}: it "
                    f"is no part of {controller.cluster_id}"
                )
        image = _read_image(controller)
        registered = {node_id: image.brokers.get(node_id) for node_id in ids}
        racks = {node_id: None if broker is None else broker.rack for node_id, broker in registered.items()}
        yield SeveralSources(path, controller, [BrokerSource(one, racks[one.node_id]) for one in directories])


def _read_image(controller: SourceDirectory) -> MetadataImage:
    image = MetadataImage()
    try:
        for value in stored_records(ReadOnlyFiles(), str(controller.path / METADATA_LOG)):
            image.replay(value)
    except (OSError, CorruptFrame) as error:
        raise DirectoryError(f"{error}; `odradek check-log {controller.path}` tells what is wrong") from None
    return image
