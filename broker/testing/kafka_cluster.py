"""KafkaCluster: a cluster as a test sees it, from any thread: topics, records, offsets, groups, the clock.

What it shows is read where it lies, past every client: nothing is joined, fetched or committed for it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import TracebackType
from typing import Any, TypeVar

from ..context import Context
from ..faults.rule import FaultRule
from ..journal.entries import JournalRequest
from .async_cluster import AsyncKafkaCluster
from .async_powers import AsyncKafkaClock, AsyncKafkaFault, AsyncKafkaFaults
from .brokers_seen import SeenPartition
from .cluster_journal import ClusterJournal
from .cluster_state import ClusterState
from .given import Setting
from .home import Inside
from .inspection import GivenRecord, SeenGroup, SeenOffsets
from .kafka_brokers import Host, KafkaBrokers, KafkaLinks
from .records_seen import SeenRecord
from .running_cluster import RunningCluster
from .waiting import AWAIT_S

R = TypeVar("R")


class KafkaClock:
    """The clock of a cluster. Moving it returns when everything that became due has been done."""

    def __init__(self, host: Host, running: RunningCluster) -> None:
        self._host = host
        self._core = AsyncKafkaClock(Inside(host), running)

    @property
    def now_ms(self) -> int:
        """Milliseconds since 1970, as the cluster has them."""
        return self._host.run(self._core.now_ms)

    def freeze(self) -> None:
        """Stand still."""
        self._host.run(self._core.freeze)

    def run(self, rate: float = 1.0) -> None:
        """Go on, at so many seconds in each of the machine's. ValueError."""
        self._host.run(lambda: self._core.run(rate))

    def advance(
        self, *, ms: float = 0, seconds: float = 0, minutes: float = 0, hours: float = 0, days: float = 0
    ) -> None:
        """Move on by all of these together. ValueError: it never goes back."""
        self._host.run(lambda: self._core.advance(ms=ms, seconds=seconds, minutes=minutes, hours=hours, days=days))


class KafkaFault:
    """A fault at work in a cluster."""

    def __init__(self, host: Host, core: AsyncKafkaFault) -> None:
        self._host = host
        self._core = core

    @property
    def fault_id(self) -> str:
        """Its name in the cluster."""
        return self._core.fault_id

    @property
    def hits(self) -> int:
        """How many requests it has hit so far."""
        return self._core.hits

    def await_hits(self, count: int = 1, *, timeout_s: float = AWAIT_S) -> int:
        """How many requests it has hit, once they are so many. AssertionError."""
        return self._host.run(lambda: self._core.await_hits(count, timeout_s=timeout_s))

    def remove(self) -> None:
        """Hit nothing any more."""
        self._host.run(self._core.remove)


class KafkaFaults:
    """The faults of a cluster."""

    def __init__(self, host: Host, running: RunningCluster) -> None:
        self._host = host
        self._core = AsyncKafkaFaults(Inside(host), running)

    def add(self, **rule: Any) -> KafkaFault:
        """Have a fault at work; its fields are those of FaultRule. FaultError."""
        return KafkaFault(self._host, self._host.run(lambda: self._core.add(**rule)))

    def clear(self) -> None:
        """Have none any more."""
        self._host.run(self._core.clear)

    def never_hit(self, *, with_gone: bool = False) -> list[FaultRule]:
        """The rules at work that have hit nothing; also those that were taken away before they did."""
        return self._host.run(lambda: self._core.never_hit(with_gone=with_gone))


class KafkaCluster(ClusterJournal):
    """A cluster; `bootstrap` is for clients. `close` it, or leave its `with` block."""

    def __init__(self, host: Host, running: RunningCluster) -> None:
        self._host = host
        self._running = running
        self._core = AsyncKafkaCluster(Inside(host), running)
        self.aio = AsyncKafkaCluster(host, running)  # the same as coroutines, for a test that is one
        self.bootstrap = running.cluster.bootstrap
        self.clock = KafkaClock(host, running)
        self.faults = KafkaFaults(host, running)
        self.brokers = KafkaBrokers(host, running)
        self.links = KafkaLinks(host, running)
        self._state = state = ClusterState(host, running)
        self.snapshot, self.snapshots, self.forget_snapshot = state.snapshot, state.snapshots, state.forget
        self.restore, self.reset, self.export, self.import_ = state.restore, state.reset, state.export, state.import_

    def __enter__(self) -> "KafkaCluster":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End it: its connections are closed, and what was in it is gone."""
        if self._host.let_go(self._running):
            self._host.run(self._running.stop)

    def look(self, work: Callable[[RunningCluster], R]) -> R:
        """What `work` finds, on the cluster's own loop."""
        return self._host.run(lambda: _at_once(lambda: work(self._running)))

    def fork(self, name: str | None = None) -> "KafkaCluster":
        """Another cluster of the same host that begins with a snapshot, or as this one is now. StateError."""
        running = self._state.fork(name)
        self._host.keep(running)
        return KafkaCluster(self._host, running)

    # Topics and records

    def topic(
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
        self._host.run(lambda: self._core.topic(name, partitions, config, replication_factor=replication_factor))

    def produce(
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
        return self._host.run(lambda: self._core.produce(topic, records, partition=partition, acks=acks))

    def records(
        self, topic: str, partition: int | None = None, *, isolation: str = "read_committed"
    ) -> list[SeenRecord]:
        """What is in a topic, by partition and offset; with `read_uncommitted` also what was aborted or is open.

        KafkaError for a topic or partition that is not there.
        """
        return self._host.run(lambda: self._core.records(topic, partition, isolation=isolation))

    def offsets(self, topic: str, partition: int = 0) -> SeenOffsets:
        """Where a partition stands. KafkaError."""
        return self._host.run(lambda: self._core.offsets(topic, partition))

    # Leaders and replicas

    def partition(self, topic: str, partition: int = 0) -> SeenPartition:
        """Who leads it, who is in sync, and how far the log of each replica goes. KafkaError."""
        return self._host.run(lambda: self._core.partition(topic, partition))

    def partitions(self, topic: str) -> dict[int, SeenPartition]:
        """The same of all partitions of a topic, by their indexes. KafkaError."""
        return self._host.run(lambda: self._core.partitions(topic))

    def leader(self, topic: str, partition: int = 0) -> int | None:
        """The broker that leads a partition, as the controller has it; None where it has no leader. KafkaError."""
        return self._host.run(lambda: self._core.leader(topic, partition))

    def isr(self, topic: str, partition: int = 0) -> set[int]:
        """The brokers that are in sync, as the controller has it. KafkaError."""
        return self._host.run(lambda: self._core.isr(topic, partition))

    def elect_leaders(
        self, topic: str | None = None, partition: int | None = None, *, is_unclean: bool = False
    ) -> None:
        """Have the preferred leaders lead, or, where it `is_unclean`, any replica that is there where none does.

        Of one partition, of all of a topic, or of all there are. KafkaError.
        """
        self._host.run(lambda: self._core.elect_leaders(topic, partition, is_unclean=is_unclean))

    def await_leader(
        self, topic: str, partition: int = 0, *, other_than: int | None = None, timeout_s: float = AWAIT_S
    ) -> int:
        """The leader, once there is one, and another than the broker named. AssertionError says how it was instead."""
        return self._host.run(
            lambda: self._core.await_leader(topic, partition, other_than=other_than, timeout_s=timeout_s)
        )

    def await_in_sync(
        self, topic: str, partition: int | None = None, *, timeout_s: float = AWAIT_S
    ) -> Mapping[int, SeenPartition]:
        """The partitions of a topic, or one, once each has a leader and all its replicas in sync. AssertionError."""
        return self._host.run(lambda: self._core.await_in_sync(topic, partition, timeout_s=timeout_s))

    def await_under_replicated(
        self, topic: str, partition: int | None = None, *, timeout_s: float = AWAIT_S
    ) -> Mapping[int, SeenPartition]:
        """The same, once one of them has replicas that are not in sync, or no leader. AssertionError."""
        return self._host.run(lambda: self._core.await_under_replicated(topic, partition, timeout_s=timeout_s))

    # Groups

    def committed(self, group: str) -> dict[tuple[str, int], int]:
        """The committed offsets of a group, by topic and partition; none for a group that is not there."""
        return self._host.run(lambda: self._core.committed(group))

    def groups(self) -> dict[str, SeenGroup]:
        """All groups, by their ids."""
        return self._host.run(self._core.groups)

    # Waiting

    def await_records(self, topic: str, count: int, *, timeout_s: float = AWAIT_S) -> list[SeenRecord]:
        """The committed records of a topic, once there are so many. AssertionError says what was there instead."""
        return self._host.run(lambda: self._core.await_records(topic, count, timeout_s=timeout_s))

    def await_committed(
        self, group: str, offsets: Mapping[tuple[str, int], int], *, timeout_s: float = AWAIT_S
    ) -> dict[tuple[str, int], int]:
        """The committed offsets of a group, once each of these is reached. AssertionError says where it stood."""
        return self._host.run(lambda: self._core.await_committed(group, offsets, timeout_s=timeout_s))

    def await_group(
        self, group: str, *, state: str | None = None, members: int | None = None, timeout_s: float = AWAIT_S
    ) -> SeenGroup:
        """A group, once it is there, in this state (Kafka's word for it) and with so many members. AssertionError."""
        return self._host.run(lambda: self._core.await_group(group, state=state, members=members, timeout_s=timeout_s))

    def await_requests(
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
        return self._host.run(
            lambda: self._core.await_requests(count, api, client_id, topic, group, timeout_s=timeout_s)
        )

    @property
    def _context(self) -> Context:
        return self._running.cluster.context


async def _at_once(work: Callable[[], R]) -> R:
    return work()
