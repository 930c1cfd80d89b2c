"""AsyncKafkaCluster: a cluster as a test sees it that is made of coroutines. KafkaCluster is the same, from any thread.

What it shows is read where it lies, past every client: nothing is joined, fetched or committed for it. The way to the
cluster's loop is its home's.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TypeVar

from ...protocol.errors import ErrorCode, KafkaError
from ..contexts import Contexts
from ..journal.entries import JournalEntry, JournalRequest
from .async_brokers import AsyncKafkaBrokers, AsyncKafkaLinks
from .async_powers import AsyncKafkaClock, AsyncKafkaFaults
from .broker_commands import elect_leaders
from .brokers_seen import SeenPartition, seen_partition, seen_partitions
from .cluster_export import export_cluster
from .cluster_import import import_cluster
from .cluster_journal import explainer, text_of, watched
from .given import (
    Setting,
    check_count,
    check_factor,
    check_many,
    check_partition,
    check_topic,
    setting_texts,
    wants_all,
)
from .home import Home
from .inspection import (
    GivenRecord,
    SeenGroup,
    SeenOffsets,
    append_records,
    committed_offsets,
    create_topic,
    offsets_of,
    records_of,
    seen_groups,
)
from .records_seen import SeenRecord, is_committed
from .replica_waits import await_in_sync, await_leader, await_under_replicated
from .running_cluster import RunningCluster
from .snapshots import forget_snapshot, fork_cluster, reset_cluster, restore_snapshot, take_snapshot
from .waiting import AWAIT_S, wait_for

# A topic may come, a leader may be elected, and a coordinator may have read its log in a moment.
NOT_YET = (
    ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
    ErrorCode.LEADER_NOT_AVAILABLE,
    ErrorCode.COORDINATOR_NOT_AVAILABLE,
    ErrorCode.COORDINATOR_LOAD_IN_PROGRESS,
    ErrorCode.NOT_COORDINATOR,
    ErrorCode.BROKER_NOT_AVAILABLE,
)

R = TypeVar("R")


class AsyncKafkaCluster:
    """A cluster; `bootstrap` is for clients. `close` it, or leave its `async with` block."""

    def __init__(self, home: Home, running: RunningCluster) -> None:
        self._home = home
        self._running = running
        self.bootstrap = running.cluster.bootstrap
        self.clock = AsyncKafkaClock(home, running)
        self.faults = AsyncKafkaFaults(home, running)
        self.brokers = AsyncKafkaBrokers(home, running)
        self.links = AsyncKafkaLinks(home, running)

    async def __aenter__(self) -> "AsyncKafkaCluster":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """End it: its connections are closed, and what was in it is gone, but for what is on disk."""
        if self._home.let_go(self._running):
            await self._home.reach(self._running.stop)

    async def look(self, work: Callable[[RunningCluster], R]) -> R:
        """What `work` finds, on the cluster's own loop."""

        async def looked() -> R:
            return work(self._running)

        return await self._home.reach(looked)

    # Topics and records

    async def topic(
        self,
        name: str,
        partitions: int | None = None,
        config: Mapping[str, Setting] | None = None,
        *,
        replication_factor: int | None = None,
    ) -> None:
        """A topic that is there when this returns; without numbers as `num.partitions` and
        `default.replication.factor` have it. KafkaError.
        """
        check_topic(name)
        check_count(partitions)
        check_factor(replication_factor)
        texts = setting_texts(config)
        await self._home.reach(lambda: create_topic(self._contexts, name, partitions, texts, replication_factor))

    async def produce(
        self,
        topic: str,
        records: Iterable[bytes | GivenRecord],
        *,
        partition: int | None = None,
        acks: str | int = "all",
    ) -> Sequence[tuple[int, int]]:
        """Append records, past every client; where each is: partition and offset.

        Without a partition they are dealt out in turn, from the first on. A topic that is missing is created, if
        `auto.create.topics.enable` allows it. With `acks` 1 no replica is waited for. KafkaError.
        """
        check_topic(topic)
        check_partition(partition)
        check_many(records)
        is_replicated = wants_all(acks)
        given = [one if isinstance(one, GivenRecord) else GivenRecord(one) for one in records]
        return await self._home.reach(
            lambda: append_records(self._contexts, topic, given, partition, is_replicated=is_replicated)
        )

    async def records(
        self, topic: str, partition: int | None = None, *, isolation: str = "read_committed"
    ) -> list[SeenRecord]:
        """What is in a topic, by partition and offset; with `read_uncommitted` also what was aborted or is open.

        KafkaError for a topic or partition that is not there.
        """
        if isolation not in ("read_committed", "read_uncommitted"):
            raise ValueError(f"isolation is read_committed or read_uncommitted, not {isolation!r}")
        found = await self.look(lambda running: records_of(running.contexts, topic, partition))
        return found if isolation == "read_uncommitted" else [record for record in found if is_committed(record)]

    async def offsets(self, topic: str, partition: int = 0) -> SeenOffsets:
        """Where a partition stands. KafkaError."""
        return await self.look(lambda running: offsets_of(running.contexts, topic, partition))

    # Leaders and replicas

    async def partition(self, topic: str, partition: int = 0) -> SeenPartition:
        """Who leads it, who is in sync, and how far the log of each replica goes. KafkaError."""
        return await self.look(lambda running: seen_partition(running.contexts, topic, partition))

    async def partitions(self, topic: str) -> dict[int, SeenPartition]:
        """The same of all partitions of a topic, by their indexes. KafkaError."""
        return await self.look(lambda running: seen_partitions(running.contexts, topic))

    async def leader(self, topic: str, partition: int = 0) -> int | None:
        """The broker that leads a partition, as the controller has it; None where it has no leader. KafkaError."""
        return (await self.partition(topic, partition)).leader

    async def isr(self, topic: str, partition: int = 0) -> set[int]:
        """The brokers that are in sync, as the controller has it. KafkaError."""
        return set((await self.partition(topic, partition)).isr)

    async def elect_leaders(
        self, topic: str | None = None, partition: int | None = None, *, is_unclean: bool = False
    ) -> None:
        """Have the preferred leaders lead, or, where it `is_unclean`, any replica that is there where none does.

        Of one partition, of all of a topic, or of all there are. KafkaError.
        """
        await self._home.reach(lambda: elect_leaders(self._running, topic, partition, is_unclean=is_unclean))

    async def await_leader(
        self, topic: str, partition: int = 0, *, other_than: int | None = None, timeout_s: float = AWAIT_S
    ) -> int:
        """The leader, once there is one, and another than the broker named. AssertionError says how it was instead."""
        found = await self._home.reach(lambda: await_leader(self._running, topic, partition, other_than, timeout_s))
        leader = found[partition].leader
        assert leader is not None
        return leader

    async def await_in_sync(
        self, topic: str, partition: int | None = None, *, timeout_s: float = AWAIT_S
    ) -> Mapping[int, SeenPartition]:
        """The partitions of a topic, or one, once each has a leader and all its replicas in sync. AssertionError."""
        return await self._home.reach(lambda: await_in_sync(self._running, topic, partition, timeout_s))

    async def await_under_replicated(
        self, topic: str, partition: int | None = None, *, timeout_s: float = AWAIT_S
    ) -> Mapping[int, SeenPartition]:
        """The same, once one of them has replicas that are not in sync, or no leader. AssertionError."""
        return await self._home.reach(lambda: await_under_replicated(self._running, topic, partition, timeout_s))

    # Groups

    async def committed(self, group: str) -> dict[tuple[str, int], int]:
        """The committed offsets of a group, by topic and partition; none for a group that is not there."""
        return await self.look(lambda running: committed_offsets(running.contexts, group))

    async def groups(self) -> dict[str, SeenGroup]:
        """All groups, by their ids."""
        return await self.look(lambda running: seen_groups(running.contexts))

    # Waiting

    async def await_records(self, topic: str, count: int, *, timeout_s: float = AWAIT_S) -> list[SeenRecord]:
        """The committed records of a topic, once there are so many. AssertionError says what was there instead."""

        async def look() -> tuple[bool, list[SeenRecord]]:
            try:
                found = await self.records(topic)
            except KafkaError as error:
                if error.code not in NOT_YET:
                    raise
                found = []
            return len(found) >= count, found

        return await wait_for(look, timeout_s, f"{count} records in {topic!r}", lambda found: [r.value for r in found])

    async def await_committed(
        self, group: str, offsets: Mapping[tuple[str, int], int], *, timeout_s: float = AWAIT_S
    ) -> dict[tuple[str, int], int]:
        """The committed offsets of a group, once each of these is reached. AssertionError says where it stood."""

        async def look() -> tuple[bool, dict[tuple[str, int], int]]:
            try:
                found = await self.committed(group)
            except KafkaError as error:
                if error.code not in NOT_YET:
                    raise
                found = {}
            return all(found.get(at, -1) >= offset for at, offset in offsets.items()), found

        return await wait_for(look, timeout_s, f"group {group!r} at {dict(offsets)}", lambda found: found)

    async def await_group(
        self, group: str, *, state: str | None = None, members: int | None = None, timeout_s: float = AWAIT_S
    ) -> SeenGroup:
        """A group, once it is there, in this state (Kafka's word for it) and with so many members. AssertionError."""

        async def look() -> tuple[bool, SeenGroup | None]:
            found = (await self.groups()).get(group)
            is_so = found is not None and state in (None, found.state) and members in (None, len(found.members))
            return is_so, found

        wanted = f"group {group!r}" + (f" {state}" if state else "")
        wanted += f" with {members} members" if members is not None else ""
        found = await wait_for(look, timeout_s, wanted, lambda found: found or "no such group")
        assert found is not None
        return found

    async def await_requests(
        self,
        count: int = 1,
        api: str | None = None,
        client_id: str | None = None,
        topic: str | None = None,
        group: str | None = None,
        *,
        timeout_s: float = AWAIT_S,
    ) -> Sequence[JournalRequest]:
        """The requests in the journal that fit, once there are so many. AssertionError says which there were."""

        async def look() -> tuple[bool, Sequence[JournalRequest]]:
            found = await self.requests(api, client_id, topic, group)
            return len(found) >= count, found

        named = ("client", client_id), ("topic", topic), ("group", group)
        wanted = f"{count} requests {api or ''}" + "".join(f" of {what} {name!r}" for what, name in named if name)
        return await wait_for(look, timeout_s, wanted.strip(), lambda found: [one.title for one in found])

    # What happened, and why

    async def journal(self) -> Sequence[JournalEntry]:
        """Requests with their answers, and decisions with their causes, the newest last; each has a `text`."""
        return await self.look(lambda running: watched(running).journal.entries())

    async def journal_text(self, most: int = 50) -> str:
        """The newest lines of the journal; of what clients repeat, the last one only."""
        return await self.look(lambda running: text_of(running, most))

    async def requests(
        self,
        api: str | None = None,
        client_id: str | None = None,
        topic: str | None = None,
        group: str | None = None,
    ) -> Sequence[JournalRequest]:
        """The requests that fit all that is given. ValueError for an API that Kafka does not have."""
        return await self.look(lambda running: watched(running).journal.requests(api, client_id, topic, group))

    async def explain_group(self, name: str) -> str:
        """Who is in a group, and why it rebalanced. KafkaError says which groups there are."""
        return await self.look(lambda running: explainer(running).group(name))

    async def explain_transaction(self, transactional_id: str) -> str:
        """How far a transactional id is, and who fenced whom. KafkaError says which ids there are."""
        return await self.look(lambda running: explainer(running).transaction(transactional_id))

    async def explain_partition(self, topic: str, index: int = 0) -> str:
        """Where a partition stands, and why. KafkaError says which topics there are."""
        return await self.look(lambda running: explainer(running).partition(topic, index))

    async def explain_client(self, client_id: str) -> str:
        """What a client asked for, and what became of it. ValueError says which clients there were."""
        return await self.look(lambda running: explainer(running).client(client_id))

    # Its state

    async def snapshot(self, name: str) -> None:
        """Keep the state as it is now, under a name; one that was kept under it before is let go. StateError."""
        await self._home.reach(lambda: take_snapshot(self._running, name))

    async def snapshots(self) -> list[str]:
        """The names of what is kept, in the order of their keeping."""
        return await self.look(lambda running: list(running.snapshots))

    async def forget_snapshot(self, name: str) -> None:
        """Keep a snapshot no longer. StateError."""
        await self.look(lambda running: forget_snapshot(running, name))

    async def restore(self, name: str) -> None:
        """Be as the snapshot says. Connections close, the address listens on, the clock goes on. StateError."""
        await self._home.reach(lambda: restore_snapshot(self._running, name))

    async def reset(self) -> None:
        """Be as just made, at the same address; snapshots, faults and the clock stay."""
        await self._home.reach(lambda: reset_cluster(self._running))

    async def fork(self, name: str | None = None) -> "AsyncKafkaCluster":
        """Another cluster that begins with a snapshot, or as this one is now. StateError."""
        running = await self._home.reach(lambda: fork_cluster(self._running, name))
        self._home.keep(running)
        return AsyncKafkaCluster(self._home, running)

    async def export(self, path: str | Path) -> None:
        """Write topics, settings, records and committed offsets to a file, packed if it ends in .gz. OSError."""
        await self._home.reach(lambda: export_cluster(self._running, path))

    async def import_(self, path: str | Path) -> None:
        """Bring in what a file of lines has, exported or written by hand. ImportRefused names the line. OSError."""
        await self._home.reach(lambda: import_cluster(self._running, path))

    @property
    def _contexts(self) -> Contexts:
        return self._running.contexts
