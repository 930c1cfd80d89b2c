"""ClusterState: the state of a cluster under a test's control: kept by name, brought back, branched off, emptied.

The one rule: what is kept is shared with the cluster, never copied, and never changed again; what is wrong is refused
before anything is touched.
"""

from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, Protocol, TypeVar

from ...storage.files.memory_files import MemoryFiles
from ..config.config_def import nearest
from .cluster_export import export_cluster
from .cluster_import import import_cluster
from .running_cluster import RunningCluster

R = TypeVar("R")


class StateError(ValueError):
    """There is no such state; the text names the nearest that there is."""


class Host(Protocol):
    """Where the cluster's loop runs."""

    def run(self, work: Callable[[], Coroutine[Any, Any, R]], timeout_s: float | None = None) -> R: ...


class ClusterState:
    """The snapshots of one cluster, and what is done with them. They live as long as it does."""

    def __init__(self, host: Host, running: RunningCluster) -> None:
        self._host = host
        self._running = running
        self._kept: dict[str, MemoryFiles] = {}

    def snapshot(self, name: str) -> None:
        """Keep the state as it is now, under a name; one that was kept under it before is let go."""
        if not name:
            raise StateError("a snapshot has a name")
        self._kept[name] = self._host.run(self._running.copy_files)

    def snapshots(self) -> list[str]:
        """The names of what is kept, in the order of their keeping."""
        return list(self._kept)

    def restore(self, name: str) -> None:
        """Be as the snapshot says. Connections close, the address listens on, the clock goes on. StateError."""
        kept = self._find(name)
        self._host.run(lambda: self._running.replace(kept))

    def reset(self) -> None:
        """Be as just made, at the same address; snapshots, faults and the clock stay."""
        self._host.run(lambda: self._running.replace(MemoryFiles()))

    def fork(self, name: str | None = None) -> RunningCluster:
        """Another cluster that begins with a snapshot, or as this one is now. StateError."""
        kept = self._host.run(self._running.copy_files) if name is None else self._find(name)
        return self._host.run(lambda: self._running.fork(kept))

    def forget(self, name: str) -> None:
        """Keep a snapshot no longer. StateError."""
        self._find(name)
        del self._kept[name]

    def export(self, path: str | Path) -> None:
        """Write topics, settings, records and committed offsets to a file, packed if it ends in .gz. OSError."""
        self._host.run(lambda: self._export(path))

    async def _export(self, path: str | Path) -> None:
        export_cluster(self._running.cluster.context, path)

    def import_(self, path: str | Path) -> None:
        """Bring in what a file of lines has, exported or written by hand. ImportRefused names the line. OSError."""
        self._host.run(lambda: import_cluster(self._running, path))

    def _find(self, name: str) -> MemoryFiles:
        kept = self._kept.get(name)
        if kept is None:
            there = ", ".join(map(repr, self._kept)) or "none"
            raise StateError(f"there is no snapshot {name!r}{nearest(name, self._kept)}; there are: {there}")
        return kept
