"""KafkaCluster: a cluster as a test sees it, from any thread: topics, records, offsets, groups, the clock.

What it shows is read where it lies, past every client: nothing is joined, fetched or committed for it.
"""

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Protocol, TypeVar, cast

from ...protocol.batch import RecordBatch
from ...protocol.errors import ErrorCode, KafkaError
from ...protocol.header import RequestHeader
from ...protocol.messages.create_topics import (
    CreatableTopic,
    CreatableTopicConfig,
    CreateTopicsRequest,
    CreateTopicsResponse,
)
from ...protocol.records import Header, NewRecord, build_batch
from ...protocol.schema import declared
from ..apis import TABLE
from ..cluster import Cluster
from ..context import Context
from ..deferred import Deferred
from ..faults.fault_table import Fault, FaultTable
from ..faults.rule import FaultRule, parse_rule
from ..network.pipeline import build_pipeline
from ..session import Session
from ..topics.partition import Partition
from ..topics.topics import Topic
from .cluster_clock import ClusterClock
from .records_seen import SeenRecord, is_committed, read_seen

AWAIT_S = 10.0  # how long the waiting helpers wait, if they are not told otherwise
POLL_S = 0.005
CLIENT_ID = "odradek-testing"

R = TypeVar("R")


class RunningCluster:
    """A cluster that runs on the host's loop, its clock and its faults."""

    def __init__(self, cluster: Cluster, clock: ClusterClock, faults: FaultTable) -> None:
        self.cluster = cluster
        self.clock = clock
        self.faults = faults

    async def stop(self) -> None:
        """End it."""
        await self.cluster.stop()
        self.clock.close()


class Host(Protocol):
    """Where the cluster's loop runs."""

    def run(self, work: Callable[[], Coroutine[Any, Any, R]], timeout_s: float | None = None) -> R: ...
    def forget(self, cluster: "KafkaCluster") -> None: ...


@dataclass(frozen=True, slots=True)
class GivenRecord:
    """A record to be produced. Without a timestamp it has the time of the cluster's clock."""

    value: bytes | None
    key: bytes | None = None
    headers: Sequence[Header] = ()
    timestamp_ms: int | None = None


@dataclass(frozen=True, slots=True)
class SeenGroup:
    """A group: its kind, its state as Kafka calls it, and its members' ids."""

    group_id: str
    group_type: str
    state: str
    members: Sequence[str]


@dataclass(frozen=True, slots=True)
class SeenOffsets:
    """Where a partition's log stands."""

    log_start: int
    high_watermark: int
    last_stable: int


class KafkaClock:
    """The clock of a cluster. Moving it returns when everything that became due has been done."""

    def __init__(self, host: Host, clock: ClusterClock) -> None:
        self._host = host
        self._clock = clock

    @property
    def now_ms(self) -> int:
        """Milliseconds since 1970, as the cluster has them."""
        return self._host.run(lambda: _at_once(self._clock.now_ms))

    def freeze(self) -> None:
        """Stand still."""
        self._host.run(lambda: _at_once(self._clock.freeze))

    def run(self, rate: float = 1.0) -> None:
        """Go on, at so many seconds in each of the machine's. ValueError."""
        self._host.run(lambda: _at_once(lambda: self._clock.run(rate)))

    def advance(
        self, *, ms: float = 0, seconds: float = 0, minutes: float = 0, hours: float = 0, days: float = 0
    ) -> None:
        """Move on by all of these together. ValueError: it never goes back."""
        total_s = ms / 1000 + seconds + 60 * minutes + 3600 * hours + 86400 * days
        self._host.run(lambda: self._clock.advance(total_s))


class KafkaFault:
    """A fault at work in a cluster."""

    def __init__(self, host: Host, faults: FaultTable, fault: Fault) -> None:
        self._host = host
        self._faults = faults
        self._fault = fault

    @property
    def fault_id(self) -> str:
        """Its name in the cluster."""
        return self._fault.fault_id

    @property
    def hits(self) -> int:
        """How many requests it has hit so far."""
        return self._fault.hits

    def await_hits(self, count: int = 1, *, timeout_s: float = AWAIT_S) -> int:
        """How many requests it has hit, once they are so many. AssertionError."""
        rule = self._fault.rule
        return _await(lambda: (self.hits >= count, self.hits), timeout_s, f"{count} hits of {rule}", lambda hits: hits)

    def remove(self) -> None:
        """Hit nothing any more."""
        self._host.run(lambda: _at_once(lambda: self._faults.remove(self.fault_id)))


class KafkaFaults:
    """The faults of a cluster."""

    def __init__(self, host: Host, faults: FaultTable, clock: ClusterClock) -> None:
        self._host = host
        self._faults = faults
        self._clock = clock

    def add(self, **rule: Any) -> KafkaFault:
        """Have a fault at work; its fields are those of FaultRule. FaultError."""
        parsed = parse_rule(rule)
        fault = self._host.run(lambda: _at_once(lambda: self._faults.add(parsed, self._clock.now())))
        return KafkaFault(self._host, self._faults, fault)

    def clear(self) -> None:
        """Have none any more."""
        self._host.run(lambda: _at_once(self._faults.clear))

    def never_hit(self) -> list[FaultRule]:
        """The rules at work that have hit nothing."""
        return self._host.run(lambda: _at_once(lambda: [one.rule for one in self._faults if not one.hits]))


class KafkaCluster:
    """A cluster of one broker; `bootstrap` is for clients. `close` it, or leave its `with` block."""

    def __init__(self, host: Host, running: RunningCluster) -> None:
        self._host = host
        self._running = running
        self._is_closed = False
        self.bootstrap = running.cluster.bootstrap
        self.clock = KafkaClock(host, running.clock)
        self.faults = KafkaFaults(host, running.faults, running.clock)

    def __enter__(self) -> "KafkaCluster":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End it: its connections are closed, and what was in it is gone."""
        if not self._is_closed:
            self._is_closed = True
            self._host.run(self._running.stop)
            self._host.forget(self)

    # Topics and records

    def topic(self, name: str, partitions: int | None = None, config: Mapping[str, str] | None = None) -> None:
        """A topic that is there when this returns; without a number it has `num.partitions`. KafkaError."""
        self._host.run(lambda: self._create(name, partitions, config or {}))

    async def _create(self, name: str, partitions: int | None, config: Mapping[str, str]) -> None:
        """As a client's CreateTopics would have it, with its reasons."""
        asked = CreatableTopic(
            name=name,
            num_partitions=-1 if partitions is None else partitions,
            replication_factor=-1,
            configs=[CreatableTopicConfig(name=one, value=value) for one, value in config.items()],
        )
        answer = await _ask(self._context, CreateTopicsRequest(topics=[asked]), CreateTopicsResponse)
        (topic,) = answer.topics
        if topic.error_code != ErrorCode.NONE:
            raise KafkaError(ErrorCode(topic.error_code), topic.error_message)

    def produce(
        self, topic: str, records: Iterable[bytes | GivenRecord], *, partition: int | None = None
    ) -> Sequence[tuple[int, int]]:
        """Append records, past every client; where each is: partition and offset.

        Without a partition they are dealt out in turn, from the first on. A topic that is missing is created, if
        `auto.create.topics.enable` allows it. KafkaError.
        """
        given = [one if isinstance(one, GivenRecord) else GivenRecord(one) for one in records]
        return self._host.run(lambda: self._produce(topic, given, partition))

    async def _produce(
        self, topic: str, records: Sequence[GivenRecord], partition: int | None
    ) -> Sequence[tuple[int, int]]:
        found = self._context.topics.find(topic)
        if found is None:
            if not self._context.config.auto_create_topics_enable:
                raise _unknown(topic, self._context)
            await self._create(topic, None, {})
            found = self._topic(topic)
        placed: list[tuple[int, int]] = []
        for number, record in enumerate(records):
            index = number % len(found.partitions) if partition is None else partition
            placed.append((index, self._append(self._context.topics.partition(topic, index), record)))
        self._context.purgatory.complete_ready()
        return placed

    def _append(self, partition: Partition, record: GivenRecord) -> int:
        now_ms = self._context.clock.now_ms()
        timestamp = now_ms if record.timestamp_ms is None else record.timestamp_ms
        batch = build_batch([NewRecord(record.key, record.value, timestamp, record.headers)])
        appended = partition.append([RecordBatch(batch)], now_ms)
        partition.notify_changed()
        return appended.base_offset

    def records(
        self, topic: str, partition: int | None = None, *, isolation: str = "read_committed"
    ) -> list[SeenRecord]:
        """What is in a topic, by partition and offset; with `read_uncommitted` also what was aborted or is open.

        KafkaError for a topic or partition that is not there.
        """
        if isolation not in ("read_committed", "read_uncommitted"):
            raise ValueError(f"isolation is read_committed or read_uncommitted, not {isolation!r}")
        found = self._host.run(lambda: _at_once(lambda: self._read(topic, partition)))
        return found if isolation == "read_uncommitted" else [record for record in found if is_committed(record)]

    def _read(self, topic: str, partition: int | None) -> list[SeenRecord]:
        count = len(self._topic(topic).partitions)
        found: list[SeenRecord] = []
        for index in range(count) if partition is None else [partition]:
            log = self._context.topics.partition(topic, index).log
            seen = read_seen(topic, index, log.batches())
            found += [record for record in seen if record.offset >= log.log_start_offset]
        return found

    def offsets(self, topic: str, partition: int = 0) -> SeenOffsets:
        """Where a partition stands. KafkaError."""

        def look() -> SeenOffsets:
            log = self._context.topics.partition(topic, partition).log
            return SeenOffsets(log.log_start_offset, log.high_watermark, log.last_stable_offset)

        return self._host.run(lambda: _at_once(look))

    # Groups

    def committed(self, group: str) -> dict[tuple[str, int], int]:
        """The committed offsets of a group, by topic and partition; none for a group that is not there."""
        return self._host.run(lambda: _at_once(lambda: self._committed(group)))

    def _committed(self, group: str) -> dict[tuple[str, int], int]:
        groups = self._context.groups
        found: dict[tuple[str, int], int] = {}
        for topic, indexes in groups.committed_partitions(group):
            for index in indexes:
                offset = groups.find_offset(group, topic, index)
                if offset is not None:
                    found[topic, index] = offset.offset
        return found

    def groups(self) -> dict[str, SeenGroup]:
        """All groups, by their ids."""

        def look() -> dict[str, SeenGroup]:
            return {
                group.group_id: SeenGroup(
                    group.group_id, group.group_type, group.state_name, sorted(getattr(group, "members", ()))
                )
                for group in self._context.groups.groups()
            }

        return self._host.run(lambda: _at_once(look))

    # Waiting

    def await_records(self, topic: str, count: int, *, timeout_s: float = AWAIT_S) -> list[SeenRecord]:
        """The committed records of a topic, once there are so many. AssertionError says what was there instead."""

        def look() -> tuple[bool, list[SeenRecord]]:
            try:
                found = self.records(topic)
            except KafkaError as error:
                if error.code is not ErrorCode.UNKNOWN_TOPIC_OR_PARTITION:
                    raise
                found = []
            return len(found) >= count, found

        return _await(look, timeout_s, f"{count} records in {topic!r}", lambda found: [one.value for one in found])

    def await_committed(
        self, group: str, offsets: Mapping[tuple[str, int], int], *, timeout_s: float = AWAIT_S
    ) -> dict[tuple[str, int], int]:
        """The committed offsets of a group, once each of these is reached. AssertionError says where it stood."""

        def look() -> tuple[bool, dict[tuple[str, int], int]]:
            found = self.committed(group)
            return all(found.get(at, -1) >= offset for at, offset in offsets.items()), found

        return _await(look, timeout_s, f"group {group!r} at {dict(offsets)}", lambda found: found)

    @property
    def _context(self) -> Context:
        return self._running.cluster.context

    def _topic(self, name: str) -> Topic:
        topic = self._context.topics.find(name)
        if topic is None:
            raise _unknown(name, self._context)
        return topic


def _unknown(name: str, context: Context) -> KafkaError:
    there = ", ".join(sorted(topic.name for topic in context.topics if not topic.is_internal)) or "none"
    return KafkaError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, f"there is no topic {name!r}; there are: {there}")


async def _ask(context: Context, request: object, response_type: type[R]) -> R:
    """What the handler of a request answers, past every client and every fault."""
    answered: asyncio.Future[R] = asyncio.get_running_loop().create_future()
    api = next(api for api in TABLE.values() if api.key == declared(type(request)).api_key)
    header = RequestHeader(api.key, api.last, 0, CLIENT_ID)
    session = Session("/127.0.0.1", "127.0.0.1", 0, client_id=CLIENT_ID)
    answer = build_pipeline([], context)(api.load(), request, header, session)
    context.purgatory.complete_ready()
    deferred: Deferred[object] = Deferred()
    deferred.follow(answer)
    deferred.deliver_to(lambda given: answered.set_result(cast("R", given)), answered.set_exception)
    found = await answered
    assert isinstance(found, response_type)
    return found


async def _at_once(work: Callable[[], R]) -> R:
    return work()


def _await(look: Callable[[], tuple[bool, R]], timeout_s: float, wanted: str, shown: Callable[[R], object]) -> R:
    until = time.monotonic() + timeout_s
    while True:
        is_there, found = look()
        if is_there:
            return found
        if time.monotonic() >= until:
            raise AssertionError(f"after {timeout_s} s there were not {wanted}, but {shown(found)!r}")
        time.sleep(POLL_S)
