"""ClusterState: the state of a cluster under a test's control, from any thread. What is done is in `snapshots`."""

from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, Protocol, TypeVar

from .cluster_export import export_cluster
from .cluster_import import import_cluster
from .running_cluster import RunningCluster
from .snapshots import (
    StateError,
    forget_snapshot,
    fork_cluster,
    reset_cluster,
    restore_snapshot,
    take_snapshot,
)

__all__ = ["ClusterState", "StateError"]

R = TypeVar("R")


class Host(Protocol):
    """Where the cluster's loop runs."""

    def run(self, work: Callable[[], Coroutine[Any, Any, R]], timeout_s: float | None = None) -> R: ...


class ClusterState:
    """The snapshots of one cluster, and what is done with them. They live as long as it does."""

    def __init__(self, host: Host, running: RunningCluster) -> None:
        self._host = host
        self._running = running

    def snapshot(self, name: str) -> None:
        """Keep the state as it is now, under a name; one that was kept under it before is let go."""
        self._host.run(lambda: take_snapshot(self._running, name))

    def snapshots(self) -> list[str]:
        """The names of what is kept, in the order of their keeping."""
        return list(self._running.snapshots)

    def restore(self, name: str) -> None:
        """Be as the snapshot says. Connections close, the address listens on, the clock goes on. StateError."""
        self._host.run(lambda: restore_snapshot(self._running, name))

    def reset(self) -> None:
        """Be as just made, at the same address; snapshots, faults and the clock stay."""
        self._host.run(lambda: reset_cluster(self._running))

    def fork(self, name: str | None = None) -> RunningCluster:
        """Another cluster that begins with a snapshot, or as this one is now. StateError."""
        return self._host.run(lambda: fork_cluster(self._running, name))

    def forget(self, name: str) -> None:
        """Keep a snapshot no longer. StateError."""
        forget_snapshot(self._running, name)

    def export(self, path: str | Path) -> None:
        """Write topics, settings, records and committed offsets to a file, packed if it ends in .gz. OSError."""
        self._host.run(lambda: export_cluster(self._running, path))

    def import_(self, path: str | Path) -> None:
        """Bring in what a file of lines has, exported or written by hand. ImportRefused names the line. OSError."""
        self._host.run(lambda: import_cluster(self._running, path))
