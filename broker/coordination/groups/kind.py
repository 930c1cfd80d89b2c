"""What the coordinator asks of the part that deals with one kind of group."""

from collections.abc import Callable
from typing import Protocol

from ..result import CoordinatorResult, Instant
from .group import Group

TimerKey = tuple[str, str, str]
"""The name of a timer, a group id, and a member id or ""."""

Decide = Callable[[Instant], CoordinatorResult[None]]


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

    def close(self, group: Group) -> None:
        """The group is gone, and with it everything that it waited for."""
        ...
