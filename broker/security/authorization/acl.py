"""An access rule: who, from where, may or may not do what, to which resources (KIP-11, KIP-290).

The names are Kafka's; so are the numbers, in requests and in the metadata log.
"""

from enum import IntEnum
from typing import NamedTuple, Self

from ....protocol.metadata_records import AccessControlEntryRecord

WILDCARD = "*"
CLUSTER_NAME = "kafka-cluster"  # the only resource of its type


class _Code(IntEnum):
    """A number of the protocol; one that is not there is its UNKNOWN, which is 0."""

    @classmethod
    def _missing_(cls, value: object) -> Self:
        return cls(0)


class ResourceType(_Code):
    """What a rule is about. UNKNOWN and ANY are of filters."""

    UNKNOWN = 0
    ANY = 1
    TOPIC = 2
    GROUP = 3
    CLUSTER = 4
    TRANSACTIONAL_ID = 5
    DELEGATION_TOKEN = 6
    USER = 7


class PatternType(_Code):
    """Which resources a rule's name stands for: the one of that name, or all whose names begin with it.

    UNKNOWN, ANY and MATCH are of filters. The literal name * stands for all.
    """

    UNKNOWN = 0
    ANY = 1
    MATCH = 2
    LITERAL = 3
    PREFIXED = 4


class Operation(_Code):
    """What is done to a resource. UNKNOWN and ANY are of filters."""

    UNKNOWN = 0
    ANY = 1
    ALL = 2
    READ = 3
    WRITE = 4
    CREATE = 5
    DELETE = 6
    ALTER = 7
    DESCRIBE = 8
    CLUSTER_ACTION = 9
    DESCRIBE_CONFIGS = 10
    ALTER_CONFIGS = 11
    IDEMPOTENT_WRITE = 12
    CREATE_TOKENS = 13
    DESCRIBE_TOKENS = 14
    TWO_PHASE_COMMIT = 15


class Permission(_Code):
    """Whether it may be done. UNKNOWN and ANY are of filters."""

    UNKNOWN = 0
    ANY = 1
    DENY = 2
    ALLOW = 3


class Acl(NamedTuple):
    """One rule."""

    resource_type: ResourceType
    name: str
    pattern_type: PatternType
    principal: str  # "User:alice"; User:* is everybody
    host: str  # an address as text; * is every one
    operation: Operation
    permission: Permission

    @classmethod
    def of_record(cls, record: AccessControlEntryRecord) -> "Acl":
        """What a record of the metadata log says."""
        return cls(
            ResourceType(record.resource_type),
            record.resource_name,
            PatternType(record.pattern_type),
            record.principal,
            record.host,
            Operation(record.operation),
            Permission(record.permission_type),
        )

    def record(self, acl_id: bytes) -> AccessControlEntryRecord:
        """What the metadata log has of it."""
        return AccessControlEntryRecord(
            id=acl_id,
            resource_type=self.resource_type,
            resource_name=self.name,
            pattern_type=self.pattern_type,
            principal=self.principal,
            host=self.host,
            operation=self.operation,
            permission_type=self.permission,
        )


class AclFilter(NamedTuple):
    """Which rules are meant: None and ANY stand for all, MATCH for those that say something of the name."""

    resource_type: ResourceType
    name: str | None
    pattern_type: PatternType
    principal: str | None
    host: str | None
    operation: Operation
    permission: Permission

    def matches(self, acl: Acl) -> bool:
        """Whether a rule is among them."""
        return (
            self.resource_type in (ResourceType.ANY, acl.resource_type)
            and self.principal in (None, acl.principal)
            and self.host in (None, acl.host)
            and self.operation in (Operation.ANY, acl.operation)
            and self.permission in (Permission.ANY, acl.permission)
            and self._matches_pattern(acl)
        )

    def _matches_pattern(self, acl: Acl) -> bool:
        if self.pattern_type not in (PatternType.ANY, PatternType.MATCH, acl.pattern_type):
            return False
        if self.name is None or self.pattern_type != PatternType.MATCH:
            return self.name in (None, acl.name)
        if acl.pattern_type == PatternType.PREFIXED:
            return self.name.startswith(acl.name)
        return acl.name in (self.name, WILDCARD)
