"""The records of `__cluster_metadata`, declared like messages (KIP-631).

A record's key is null; its value begins with three unsigned varints: frame version 1, type, version.
"""

from collections.abc import Mapping, Sequence
from enum import IntEnum
from typing import TypeAlias, cast, get_args

from .codec import Buffer, decode, encode_bytes
from .schema import ZERO_UUID, boolean, declared, f64, field, i8, i16, i32, i64, message, nested, u16, uuid
from .wire import CorruptFrame, put_uvarint, uvarint


class ConfigResourceType(IntEnum):
    """What settings are given to, in the numbers of records and requests alike."""

    TOPIC = 2
    BROKER = 4
    BROKER_LOGGER = 8
    CLIENT_METRICS = 16
    GROUP = 32


@nested
class BrokerEndpoint:
    name: str
    host: str
    port: u16
    security_protocol: i16 = 0


@nested
class BrokerFeature:
    name: str
    min_supported_version: i16 = 0
    max_supported_version: i16 = 0


@message(api_key=0, versions="0-4", flexible="0+")
class RegisterBrokerRecord:
    """A broker that registered."""

    broker_id: i32
    is_migrating_zk_broker: boolean = field(default=False, versions="2+")
    incarnation_id: uuid = ZERO_UUID
    broker_epoch: i64 = 0
    end_points: Sequence[BrokerEndpoint] = ()
    features: Sequence[BrokerFeature] = ()
    rack: str | None = None
    fenced: boolean = True
    in_controlled_shutdown: boolean = field(default=False, versions="1+")
    log_dirs: Sequence[uuid] = field(default=(), versions="3+", tag=0)
    cordoned_log_dirs: Sequence[uuid] | None = field(default=None, versions="4+", tag=1)


@message(api_key=1, versions="0", flexible="0+")
class UnregisterBrokerRecord:
    """A broker that was forgotten."""

    broker_id: i32
    broker_epoch: i64 = 0


@message(api_key=2, versions="0", flexible="0+")
class TopicRecord:
    """A topic: its name and its id."""

    name: str
    topic_id: uuid


@message(api_key=3, versions="0-2", flexible="0+")
class PartitionRecord:
    """A partition: who holds it and who leads it."""

    partition_id: i32 = -1
    topic_id: uuid
    replicas: Sequence[i32] = ()
    isr: Sequence[i32] = ()
    removing_replicas: Sequence[i32] = ()
    adding_replicas: Sequence[i32] = ()
    leader: i32 = -1
    leader_recovery_state: i8 = field(default=0, tag=0)
    leader_epoch: i32 = -1
    partition_epoch: i32 = -1
    directories: Sequence[uuid] = field(default=(), versions="1+")
    eligible_leader_replicas: Sequence[i32] | None = field(default=None, versions="2+", tag=1)
    last_known_elr: Sequence[i32] | None = field(default=None, versions="2+", tag=2)


@message(api_key=4, versions="0", flexible="0+")
class ConfigRecord:
    """A setting of a resource; null removes it."""

    resource_type: i8
    resource_name: str
    name: str
    value: str | None


@message(api_key=5, versions="0-2", flexible="0+")
class PartitionChangeRecord:
    """What changed about a partition."""

    partition_id: i32 = -1
    topic_id: uuid
    isr: Sequence[i32] | None = field(default=None, tag=0)
    leader: i32 = field(default=-2, tag=1)
    replicas: Sequence[i32] | None = field(default=None, tag=2)
    removing_replicas: Sequence[i32] | None = field(default=None, tag=3)
    adding_replicas: Sequence[i32] | None = field(default=None, tag=4)
    leader_recovery_state: i8 = field(default=-1, tag=5)
    directories: Sequence[uuid] | None = field(default=None, versions="1+", tag=8)
    eligible_leader_replicas: Sequence[i32] | None = field(default=None, versions="2+", tag=6)
    last_known_elr: Sequence[i32] | None = field(default=None, versions="2+", tag=7)


@message(api_key=7, versions="0", flexible="0+")
class FenceBrokerRecord:
    """A broker that may not lead (up to metadata version 3.0)."""

    id: i32 = 0
    epoch: i64 = 0


@message(api_key=8, versions="0", flexible="0+")
class UnfenceBrokerRecord:
    """A broker that may lead (up to metadata version 3.0)."""

    id: i32 = 0
    epoch: i64 = 0


@message(api_key=9, versions="0", flexible="0+")
class RemoveTopicRecord:
    """A topic that is gone, with its partitions."""

    topic_id: uuid


@message(api_key=10, versions="0", flexible="0+")
class DelegationTokenRecord:
    """A delegation token."""

    owner: str = ""
    requester: str = ""
    renewers: Sequence[str] = ()
    issue_timestamp: i64 = 0
    max_timestamp: i64 = 0
    expiration_timestamp: i64 = 0
    token_id: str = ""


@message(api_key=11, versions="0", flexible="0+")
class UserScramCredentialRecord:
    """A SCRAM credential."""

    name: str
    mechanism: i8 = 0
    salt: bytes = b""
    stored_key: bytes = b""
    server_key: bytes = b""
    iterations: i32 = 0


@message(api_key=12, versions="0", flexible="0+")
class FeatureLevelRecord:
    """The level of a feature; 0 removes it."""

    name: str
    feature_level: i16 = 0


@nested
class EntityData:
    entity_type: str = ""
    entity_name: str | None


@message(api_key=14, versions="0", flexible="0+")
class ClientQuotaRecord:
    """A quota that was set or removed."""

    entity: Sequence[EntityData] = ()
    key: str
    value: f64 = 0.0
    remove: boolean = False


@message(api_key=15, versions="0", flexible="0+")
class ProducerIdsRecord:
    """Every producer id below the next one has been handed out."""

    broker_id: i32
    broker_epoch: i64 = -1
    next_producer_id: i64 = 0


@message(api_key=17, versions="0-3", flexible="0+")
class BrokerRegistrationChangeRecord:
    """What changed about a registered broker."""

    broker_id: i32
    broker_epoch: i64 = 0
    fenced: i8 = field(default=0, tag=0)
    in_controlled_shutdown: i8 = field(default=0, versions="1+", tag=1)
    log_dirs: Sequence[uuid] = field(default=(), versions="2+", tag=2)
    cordoned_log_dirs: Sequence[uuid] | None = field(default=None, versions="3+", tag=3)


@message(api_key=18, versions="0", flexible="0+")
class AccessControlEntryRecord:
    """An access rule."""

    id: uuid = ZERO_UUID
    resource_type: i8
    resource_name: str
    pattern_type: i8 = 0
    principal: str = ""
    host: str
    operation: i8 = 0
    permission_type: i8 = 0


@message(api_key=19, versions="0", flexible="0+")
class RemoveAccessControlEntryRecord:
    """An access rule that is gone."""

    id: uuid = ZERO_UUID


@message(api_key=20, versions="0", flexible="0+")
class NoOpRecord:
    """Nothing: it shows that the quorum lives (KIP-835)."""


@message(api_key=21, versions="0", flexible="0+")
class ZkMigrationStateRecord:
    """How far a migration from ZooKeeper went; 0 where there never was one."""

    zk_migration_state: i8 = 0


@message(api_key=22, versions="0", flexible="0+")
class RemoveUserScramCredentialRecord:
    """A SCRAM credential that is gone."""

    name: str
    mechanism: i8 = 0


@message(api_key=23, versions="0", flexible="0+")
class BeginTransactionRecord:
    """The records up to the end count together or not at all (KIP-868)."""

    name: str | None = field(default=None, tag=0)


@message(api_key=24, versions="0", flexible="0+")
class EndTransactionRecord:
    """The records since the beginning count."""


@message(api_key=25, versions="0", flexible="0+")
class AbortTransactionRecord:
    """Forget the records since the transaction began."""

    reason: str | None = field(default=None, tag=0)


@message(api_key=26, versions="0", flexible="0+")
class RemoveDelegationTokenRecord:
    """A delegation token that is gone."""

    token_id: str = ""


@nested
class ControllerEndpoint:
    name: str
    host: str
    port: u16
    security_protocol: i16 = 0


@nested
class ControllerFeature:
    name: str
    min_supported_version: i16 = 0
    max_supported_version: i16 = 0


@message(api_key=27, versions="0", flexible="0+")
class RegisterControllerRecord:
    """A controller that registered."""

    controller_id: i32 = 0
    incarnation_id: uuid = ZERO_UUID
    zk_migration_ready: boolean = False
    end_points: Sequence[ControllerEndpoint] = ()
    features: Sequence[ControllerFeature] = ()


@message(api_key=28, versions="0", flexible="0+")
class ClearElrRecord:
    """Forget a topic's eligible leaders (KIP-966); of all topics where the name is empty."""

    topic_name: str


MetadataRecord: TypeAlias = (
    RegisterBrokerRecord
    | UnregisterBrokerRecord
    | TopicRecord
    | PartitionRecord
    | ConfigRecord
    | PartitionChangeRecord
    | FenceBrokerRecord
    | UnfenceBrokerRecord
    | RemoveTopicRecord
    | DelegationTokenRecord
    | UserScramCredentialRecord
    | FeatureLevelRecord
    | ClientQuotaRecord
    | ProducerIdsRecord
    | BrokerRegistrationChangeRecord
    | AccessControlEntryRecord
    | RemoveAccessControlEntryRecord
    | NoOpRecord
    | ZkMigrationStateRecord
    | RemoveUserScramCredentialRecord
    | BeginTransactionRecord
    | EndTransactionRecord
    | AbortTransactionRecord
    | RemoveDelegationTokenRecord
    | RegisterControllerRecord
    | ClearElrRecord
)

FRAME_VERSION = 1
_TYPES: Mapping[int, type[MetadataRecord]] = {
    declared(cls).api_key or 0: cast(type[MetadataRecord], cls) for cls in get_args(MetadataRecord)
}


def encode_metadata_record(record: MetadataRecord, version: int | None = None) -> bytes:
    """A record's value; without a version given, in the newest one, which Kafka 4.3 writes."""
    notes = declared(type(record))
    if version is None:
        version = notes.versions.last
    out = bytearray()
    for number in (FRAME_VERSION, notes.api_key or 0, version):
        put_uvarint(out, number)
    return bytes(out) + encode_bytes(record, version)


def decode_metadata_record(value: Buffer) -> MetadataRecord:
    """The record in a value; CorruptFrame where frame version, type or version is unknown: nothing may be skipped."""
    return decode_versioned(value)[0]


def decode_versioned(value: Buffer) -> tuple[MetadataRecord, int]:
    """The record in a value and the version it was written in, in which a change of it is to be written again."""
    try:
        frame_version, pos = uvarint(value, 0)
        kind, pos = uvarint(value, pos)
        version, pos = uvarint(value, pos)
    except IndexError as fault:
        raise CorruptFrame("metadata record cut short") from fault
    cls = _TYPES.get(kind)
    if frame_version != FRAME_VERSION or cls is None or version not in declared(cls).versions:
        raise CorruptFrame(f"metadata record of frame {frame_version}, type {kind}, version {version}")
    return decode(cls, version, memoryview(value)[pos:]), version
