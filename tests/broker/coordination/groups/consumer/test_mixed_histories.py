"""Any history of clients of both protocols in one group, which becomes a consumer group and a classic one as they go.

The classic ones are eager: whoever is to join again gives up everything first. What a client owns is what it believes
to own.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from odradek.broker.coordination.groups.classic.group import ClassicGroup
from odradek.broker.coordination.groups.classic.member import JoinResult, SyncResult
from odradek.broker.coordination.groups.consumer.group import ConsumerGroup
from odradek.protocol.errors import ErrorCode

from ..group_driver import Call
from .classic_client import assigned, assignment, offers
from .consumer_driver import ConsumerDriver, Topics, named

ACTIONS = ("go", "go", "go", "join", "leave", "vanish", "change", "wait", "restart")
GONE = (
    ErrorCode.UNKNOWN_MEMBER_ID,
    ErrorCode.FENCED_MEMBER_EPOCH,
    ErrorCode.GROUP_ID_NOT_FOUND,
    ErrorCode.ILLEGAL_GENERATION,
)
PARTITIONS = 5

steps = st.lists(st.tuples(st.sampled_from(ACTIONS), st.integers(0, 3)), max_size=40)


@dataclass
class Client:
    """Of one protocol or the other; a classic one that waits has its request here."""

    is_classic: bool
    member_id: str = ""
    epoch: int = 0
    owned: list[int] = field(default_factory=list[int])
    join: Call[JoinResult] | None = None
    sync: Call[SyncResult] | None = None
    must_join: bool = True

    def begin_anew(self) -> None:
        self.epoch, self.owned, self.join, self.sync, self.must_join = 0, [], None, None, True


class History:
    def __init__(self) -> None:
        self.groups = ConsumerDriver(topics=Topics(t=PARTITIONS))
        self.clients: dict[int, Client] = {}
        self.epoch = 0

    def take(self, action: str, number: int) -> None:
        client = self.clients.get(number)
        if action == "join" and client is None:
            self.clients[number] = Client(is_classic=number % 2 == 0, member_id="" if number % 2 == 0 else f"m{number}")
            self.go(self.clients[number])
        elif action == "wait":
            self.groups.sleep((0.5, 4, 11, 30)[number])
        elif action == "restart":
            self.groups = self.groups.restarted()
            for one in self.clients.values():  # the connections are gone, and what waited on them
                if one.join is not None or one.sync is not None:
                    one.join = one.sync = None
                    one.must_join = True
        elif client is not None and action == "go":
            self.go(client)
        elif client is not None and action in ("leave", "vanish"):
            if action == "leave" and client.member_id:
                self.leave(client)
            del self.clients[number]
        elif client is not None and action == "change":
            self.leave(client)
            self.clients[number] = Client(not client.is_classic, "" if not client.is_classic else f"n{number}")

    def leave(self, client: Client) -> None:
        if client.is_classic:
            self.groups.leave(client.member_id)
        else:
            self.groups.beat(client.member_id, -1)

    def go(self, client: Client) -> None:
        """One step of an honest client."""
        if not client.is_classic:
            self.beat(client)
        elif client.join is not None:
            self.take_join(client, client.join)
        elif client.sync is not None:
            self.take_sync(client, client.sync)
        elif client.must_join:
            client.owned = []
            client.join = self.groups.join(client.member_id, protocols=offers(), session_s=20, rebalance_s=15)
            self.take_join(client, client.join)
        else:
            error = self.groups.heartbeat(client.member_id, client.epoch)
            if error is ErrorCode.REBALANCE_IN_PROGRESS:
                client.must_join = True
            elif error is not ErrorCode.NONE:
                self.refused(client, error)

    def beat(self, client: Client) -> None:
        how: dict[str, Any] = {} if client.epoch == 0 else {"owned": {"t": client.owned}}
        result = self.groups.beat(client.member_id, client.epoch, **how)
        if result.error is not ErrorCode.NONE:
            self.refused(client, result.error)
            return
        client.epoch = result.epoch
        if result.assignment is not None:
            client.owned = (named(result.assignment) or {}).get("t", [])

    def take_join(self, client: Client, call: Call[JoinResult]) -> None:
        if call.is_deferred:
            return
        client.join = None
        answer = call.answer
        if answer.error is ErrorCode.MEMBER_ID_REQUIRED:
            client.member_id = answer.member_id
        elif answer.error is not ErrorCode.NONE:
            self.refused(client, answer.error)
        else:
            client.member_id, client.epoch, client.must_join = answer.member_id, answer.generation_id, False
            members = [member.member_id for member in answer.members]
            shares = {m: assignment({"t": range(PARTITIONS)[n :: len(members)]}) for n, m in enumerate(members)}
            client.sync = self.groups.sync(client.member_id, client.epoch, shares)
            self.take_sync(client, client.sync)

    def take_sync(self, client: Client, call: Call[SyncResult]) -> None:
        if call.is_deferred:
            return
        client.sync = None
        if call.answer.error is ErrorCode.NONE:
            client.owned = assigned(call.answer.assignment).get("t", []) if call.answer.assignment else []
        else:
            self.refused(client, call.answer.error)

    @staticmethod
    def refused(client: Client, error: ErrorCode) -> None:
        assert error in (*GONE, ErrorCode.REBALANCE_IN_PROGRESS), error
        client.begin_anew()
        if client.is_classic and error is ErrorCode.UNKNOWN_MEMBER_ID:
            client.member_id = ""

    def check(self) -> None:
        group = self.groups.service.find_group("g")
        if isinstance(group, ConsumerGroup):
            assert group.epoch >= self.epoch
            self.epoch = 0 if group.is_empty else group.epoch  # an empty one may be replaced, and begin anew
            known = {member.member_id: member.epoch for member in group.members.values()}
        elif isinstance(group, ClassicGroup):
            known = dict.fromkeys(group.members, group.generation)
            self.epoch = 0 if group.is_empty else group.generation
        else:
            known = {}
        # Who was put out, or has yet to hear of the newest generation of a classic group, may still read.
        read = Counter(
            index
            for client in self.clients.values()
            if known.get(client.member_id) == client.epoch
            for index in client.owned
        )
        assert all(count == 1 for count in read.values()), (read, self.clients)

    def settle(self) -> None:
        for seconds in (0.1, 46.0, *[0.1] * 40):
            self.groups.sleep(seconds)
            for client in list(self.clients.values()):
                self.go(client)
                self.check()

    def check_quiet(self) -> None:
        read = Counter(index for client in self.clients.values() for index in client.owned)
        assert read == (Counter(range(PARTITIONS)) if self.clients else Counter()), self.clients
        group = self.groups.service.find_group("g")
        if group is None or not self.clients:
            return
        assert group.group_type == ("consumer" if any(not c.is_classic for c in self.clients.values()) else "classic")

    def check_replay(self) -> None:
        live, again = (one.service.find_group("g") for one in (self.groups, self.groups.restarted()))
        if isinstance(live, ConsumerGroup):
            assert isinstance(again, ConsumerGroup)
            assert (again.members, again.target) == (live.members, live.target)
            assert (again.epoch, again.assignment_epoch) == (live.epoch, live.assignment_epoch)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(history=steps)
def test_whatever_protocol_they_speak_no_two_read_a_partition_and_in_the_end_each_is_read(
    history: list[tuple[str, int]],
) -> None:
    story = History()
    for action, number in history:
        story.take(action, number)
        story.check()
        story.check_replay()
    story.settle()
    story.check_quiet()
    story.check_replay()


def test_the_last_member_leaves_while_a_newcomer_has_yet_to_come_back_with_its_id() -> None:
    story = History()
    for action, number in [("join", 2), ("go", 2), ("join", 0), ("leave", 2), ("go", 0)]:
        story.take(action, number)
        story.check()
    story.settle()
    story.check_quiet()
