"""What the members of consumer groups have deadlines for.

A session for each; a member of the consumer protocol has so long to give up what it was asked for; one of the classic
protocol to join again when it was told to, and to sync when it has joined.
"""

from ...result import Instant
from ...timers import Deadlines
from ..kind import TimerKey
from .group import ConsumerGroup
from .member import ConsumerMember, MemberState
from .settings import ConsumerConfig

SESSION, REVOCATION, REJOIN, SYNC = MEMBER_TIMERS = (
    *("consumer session", "consumer revocation"),
    *("consumer rejoin", "consumer sync"),
)


class MemberTimers:
    """The deadlines of members, among those of all groups."""

    def __init__(self, config: ConsumerConfig, deadlines: Deadlines[TimerKey]) -> None:
        self._config = config
        self._deadlines = deadlines

    def start_session(self, group_id: str, member: ConsumerMember, at: Instant) -> None:
        """It has shown itself, and has a whole session to do so again."""
        if member.classic is None:
            timeout_ms = self._config.of_group(group_id).session_timeout_ms
        else:
            timeout_ms = member.classic.session_timeout_ms
        self._deadlines.set((SESSION, group_id, member.member_id), at.now + timeout_ms / 1000)

    def match_revocation(self, group_id: str, member: ConsumerMember, at: Instant) -> None:
        """It has so long to give up what it was asked for, or has nothing to give up."""
        timer = (REVOCATION, group_id, member.member_id)
        if member.state is MemberState.UNREVOKED_PARTITIONS and member.classic is None:
            self._deadlines.set(timer, at.now + member.rebalance_timeout_ms / 1000)
        else:
            self._deadlines.cancel(timer)

    def await_rejoin(self, group_id: str, member: ConsumerMember, at: Instant) -> None:
        """It has been told to join again, perhaps not for the first time."""
        timer = (REJOIN, group_id, member.member_id)
        if timer not in self._deadlines:
            self._deadlines.set(timer, at.now + member.rebalance_timeout_ms / 1000)

    def await_sync(self, group_id: str, member: ConsumerMember, at: Instant) -> None:
        """It has joined, and is to ask for its assignment."""
        self._deadlines.cancel((REJOIN, group_id, member.member_id))
        self._deadlines.set((SYNC, group_id, member.member_id), at.now + member.rebalance_timeout_ms / 1000)

    def end_sync(self, group_id: str, member_id: str) -> None:
        """It has its assignment."""
        self._deadlines.cancel((SYNC, group_id, member_id))

    def end_revocation(self, group_id: str, member_id: str) -> None:
        """It is not waited for: it has left for a while."""
        self._deadlines.cancel((REVOCATION, group_id, member_id))

    def start(self, group: ConsumerGroup, at: Instant) -> None:
        """The group is loaded: every time is a whole one."""
        for member in group.members.values():
            self.start_session(group.group_id, member, at)
            self.match_revocation(group.group_id, member, at)

    def is_for(self, timer: str, member: ConsumerMember) -> bool:
        """Whether a deadline that has passed is still one of this member."""
        if timer == REVOCATION:
            return member.state is MemberState.UNREVOKED_PARTITIONS
        return timer == SESSION or member.classic is not None

    def cancel(self, group_id: str, member_id: str) -> None:
        """The member has gone."""
        for timer in MEMBER_TIMERS:
            self._deadlines.cancel((timer, group_id, member_id))
