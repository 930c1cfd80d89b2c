"""Any history of honest clients: they come, go, fall silent; answers are lost, topics and offsets change, restarts."""

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from odradek.protocol.errors import ErrorCode

from ..consumer.consumer_driver import Topics, topic_id
from .share_driver import ShareDriver

TOPICS = ("t", "u", "v")
ACTIONS = (
    *("beat", "beat", "beat", "lose", "join", "leave", "vanish", "subscribe", "grow", "drop", "wait", "restart"),
    *("hold", "refuse", "answer", "alter", "forget", "delete"),
)
STEPS = st.lists(
    st.tuples(st.sampled_from(ACTIONS), st.integers(0, 3), st.lists(st.sampled_from(TOPICS), unique=True, min_size=1)),
    max_size=40,
)


class History:
    """Clients as they see themselves: their epochs and topics."""

    def __init__(self) -> None:
        self.groups = ShareDriver(topics=Topics(t=3, u=2, v=1))
        self.clients: dict[str, tuple[int, list[str]]] = {}
        self.epochs = (0, 0)

    def take(self, action: str, number: int, topics: list[str]) -> None:
        name, groups = f"m{number}", self.groups
        if action == "join":
            self.beat(name, 0, topics)
        elif action in ("grow", "drop"):
            topic = TOPICS[number % 3]
            partitions = groups.topics.partitions.get(topic, 0)
            if not partitions and groups.states.waiting:
                return  # it would have another id, and not what is begun for the one that is gone
            groups.change_topic(topic, partitions + 1 if action == "grow" else None)
        elif action == "wait":
            groups.sleep((0.5, 4, 31, 50)[number])
        elif action == "restart":
            groups.states.waiting.clear()  # whoever would be answered is gone
            self.groups = groups.restarted()
        elif action == "hold":
            groups.states.is_slow = True
        elif action == "refuse":
            groups.states.refusal = ErrorCode.NOT_COORDINATOR
        elif action == "answer":
            self.answer_all()
        elif not groups.states.is_slow and action in ("alter", "forget", "delete"):
            self.administer(action, number, topics)
        elif name in self.clients:
            self.act(action, name, topics)

    def act(self, action: str, name: str, topics: list[str]) -> None:
        epoch, subscribed = self.clients[name]
        if action == "beat":
            self.beat(name, epoch, subscribed)
        elif action == "lose":
            self.groups.beat(name, epoch)
        elif action == "subscribe":
            self.beat(name, epoch, topics, must_tell=True)
        elif action in ("leave", "vanish"):
            del self.clients[name]
            if action == "leave":
                self.groups.beat(name, -1)

    def administer(self, action: str, number: int, topics: list[str]) -> None:
        if action == "alter":
            self.groups.alter({topic: {0: number} for topic in topics})
        elif action == "forget":
            self.groups.forget_offsets(*topics)
        elif self.groups.remove_group() is ErrorCode.NONE:
            self.epochs = (0, 0)

    def answer_all(self) -> None:
        self.groups.states.is_slow = False
        self.groups.states.refusal = ErrorCode.NONE
        self.groups.states.go_on()

    def beat(self, name: str, epoch: int, topics: list[str], *, must_tell: bool = False) -> None:
        how: dict[str, Any] = {"subscribed_topic_names": topics} if must_tell or epoch == 0 else {}
        result = self.groups.beat(name, epoch, **how)
        if result.error is ErrorCode.NONE:
            self.clients[name] = (result.epoch, topics)
        else:
            assert result.error in (
                ErrorCode.UNKNOWN_MEMBER_ID,
                ErrorCode.FENCED_MEMBER_EPOCH,
                ErrorCode.GROUP_ID_NOT_FOUND,
            ), result
            self.clients[name] = (0, topics)

    def check(self) -> None:
        group = self.groups.known_group()
        if group is None:
            return
        assert (group.epoch, group.assignment_epoch) >= self.epochs
        assert group.epoch >= self.epochs[0]
        assert group.assignment_epoch <= group.epoch
        self.epochs = (group.epoch, group.assignment_epoch)
        stored = {(key.topic_id, key.partition) for key in self.groups.states.stored if key.group_id == "g"}
        for topic in group.states.initialized:
            assert {index for at, index in stored if at == topic} >= group.states.initialized[topic].partitions

    def check_replay(self) -> None:
        live, again = self.groups.known_group(), self.groups.restarted().known_group()
        if live is None or again is None:
            assert live is again
            return
        assert (again.members, again.target) == (live.members, live.target)
        assert (again.epoch, again.assignment_epoch) == (live.epoch, live.assignment_epoch)
        assert again.state_partitions == live.state_partitions

    def check_quiet(self) -> None:
        """When nothing happens any more, all that is subscribed to is read, and nothing else."""
        self.answer_all()
        self.groups.sleep(60)  # whoever fell silent is put out
        for _ in range(8):
            for name, (epoch, topics) in list(self.clients.items()):
                self.beat(name, epoch, topics)
        group = self.groups.known_group()
        if group is None or not group.members:
            return
        there = self.groups.topics.partitions
        wanted = {name for member in group.members.values() for name in member.subscribed_topic_names if name in there}
        read = {(topic, index) for m in group.members.values() for topic, own in m.assigned.items() for index in own}
        assert read == {(topic_id(name), index) for name in wanted for index in range(there[name])}
        assert all(member.epoch == group.epoch for member in group.members.values())
        for member in group.members.values():
            assert {topic_id(name) for name in member.subscribed_topic_names} >= set(member.assigned)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(STEPS)
def test_whatever_happens_epochs_rise_replay_agrees_and_in_the_end_all_is_read(
    steps: list[tuple[str, int, list[str]]],
) -> None:
    history = History()
    for step in steps:
        history.take(*step)
        history.check()
    history.check_replay()
    history.check_quiet()
    history.check_replay()
