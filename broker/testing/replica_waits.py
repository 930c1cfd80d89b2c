"""Waiting for leaders and replicas: whoever waits is woken by what the controller records, and polls nothing."""

import asyncio
from collections.abc import Callable, Iterable, Mapping

from .brokers_seen import SeenPartition, seen_partitions
from .running_cluster import RunningCluster

Partitions = Mapping[int, SeenPartition]


async def await_partitions(
    running: RunningCluster,
    topic: str,
    partition: int | None,
    is_so: Callable[[Iterable[SeenPartition]], bool],
    wanted: str,
    timeout_s: float,
    ending: asyncio.Event | None = None,
) -> Partitions:
    """The partitions of a topic, or the one that is named, once they are as they are wanted; a topic may yet come.

    AssertionError says how they were instead; also when `ending` is set. NotRunning.
    """

    def look() -> tuple[bool, Partitions]:
        found = running.contexts.image.topics.get(topic)
        if found is None or (partition is not None and partition not in found.partitions):
            return False, {}
        seen = seen_partitions(running.contexts, topic, partition)
        return is_so(seen.values()), seen

    is_there, seen = await running.changes.wait(look, timeout_s, ending)
    if not is_there:
        there = "; ".join(map(str, seen.values())) or "no such topic or partition"
        raise AssertionError(f"after {timeout_s:g} s there were not {wanted}, but: {there}")
    return seen


async def await_in_sync(
    running: RunningCluster,
    topic: str,
    partition: int | None,
    timeout_s: float,
    ending: asyncio.Event | None = None,
) -> Partitions:
    """Once each has a leader, and all its replicas are in sync. AssertionError."""
    wanted = f"all replicas of {_named(topic, partition)} in sync"
    return await await_partitions(
        running, topic, partition, lambda found: all(one.is_in_sync for one in found), wanted, timeout_s, ending
    )


async def await_under_replicated(
    running: RunningCluster,
    topic: str,
    partition: int | None,
    timeout_s: float,
    ending: asyncio.Event | None = None,
) -> Partitions:
    """Once one of them has replicas that are not in sync, or no leader. AssertionError."""
    wanted = f"replicas of {_named(topic, partition)} that are not in sync"
    return await await_partitions(
        running, topic, partition, lambda found: any(not one.is_in_sync for one in found), wanted, timeout_s, ending
    )


async def await_leader(
    running: RunningCluster,
    topic: str,
    partition: int | None,
    other_than: int | None,
    timeout_s: float,
    ending: asyncio.Event | None = None,
) -> Partitions:
    """Once each has a leader, and that is another one than the broker named. AssertionError."""
    wanted = f"a leader of {_named(topic, partition)}" + ("" if other_than is None else f" other than {other_than}")
    return await await_partitions(
        running,
        topic,
        partition,
        lambda found: all(one.leader not in (None, other_than) for one in found),
        wanted,
        timeout_s,
        ending,
    )


def _named(topic: str, partition: int | None) -> str:
    return repr(topic) if partition is None else f"{topic}-{partition}"
