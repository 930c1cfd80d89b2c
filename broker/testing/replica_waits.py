"""Waiting for leaders and replicas: whoever waits is woken by what the controller records, and polls nothing."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ...protocol.metadata_records import PartitionRecord
from ..metadata.topic_image import PartitionImage
from .brokers_seen import SeenPartition, seen_partitions
from .running_cluster import RunningCluster

Partitions = Mapping[int, SeenPartition]
MOST_SHOWN = 10  # partitions in the text of a wait that was in vain


@dataclass
class Wanted:
    """What each partition is to be, or one of them; from what the controller has of it."""

    is_so: Callable[[PartitionRecord], bool]
    of_each: bool = True
    at: int = 0  # where the last look has ended: the next begins there, as each partition may change by itself

    def is_met(self, partitions: Mapping[int, PartitionImage]) -> bool:
        """Whether they are as they are wanted."""
        indexes = list(partitions)
        for step in range(len(indexes)):
            at = (self.at + step) % len(indexes)
            if self.is_so(partitions[indexes[at]].record) is not self.of_each:
                self.at = at
                return not self.of_each
        return self.of_each


async def await_partitions(
    running: RunningCluster,
    topic: str,
    partition: int | None,
    wanted: Wanted,
    named: str,
    timeout_s: float,
    ending: asyncio.Event | None = None,
) -> Partitions:
    """The partitions of a topic, or the one that is named, once they are as they are wanted; a topic may yet come.

    AssertionError says how they were instead; also when `ending` is set. NotRunning.
    """

    def there() -> Mapping[int, PartitionImage]:
        found = running.contexts.image.topics.get(topic)
        if found is None:
            return {}
        if partition is None:
            return found.partitions
        return {partition: found.partitions[partition]} if partition in found.partitions else {}

    def look() -> tuple[bool, Partitions]:
        partitions = there()
        if not partitions or not wanted.is_met(partitions):
            return False, {}
        return True, seen_partitions(running.contexts, topic, partition)

    is_there, seen = await running.changes.wait(look, timeout_s, ending)
    if not is_there:
        others = [index for index, one in there().items() if not wanted.is_so(one.record)]
        shown = [str(seen_partitions(running.contexts, topic, index)[index]) for index in sorted(others)[:MOST_SHOWN]]
        more = f"; and {len(others) - MOST_SHOWN} more" if len(others) > MOST_SHOWN else ""
        instead = "; ".join(shown) + more or ("they are so by now" if there() else "no such topic or partition")
        raise AssertionError(f"after {timeout_s:g} s there were not {named}, but: {instead}")
    return seen


def _is_in_sync(record: PartitionRecord) -> bool:
    return record.leader >= 0 and set(record.isr) == set(record.replicas)


async def await_in_sync(
    running: RunningCluster,
    topic: str,
    partition: int | None,
    timeout_s: float,
    ending: asyncio.Event | None = None,
) -> Partitions:
    """Once each has a leader, and all its replicas are in sync. AssertionError."""
    wanted = f"all replicas of {_named(topic, partition)} in sync"
    return await await_partitions(running, topic, partition, Wanted(_is_in_sync), wanted, timeout_s, ending)


async def await_under_replicated(
    running: RunningCluster,
    topic: str,
    partition: int | None,
    timeout_s: float,
    ending: asyncio.Event | None = None,
) -> Partitions:
    """Once one of them has replicas that are not in sync, or no leader. AssertionError."""
    wanted = f"replicas of {_named(topic, partition)} that are not in sync"
    is_short = Wanted(lambda record: not _is_in_sync(record), of_each=False)
    return await await_partitions(running, topic, partition, is_short, wanted, timeout_s, ending)


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
    is_led = Wanted(lambda record: record.leader >= 0 and record.leader != other_than)
    return await await_partitions(running, topic, partition, is_led, wanted, timeout_s, ending)


def _named(topic: str, partition: int | None) -> str:
    return repr(topic) if partition is None else f"{topic}-{partition}"
