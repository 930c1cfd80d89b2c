"""Any history of any members: nobody is answered twice or forgotten, and the log tells the same story."""

from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from odradek.broker.coordination.groups.classic.group import ClassicGroup
from odradek.broker.coordination.groups.classic.member import JoinResult
from odradek.broker.coordination.groups.classic.states import ClassicState
from odradek.broker.coordination.groups.group_config import GroupConfig
from odradek.protocol.errors import ErrorCode, KafkaError

from .group_driver import Call, GroupDriver

CLIENTS = 4


@dataclass
class Client:
    """What one client believes; it follows the protocol or not, as the history wants."""

    instance: str | None
    member_id: str = ""
    generation: int = -1
    joining: Call[JoinResult] | None = None

    def look(self) -> None:
        """Take note of the answer to the last JoinGroup."""
        if self.joining is None or self.joining.is_deferred:
            return
        joined = self.joining.answer
        self.joining = None
        if joined.error is ErrorCode.NONE:
            self.member_id, self.generation = joined.member_id, joined.generation_id
        elif joined.error is ErrorCode.MEMBER_ID_REQUIRED:
            self.member_id = joined.member_id
        else:
            self.member_id, self.generation = "", -1


@dataclass(frozen=True)
class Step:
    action: str
    client: int
    number: int


steps = st.lists(
    st.builds(
        Step,
        st.sampled_from(["join", "all join", "sync", "all sync", "heartbeat", "commit", "sleep", "leave", "fail"]),
        st.integers(0, CLIENTS - 1),
        st.integers(0, 3),
    ),
    min_size=30,
    max_size=90,
)


class History:
    """Carries out the steps and checks what must hold after each of them."""

    def __init__(self, delay_ms: int) -> None:
        self.groups = GroupDriver(
            GroupConfig(
                initial_rebalance_delay_ms=delay_ms,
                max_size=3,
                offsets_retention_check_interval_ms=10_000_000,  # else an Empty group goes and starts anew
            )
        )
        self.clients = [Client("i" if n == 0 else None) for n in range(CLIENTS)]
        self.calls: list[Call[Any]] = []
        self.joined: list[Call[JoinResult]] = []
        self.generation = 0

    def take(self, step: Step) -> None:
        if step.action.startswith("all "):
            for each in range(CLIENTS):
                self.take(Step(step.action.removeprefix("all "), each, step.number))
            return
        client = self.clients[step.client]
        client.look()
        if step.action == "join":
            client.joining = self.groups.join(
                client.member_id,
                instance=client.instance,
                protocols=(("sticky", bytes([step.number // 2])), ("range", b"")),
                session_s=6 + step.number,
                rebalance_s=5 + 2 * step.number,
                version=3 if step.number == 3 else 9,
            )
            self.joined.append(client.joining)
            self.calls.append(client.joining)
        elif step.action == "sync":
            everybody = {c.member_id: c.member_id.encode() for c in self.clients}
            sync = self.groups.sync(client.member_id, client.generation, everybody, instance=client.instance)
            self.calls.append(sync)
        elif step.action == "heartbeat":
            self.groups.heartbeat(client.member_id, client.generation, instance=client.instance)
        elif step.action == "leave":
            self.calls.append(self.groups.leave((client.member_id, client.instance)))
        elif step.action == "commit":
            self.calls.append(
                self.groups.commit(client.member_id, client.generation, step.number, partition=step.number)
            )
        elif step.action == "sleep":
            self.groups.sleep(step.number * 1.7)
        else:
            self.groups.log.refusal = KafkaError(ErrorCode.KAFKA_STORAGE_ERROR) if step.number == 0 else None

    def check(self) -> None:
        assert all(len(call.answers) <= 1 for call in self.calls)
        group = self.groups.coordinator.kinds.classic.find("g")
        if group is not None:
            self.check_group(group)
        waiting = sum(call.is_deferred for call in self.calls)
        parked = [] if group is None else [t for m in group.members.values() for t in (m.join, m.sync) if t is not None]
        assert waiting == len(parked)

    def check_group(self, group: ClassicGroup) -> None:
        assert group.generation >= self.generation
        self.generation = group.generation
        assert (group.leader is None) == (not group.members)
        assert group.leader is None or group.leader in group.members
        assert group.is_empty <= (not group.members)
        assert not group.pending_members & group.members.keys()
        assert group.pending_sync <= group.members.keys()
        assert not group.pending_sync or group.state in (ClassicState.COMPLETING_REBALANCE, ClassicState.STABLE)
        assert {m.group_instance_id: m.member_id for m in group.members.values() if m.is_static} == group.static_members
        if group.state is ClassicState.STABLE:
            assert all(m.join is None and m.sync is None for m in group.members.values())

    def check_generations(self) -> None:
        """Each generation has one leader, and nobody else sees its members."""
        leaders: dict[int, str] = {}
        for joined in (joined for call in self.joined for joined in call.answers):
            if joined.members:
                assert joined.leader == joined.member_id
                if not joined.skip_assignment:  # a restarted static leader has another id, and must not assign
                    assert leaders.setdefault(joined.generation_id, joined.leader) == joined.leader

    def check_log(self, *, has_failed: bool) -> None:
        """A new process on the same log knows what this one knows, whatever was refused.

        Only a group that could not be logged Empty is Empty all the same, as in Kafka.
        """
        again = self.groups.restarted()
        group, twin = self.groups.coordinator.kinds.classic.find("g"), again.coordinator.kinds.classic.find("g")
        assert list(again.coordinator.offsets.entries("g")) == list(self.groups.coordinator.offsets.entries("g"))
        assert (group is None) == (twin is None)
        logged_states = (ClassicState.STABLE,) if has_failed else (ClassicState.STABLE, ClassicState.EMPTY)
        if group is not None and twin is not None and group.state in logged_states:
            assert logged(twin) == logged(group)


def logged(group: ClassicGroup) -> object:
    """What a restart must bring back."""
    members = [(m.member_id, m.group_instance_id, m.assignment) for m in group.members.values()]
    return group.state, group.generation, group.protocol_type, group.protocol_name, group.leader, members


@pytest.mark.parametrize("delay_ms", [0, 2000])
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(history=steps)
def test_any_history_keeps_the_rules(delay_ms: int, history: list[Step]) -> None:
    story = History(delay_ms)
    has_failed = False
    for step in history:
        has_failed |= step.action == "fail" and step.number == 0
        story.take(step)
        story.check()
    story.check_generations()
    story.check_log(has_failed=has_failed)
    # Left alone, every request is answered and every member gone.
    story.groups.log.refusal = None
    story.groups.sleep(400)
    story.check()
    assert all(len(call.answers) == 1 for call in story.calls)
    group = story.groups.coordinator.kinds.classic.find("g")
    event("no group" if group is None else f"generation {group.generation // 4 * 4} or more")
    assert group is None or not group.members
