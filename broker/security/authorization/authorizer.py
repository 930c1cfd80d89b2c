"""Authorizer: whether a client may do what it asks for, as Apache Kafka's StandardAuthorizer decides it (KIP-801).

A rule that denies outweighs every one that allows. Rules are found by the resource, and of one resource by principal
and host, so that a check takes as long with ten thousand of them as with ten.
"""

from collections.abc import Iterator
from typing import NamedTuple

from .acl import WILDCARD, Acl, Operation, PatternType, Permission, ResourceType

EVERYBODY = "User:*"
_ALL = (1 << 32) - 1
# What a rule that allows also allows; one that denies denies nothing else.
_IMPLIED = {
    **dict.fromkeys((Operation.READ, Operation.WRITE, Operation.DELETE, Operation.ALTER), Operation.DESCRIBE),
    Operation.ALTER_CONFIGS: Operation.DESCRIBE_CONFIGS,
}
_MOST_REMEMBERED = 1000


class Client(NamedTuple):
    """Who asks, and from where."""

    principal: str  # "User:alice"
    host: str


class _Verdicts:
    """The rules of one resource pattern, as bits of operations, by principal and host."""

    __slots__ = ("_acls", "bits")

    def __init__(self) -> None:
        self.bits: dict[tuple[str, str], tuple[int, int]] = {}  # allowed, denied
        self._acls: dict[tuple[str, str], list[Acl]] = {}

    def add(self, acl: Acl) -> None:
        self._acls.setdefault((acl.principal, acl.host), []).append(acl)
        self._sum_up(acl)

    def remove(self, acl: Acl) -> None:
        self._acls[acl.principal, acl.host].remove(acl)
        self._sum_up(acl)

    def _sum_up(self, changed: Acl) -> None:
        key = changed.principal, changed.host
        allowed = denied = 0
        for acl in self._acls[key]:
            if acl.permission == Permission.ALLOW:
                allowed |= _bits(acl.operation) | _bits(_IMPLIED.get(acl.operation, acl.operation))
            else:
                denied |= _bits(acl.operation)
        if self._acls[key]:
            self.bits[key] = allowed, denied
        else:
            del self._acls[key], self.bits[key]


def _bits(operation: Operation) -> int:
    return _ALL if operation == Operation.ALL else 1 << operation


class _Index:
    """The rules of one type of resource, by name; prefixes by their lengths, of which there are few."""

    __slots__ = ("lengths", "literal", "prefixed")

    def __init__(self) -> None:
        self.literal: dict[str, _Verdicts] = {}
        self.prefixed: dict[str, _Verdicts] = {}
        self.lengths: dict[int, int] = {}  # how many prefixes are so long

    def place_of(self, acl: Acl) -> dict[str, _Verdicts]:
        return self.prefixed if acl.pattern_type == PatternType.PREFIXED else self.literal

    def add(self, acl: Acl) -> None:
        place = self.place_of(acl)
        if acl.name not in place:
            place[acl.name] = _Verdicts()
            if place is self.prefixed:
                self.lengths[len(acl.name)] = self.lengths.get(len(acl.name), 0) + 1
        place[acl.name].add(acl)

    def remove(self, acl: Acl) -> None:
        place = self.place_of(acl)
        verdicts = place[acl.name]
        verdicts.remove(acl)
        if not verdicts.bits:
            del place[acl.name]
            if place is self.prefixed:
                self.lengths[len(acl.name)] -= 1
                if not self.lengths[len(acl.name)]:
                    del self.lengths[len(acl.name)]

    def about(self, name: str) -> Iterator[_Verdicts]:
        """The rules that say something of a resource of this name."""
        if (verdicts := self.literal.get(name)) is not None:
            yield verdicts
        # Kafka takes a name that only begins with the wildcard for none of those that it stands for.
        if not name.startswith(WILDCARD) and (verdicts := self.literal.get(WILDCARD)) is not None:
            yield verdicts
        for length in self.lengths:
            if length <= len(name) and (verdicts := self.prefixed.get(name[:length])) is not None:
                yield verdicts


class Authorizer:
    """The rules in force. `super_users` may do everything; `is_open` lets everybody where no rule says anything."""

    def __init__(self, super_users: frozenset[str] = frozenset(), *, is_open: bool = False) -> None:
        self._super_users = super_users
        self._is_open = is_open
        self._indexes = {one: _Index() for one in ResourceType}
        self._remembered: dict[tuple[Client, Operation, ResourceType], bool] = {}

    def add(self, acl: Acl) -> None:
        """A rule is in force from now on."""
        self._indexes[acl.resource_type].add(acl)
        self._remembered.clear()

    def remove(self, acl: Acl) -> None:
        """A rule that was added is in force no more."""
        self._indexes[acl.resource_type].remove(acl)
        self._remembered.clear()

    def is_allowed(self, client: Client, operation: Operation, kind: ResourceType, name: str) -> bool:
        """Whether the client may do this to the resource of this name."""
        principal, host = client
        if principal in self._super_users:
            return True
        keys = ((principal, host), (principal, WILDCARD), (EVERYBODY, host), (EVERYBODY, WILDCARD))
        bit = 1 << operation
        is_allowed = is_mentioned = False
        for verdicts in self._indexes[kind].about(name):
            is_mentioned = True
            for key in keys:
                if (bits := verdicts.bits.get(key)) is not None:
                    if bits[1] & bit:
                        return False
                    is_allowed = is_allowed or bool(bits[0] & bit)
        return is_allowed or (self._is_open and not is_mentioned)

    def is_allowed_somewhere(self, client: Client, operation: Operation, kind: ResourceType) -> bool:
        """Whether there is any resource of this type to which the client may do this (KAFKA-10619)."""
        key = client, operation, kind
        if (known := self._remembered.get(key)) is None:
            if len(self._remembered) >= _MOST_REMEMBERED:
                self._remembered.clear()
            known = self._remembered[key] = self._find_somewhere(client, operation, kind)
        return known

    def _find_somewhere(self, client: Client, operation: Operation, kind: ResourceType) -> bool:
        # As Kafka does, with a name of which no rule is likely to speak: it finds super users and an open authorizer.
        if self.is_allowed(client, operation, kind, "hardcode"):
            return True
        index = self._indexes[kind]
        allowed, denied = (self._patterns(index.literal, client, operation, at) for at in (0, 1))
        allowed_prefixes, denied_prefixes = (self._patterns(index.prefixed, client, operation, at) for at in (0, 1))
        if WILDCARD in denied:
            return False
        return (
            WILDCARD in allowed
            or any(name not in denied and not _is_below(name, denied_prefixes) for name in allowed)
            or any(not _is_below(prefix, denied_prefixes) for prefix in allowed_prefixes)
        )

    @staticmethod
    def _patterns(place: dict[str, _Verdicts], client: Client, operation: Operation, at: int) -> set[str]:
        keys = [(principal, host) for principal in (client.principal, EVERYBODY) for host in (client.host, WILDCARD)]
        return {
            name
            for name, verdicts in place.items()
            if any((verdicts.bits.get(key) or (0, 0))[at] & (1 << operation) for key in keys)
        }


def _is_below(name: str, prefixes: set[str]) -> bool:
    return any(name[:length] in prefixes for length in range(1, len(name) + 1))
