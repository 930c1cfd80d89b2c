"""The state of share partitions is where its coordinator is, in the order in which it was to be stored."""

from collections.abc import Callable
from typing import Any, cast

from odradek.broker.context import Context
from odradek.broker.coordination.result import ResponseFuture
from odradek.broker.coordination.share_state.requests import (
    ACKNOWLEDGED,
    SharePartitionKey,
    StateError,
    WriteState,
    state_refused,
)
from odradek.broker.metadata.delta import MetadataDelta
from odradek.broker.metadata.image import MetadataImage
from odradek.broker.several_brokers.peer_calls import PeerCalls
from odradek.broker.several_brokers.peer_share_states import BACKOFF_S, MOST_TRIES, PeerShareStates
from odradek.broker.testing.clock import ManualClock
from odradek.broker.testing.manual_runtime import manual_runtime
from odradek.broker.topic_names import SHARE_TOPIC
from odradek.protocol.errors import ErrorCode

from ..handlers.share_member import ACCEPT
from .sharing_brokers import SharingBrokers

KEY, OTHER_KEY = (SharePartitionKey("g", b"t" * 16, index) for index in (0, 1))


# Over three brokers


def acknowledged(brokers: SharingBrokers, node_id: int) -> list[tuple[int, int]]:
    """What a coordinator has stored as acknowledged: first and last offsets."""
    stored = brokers[node_id].context.share_state._coordinator.find(brokers.key)
    assert stored is not None
    return [(one.first_offset, one.last_offset) for one in stored.state.batches if one.delivery_state == ACKNOWLEDGED]


def test_what_is_acknowledged_at_the_leader_is_stored_at_the_coordinator_and_known_to_the_next_leader() -> None:
    brokers = SharingBrokers()
    brokers.begin()
    brokers.fill(b"one", b"two")
    brokers.fill(b"three")
    member = brokers.member()
    assert brokers.acquire(member) == [(0, 2, 1)]
    assert brokers.acquire(member, acks=((0, 1, ACCEPT),)) == []
    assert acknowledged(brokers, 2) == [(0, 1)]
    brokers.kill(1)
    assert brokers.acquire(brokers.member("n")) == [(2, 2, 1)]


def test_the_state_moves_with_its_coordinator() -> None:
    brokers = SharingBrokers()
    brokers.begin()
    brokers.fill(b"one", b"two")
    member = brokers.member()
    assert brokers.acquire(member) == [(0, 1, 1)]
    brokers.kill(2)
    assert brokers.acquire(member, acks=((0, 0, ACCEPT),)) == []
    assert brokers.record(SHARE_TOPIC).leader == 3
    assert acknowledged(brokers, 3) == [(0, 0)]


def test_what_cannot_be_stored_for_a_moment_is_stored_when_the_coordinator_can_be_reached() -> None:
    brokers = SharingBrokers()
    brokers.begin()
    brokers.fill(b"one")
    member = brokers.member()
    brokers.acquire(member)
    brokers.links.set(1, 2, is_cut=True)
    asked = member.acknowledge((0, 0, ACCEPT))
    brokers.advance(3 * BACKOFF_S)
    assert asked.is_deferred
    brokers.links.set(1, 2, is_cut=False)
    brokers.advance(10 * BACKOFF_S)
    (answered,) = asked.answer.responses[0].partitions
    assert answered.error_code == 0


def test_a_share_fetch_that_waits_is_told_at_once_that_the_partition_has_moved() -> None:
    brokers = SharingBrokers()
    brokers.begin()
    member = brokers.member()
    asked = member.fetch(max_wait_ms=60_000)
    brokers.settle()
    assert asked.is_deferred
    brokers.move("t", 3, 2, 1)
    (found,) = asked.answer.responses[0].partitions
    assert found.error_code == ErrorCode.NOT_LEADER_OR_FOLLOWER
    assert (found.current_leader.leader_id, [one.node_id for one in asked.answer.node_endpoints]) == (3, [3])
    (acknowledged,) = member.acknowledge((0, 0, ACCEPT)).answer.responses[0].partitions
    assert acknowledged.error_code == ErrorCode.NOT_LEADER_OR_FOLLOWER
    assert acknowledged.current_leader.leader_id == 3


def test_the_lag_of_a_group_is_counted_from_the_end_that_the_leader_knows() -> None:
    brokers = SharingBrokers()
    brokers.begin()
    brokers.fill(b"one", b"two", b"three")
    member = brokers.member()
    brokers.acquire(member)
    brokers.acquire(member, acks=((0, 0, ACCEPT),))
    found = brokers.describe()
    assert (found.start_offset, found.lag, found.error_code) == (0, 2, 0)
    brokers.links.set(3, 1, is_cut=True)
    assert brokers.describe().error_code == ErrorCode.NOT_LEADER_OR_FOLLOWER


# What is asked, try by try


class Calls:
    """The way to a coordinator, which answers when it is told to."""

    def __init__(self) -> None:
        self.leader: int | None = 2
        self.own = cast(Context, self)
        self.share_state = self
        self.sent: list[tuple[int, Callable[[StateError], None]]] = []

    def partition_of(self, key: SharePartitionKey) -> int:
        return key.partition

    def leader_of(self, topic: str, index: int) -> int | None:
        assert topic == SHARE_TOPIC
        return self.leader

    def call(self, target: int, ask: Callable[[Context, Callable[[object], None]], None], then: Any) -> None:
        self.then = then
        ask(self.own, then)

    def write(self, key: SharePartitionKey, write: WriteState, future: ResponseFuture[StateError]) -> None:
        self.sent.append((write.start_offset, future.complete))

    def answer(self, code: ErrorCode = ErrorCode.NONE) -> None:
        self.sent[-1][1](StateError(code))


class States:
    """States over that way."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.calls = Calls()
        self.it = PeerShareStates(cast(PeerCalls, self.calls), manual_runtime(self.clock))
        self.heard: list[ErrorCode] = []

    def write(self, start_offset: int, key: SharePartitionKey = KEY) -> None:
        future = ResponseFuture[StateError](lambda answer: self.heard.append(answer.error), state_refused)
        self.it.write(key, WriteState(0, 0, start_offset), future)

    @property
    def sent(self) -> list[int]:
        return [start_offset for start_offset, _ in self.calls.sent]


def test_what_is_stored_of_one_share_partition_is_stored_in_order_though_it_be_tried_again() -> None:
    states = States()
    states.write(1)
    states.write(2)
    states.write(7, OTHER_KEY)
    assert states.sent == [1, 7]
    states.calls.sent[0][1](StateError(ErrorCode.NOT_COORDINATOR))
    states.clock.advance(BACKOFF_S)
    assert states.sent == [1, 7, 1]
    states.calls.answer()
    states.clock.advance(0)
    assert (states.sent, states.heard) == ([1, 7, 1, 2], [ErrorCode.NONE])


def test_a_coordinator_that_does_not_answer_is_tried_for_so_long() -> None:
    states = States()
    states.write(1)
    for number in range(MOST_TRIES):
        assert (len(states.sent), states.heard) == (number + 1, [])
        states.calls.then(None)
        states.clock.advance(BACKOFF_S * 2**number)
    assert states.heard == [ErrorCode.COORDINATOR_NOT_AVAILABLE]


def test_an_error_of_the_state_is_an_answer() -> None:
    states = States()
    states.write(1)
    states.calls.answer(ErrorCode.FENCED_STATE_EPOCH)
    assert states.heard == [ErrorCode.FENCED_STATE_EPOCH]


def test_a_new_leader_is_asked_as_soon_as_there_is_one() -> None:
    states = States()
    states.calls.leader = None
    states.write(1)
    assert states.sent == []
    states.calls.leader = 3
    states.it.on_delta(MetadataDelta(), MetadataImage())
    assert states.sent == []
    delta = MetadataDelta()
    delta.changed_brokers.add(3)
    states.it.on_delta(delta, MetadataImage())
    assert states.sent == [1]
