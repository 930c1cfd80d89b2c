"""Any history of honest clients: members come, go, lose answers and fall silent, topics grow, the broker restarts.

What a client owns here is what it believes to own, which is what counts: it reads those partitions.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from odradek.broker.coordination.groups.consumer.settings import ConsumerConfig
from odradek.protocol.errors import ErrorCode

from .consumer_driver import EAGER, ConsumerDriver, Topics, named

TOPICS = ("t", "u", "v")
ACTIONS = ("beat", "beat", "beat", "lose", "join", "leave", "vanish", "subscribe", "grow", "drop", "wait", "restart")

steps = st.lists(
    st.tuples(st.sampled_from(ACTIONS), st.integers(0, 3), st.lists(st.sampled_from(TOPICS), unique=True)), max_size=40
)


@dataclass
class Client:
    """A consumer as it sees itself. It stops to read what is taken from it before it says so."""

    topics: list[str]
    epoch: int = 0
    owned: dict[str, list[int]] = field(default_factory=dict[str, list[int]])


class History:
    def __init__(self, config: ConsumerConfig, *, by_pattern: bool, is_static: bool) -> None:
        self.groups = ConsumerDriver(config, Topics(t=3, u=2, v=1))
        self.by_pattern = by_pattern
        self.is_static = is_static
        self.clients: dict[str, Client] = {}
        self.epochs: dict[str, int] = {}
        self.group_epoch = 0

    def take(self, action: str, number: int, topics: list[str]) -> None:
        name = f"m{number}"
        client = self.clients.get(name)
        if action == "join":
            if client is None:
                self.clients[name] = Client(topics)
                self.beat(name)
        elif action in ("grow", "drop"):
            self.change_topic(TOPICS[number % 3], must_grow=action == "grow")
        elif action == "wait":
            self.groups.sleep((0.5, 4, 11, 30)[number])
        elif action == "restart":
            self.groups = self.groups.restarted()
        elif client is not None:
            self.act(action, name, client, topics)

    def act(self, action: str, name: str, client: Client, topics: list[str]) -> None:
        if action == "beat":
            self.beat(name)
        elif action == "lose":
            self.beat(name, is_answer_lost=True)
        elif action == "leave":
            how = {"instance_id": f"i{name}"} if self.is_static else {}
            self.groups.beat(name, -2 if self.is_static else -1, **how)
            del self.clients[name]
        elif action == "vanish":
            del self.clients[name]
        elif action == "subscribe":
            client.topics = topics
            self.beat(name, has_subscribed=True)

    def change_topic(self, topic: str, *, must_grow: bool) -> None:
        there = self.groups.topics
        partitions = there.partitions.pop(topic, 0)
        if must_grow:
            there.partitions[topic] = partitions + 1
        there.at += 1
        there.newest = there.at
        self.groups.coordinator.kinds.consumer.groups.on_topics_changed([topic])

    def beat(self, name: str, *, is_answer_lost: bool = False, has_subscribed: bool = False) -> None:
        client = self.clients[name]
        how: dict[str, Any] = {"instance_id": f"i{name}"} if self.is_static else {}
        if client.epoch == 0 or has_subscribed:
            regex = "|".join(client.topics) if self.by_pattern else ""
            names = [] if self.by_pattern else client.topics
            how |= {"subscribed_topic_names": names, "subscribed_topic_regex": regex}
        if client.epoch != 0:
            how["owned"] = client.owned
        result = self.groups.beat(name, client.epoch, **how)
        if is_answer_lost:
            return
        if result.error in (ErrorCode.UNKNOWN_MEMBER_ID, ErrorCode.FENCED_MEMBER_EPOCH, ErrorCode.GROUP_ID_NOT_FOUND):
            client.epoch, client.owned = 0, {}
        elif result.error is ErrorCode.UNRELEASED_INSTANCE_ID:
            assert self.is_static
        else:
            assert result.error is ErrorCode.NONE, result
            client.epoch = result.epoch
            if result.assignment is not None:
                client.owned = named(result.assignment) or {}

    def check(self) -> None:
        group = self.groups.known_group()
        read = Counter((t, p) for client in self.clients.values() for t, own in client.owned.items() for p in own)
        held = {
            (t, p)
            for name, client in self.clients.items()
            if group is not None and name in group.members and client.epoch == group.members[name].epoch
            for t, own in client.owned.items()
            for p in own
        }
        # Who fell silent and was put out may still read, until it hears of that; all others are apart.
        silent = any(group is None or name not in group.members for name in self.clients)
        assert silent or all(count == 1 for count in read.values()), read
        assert all(read[at] == 1 or silent for at in held)
        if group is None:
            return
        holders = Counter(
            (topic_id, index)
            for member in group.members.values()
            for own in (member.assigned, member.revoking)
            for topic_id, indexes in own.items()
            for index in indexes
        )
        assert all(count == 1 for count in holders.values())
        assert group.epoch >= self.group_epoch
        assert group.assignment_epoch <= group.epoch
        self.group_epoch = group.epoch

    def check_replay(self) -> None:
        live, again = self.groups.known_group(), self.groups.restarted().known_group()
        if live is None or again is None:
            assert live is again
            return
        assert again.members == live.members
        assert again.target == {name: own for name, own in live.target.items()}
        assert again.regexes == live.regexes
        assert again.static_members == live.static_members
        ours = (live.epoch, live.assignment_epoch, live.metadata_hash, live.state_name)
        assert ours == (again.epoch, again.assignment_epoch, again.metadata_hash, again.state_name)

    def settle(self) -> None:
        for _ in range(12):
            self.groups.sleep(1.1)
            for name in list(self.clients):
                self.beat(name)
        self.groups.sleep(46)
        for _ in range(24):  # a pattern is resolved ten seconds after another one
            self.groups.sleep(1.1)
            for name in list(self.clients):
                self.beat(name)

    def check_quiet(self) -> None:
        there = self.groups.topics.partitions
        wanted = {
            (topic, index)
            for client in self.clients.values()
            for topic in client.topics
            if topic in there
            for index in range(there[topic])
        }
        read = Counter((t, p) for client in self.clients.values() for t, own in client.owned.items() for p in own)
        assert read == Counter(dict.fromkeys(wanted, 1))
        for client in self.clients.values():
            assert set(client.owned) <= set(client.topics)


@pytest.mark.parametrize("is_static", [False, True])
@pytest.mark.parametrize("by_pattern", [False, True])
@pytest.mark.parametrize("config", [EAGER, ConsumerConfig()], ids=["eager", "in intervals"])
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(history=steps)
def test_no_partition_is_read_by_two_and_in_the_end_each_is_read_by_one(
    config: ConsumerConfig, by_pattern: bool, is_static: bool, history: list[tuple[str, int, list[str]]]
) -> None:
    story = History(config, by_pattern=by_pattern, is_static=is_static)
    for action, number, topics in history:
        story.take(action, number, topics)
        story.check()
    story.check_replay()
    story.settle()
    story.check()
    story.check_replay()
    story.check_quiet()
