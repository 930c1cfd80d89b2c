"""The state of a cluster over HTTP: kept by name, brought back, branched off, emptied, and as a file of lines."""

import gzip
import io
import zlib
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Any

from ..beside_the_loop import beside_the_loop
from ..testing.cluster_export import export_lines
from ..testing.cluster_import import import_lines
from ..testing.exchange_lines import ImportRefused
from ..testing.running_cluster import NotInMemory, RunningCluster, Snapshot
from ..testing.snapshots import (
    StateError,
    find_snapshot,
    forget_snapshot,
    fork_cluster,
    reset_cluster,
    restore_snapshot,
    take_snapshot,
)
from .cluster_operations import VIEW as CLUSTER_VIEW
from .cluster_operations import cluster_view
from .operation import CLUSTER, Asked, Field, Operation, Refused
from .plane import MOST_SNAPSHOTS, check_name

MOST_EXPORT_BYTES = 1 << 26  # what goes out here also comes in here
MOST_LINES_BYTES = 1 << 28  # of what is imported, unpacked
PACKED = b"\x1f\x8b"
ON_DISK = (
    "this cluster is on disk, where there is no such thing: begin with --ephemeral, or make one by POST /v1/clusters"
)

VIEW = (
    Field("name", "string", "What it is called."),
    Field("at_ms", "integer", "When it was taken, by the cluster's clock."),
)
PATH = {"name": "The name of a snapshot."}


async def take(asked: Asked) -> Mapping[str, Any]:
    running, name = asked.cluster, asked.body["name"]
    check_name(name, "a snapshot")
    if name not in running.snapshots and len(running.snapshots) >= MOST_SNAPSHOTS:
        raise Refused(409, f"there are {MOST_SNAPSHOTS} snapshots, and there can be no more; remove some")
    with _explained():
        _check_in_memory(running)
        return _view(await take_snapshot(running, name))


async def list_all(asked: Asked) -> Mapping[str, Any]:
    return {"snapshots": [_view(one) for one in asked.cluster.snapshots.values()]}


async def remove(asked: Asked) -> Mapping[str, Any]:
    with _explained():
        return _view(forget_snapshot(asked.cluster, asked.path["name"]))


async def restore(asked: Asked) -> Mapping[str, Any]:
    with _explained():
        _check_in_memory(asked.cluster)
        return _view(await restore_snapshot(asked.cluster, asked.path["name"]))


async def fork(asked: Asked) -> Mapping[str, Any]:
    running, snapshot, name = asked.cluster, asked.path["name"], asked.body["name"]
    with _explained():
        _check_in_memory(running)
        find_snapshot(running, snapshot)
        return cluster_view(name, await asked.plane.add(name, lambda: fork_cluster(running, snapshot)))


async def reset(asked: Asked) -> Mapping[str, Any]:
    with _explained():
        _check_in_memory(asked.cluster)
        await reset_cluster(asked.cluster)
    return {"cluster_id": asked.cluster.cluster_id}


async def export(asked: Asked) -> bytes:
    parts, size = list[bytes](), 0
    async for line in export_lines(asked.cluster.contexts):
        parts.append(line.encode(errors="surrogateescape"))
        size += len(parts[-1])
        if size > MOST_EXPORT_BYTES:
            raise Refused(413, f"an export over HTTP has {MOST_EXPORT_BYTES} bytes at most; Python writes larger ones")
    return b"".join(parts)


async def import_(asked: Asked) -> Mapping[str, Any]:
    with _explained():
        _check_in_memory(asked.cluster)
        lines = await beside_the_loop(asked.plane.threads, lambda: _unpacked(asked.data))
        await import_lines(asked.cluster, io.TextIOWrapper(io.BytesIO(lines), "utf-8", "surrogateescape"))
    return {"bytes": len(lines)}


def _check_in_memory(running: RunningCluster) -> None:
    _ = running.memory


@contextmanager
def _explained() -> Generator[None]:
    """What is wrong is refused, with the words that Python has for it."""
    try:
        yield
    except NotInMemory:
        raise Refused(409, ON_DISK) from None
    except StateError as error:
        raise Refused(404, str(error)) from None
    except ImportRefused as error:
        raise Refused(400, str(error)) from None


def _unpacked(data: bytes) -> bytes:
    """The lines, though they be packed by gzip. Refused."""
    if not data.startswith(PACKED):
        return data
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as file:
            lines = file.read(MOST_LINES_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise Refused(400, f"the body is packed, but cannot be unpacked: {error}") from None
    if len(lines) > MOST_LINES_BYTES:
        raise Refused(413, f"a body has {MOST_LINES_BYTES} bytes at most when it is unpacked")
    return lines


def _view(taken: Snapshot) -> Mapping[str, Any]:
    return {"name": taken.name, "at_ms": taken.at_ms}


SNAPSHOTS = (
    Operation(
        "POST",
        "/v1/snapshots",
        "takeSnapshot",
        "Keep the state of a cluster in memory as it is now, under a name; a second one of the same name takes its "
        "place. Clients notice nothing.",
        take,
        body=(Field("name", "string", "What it is to be called.", is_required=True),),
        query=(CLUSTER,),
        answer=VIEW,
        status=201,
        example={"name": "one"},
        has_own_turn=True,
    ),
    Operation(
        "GET",
        "/v1/snapshots",
        "listSnapshots",
        "What is kept of the cluster, in the order of its keeping.",
        list_all,
        query=(CLUSTER,),
        answer=(Field("snapshots", "array", "One after the other.", items=VIEW),),
    ),
    Operation(
        "DELETE",
        "/v1/snapshots/{name}",
        "removeSnapshot",
        "Keep a snapshot no longer.",
        remove,
        query=(CLUSTER,),
        answer=VIEW,
        path_fields=PATH,
    ),
    Operation(
        "POST",
        "/v1/snapshots/{name}/restore",
        "restoreSnapshot",
        "Be as the snapshot says. Connections close and the address listens on; clock and faults stay as they are. "
        "What is under way in the cluster is waited for: `docs/testing.md` has what clients see.",
        restore,
        query=(CLUSTER,),
        answer=VIEW,
        path_fields=PATH,
        has_own_turn=True,
    ),
    Operation(
        "POST",
        "/v1/snapshots/{name}/fork",
        "forkSnapshot",
        "Make another cluster that begins with the snapshot, with a port, a cluster id and snapshots of its own.",
        fork,
        body=(Field("name", "string", "What the new cluster is to be called.", is_required=True),),
        query=(CLUSTER,),
        answer=CLUSTER_VIEW,
        status=201,
        example={"name": "branch"},
        path_fields=PATH,
        has_own_turn=True,
    ),
)
WHOLE = (
    Operation(
        "POST",
        "/v1/reset",
        "resetCluster",
        "Be as just made, at the same address; snapshots, faults and clock stay.",
        reset,
        query=(CLUSTER,),
        answer=(Field("cluster_id", "string", "Its id, which stays."),),
        has_own_turn=True,
    ),
    Operation(
        "GET",
        "/v1/export",
        "exportCluster",
        "Topics, settings, records and committed offsets as a file of JSON lines, of 64 MiB at most; of a cluster on "
        "disk as well.",
        export,
        query=(CLUSTER,),
        gives_file=True,
    ),
    Operation(
        "POST",
        "/v1/import",
        "importCluster",
        "Bring in such a file, written by an export or by hand, as the body: 64 MiB at most, packed by gzip or not. A "
        "line that cannot be is named, and then nothing is brought in.",
        import_,
        query=(CLUSTER,),
        answer=(Field("bytes", "integer", "How much has been read."),),
        takes_file=True,
        has_own_turn=True,
    ),
)
OPERATIONS = (*SNAPSHOTS, *WHOLE)
