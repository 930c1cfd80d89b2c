"""The brokers that are registered, as the metadata log has them: where they are reached, and whether they may lead.

The rule: a registration is kept as its record came, and said again in the version it was written in; what is known of a
broker is read off from it (KIP-631, KIP-841, KIP-858).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from ...protocol.metadata_records import (
    BrokerEndpoint,
    BrokerRegistrationChangeRecord,
    FenceBrokerRecord,
    RegisterBrokerRecord,
    UnfenceBrokerRecord,
    UnregisterBrokerRecord,
    decode_versioned,
    encode_metadata_record,
)
from ...protocol.wire import CorruptFrame

# Ids that stand for no directory (KIP-858): one of before directories had ids, one yet to be chosen, one that is lost.
MIGRATING_DIRECTORY: Final = bytes(16)
UNASSIGNED_DIRECTORY: Final = bytes(15) + b"\x01"
LOST_DIRECTORY: Final = bytes(15) + b"\x02"
_RESERVED_DIRECTORY_IDS: Final = 100

# What a BrokerRegistrationChangeRecord says about a flag (KIP-841); 0 leaves it.
RAISED: Final = 1
LOWERED: Final = -1

RegistrationRecord = (
    RegisterBrokerRecord
    | UnregisterBrokerRecord
    | BrokerRegistrationChangeRecord
    | FenceBrokerRecord
    | UnfenceBrokerRecord
)


@dataclass(slots=True, frozen=True)
class BrokerRegistration:
    """A broker as it is registered."""

    broker_id: int
    broker_epoch: int
    incarnation_id: bytes
    endpoints: Sequence[BrokerEndpoint] = ()
    rack: str | None = None
    is_fenced: bool = True
    is_in_controlled_shutdown: bool = False
    log_dirs: Sequence[bytes] = ()
    cordoned_log_dirs: Sequence[bytes] | None = None

    @property
    def is_active(self) -> bool:
        """Whether it may lead, and be in sync."""
        return not self.is_fenced and not self.is_in_controlled_shutdown

    @property
    def default_directory(self) -> bytes:
        """The directory of a replica that comes to it; one that it has yet to choose where it has several."""
        if not self.log_dirs:
            return MIGRATING_DIRECTORY
        return self.log_dirs[0] if len(self.log_dirs) == 1 else UNASSIGNED_DIRECTORY

    @property
    def has_uncordoned_directories(self) -> bool:
        """Whether new replicas may come to it (KIP-1066)."""
        if not self.log_dirs or self.cordoned_log_dirs is None:
            return True
        return not set(self.log_dirs).issubset(self.cordoned_log_dirs)

    def has_online_directory(self, directory_id: bytes) -> bool:
        """Whether a replica in this directory can be used, as far as is known."""
        if directory_id in (UNASSIGNED_DIRECTORY, MIGRATING_DIRECTORY):
            return True
        return directory_id != LOST_DIRECTORY and (not self.log_dirs or directory_id in self.log_dirs)


@dataclass(slots=True)
class BrokerRegistrations:
    """The newest registration of each broker, changes applied, and the record that says so."""

    brokers: dict[int, BrokerRegistration] = field(default_factory=dict[int, BrokerRegistration])
    _values: dict[int, bytes] = field(default_factory=dict[int, bytes])

    def replay(self, record: RegistrationRecord, value: bytes) -> int:
        """Take a record and its bytes; the id of the broker. CorruptFrame for one that is not registered."""
        match record:
            case RegisterBrokerRecord():
                broker_id = record.broker_id
                self._values[broker_id] = value
                self.brokers[broker_id] = _registration_of(record)
            case UnregisterBrokerRecord():
                broker_id = record.broker_id
                self._values.pop(broker_id, None)
                self.brokers.pop(broker_id, None)
            case _:
                broker_id = record.broker_id if isinstance(record, BrokerRegistrationChangeRecord) else record.id
                self._change(broker_id, record)
        return broker_id

    def records(self) -> Iterator[bytes]:
        """What a snapshot says of them."""
        return iter(self._values.values())

    def _change(
        self, broker_id: int, change: BrokerRegistrationChangeRecord | FenceBrokerRecord | UnfenceBrokerRecord
    ) -> None:
        value = self._values.get(broker_id)
        if value is None:
            raise CorruptFrame(f"a change of broker {broker_id}, which is not registered")
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
        self._values[broker_id] = encode_metadata_record(broker, version)
        self.brokers[broker_id] = _registration_of(broker)


def is_reserved_directory(directory_id: bytes) -> bool:
    """Whether an id stands for no directory."""
    return int.from_bytes(directory_id) < _RESERVED_DIRECTORY_IDS


def active_brokers(brokers: Mapping[int, BrokerRegistration]) -> set[int]:
    """The ids of those that may lead."""
    return {broker_id for broker_id, broker in brokers.items() if broker.is_active}


def _registration_of(record: RegisterBrokerRecord) -> BrokerRegistration:
    return BrokerRegistration(
        broker_id=record.broker_id,
        broker_epoch=record.broker_epoch,
        incarnation_id=record.incarnation_id,
        endpoints=record.end_points,
        rack=record.rack,
        is_fenced=record.fenced,
        is_in_controlled_shutdown=record.in_controlled_shutdown,
        log_dirs=record.log_dirs,
        cordoned_log_dirs=record.cordoned_log_dirs,
    )
