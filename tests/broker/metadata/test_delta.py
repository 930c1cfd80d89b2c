"""What a change of the metadata log did, as its followers are told."""

from odradek.broker.metadata.delta import MetadataDelta
from odradek.broker.metadata.image import MetadataImage, quota_record
from odradek.protocol.metadata_records import (
    BeginTransactionRecord,
    ClearElrRecord,
    ConfigRecord,
    EndTransactionRecord,
    FeatureLevelRecord,
    MetadataRecord,
    PartitionChangeRecord,
    PartitionRecord,
    RemoveTopicRecord,
    TopicRecord,
    encode_metadata_record,
)

TOPIC = TopicRecord(name="t", topic_id=b"t" * 16)
GONE = RemoveTopicRecord(topic_id=b"t" * 16)
CONFIG = ConfigRecord(resource_type=2, resource_name="t", name="retention.ms", value="1")


def delta_of(image: MetadataImage, *records: MetadataRecord) -> MetadataDelta:
    delta = MetadataDelta()
    for record in records:
        image.replay(encode_metadata_record(record), delta)
    return delta


def test_a_new_topic_comes_with_its_configs() -> None:
    delta = delta_of(MetadataImage(), TOPIC, CONFIG)
    assert [(topic.name, topic.configs) for topic in delta.created_topics] == [("t", {"retention.ms": "1"})]
    assert delta.changed_topic_configs == {"t"}


def test_a_topic_that_goes_needs_no_configs_any_more() -> None:
    image = MetadataImage()
    delta_of(image, TOPIC)
    delta = delta_of(image, CONFIG, GONE)
    assert [topic.name for topic in delta.deleted_topics] == ["t"]
    assert delta.changed_topic_configs == set()


def test_a_topic_that_comes_and_goes_with_one_change_never_was() -> None:
    delta = delta_of(MetadataImage(), TOPIC, GONE)
    assert (delta.created_topics, delta.deleted_topics) == ([], [])


def test_features_are_named_whose_level_changed() -> None:
    delta = delta_of(MetadataImage(), FeatureLevelRecord(name="f", feature_level=1))
    assert delta.changed_features == {"f"}


def test_what_waits_in_a_transaction_is_told_with_its_end() -> None:
    image = MetadataImage()
    assert delta_of(image, BeginTransactionRecord(), TOPIC).created_topics == []
    assert [topic.name for topic in delta_of(image, EndTransactionRecord()).created_topics] == ["t"]


def test_a_topic_grows_by_partitions_that_come_later_and_not_by_its_first() -> None:
    image = MetadataImage()
    first, second = (PartitionRecord(partition_id=index, topic_id=b"t" * 16) for index in range(2))
    assert not delta_of(image, TOPIC, first).grown_topics
    assert list(delta_of(image, second).grown_topics) == ["t"]


def test_a_topic_that_grows_and_goes_has_only_gone() -> None:
    image = MetadataImage()
    delta_of(image, TOPIC)
    delta = delta_of(image, PartitionRecord(partition_id=0, topic_id=b"t" * 16), GONE)
    assert ([topic.name for topic in delta.deleted_topics], delta.grown_topics) == (["t"], {})


def test_a_topic_is_led_anew_by_a_record_that_names_a_leader_and_by_no_other() -> None:
    image = MetadataImage()
    first = PartitionRecord(partition_id=0, topic_id=b"t" * 16)
    led = PartitionChangeRecord(partition_id=0, topic_id=b"t" * 16, leader=1)
    assert not delta_of(MetadataImage(), TOPIC, first, led).newly_led_topics
    delta_of(image, TOPIC, first)
    assert list(delta_of(image, led).newly_led_topics) == ["t"]
    assert not delta_of(image, PartitionChangeRecord(partition_id=0, topic_id=b"t" * 16, isr=[1])).newly_led_topics
    assert not delta_of(image, led, GONE).newly_led_topics


def test_entities_are_named_whose_quotas_changed() -> None:
    ann, everybody = (("user", "ann"),), (("user", None),)
    key = "producer_byte_rate"
    delta = delta_of(MetadataImage(), quota_record(ann, key, 5), quota_record(everybody, key, 6))
    assert delta.changed_quotas == {ann, everybody}
    image = MetadataImage()
    delta_of(image, quota_record(ann, key, 5))
    assert delta_of(image, quota_record(ann, key, None)).changed_quotas == {ann}


def change(index: int, **fields: object) -> PartitionChangeRecord:
    return PartitionChangeRecord(partition_id=index, topic_id=b"t" * 16, **fields)  # type: ignore[arg-type]


def test_partitions_are_named_that_were_there_and_are_recorded_otherwise_in_any_way() -> None:
    image = MetadataImage()
    partitions = [PartitionRecord(partition_id=index, topic_id=b"t" * 16) for index in range(3)]
    assert delta_of(image, TOPIC, *partitions, change(0, isr=[1])).changed_partitions == {}
    delta = delta_of(image, change(0, isr=[1], eligible_leader_replicas=[2]), change(2, leader=1))
    assert delta.changed_partitions == {b"t" * 16: {0, 2}}
    assert delta_of(image, ClearElrRecord(topic_name="t")).changed_partitions == {b"t" * 16: {0}}
    assert delta_of(image, change(0, isr=[1]), GONE).changed_partitions == {}
