"""What the metadata log says of things that a broker has no use for: controllers, levels, the next producer id.

The rule: none of it is lost. Each record is kept as it came, under the key by which Kafka keeps it, so that a snapshot
says it again and Apache Kafka finds its cluster as it left it.
"""

from dataclasses import dataclass, field

from ...protocol.metadata_records import (
    FeatureLevelRecord,
    MetadataRecord,
    NoOpRecord,
    ProducerIdsRecord,
    RegisterControllerRecord,
    ZkMigrationStateRecord,
)
from ...protocol.wire import CorruptFrame

# Kinds of records, in the order of Kafka's own snapshots.
FEATURE, CONTROLLER, PRODUCER_IDS, MIGRATION = range(4)
BEFORE_BROKERS = (FEATURE,)
BEFORE_TOPICS = (CONTROLLER,)
BEFORE_ACLS = (PRODUCER_IDS,)
AFTER_ACLS = (MIGRATION,)

Key = tuple[object, ...]


@dataclass(slots=True)
class UnservedRecords:
    """The newest record of each key; a key begins with the kind."""

    values: dict[Key, bytes] = field(default_factory=dict[Key, bytes])

    def keep(self, record: MetadataRecord, value: bytes) -> None:
        """Take a record and its bytes; CorruptFrame for one that does not belong here."""
        place = _place_of(record)
        if place is not None:
            key, is_removed = place
            if is_removed:
                self.values.pop(key, None)
            else:
                self.values[key] = value

    def of_kinds(self, kinds: tuple[int, ...]) -> list[bytes]:
        """The records of these kinds, kind by kind."""
        return [value for kind in kinds for key, value in self.values.items() if key[0] == kind]


def _place_of(record: MetadataRecord) -> tuple[Key, bool] | None:
    """Where a record is kept, and whether it empties that place; None for one that says nothing lasting."""
    match record:
        case FeatureLevelRecord():
            return (FEATURE, record.name), record.feature_level == 0
        case RegisterControllerRecord():
            return (CONTROLLER, record.controller_id), False
        case ProducerIdsRecord():
            return (PRODUCER_IDS,), False
        case ZkMigrationStateRecord():
            return (MIGRATION,), False
        case NoOpRecord():
            return None
        case _:
            raise CorruptFrame(f"a {type(record).__name__} where none belongs")
