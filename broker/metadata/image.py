"""What the records of the metadata log amount to: brokers, topics, settings, quotas, access rules, credentials, ids.

The rule: an image changes only by replaying records, as bytes, and `records` says the same again: that is a snapshot.
Records between BeginTransaction and EndTransaction count together or not at all (KIP-868).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from ...protocol.metadata_records import (
    AbortTransactionRecord,
    AccessControlEntryRecord,
    BeginTransactionRecord,
    BrokerRegistrationChangeRecord,
    ClearElrRecord,
    ClientQuotaRecord,
    ConfigRecord,
    ConfigResourceType,
    EndTransactionRecord,
    EntityData,
    FeatureLevelRecord,
    FenceBrokerRecord,
    MetadataRecord,
    PartitionChangeRecord,
    PartitionRecord,
    ProducerIdsRecord,
    RegisterBrokerRecord,
    RemoveAccessControlEntryRecord,
    RemoveTopicRecord,
    TopicRecord,
    UnfenceBrokerRecord,
    UnregisterBrokerRecord,
    decode_versioned,
    encode_metadata_record,
)
from ...protocol.wire import CorruptFrame
from .credentials import Credentials
from .delta import MetadataDelta
from .registrations import BrokerRegistration, BrokerRegistrations
from .topic_image import PartitionImage, TopicImage
from .unserved import AFTER_ACLS, BEFORE_ACLS, BEFORE_BROKERS, BEFORE_TOPICS, UnservedRecords

Resource = tuple[int, str]
"""What settings are given to: the type of the resource (DescribeConfigs' numbers), and its name."""

QuotaEntity = tuple[tuple[str, str | None], ...]
"""Who a quota is for: types (user, client-id, ip), in order, and names; None for all that have no quota by name."""


@dataclass(slots=True)
class MetadataImage:
    """What the records say so far."""

    topics: dict[str, TopicImage] = field(default_factory=dict[str, TopicImage])
    names: dict[bytes, str] = field(default_factory=dict[bytes, str])
    features: dict[str, int] = field(default_factory=dict[str, int])
    # Of everything but topics, whose own stand in their images: brokers, groups, client metrics.
    configs: dict[Resource, dict[str, str]] = field(default_factory=dict[Resource, dict[str, str]])
    quotas: dict[QuotaEntity, dict[str, float]] = field(default_factory=dict[QuotaEntity, dict[str, float]])
    acls: dict[bytes, AccessControlEntryRecord] = field(default_factory=dict[bytes, AccessControlEntryRecord])
    next_producer_id: int = 0
    credentials: Credentials = field(default_factory=Credentials)
    registrations: BrokerRegistrations = field(default_factory=BrokerRegistrations)
    kept: UnservedRecords = field(default_factory=UnservedRecords)
    # Topics known to be gone: what is left of their directories may go too. A snapshot does not tell of them.
    removed: dict[bytes, str] = field(default_factory=dict[bytes, str], compare=False)
    _transaction: list[bytes] | None = None

    @property
    def brokers(self) -> Mapping[int, BrokerRegistration]:
        """The brokers that are registered, by id."""
        return self.registrations.brokers

    @property
    def is_in_transaction(self) -> bool:
        """Whether records wait for the end of their transaction."""
        return self._transaction is not None

    def replay(self, value: bytes, delta: MetadataDelta | None = None) -> None:
        """Apply one record, and note in `delta` what it did.

        CorruptFrame for one that is damaged, unknown, or makes no sense here.
        """
        delta = MetadataDelta() if delta is None else delta
        record, version = decode_versioned(value)
        if isinstance(record, BeginTransactionRecord):
            if self._transaction is not None:
                raise CorruptFrame("a metadata transaction within another")
            self._transaction = []
        elif isinstance(record, AbortTransactionRecord):
            self._transaction = None
        elif isinstance(record, EndTransactionRecord):
            values, self._transaction = self._transaction or [], None
            for waiting in values:
                self.replay(waiting, delta)
        elif self._transaction is not None:
            self._transaction.append(value)
        else:
            self._apply(record, version, value, delta)

    def _apply(self, record: MetadataRecord, version: int, value: bytes, delta: MetadataDelta) -> None:
        match record:
            case TopicRecord():
                created = self.topics[record.name] = TopicImage(record.name, record.topic_id)
                self.names[record.topic_id] = record.name
                delta.note_created(created)
            case PartitionRecord():
                grown = self._topic(record.topic_id)
                grown.partitions[record.partition_id] = PartitionImage(record, version)
                delta.note_partition(grown)
            case PartitionChangeRecord():
                changed = self._topic(record.topic_id)
                partition = changed.partitions.get(record.partition_id)
                if partition is None:
                    raise CorruptFrame(f"a change of partition {record.partition_id}, which is not there")
                delta.note_change(changed, record.partition_id, is_led_anew=partition.change(record))
            case RemoveTopicRecord():
                name = self._topic(record.topic_id).name
                delta.note_deleted(self.topics.pop(name))
                del self.names[record.topic_id]
                self.removed[record.topic_id] = name
            case ClearElrRecord():
                for topic in self.topics.values():
                    if record.topic_name in ("", topic.name):
                        for index, partition in topic.partitions.items():
                            if partition.clear_eligible_leaders():
                                delta.note_change(topic, index, is_led_anew=False)
            case (
                RegisterBrokerRecord()
                | UnregisterBrokerRecord()
                | BrokerRegistrationChangeRecord()
                | FenceBrokerRecord()
                | UnfenceBrokerRecord()
            ):
                delta.changed_brokers.add(self.registrations.replay(record, value))
            case ConfigRecord() if record.resource_type == ConfigResourceType.TOPIC:
                self._set_topic(record, delta)
            case ConfigRecord():
                self._set(record, delta)
            case ClientQuotaRecord():
                self._set_quota(record, delta)
            case AccessControlEntryRecord():
                self.acls[record.id] = record
                delta.changed_acls.append(record.id)
            case RemoveAccessControlEntryRecord():
                self.acls.pop(record.id, None)
                delta.changed_acls.append(record.id)
            case _ if self.credentials.replay(record):
                pass
            case _:
                if isinstance(record, ProducerIdsRecord):
                    self.next_producer_id = record.next_producer_id
                elif isinstance(record, FeatureLevelRecord):
                    delta.changed_features.add(record.name)
                    self.features[record.name] = record.feature_level
                    if not record.feature_level:
                        del self.features[record.name]
                self.kept.keep(record, value)

    def _topic(self, topic_id: bytes) -> TopicImage:
        name = self.names.get(topic_id)
        if name is None:
            raise CorruptFrame(f"a record of topic id {topic_id.hex()}, which is not there")
        return self.topics[name]

    def _set_topic(self, record: ConfigRecord, delta: MetadataDelta) -> None:
        topic = self.topics.get(record.resource_name)
        if topic is None:
            return
        delta.changed_topic_configs.add(topic.name)
        _change(topic.configs, record)

    def _set(self, record: ConfigRecord, delta: MetadataDelta) -> None:
        resource = (record.resource_type, record.resource_name)
        delta.changed_configs.add(resource)
        configs = self.configs.setdefault(resource, {})
        _change(configs, record)
        if not configs:
            del self.configs[resource]

    def _set_quota(self, record: ClientQuotaRecord, delta: MetadataDelta) -> None:
        entity = tuple(sorted((part.entity_type, part.entity_name) for part in record.entity))
        delta.changed_quotas.add(entity)
        quotas = self.quotas.setdefault(entity, {})
        if record.remove:
            quotas.pop(record.key, None)
        else:
            quotas[record.key] = record.value
        if not quotas:
            del self.quotas[entity]

    def records(self) -> Iterator[bytes]:
        """The fewest records that amount to this image, in the order of Kafka's own snapshots."""
        yield from self.kept.of_kinds(BEFORE_BROKERS)
        yield from self.registrations.records()
        yield from self.kept.of_kinds(BEFORE_TOPICS)
        for topic in self.topics.values():
            yield encode_metadata_record(TopicRecord(name=topic.name, topic_id=topic.topic_id))
            for partition in topic.partitions.values():
                yield encode_metadata_record(partition.record, partition.version)
        for topic in self.topics.values():
            for name, value in topic.configs.items():
                yield encode_metadata_record(config_record((ConfigResourceType.TOPIC, topic.name), name, value))
        for resource, configs in self.configs.items():
            for name, value in configs.items():
                yield encode_metadata_record(config_record(resource, name, value))
        for entity, quotas in self.quotas.items():
            for key, quota in quotas.items():
                yield encode_metadata_record(quota_record(entity, key, quota))
        yield from self.kept.of_kinds(BEFORE_ACLS)
        for acl in self.acls.values():
            yield encode_metadata_record(acl)
        yield from self.credentials.records()
        yield from self.kept.of_kinds(AFTER_ACLS)


def config_record(resource: Resource, name: str, value: str | None) -> ConfigRecord:
    """A setting that is given to a resource; None takes it back."""
    return ConfigRecord(resource_type=resource[0], resource_name=resource[1], name=name, value=value)


def quota_record(entity: QuotaEntity, key: str, value: float | None) -> ClientQuotaRecord:
    """A quota that is set; None takes it back."""
    return ClientQuotaRecord(
        entity=[EntityData(entity_type=kind, entity_name=name) for kind, name in entity],
        key=key,
        value=0.0 if value is None else value,
        remove=value is None,
    )


def _change(configs: dict[str, str], record: ConfigRecord) -> None:
    if record.value is None:
        configs.pop(record.name, None)
    else:
        configs[record.name] = record.value
