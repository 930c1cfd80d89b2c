"""Who a quota is for, and what may be set: users, client ids, both, addresses; by name or for all that have none.

Pure, and in Kafka's words.
"""

import math
import socket
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum

from ...protocol.errors import ErrorCode, KafkaError
from ..metadata.image import QuotaEntity

USER, CLIENT_ID, IP = "user", "client-id", "ip"
_OF_CLIENTS = ("producer_byte_rate", "consumer_byte_rate", "request_percentage", "controller_mutation_rate")
_OF_ADDRESSES = ("connection_creation_rate",)
_WHOLE = ("producer_byte_rate", "consumer_byte_rate", "connection_creation_rate")
_LARGEST = {"connection_creation_rate": (2**31 - 1, "INT")}
_LARGEST_LONG = (2**63 - 1, "LONG")


class Match(IntEnum):
    """How one component of a filter is held against an entity, in Kafka's numbers."""

    EXACT = 0
    DEFAULT = 1
    SPECIFIED = 2


@dataclass(frozen=True, slots=True)
class Component:
    """One part of a filter. `name` is for EXACT only."""

    entity_type: str
    match: int
    name: str | None

    def check(self) -> None:
        """INVALID_REQUEST, UNSUPPORTED_VERSION."""
        if not self.entity_type:
            raise KafkaError(ErrorCode.INVALID_REQUEST, "Invalid empty entity type.")
        if self.match not in list(Match):
            raise KafkaError(ErrorCode.INVALID_REQUEST, f"Unknown match type {self.match}")
        if self.match == Match.EXACT and self.name is None:
            why = "Request specified MATCH_TYPE_EXACT, but set match string to null."
            raise KafkaError(ErrorCode.INVALID_REQUEST, why)
        if self.match != Match.EXACT and self.name is not None:
            why = f"Request specified MATCH_TYPE_{Match(self.match).name}, but also specified a match string."
            raise KafkaError(ErrorCode.INVALID_REQUEST, why)
        if self.entity_type not in (USER, CLIENT_ID, IP):
            raise KafkaError(ErrorCode.UNSUPPORTED_VERSION, f"Unsupported entity type {self.entity_type}")

    def fits(self, entity: Mapping[str, str | None]) -> bool:
        """Whether an entity has this part."""
        if self.entity_type not in entity:
            return False
        name = entity[self.entity_type]
        if self.match == Match.EXACT:
            return name == self.name
        return name is None if self.match == Match.DEFAULT else True


def check_filter(components: Sequence[Component]) -> None:
    """INVALID_REQUEST, UNSUPPORTED_VERSION."""
    types: set[str] = set()
    for component in components:
        component.check()
        if component.entity_type in types:
            why = f"Entity type {component.entity_type} cannot appear more than once in the filter."
            raise KafkaError(ErrorCode.INVALID_REQUEST, why)
        types.add(component.entity_type)
    if IP in types and len(types) > 1:
        why = (
            "Invalid entity filter component combination. IP filter component should not be used with user or "
            "clientId filter component."
        )
        raise KafkaError(ErrorCode.INVALID_REQUEST, why)


def fits(components: Sequence[Component], entity: QuotaEntity, *, is_strict: bool) -> bool:
    """Whether a filter finds an entity: strictly one that has nothing else; a filter of nothing finds all."""
    parts = dict(entity)
    if is_strict and (not components or len(parts) != len(components)):
        return False
    return all(component.fits(parts) for component in components)


def entity_of(parts: Iterable[tuple[str, str | None]]) -> QuotaEntity:
    """An entity in the one form that it is kept in."""
    return tuple(sorted(parts))


def check_entity(entity: QuotaEntity) -> None:
    """INVALID_REQUEST."""
    if not entity:
        raise KafkaError(ErrorCode.INVALID_REQUEST, "Invalid empty client quota entity")
    types = {kind for kind, _ in entity}
    for kind, name in entity:
        if kind not in (USER, CLIENT_ID, IP):
            raise KafkaError(ErrorCode.INVALID_REQUEST, f"Unhandled client quota entity type: {kind}")
        if name == "":
            raise KafkaError(ErrorCode.INVALID_REQUEST, f"Empty {kind} not supported")
    if IP in types and len(types) > 1:
        why = "Invalid quota entity combination, IP entity shouldnot be combined with User or ClientId"
        raise KafkaError(ErrorCode.INVALID_REQUEST, why)


def check_value(entity: QuotaEntity, key: str, value: float) -> None:
    """INVALID_REQUEST."""
    known = _OF_ADDRESSES if entity[0][0] == IP else _OF_CLIENTS
    if key not in known:
        raise KafkaError(ErrorCode.INVALID_REQUEST, f"Invalid configuration key {key}")
    if not value > 0:  # Kafka takes what is no number
        raise KafkaError(ErrorCode.INVALID_REQUEST, f"Quota {key} must be greater than 0")
    largest, word = _LARGEST.get(key, _LARGEST_LONG)
    if key in _WHOLE and value > float(largest):  # the largest LONG is none, and taken
        raise KafkaError(ErrorCode.INVALID_REQUEST, f"Proposed value for {key} is too large for a {word}.")
    if key in _WHOLE and value != math.floor(value):
        raise KafkaError(ErrorCode.INVALID_REQUEST, f"{key} cannot be a fractional value.")


def check_address(entity: QuotaEntity) -> None:
    """Whether the address of an entity is one. Names of hosts are not looked up: that would wait for a network."""
    for kind, name in entity:
        if kind == IP and name is not None and not _is_address(name):
            raise KafkaError(ErrorCode.INVALID_REQUEST, f"{name} is not a valid IP or resolvable host.")


def _is_address(text: str) -> bool:
    for family in (socket.AF_INET, socket.AF_INET6):
        try:
            socket.inet_pton(family, text)
        except (OSError, ValueError):
            continue
        return True
    return text == "localhost"
