"""What a script is played in: a coordinator, a hand-turned clock, topics, and processes that go on as time does.

The one rule: whatever changes for anybody is one line, with the time at which it did.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import count
from random import Random
from typing import Protocol
from uuid import UUID

from odradek.broker.config.broker_config import BrokerConfig
from odradek.broker.coordination.groups.consumer_config import consumer_config
from odradek.broker.coordination.groups.group_config import GroupConfig
from odradek.broker.coordination.groups.share_group_config import share_group_config
from odradek.broker.coordination.groups.streams_config import streams_config
from odradek.broker.metadata.delta import MetadataDelta
from odradek.broker.metadata.image import MetadataImage
from odradek.broker.runtime import Runtime
from odradek.broker.testing.threads import ManualThreads
from odradek.protocol.errors import ErrorCode

from ..broker.coordination.groups.group_driver import GroupDriver, HandClock, MemoryLog
from .groups_seen import Seen, see
from .script import BadCommand
from .shares import Shares, States
from .topics import Topics

Owned = Mapping[str, Sequence[int]]
"""Partitions by topic."""

A_MOMENT = 1e-6


class Member(Protocol):
    """In whose name records are processed and offsets committed."""

    name: str
    group_id: str
    member_id: str
    epoch: int


class Process(Member, Protocol):
    """A client of one kind: it acts when its time comes, and by itself takes whatever it is answered."""

    owned: dict[str, list[int]]
    next_at: float
    is_running: bool  # it neither ended nor hangs

    def go(self) -> None:
        """Its time has come."""
        ...

    def take_answers(self) -> bool:
        """Take what was answered since; whether there was anything."""
        ...

    def lose_connection(self) -> None:
        """The broker has gone, and what was asked of it is not answered any more."""
        ...

    def close(self) -> None:
        """End as it should."""
        ...

    def die(self) -> None:
        """End without a word; only its connection breaks."""
        ...


class Broker(GroupDriver):
    """The coordinator; ids go on where the one before it has ended."""

    def __init__(self, world: "World") -> None:
        self._ids = world.ids
        super().__init__(group_config(world.settings), world.log, world.clock, world.topics)

    def id_of(self, number: int) -> str:
        return str(UUID(int=next(self._ids)))


class World:
    """Everything that commands act upon."""

    def __init__(self) -> None:
        self.clock = HandClock()
        self.topics = Topics()
        self.log = MemoryLog()
        self.ids = count(1)
        self.settings: dict[str, str] = {}
        self.processes: dict[str, Process] = {}
        self.names: dict[str, str] = {}  # of processes, by member id
        self.loaded: set[str] = set()
        self.processed: Counter[tuple[str, int, int]] = Counter()
        self.committed: defaultdict[tuple[str, str, int], int] = defaultdict(int)
        self._effects: list[str] = []
        self._seen: dict[str, Seen] = {}
        self._conflicts: set[str] = set()
        self.states = States()
        self.ends: Counter[tuple[str, int]] = Counter()  # of logs, where records are counted
        self._start_broker()

    def _start_broker(self) -> None:
        self.broker = Broker(self)
        runtime = Runtime(self.clock, self.clock, ManualThreads(), Random(0))
        self.shares = Shares(self, self.broker, runtime)

    # What happens

    def report(self, who: str, what: str) -> None:
        """Something has changed for a process or a group."""
        self._effects.append(f"{self.clock.seconds:7.1f}  {who}: {what}")

    def show(self, line: str) -> None:
        """An answer to the reader of the script."""
        self._effects.append(line)

    def effects(self) -> list[str]:
        """What has happened since this was last asked."""
        effects, self._effects = self._effects, []
        return effects

    # Time

    def wait(self, seconds: float) -> None:
        """Time passes, and everyone does what it brings."""
        end = self.clock.seconds + seconds
        while (due := min([*self._next_timers(), *self._next_acts()], default=end + 1)) <= end:
            self.clock.pass_time(max(due - self.clock.seconds, 0))
            self.look()
            for process in self._running():
                if process.next_at <= self.clock.seconds + A_MOMENT:
                    process.go()
                    self.look()
        self.clock.pass_time(end - self.clock.seconds)
        self.look()

    def look(self) -> None:
        """Let everyone take what it was answered, and see what has become of the groups."""
        while any([process.take_answers() for process in self._running()]):
            pass
        groups = {group.group_id: see(group) for group in self.broker.service.groups()}
        for group_id in sorted({*groups, *self._seen}):
            before, after = self._seen.get(group_id, Seen()), groups.get(group_id, Seen())
            for member_id in before.members:
                if member_id not in after.members and after.state is not None:
                    self.report(group_id, f"{self.name_of(member_id)} is out")
            if before.state != after.state:
                self.report(group_id, after.state or "gone")
        self._seen = groups
        self._look_for_conflicts()

    def _next_timers(self) -> Iterable[float]:
        return (timer.deadline for timer in self.clock.timers if timer.is_live)

    def _next_acts(self) -> Iterable[float]:
        return (process.next_at for process in self._running())

    def _running(self) -> list[Process]:
        return [process for process in self.processes.values() if process.is_running]

    def _look_for_conflicts(self) -> None:
        """Whoever was put out, or has yet to hear of a newer generation, may still read: it cannot commit."""
        readers: dict[tuple[str, str, int], list[str]] = {}
        for process in self._running():
            is_exclusive = self._seen.get(process.group_id, Seen()).is_exclusive
            if not is_exclusive or not self._is_current(process):
                continue
            for topic, indexes in process.owned.items():
                for index in indexes:
                    readers.setdefault((process.group_id, topic, index), []).append(process.name)
        conflicts = {
            f"{topic}[{index}] is read by {' and '.join(names)}"
            for (_, topic, index), names in readers.items()
            if len(names) > 1
        }
        for conflict in sorted(conflicts - self._conflicts):
            self.report("FAULT", conflict)
        self._conflicts = conflicts

    def _is_current(self, process: Member) -> bool:
        """Whether the coordinator knows it, and both know the same epoch."""
        return self._seen.get(process.group_id, Seen()).members.get(process.member_id) == process.epoch

    # Processes

    def add(self, process: Process) -> None:
        """A process starts: a name is one process, and those that follow it have other names."""
        if process.name in self.processes:
            raise BadCommand(f"there is a {process.name} already")
        self.processes[process.name] = process
        process.go()

    def process(self, name: str) -> Process:
        """The process of that name."""
        if name not in self.processes:
            raise BadCommand(f"there is no {name}")
        return self.processes[name]

    def name_of(self, member_id: str) -> str:
        """The process behind a member id."""
        return self.names.get(member_id, member_id)

    # Topics, the broker

    def change_topics(self, delta: MetadataDelta) -> None:
        """Tell the broker that topics have changed."""
        for topic in delta.deleted_topics:
            for key in [key for key in self.committed if key[1] == topic.name]:
                del self.committed[key]
        self.broker.service.on_delta(delta, MetadataImage())

    def restart_broker(self) -> None:
        """The broker ends, and another starts on its log; whatever it was asked is not answered."""
        self.clock.timers.clear()
        for process in self.processes.values():
            process.lose_connection()
        self._start_broker()

    # Records

    def note_processed(self, process: Member, topic: str, index: int, offset: int) -> None:
        """A member has dealt with a record, which may not have been committed before; one that is out may not know."""
        if offset < self.committed[process.group_id, topic, index] and self._is_current(process):
            self.report("FAULT", f"{process.name} processes {topic}[{index}] at {offset}, which was committed")
        self.processed[topic, index, offset] += 1

    def commit(self, process: Member, topic: str, index: int, offset: int) -> ErrorCode:
        """A process commits how far it has got."""
        call = self.broker.commit(
            process.member_id, process.epoch, offset, topic=topic, partition=index, group_id=process.group_id
        )
        (error,) = call.answer
        if error is ErrorCode.NONE:
            self.committed[process.group_id, topic, index] = offset
        return error

    def position(self, process: Member, topic: str, index: int) -> int:
        """Where a process that was given a partition begins."""
        return self.broker.committed(topic, index, process.group_id) or 0


def group_config(settings: Mapping[str, str]) -> GroupConfig:
    """The settings of groups, of a broker's settings by Kafka's names."""
    config = BrokerConfig.from_settings(settings)
    return GroupConfig(
        min_session_timeout_ms=config.group_min_session_timeout_ms,
        max_session_timeout_ms=config.group_max_session_timeout_ms,
        initial_rebalance_delay_ms=config.group_initial_rebalance_delay_ms,
        max_size=config.group_max_size,
        consumer=consumer_config(config, MetadataImage),
        share=share_group_config(config, MetadataImage),
        streams=streams_config(config, MetadataImage),
    )
