"""What is done with the state of a cluster, on its own loop: kept by name, brought back, branched off, emptied.

The one rule: what is kept is shared with the cluster, never copied, and never changed again; what is wrong is refused
before anything is touched. Each has the cluster alone: no two of them are under way in it at once.
"""

from ...storage.files.memory_files import MemoryFiles
from ..config.config_def import nearest
from ..journal.entries import at_text
from .given import check_name
from .running_cluster import RunningCluster, Snapshot


class StateError(ValueError):
    """There is no such state; the text names the nearest that there is."""


async def take_snapshot(running: RunningCluster, name: str) -> Snapshot:
    """Keep the state as it is now, under a name; one that was kept under it before is let go. StateError."""
    try:
        check_name(name, "a snapshot")
    except ValueError as error:
        raise StateError(str(error)) from None
    async with running.alone():
        files = await running.copy_files()
        taken = running.snapshots[name] = Snapshot(name, running.clock.now_ms(), files)
        running.note("snapshot", name, "taken")
        return taken


def find_snapshot(running: RunningCluster, name: str) -> Snapshot:
    """One by its name. StateError."""
    found = running.snapshots.get(name)
    if found is None:
        there = ", ".join(map(repr, running.snapshots)) or "none"
        raise StateError(f"there is no snapshot {name!r}{nearest(name, running.snapshots)}; there are: {there}")
    return found


def forget_snapshot(running: RunningCluster, name: str) -> Snapshot:
    """Keep a snapshot no longer. StateError."""
    found = find_snapshot(running, name)
    del running.snapshots[name]
    return found


async def restore_snapshot(running: RunningCluster, name: str) -> Snapshot:
    """Be as the snapshot says. Connections close, the address listens on, the clock goes on. StateError."""
    async with running.alone():
        found = find_snapshot(running, name)
        await running.replace(found.files, f"as in {_title(found)}: what came after it is gone")
        return found


async def reset_cluster(running: RunningCluster) -> None:
    """Be as just made, at the same address; snapshots, faults and the clock stay."""
    async with running.alone():
        await running.replace(MemoryFiles(), "reset: all that it had is gone")


async def fork_cluster(running: RunningCluster, name: str | None) -> RunningCluster:
    """Another cluster that begins with a snapshot, or as this one is now. StateError."""
    async with running.alone():
        found = None if name is None else find_snapshot(running, name)
        forked = await running.fork(await running.copy_files() if found is None else found.files)
        begun = "begun as another one was" if found is None else f"begun as in {_title(found)} of another one"
        forked.note("cluster", forked.cluster_id, begun)
        return forked


def _title(snapshot: Snapshot) -> str:
    return f"snapshot {snapshot.name!r} of {at_text(snapshot.at_ms)}"
