"""Members that leave a consumer group or are put out of it, and what becomes of the group.

The one rule: the group's epoch rises with every departure; where the last member of the consumer protocol goes and
classic ones stay, it becomes a classic group, if the settings allow it.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from ...result import CoordinatorResult, Instant, Record
from ..classic.member import JoinRequest, Protocols
from ..classic.records import group_record
from ..modern.topics_view import TopicsView, metadata_hash
from .group import ConsumerGroup
from .member import ConsumerMember
from .member_timers import MemberTimers
from .migration import downgrade
from .records import group_epoch_record, member_tombstones, regex_tombstone
from .settings import ConsumerConfig


class ClassicSide(Protocol):
    """The classic kind of group, to which a consumer group may go over."""

    @property
    def max_size(self) -> int:
        """The most members that one of its groups may have."""
        ...

    def check_join(self, request: JoinRequest) -> None:
        """What is asked of every JoinGroup, whatever its group: INVALID_GROUP_ID, INVALID_SESSION_TIMEOUT."""
        ...

    def take_over(
        self, group_id: str, protocols: Mapping[str, Protocols], at: Instant, *, must_rebalance: bool
    ) -> CoordinatorResult[Any] | None:
        """A group is a classic one by its record, which lacks the protocols of its members: what follows."""
        ...


class Departures:
    """Takes members out of groups."""

    def __init__(self, config: ConsumerConfig, topics: TopicsView, timers: MemberTimers, classic: ClassicSide) -> None:
        self._config = config
        self._topics = topics
        self._timers = timers
        self._classic = classic

    def put_out(self, group: ConsumerGroup, leaving: Sequence[ConsumerMember], at: Instant) -> CoordinatorResult[Any]:
        """A group without some members, which may be a classic group."""
        gone = [member.member_id for member in leaving]
        if self._may_downgrade(len(group.members) - len(gone)) and group.is_classic_without(gone):
            return self._downgrade(group, gone, None, at, must_rebalance=True)
        return CoordinatorResult(records=self._without(group, leaving))

    def replace(
        self, group: ConsumerGroup, replaced_id: str, joining: ConsumerMember, at: Instant, *, must_rebalance: bool
    ) -> CoordinatorResult[Any] | None:
        """A classic member takes the place of a static one: the group is classic if it was the last of its protocol."""
        is_alone = len(group.members) == 1
        if not self._may_downgrade(len(group.members)) or not (is_alone or group.is_classic_without([replaced_id])):
            return None
        return self._downgrade(group, [replaced_id], joining, at, must_rebalance=must_rebalance)

    def _without(self, group: ConsumerGroup, leaving: Sequence[ConsumerMember]) -> list[Record]:
        """The records of a consumer group that goes on without some members."""
        records: list[Record] = []
        gone = {member.member_id for member in leaving}
        for member in leaving:
            self._timers.cancel(group.group_id, member.member_id)
            records += member_tombstones(group.group_id, member.member_id)
        remaining = [member for member in group.members.values() if member.member_id not in gone]
        wanted = {member.subscribed_topic_regex for member in remaining}
        for regex in dict.fromkeys(member.subscribed_topic_regex for member in leaving):
            if regex and regex not in wanted:
                records.append(regex_tombstone(group.group_id, regex))
        left = group.subscribed_topics_of(remaining)
        records.append(group_epoch_record(group.group_id, group.epoch + 1, metadata_hash(left, self._topics)))
        return records

    def check_join(self, request: JoinRequest) -> None:
        """Whether a classic member may ask to join at all."""
        self._classic.check_join(request)

    def _may_downgrade(self, size: int) -> bool:
        return self._config.may_downgrade and size <= self._classic.max_size

    def _downgrade(
        self,
        group: ConsumerGroup,
        gone: Sequence[str],
        joining: ConsumerMember | None,
        at: Instant,
        *,
        must_rebalance: bool,
    ) -> CoordinatorResult[Any]:
        """The group is a classic one from now on."""
        downgraded = downgrade(group, gone, joining, self._topics, at.now_ms)
        for member_id in group.members:
            self._timers.cancel(group.group_id, member_id)
        return CoordinatorResult(
            records=[*group.tombstones(), group_record(group.group_id, downgraded.stored)],
            on_logged=lambda: self._classic.take_over(
                group.group_id, downgraded.protocols, at, must_rebalance=must_rebalance
            ),
        )
