"""What one node has no use for is kept as it came, the newest record of each key."""

from odradek.broker.metadata.image import MetadataImage
from odradek.protocol.metadata_records import (
    AccessControlEntryRecord,
    BrokerRegistrationChangeRecord,
    ConfigRecord,
    DelegationTokenRecord,
    FeatureLevelRecord,
    FenceBrokerRecord,
    MetadataRecord,
    NoOpRecord,
    ProducerIdsRecord,
    RegisterBrokerRecord,
    RegisterControllerRecord,
    RemoveAccessControlEntryRecord,
    RemoveDelegationTokenRecord,
    RemoveTopicRecord,
    RemoveUserScramCredentialRecord,
    UnfenceBrokerRecord,
    UnregisterBrokerRecord,
    UserScramCredentialRecord,
    ZkMigrationStateRecord,
    decode_metadata_record,
    encode_metadata_record,
)

from .images import A_BROKER, A_TOPIC, TOPIC_ID, image_of, quota, said_again


def scram(name: str, mechanism: int, iterations: int = 4096) -> UserScramCredentialRecord:
    return UserScramCredentialRecord(name=name, mechanism=mechanism, salt=b"s", iterations=iterations)


def access(rule_id: bytes, host: str = "*") -> AccessControlEntryRecord:
    return AccessControlEntryRecord(id=rule_id, resource_type=2, resource_name="t", host=host)


def broker_setting(value: str | None) -> ConfigRecord:
    return ConfigRecord(resource_type=4, resource_name="1", name="log.cleaner.threads", value=value)


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
