"""Clusters on files for tests: with snapshots, damaged, and what is in them."""

from odradek.storage.files.memory_files import MemoryFiles

from ..clusters import (
    Changes,
    cluster_on,
    create,
)


def names_of(cluster: Changes) -> list[str]:
    return list(cluster.image.topics)


def told() -> MemoryFiles:
    """Three topics, each but the last followed by a snapshot."""
    files = MemoryFiles()
    cluster = cluster_on(files)
    for number, name in enumerate("abc"):
        create(cluster, name, bytes([number + 1]) * 16, 2, {"retention.ms": "5"})
        if name != "c":
            cluster.write_snapshot()
    return files
