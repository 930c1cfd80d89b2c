"""What the coordinator asks of the part that deals with one kind of group."""

from collections.abc import Callable, Collection, Sequence
from typing import Any, Protocol

from ....protocol.errors import ErrorCode
from ..result import CoordinatorResult, Instant, ResponseFuture
from .classic.member import JoinRequest, JoinResult, SyncRequest, SyncResult
from .group import Group

TimerKey = tuple[str, str, str]
"""The name of a timer, a group id, and a member id or ""."""

Decide = Callable[[Instant], CoordinatorResult[None]]


class ClassicRequests(Protocol):
    """Who answers members of the classic protocol: the classic groups, and consumer groups that have such members."""

    def join(
        self, request: JoinRequest, future: ResponseFuture[JoinResult], at: Instant
    ) -> CoordinatorResult[JoinResult]:
        """JoinGroup."""
        ...

    def sync(
        self, request: SyncRequest, future: ResponseFuture[SyncResult], at: Instant
    ) -> CoordinatorResult[SyncResult]:
        """SyncGroup."""
        ...

    def heartbeat(
        self, group_id: str, member_id: str, group_instance_id: str | None, generation: int, at: Instant
    ) -> ErrorCode:
        """Heartbeat: nothing is logged, so the answer is all."""
        ...

    def leave(
        self, group_id: str, leaving: Sequence[tuple[str, str | None]], at: Instant
    ) -> CoordinatorResult[Sequence[ErrorCode]]:
        """LeaveGroup of members (member id, instance id): one error for each."""
        ...


class GroupKind(Protocol):
    """The records, timers and sessions of one kind of group."""

    def replay(self, key: object, value: object | None) -> None:
        """Take over one record of this kind, in the order of the log; a value of None is a tombstone."""
        ...

    def on_timer(self, timer: TimerKey) -> Decide | None:
        """What is to be done for a timer of this kind that has fired; None if its group has gone."""
        ...

    def start_sessions(self, group: Group, at: Instant) -> None:
        """The group is loaded: its members have a whole session to show themselves."""
        ...

    def on_commit(self, group: Group, member_id: str, at: Instant) -> None:
        """A member has committed offsets."""
        ...

    def close(self, group: Group) -> Collection[ResponseFuture[Any]]:
        """The group is gone, and with it everything that it waited for: the requests that have waited for it."""
        ...
