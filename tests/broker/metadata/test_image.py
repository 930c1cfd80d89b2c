"""The image of the cluster: what records do to it, and that a snapshot of it says all of it again."""

import pytest

from odradek.broker.metadata.image import MetadataImage
from odradek.protocol.metadata_records import (
    AbortTransactionRecord,
    AccessControlEntryRecord,
    BeginTransactionRecord,
    BrokerEndpoint,
    BrokerRegistrationChangeRecord,
    ClearElrRecord,
    ClientQuotaRecord,
    ConfigRecord,
    DelegationTokenRecord,
    EndTransactionRecord,
    EntityData,
    FeatureLevelRecord,
    FenceBrokerRecord,
    MetadataRecord,
    NoOpRecord,
    PartitionChangeRecord,
    PartitionRecord,
    ProducerIdsRecord,
    RegisterBrokerRecord,
    RegisterControllerRecord,
    RemoveAccessControlEntryRecord,
    RemoveDelegationTokenRecord,
    RemoveTopicRecord,
    RemoveUserScramCredentialRecord,
    TopicRecord,
    UnfenceBrokerRecord,
    UnregisterBrokerRecord,
    UserScramCredentialRecord,
    ZkMigrationStateRecord,
    decode_metadata_record,
    encode_metadata_record,
)
from odradek.protocol.wire import CorruptFrame

TOPIC_ID, OTHER_ID = b"t" * 16, b"u" * 16
A_TOPIC: list[MetadataRecord] = [
    TopicRecord(name="t", topic_id=TOPIC_ID),
    PartitionRecord(
        partition_id=0, topic_id=TOPIC_ID, replicas=[1], isr=[1], leader=1, leader_epoch=0, partition_epoch=0
    ),
]


def image_of(*records: MetadataRecord, image: MetadataImage | None = None) -> MetadataImage:
    image = image or MetadataImage()
    for record in records:
        image.replay(encode_metadata_record(record))
    return image


def said_again(image: MetadataImage) -> list[MetadataRecord]:
    return [decode_metadata_record(value) for value in image.records()]


def change(**fields: object) -> PartitionChangeRecord:
    return PartitionChangeRecord(partition_id=0, topic_id=TOPIC_ID, **fields)  # type: ignore[arg-type]


def quota(user: str | None, value: float, *, remove: bool = False) -> ClientQuotaRecord:
    entity = [EntityData(entity_type="user", entity_name=user), EntityData(entity_type="client-id", entity_name=None)]
    return ClientQuotaRecord(entity=entity, key="producer_byte_rate", value=value, remove=remove)


def scram(name: str, mechanism: int, iterations: int = 4096) -> UserScramCredentialRecord:
    return UserScramCredentialRecord(name=name, mechanism=mechanism, salt=b"s", iterations=iterations)


def access(rule_id: bytes, host: str = "*") -> AccessControlEntryRecord:
    return AccessControlEntryRecord(id=rule_id, resource_type=2, resource_name="t", host=host)


def broker_setting(value: str | None) -> ConfigRecord:
    return ConfigRecord(resource_type=4, resource_name="1", name="log.cleaner.threads", value=value)


A_BROKER = RegisterBrokerRecord(
    broker_id=1, broker_epoch=11, end_points=[BrokerEndpoint(name="PLAINTEXT", host="h", port=9092)]
)


# Partitions


def test_naming_a_leader_begins_an_epoch_and_anything_else_does_not() -> None:
    image = image_of(*A_TOPIC)
    partition = image.topics["t"].partitions[0]
    for record, leader, epoch in [
        (change(isr=[], leader=-1, eligible_leader_replicas=[1], last_known_elr=[1]), -1, 1),
        (change(isr=[1], leader=1, eligible_leader_replicas=[], last_known_elr=[]), 1, 2),
        (change(directories=[b"d" * 16]), 1, 2),
        (change(leader=1), 1, 3),
    ]:
        image_of(record, image=image)
        assert (partition.record.leader, partition.leader_epoch) == (leader, epoch)
    assert partition.record.partition_epoch == 4
    assert (partition.record.eligible_leader_replicas, partition.record.last_known_elr) == (None, None)


def test_a_change_leaves_alone_what_it_does_not_name() -> None:
    image = image_of(*A_TOPIC, change(replicas=[1, 2], adding_replicas=[2], removing_replicas=[1]))
    image_of(change(leader_recovery_state=1), image=image)
    record = image.topics["t"].partitions[0].record
    assert (record.replicas, record.isr, record.adding_replicas, record.removing_replicas) == ([1, 2], [1], [2], [1])
    assert (record.leader_recovery_state, record.leader, record.leader_epoch) == (1, 1, 0)


@pytest.mark.parametrize(("name", "is_cleared"), [("t", True), ("", True), ("u", False)])
def test_eligible_leaders_are_forgotten_of_one_topic_or_of_all(name: str, is_cleared: bool) -> None:
    image = image_of(*A_TOPIC, change(eligible_leader_replicas=[1], last_known_elr=[1]))
    image_of(ClearElrRecord(topic_name=name), image=image)
    record = image.topics["t"].partitions[0].record
    kept = None if is_cleared else [1]
    assert (record.eligible_leader_replicas, record.last_known_elr) == (kept, kept)


@pytest.mark.parametrize(
    "record",
    [
        PartitionRecord(partition_id=0, topic_id=OTHER_ID),
        PartitionChangeRecord(partition_id=0, topic_id=OTHER_ID),
        PartitionChangeRecord(partition_id=1, topic_id=TOPIC_ID),
        RemoveTopicRecord(topic_id=OTHER_ID),
        BrokerRegistrationChangeRecord(broker_id=1),
    ],
)
def test_a_record_about_what_is_not_there_is_damage(record: MetadataRecord) -> None:
    with pytest.raises(CorruptFrame):
        image_of(*A_TOPIC, record)


# Transactions


def test_records_of_a_transaction_count_when_it_ends() -> None:
    image = image_of(BeginTransactionRecord(name="b"), *A_TOPIC)
    assert (image.topics, image.is_in_transaction) == ({}, True)
    image_of(EndTransactionRecord(), image=image)
    assert (list(image.topics), image.is_in_transaction) == (["t"], False)


def test_records_of_an_aborted_transaction_never_count() -> None:
    image = image_of(BeginTransactionRecord(), *A_TOPIC, AbortTransactionRecord(reason="r"))
    assert (image == MetadataImage(), image.is_in_transaction) == (True, False)


def test_a_transaction_within_another_is_damage() -> None:
    with pytest.raises(CorruptFrame):
        image_of(BeginTransactionRecord(), BeginTransactionRecord())


# Snapshots


def test_what_one_node_has_no_use_for_is_said_again_in_the_order_of_kafka() -> None:
    records: list[MetadataRecord] = [
        FeatureLevelRecord(name="metadata.version", feature_level=30),
        FeatureLevelRecord(name="group.version", feature_level=1),
        A_BROKER,
        RegisterControllerRecord(controller_id=1),
        *A_TOPIC,
        ConfigRecord(resource_type=2, resource_name="t", name="retention.ms", value="5"),
        broker_setting("2"),
        quota("al", 1024.0),
        ProducerIdsRecord(broker_id=1, broker_epoch=11, next_producer_id=1000),
        access(b"a" * 16),
        scram("al", 1),
        DelegationTokenRecord(owner="al", token_id="x"),
        ZkMigrationStateRecord(zk_migration_state=0),
    ]
    shuffled = [records[at] for at in (9, 10, 11, 7, 12, 0, 4, 5, 6, 2, 13, 3, 8, 1)]
    assert sorted(shuffled, key=records.index) == records
    assert said_again(image_of(*shuffled, NoOpRecord())) == records


def test_of_each_key_the_newest_record_is_kept() -> None:
    image = image_of(
        *(scram("al", 1), scram("al", 2), scram("bo", 1), scram("al", 1, iterations=8192)),
        *(access(b"a" * 16), access(b"b" * 16), access(b"a" * 16, host="h")),
        *(quota("al", 1.0), quota(None, 2.0), quota("al", 3.0)),
        *(broker_setting("1"), broker_setting("2")),
    )
    assert said_again(image) == [
        *(broker_setting("2"), quota("al", 3.0), quota(None, 2.0)),
        *(access(b"a" * 16, host="h"), access(b"b" * 16)),
        *(scram("al", 1, iterations=8192), scram("al", 2), scram("bo", 1)),
    ]


def test_what_was_removed_is_not_said_again() -> None:
    image = image_of(
        *(scram("al", 1), RemoveUserScramCredentialRecord(name="al", mechanism=1)),
        *(access(b"a" * 16), RemoveAccessControlEntryRecord(id=b"a" * 16)),
        *(quota("al", 1.0), quota("al", 0.0, remove=True)),
        *(broker_setting("1"), broker_setting(None)),
        *(DelegationTokenRecord(token_id="x"), RemoveDelegationTokenRecord(token_id="x")),
        *(A_BROKER, UnregisterBrokerRecord(broker_id=1)),
        *(FeatureLevelRecord(name="f", feature_level=1), FeatureLevelRecord(name="f", feature_level=0)),
        *(*A_TOPIC, RemoveTopicRecord(topic_id=TOPIC_ID)),
    )
    assert said_again(image) == []
    assert image.removed == {TOPIC_ID: "t"}


def test_a_registration_is_said_again_with_its_changes_in_its_own_version() -> None:
    image = MetadataImage()
    image.replay(encode_metadata_record(A_BROKER, 3))
    image_of(
        UnfenceBrokerRecord(id=1, epoch=11),
        BrokerRegistrationChangeRecord(broker_id=1, broker_epoch=11, in_controlled_shutdown=1, log_dirs=[b"d" * 16]),
        image=image,
    )
    (value,) = image.records()
    assert value[:3] == bytes([1, 0, 3])
    assert said_again(image)[0] == RegisterBrokerRecord(
        broker_id=1,
        broker_epoch=11,
        end_points=A_BROKER.end_points,
        fenced=False,
        in_controlled_shutdown=True,
        log_dirs=[b"d" * 16],
    )
    image_of(BrokerRegistrationChangeRecord(broker_id=1, fenced=1, in_controlled_shutdown=-1), image=image)
    broker = said_again(image)[0]
    assert isinstance(broker, RegisterBrokerRecord)
    assert (broker.fenced, broker.in_controlled_shutdown) == (True, False)
    image_of(BrokerRegistrationChangeRecord(broker_id=1, fenced=-1, cordoned_log_dirs=[b"c" * 16]), image=image)
    image_of(FenceBrokerRecord(id=1), image=image)
    assert decode_metadata_record(next(image.records())) == broker  # version 3 has no place for what is cordoned


def test_a_partition_is_said_again_in_the_version_it_was_written_in() -> None:
    image = image_of(A_TOPIC[0])
    image.replay(encode_metadata_record(A_TOPIC[1], 1))
    image_of(change(leader=1), image=image)
    _, value = image.records()
    assert value[:3] == bytes([1, 3, 1])
    assert said_again(image)[1].leader_epoch == 1  # type: ignore[union-attr]


def test_the_image_of_a_snapshot_is_the_image() -> None:
    image = image_of(
        FeatureLevelRecord(name="metadata.version", feature_level=30),
        A_BROKER,
        *A_TOPIC,
        change(leader=1),
        ConfigRecord(resource_type=2, resource_name="t", name="retention.ms", value="5"),
        ProducerIdsRecord(broker_id=1, next_producer_id=1000),
        quota("al", 1.0),
    )
    again = MetadataImage()
    for value in image.records():
        again.replay(value)
    assert again == image
    assert (again.next_producer_id, again.features) == (1000, {"metadata.version": 30})
