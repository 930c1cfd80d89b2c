from odradek.broker.coordination.groups.consumer.group import ConsumerGroup
from odradek.broker.coordination.groups.consumer.member import ClassicProtocols, ConsumerMember, MemberState
from odradek.broker.coordination.groups.consumer.member_timers import (
    MEMBER_TIMERS,
    REJOIN,
    REVOCATION,
    SESSION,
    SYNC,
    MemberTimers,
)
from odradek.broker.coordination.groups.consumer.settings import ConsumerConfig
from odradek.broker.coordination.groups.kind import TimerKey
from odradek.broker.coordination.result import Instant
from odradek.broker.coordination.timers import Deadlines

from .consumer_driver import Topics

NEW = ConsumerMember("n", rebalance_timeout_ms=3000, state=MemberState.UNREVOKED_PARTITIONS)
CLASSIC = ConsumerMember(
    "c", rebalance_timeout_ms=4000, state=MemberState.UNREVOKED_PARTITIONS, classic=ClassicProtocols(9000, ())
)
AT = Instant(100.0, 0)


class Timed:
    def __init__(self) -> None:
        self.deadlines: Deadlines[TimerKey] = Deadlines()
        self.timers = MemberTimers(ConsumerConfig(), self.deadlines)

    def due(self) -> dict[tuple[str, str], float]:
        """Every deadline: what it is for, and the seconds from now."""
        found: dict[tuple[str, str], float] = {}
        while (at := self.deadlines.next()) is not None:
            key = self.deadlines.pop_due(at)
            assert key is not None
            found[key[0], key[2]] = at - AT.now
        return found


def test_each_protocol_has_its_own_session_and_only_the_new_one_a_time_to_give_up_partitions() -> None:
    timed = Timed()
    group = ConsumerGroup("g", Topics())
    for member in (NEW, CLASSIC):
        group.put_metadata(member)
        group.put_assignment(member)
    timed.timers.start(group, AT)
    assert timed.due() == {(REVOCATION, "n"): 3, (SESSION, "c"): 9, (SESSION, "n"): 45}


def test_who_is_told_to_join_again_has_the_time_of_the_first_time() -> None:
    timed = Timed()
    timed.timers.await_rejoin("g", CLASSIC, AT)
    timed.timers.await_rejoin("g", CLASSIC, Instant(102.0, 0))
    assert timed.due() == {(REJOIN, "c"): 4}


def test_who_has_joined_is_waited_for_to_sync() -> None:
    timed = Timed()
    timed.timers.await_rejoin("g", CLASSIC, AT)
    timed.timers.await_sync("g", CLASSIC, AT)
    assert (REJOIN, "g", "c") not in timed.deadlines
    assert (SYNC, "g", "c") in timed.deadlines
    timed.timers.end_sync("g", "c")
    assert timed.due() == {}


def test_what_has_ended_is_not_waited_for() -> None:
    timed = Timed()
    timed.timers.match_revocation("g", NEW, AT)
    timed.timers.end_revocation("g", "n")
    timed.timers.match_revocation("g", NEW, AT)
    timed.timers.match_revocation("g", ConsumerMember("n"), AT)
    for name in MEMBER_TIMERS:
        timed.deadlines.set((name, "g", "n"), 1)
    timed.timers.cancel("g", "n")
    assert timed.due() == {}


def test_a_deadline_counts_only_for_a_member_that_is_still_what_it_was_set_for() -> None:
    timers = Timed().timers
    assert timers.is_for(SESSION, ConsumerMember("n"))
    assert timers.is_for(REVOCATION, NEW)
    assert not timers.is_for(REVOCATION, ConsumerMember("n"))
    assert timers.is_for(SYNC, CLASSIC)
    assert not timers.is_for(SYNC, NEW)
    assert not timers.is_for(REJOIN, NEW)
