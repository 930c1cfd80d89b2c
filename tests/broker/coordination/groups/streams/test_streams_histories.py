"""Any history of honest applications: threads come, go, lose answers, fall silent, topics change, the broker restarts.

What a thread owns here is what it believes to own, which is what counts: it runs those tasks.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from odradek.broker.coordination.groups.streams.settings import StreamsConfig
from odradek.protocol.errors import ErrorCode

from .streams_driver import EAGER, StreamsDriver, Topics, active, config, reported, standby, subtopology

ACTIONS = ("beat", "beat", "beat", "lose", "join", "join", "leave", "vanish", "grow", "drop", "wait", "restart")
PROCESSES = ("p", "p", "q", "r", "s")  # the first two threads are of one process
WHOLE = reported(subtopology("0", ["t"], changelogs=["c"]), subtopology("1", ["u"]))

steps = st.lists(st.tuples(st.sampled_from(ACTIONS), st.integers(0, 4)), max_size=50)

Owned = dict[str, list[int]]


@dataclass
class Thread:
    """A thread as it sees itself. It stops a task that is taken from it before it says so."""

    process: str
    epoch: int = 0
    active: Owned = field(default_factory=dict[str, list[int]])
    standby: Owned = field(default_factory=dict[str, list[int]])


def tasks(owned: Owned) -> set[tuple[str, int]]:
    return {(name, index) for name, indexes in owned.items() for index in indexes}


class History:
    def __init__(self, settings: StreamsConfig) -> None:
        self.groups = StreamsDriver(settings, Topics(t=3, u=2, c=3))
        self.threads: dict[str, Thread] = {}
        self.group_epoch = 0

    def take(self, action: str, number: int) -> None:
        name = f"m{number}"
        if action == "join":
            if name not in self.threads:
                self.threads[name] = Thread(PROCESSES[number])
                self.beat(name)
        elif action == "grow":
            there = self.groups.topics.partitions
            grown = there.get("t", 2) + 1
            self.groups.set_topic("t", grown)
            self.groups.set_topic("c", grown)
        elif action == "drop":
            self.groups.set_topic("u", 0 if number else 2)
        elif action == "wait":
            self.groups.sleep((0.5, 1, 4, 11, 30)[number])
        elif action == "restart":
            self.groups = self.groups.restarted()
        elif name in self.threads:
            self.act(action, name)

    def act(self, action: str, name: str) -> None:
        if action in ("beat", "lose"):
            self.beat(name, is_answer_lost=action == "lose")
        else:
            if action == "leave":
                self.groups.beat(name, -1)
            del self.threads[name]

    def beat(self, name: str, *, is_answer_lost: bool = False) -> None:
        thread = self.threads[name]
        how: dict[str, Any] = {"topology": WHOLE, "process_id": thread.process} if thread.epoch == 0 else {}
        if thread.epoch != 0:
            how |= {"owned": thread.active, "standby": thread.standby}
        result = self.groups.beat(name, thread.epoch, **how)
        if is_answer_lost:
            return
        if result.error in (
            ErrorCode.UNKNOWN_MEMBER_ID,
            ErrorCode.FENCED_MEMBER_EPOCH,
            ErrorCode.GROUP_ID_NOT_FOUND,
            ErrorCode.INVALID_REQUEST,  # a task of a topic that is gone
        ):
            self.threads[name] = Thread(thread.process)
            return
        assert result.error is ErrorCode.NONE, result
        thread.epoch = result.epoch
        if result.tasks is not None:
            thread.active, thread.standby = active(result) or {}, standby(result) or {}

    def check(self) -> None:
        group = self.groups.known_group()
        # Who fell silent and was put out may still run its tasks, until it hears of that; all others are apart.
        if all(group is not None and name in group.members for name in self.threads):
            running = Counter(task for thread in self.threads.values() for task in tasks(thread.active))
            assert all(count == 1 for count in running.values()), running
        if group is None:
            return
        held = Counter(
            (name, index)
            for member in group.members.values()
            for own in (member.held, member.revoking)
            for name, indexes in own.active.items()
            for index in indexes
        )
        assert all(count == 1 for count in held.values())
        copies = Counter(
            (member.process_id, name, index)
            for member in group.members.values()
            for held_tasks in (member.held, member.revoking)
            for role in (held_tasks.active, held_tasks.standby)
            for name, indexes in role.items()
            for index in indexes
        )
        assert all(count == 1 for count in copies.values())
        assert group.epoch >= self.group_epoch
        assert group.assignment_epoch <= group.epoch
        self.group_epoch = group.epoch

    def check_replay(self) -> None:
        live, again = self.groups.known_group(), self.groups.restarted().known_group()
        if live is None or again is None:
            assert live is again
            return
        assert (again.members, again.target, again.topology) == (live.members, live.target, live.topology)
        ours = (live.epoch, live.assignment_epoch, live.metadata_hash, live.state_name, live.assignment_configs)
        assert ours == (
            again.epoch,
            again.assignment_epoch,
            again.metadata_hash,
            again.state_name,
            again.assignment_configs,
        )

    def settle(self) -> None:
        for seconds in (3.1, 46):
            for _ in range(12):
                self.groups.sleep(1.1)
                for name in list(self.threads):
                    self.beat(name)
            self.groups.sleep(seconds)
        for _ in range(12):
            self.groups.sleep(1.1)
            for name in list(self.threads):
                self.beat(name)

    def check_quiet(self, standbys: int) -> None:
        there = self.groups.topics.partitions
        is_ready = "u" in there
        wanted = [("0", n) for n in range(there["t"])] + [("1", n) for n in range(there.get("u", 0))]
        running = Counter(task for thread in self.threads.values() for task in tasks(thread.active))
        assert running == Counter(wanted if is_ready and self.threads else ())
        copies = Counter(task for thread in self.threads.values() for task in tasks(thread.standby))
        processes = len({thread.process for thread in self.threads.values()})
        spare = min(standbys, processes - 1) if is_ready and processes else 0
        assert copies == Counter({("0", n): spare for n in range(there["t"]) if spare > 0})


@pytest.mark.parametrize(
    ("config", "standbys"),
    [
        (EAGER, 0),
        (config(num_standby_replicas=1), 1),
        (config(assignment_interval_ms=1000, initial_rebalance_delay_ms=3000, num_standby_replicas=2), 2),
    ],
    ids=["eager", "with standbys", "in intervals"],
)
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(history=steps)
def test_no_task_is_run_by_two_and_in_the_end_each_is_run_by_one(
    config: StreamsConfig, standbys: int, history: list[tuple[str, int]]
) -> None:
    story = History(config)
    for action, number in history:
        story.take(action, number)
        story.check()
    story.check_replay()
    story.settle()
    story.check()
    story.check_replay()
    story.check_quiet(standbys)
