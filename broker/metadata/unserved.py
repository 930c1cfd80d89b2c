"""What the metadata log says of things that one node has no use for: registrations, levels, the next producer id.

The rule: none of it is lost. Each record is kept as it came, under the key by which Kafka keeps it, so that a snapshot
says it again and Apache Kafka finds its cluster as it left it.
"""

from dataclasses import dataclass, field

from ...protocol.metadata_records import (
    BrokerRegistrationChangeRecord,
    FeatureLevelRecord,
    FenceBrokerRecord,
    MetadataRecord,
    NoOpRecord,
    ProducerIdsRecord,
    RegisterBrokerRecord,
    RegisterControllerRecord,
    UnfenceBrokerRecord,
    UnregisterBrokerRecord,
    ZkMigrationStateRecord,
    decode_versioned,
    encode_metadata_record,
)
from ...protocol.wire import CorruptFrame

# Kinds of records, in the order of Kafka's own snapshots.
FEATURE, BROKER, CONTROLLER, PRODUCER_IDS, MIGRATION = range(5)
BEFORE_TOPICS = (FEATURE, BROKER, CONTROLLER)
BEFORE_ACLS = (PRODUCER_IDS,)
AFTER_ACLS = (MIGRATION,)

# What a BrokerRegistrationChangeRecord says about a flag (KIP-841); 0 leaves it.
RAISED, LOWERED = 1, -1

Key = tuple[object, ...]


@dataclass(slots=True)
class UnservedRecords:
    """The newest record of each key; a key begins with the kind."""

    values: dict[Key, bytes] = field(default_factory=dict[Key, bytes])

    def keep(self, record: MetadataRecord, value: bytes) -> None:
        """Take a record and its bytes; CorruptFrame for one that does not belong here."""
        if isinstance(record, BrokerRegistrationChangeRecord | FenceBrokerRecord | UnfenceBrokerRecord):
            self._change_registration(record)
            return
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

    def _change_registration(
        self, change: BrokerRegistrationChangeRecord | FenceBrokerRecord | UnfenceBrokerRecord
    ) -> None:
        key = (BROKER, change.broker_id if isinstance(change, BrokerRegistrationChangeRecord) else change.id)
        value = self.values.get(key)
        if value is None:
            raise CorruptFrame(f"a change of broker {key[1]}, which is not registered")
        broker, version = decode_versioned(value)
        assert isinstance(broker, RegisterBrokerRecord)
        if isinstance(change, BrokerRegistrationChangeRecord):
            if change.fenced:
                broker.fenced = change.fenced == RAISED
            if change.in_controlled_shutdown:
                broker.in_controlled_shutdown = change.in_controlled_shutdown == RAISED
            if change.log_dirs:
                broker.log_dirs = change.log_dirs
            if change.cordoned_log_dirs is not None:
                broker.cordoned_log_dirs = change.cordoned_log_dirs
        else:
            broker.fenced = isinstance(change, FenceBrokerRecord)
        self.values[key] = encode_metadata_record(broker, version)


def _place_of(record: MetadataRecord) -> tuple[Key, bool] | None:
    """Where a record is kept, and whether it empties that place; None for one that says nothing lasting."""
    match record:
        case FeatureLevelRecord():
            return (FEATURE, record.name), record.feature_level == 0
        case RegisterBrokerRecord():
            return (BROKER, record.broker_id), False
        case UnregisterBrokerRecord():
            return (BROKER, record.broker_id), True
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
