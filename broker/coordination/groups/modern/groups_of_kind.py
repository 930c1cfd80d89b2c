"""The groups of one kind in the table of all groups."""

from collections.abc import Callable, Collection, Iterator
from collections.abc import Set as AbstractSet
from typing import Generic, Protocol, TypeVar

from .....protocol.errors import ErrorCode, KafkaError
from ..group import Group


class Subscribing(Group, Protocol):
    """A group whose coordinator assigns; a ModernGroup is one."""

    needs_refresh: bool

    def subscribed_topics(self) -> AbstractSet[str]: ...


G = TypeVar("G", bound=Subscribing)


class GroupsOfKind(Generic[G]):
    """`table` has the groups of every kind; `make` makes one of this kind, by its id."""

    def __init__(self, table: dict[str, Group], kind: type[G], group_type: str, make: Callable[[str], G]) -> None:
        self._table = table
        self._kind = kind
        self._group_type = group_type
        self._make = make

    def __iter__(self) -> Iterator[G]:
        return (group for group in self._table.values() if isinstance(group, self._kind))

    def find(self, group_id: str, called: str = "Group") -> G:
        """The group of that name; GROUP_ID_NOT_FOUND, in which `called` is what it is called."""
        group = self._table.get(group_id)
        if group is None:
            raise KafkaError(ErrorCode.GROUP_ID_NOT_FOUND, f"{called} {group_id} not found.")
        if not isinstance(group, self._kind):
            raise KafkaError(ErrorCode.GROUP_ID_NOT_FOUND, f"Group {group_id} is not a {self._group_type} group.")
        return group

    def known(self, group_id: str) -> G | None:
        """The group of that name, if it is one of this kind."""
        group = self._table.get(group_id)
        return group if isinstance(group, self._kind) else None

    def replayed(self, group_id: str) -> G:
        """The group that a record is of; one that only kept offsets has no record of its own, and becomes it."""
        group = self.known(group_id)
        if group is None:
            group = self._table[group_id] = self._make(group_id)
        return group

    def remove(self, group_id: str) -> None:
        """The group has no record any more."""
        if self.known(group_id) is not None:
            del self._table[group_id]

    def note_looked(self, group_id: str) -> None:
        """The group has looked at its topics."""
        if (group := self.known(group_id)) is not None:
            group.needs_refresh = False

    def on_topics_changed(self, names: Collection[str]) -> None:
        """Topics have come, grown or gone: the groups that read them look at their next heartbeat."""
        changed = frozenset(names)
        for group in self:
            if not changed.isdisjoint(group.subscribed_topics()):
                group.needs_refresh = True
