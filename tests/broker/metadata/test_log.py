"""The log of the cluster: what is recorded, and that replaying it gives the same cluster."""

from collections.abc import Callable
from contextlib import suppress

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from odradek.broker.metadata.image import MetadataImage
from odradek.broker.metadata.log import RECORDS_IN_A_BATCH
from odradek.broker.metadata.topic_records import NewTopic
from odradek.broker.testing.disks import BROKEN, FULL, FailingFiles, RefusingFiles
from odradek.broker.topic_names import METADATA_TOPIC
from odradek.protocol.errors import ErrorCode, KafkaError
from odradek.protocol.metadata_records import (
    ConfigRecord,
    FeatureLevelRecord,
    MetadataRecord,
    PartitionRecord,
    ProducerIdsRecord,
    TopicRecord,
    decode_metadata_record,
    encode_metadata_record,
)
from odradek.protocol.records import NewRecord, build_batch, read_records
from odradek.storage.files.memory_files import MemoryFiles

from ..clusters import DIRECTORY_ID, LOG, NOW_MS, OTHER_ID, TOPIC_ID, cluster_on, create, open_log, write_batch
from .images import on_one_node


def replay(image: MetadataImage, *records: MetadataRecord) -> None:
    for record in records:
        image.replay(encode_metadata_record(record))


def stored(files: MemoryFiles) -> list[MetadataRecord]:
    found: list[MetadataRecord] = []
    for batch in open_log(files).batches():
        for record in read_records(batch):
            assert (record.key, record.timestamp) == (None, NOW_MS)
            assert record.value is not None
            decoded = decode_metadata_record(record.value)
            assert decoded is not None
            found.append(decoded)
    return found


def test_a_topic_is_recorded_with_its_settings_and_its_partitions() -> None:
    files = MemoryFiles()
    create(cluster_on(files), "t", TOPIC_ID, 2, {"retention.ms": "5"})
    assert stored(files) == [
        TopicRecord(name="t", topic_id=TOPIC_ID),
        ConfigRecord(resource_type=2, resource_name="t", name="retention.ms", value="5"),
        *(
            PartitionRecord(
                partition_id=index,
                topic_id=TOPIC_ID,
                replicas=[1],
                isr=[1],
                leader=1,
                leader_epoch=0,
                partition_epoch=0,
                directories=[DIRECTORY_ID],
            )
            for index in range(2)
        ),
    ]


def test_features_are_recorded_only_where_they_change() -> None:
    files = MemoryFiles()
    cluster = cluster_on(files)
    cluster.set_features({"metadata.version": 30, "transaction.version": 2})
    end = cluster.end_offset
    cluster.set_features({"metadata.version": 30})
    assert cluster.end_offset == end
    cluster.set_features({"metadata.version": 30, "transaction.version": 1})
    assert stored(files)[-1] == FeatureLevelRecord(name="transaction.version", feature_level=1)
    assert cluster.end_offset == end + 1


def test_a_block_of_producer_ids_is_recorded_by_where_the_next_one_begins() -> None:
    files = MemoryFiles()
    cluster_on(files).take_producer_ids(1000)
    assert stored(files) == [ProducerIdsRecord(broker_id=1, broker_epoch=0, next_producer_id=1000)]
    assert cluster_on(files).image.next_producer_id == 1000


def test_a_removed_topic_leaves_its_name_free_for_another_id() -> None:
    files = MemoryFiles()
    cluster = cluster_on(files)
    create(cluster, "t", TOPIC_ID, 3, {"retention.ms": "5"})
    cluster.remove_topics([TOPIC_ID])
    create(cluster, "t", b"u" * 16, 1, {})
    image = cluster_on(files).image
    assert (image.names, len(image.topics["t"].partitions), image.topics["t"].configs) == ({b"u" * 16: "t"}, 1, {})


def test_a_setting_without_a_value_is_taken_back() -> None:
    image = MetadataImage()
    replay(image, TopicRecord(name="t", topic_id=TOPIC_ID))
    for value in ("5", None, None):
        replay(image, ConfigRecord(resource_type=2, resource_name="t", name="retention.ms", value=value))
    assert image.topics["t"].configs == {}


def test_settings_of_unknown_topics_are_passed_over() -> None:
    image = MetadataImage()
    replay(image, ConfigRecord(resource_type=2, resource_name="gone", name="retention.ms", value="1"))
    assert image == MetadataImage()


def test_control_batches_of_a_raft_log_are_passed_over() -> None:
    files = MemoryFiles()
    write_batch(files, build_batch([NewRecord(b"\x00\x00\x00\x02", b"leader", NOW_MS)], is_control=True))
    topic = encode_metadata_record(TopicRecord(name="t", topic_id=TOPIC_ID))
    write_batch(files, build_batch([NewRecord(None, topic, NOW_MS)]))
    assert list(cluster_on(files).image.topics) == ["t"]


def test_more_records_than_a_batch_may_hold_are_written_in_several_that_count_together() -> None:
    files = MemoryFiles()
    cluster = cluster_on(files)
    create(cluster, "t", TOPIC_ID, 2 * RECORDS_IN_A_BATCH, {})
    first, _, last = open_log(files).batches()
    assert (first.records_count, last.records_count) == (RECORDS_IN_A_BATCH, 3)
    assert cluster_on(files).image == cluster.image
    files.truncate(LOG, 2 * first.size_bytes)  # a power loss took the last
    restarted = cluster_on(files)
    assert restarted.image == MetadataImage()
    create(restarted, "u", OTHER_ID, 1, {})
    assert list(cluster_on(files).image.topics) == ["u"]


def test_what_cannot_be_written_has_not_happened() -> None:
    files = FailingFiles()
    cluster = cluster_on(files)
    files.write_error = FULL
    with pytest.raises(KafkaError) as refused:
        create(cluster, "t", TOPIC_ID, 1, {})
    assert refused.value.code == ErrorCode.KAFKA_STORAGE_ERROR
    assert cluster.image == MetadataImage()
    files.write_error = None
    create(cluster, "t", TOPIC_ID, 1, {})
    assert list(cluster_on(files).image.topics) == ["t"]


@pytest.mark.parametrize("length", [1, 2, 3])
def test_a_sync_that_a_full_disk_does_not_even_let_begin_is_taken_back_and_goes_through_later(length: int) -> None:
    files = RefusingFiles()
    cluster = cluster_on(files)
    create(cluster, "t", TOPIC_ID, 1, {})
    files.refuse(2, length)  # the append goes through, then the sync, and it may be that nothing can be taken back
    for _ in range(length):
        with suppress(KafkaError):
            create(cluster, "u", OTHER_ID, 1, {})
            break
    assert files.refused
    files.heal()
    if "u" not in cluster.image.topics:
        create(cluster, "u", OTHER_ID, 1, {})
    assert list(cluster.image.topics) == list(cluster_on(files).image.topics) == ["t", "u"]
    assert [record.name for record in stored(files) if isinstance(record, TopicRecord)] == ["t", "u"]


def test_what_cannot_be_synced_has_not_happened_and_nothing_is_accepted_until_a_restart() -> None:
    files = FailingFiles()
    cluster = cluster_on(files)
    create(cluster, "t", TOPIC_ID, 1, {})
    files.sync_error = BROKEN
    with pytest.raises(KafkaError) as refused:
        cluster.remove_topics([TOPIC_ID])
    assert refused.value.code == ErrorCode.KAFKA_STORAGE_ERROR
    files.sync_error = None
    with pytest.raises(KafkaError):
        create(cluster, "u", OTHER_ID, 1, {})
    assert list(cluster.image.topics) == ["t"]
    restarted = cluster_on(files)
    assert restarted.image == cluster.image
    create(restarted, "u", OTHER_ID, 1, {})


def test_every_change_is_synced_before_it_counts_and_many_topics_with_one_fsync() -> None:
    files = FailingFiles()
    cluster = cluster_on(files)
    changes: list[Callable[[], None]] = [
        lambda: cluster.create_topics(
            [NewTopic("t", TOPIC_ID, on_one_node(), {}), NewTopic("u", OTHER_ID, on_one_node(9), {})]
        ),
        lambda: cluster.remove_topics([TOPIC_ID, OTHER_ID]),
        lambda: cluster.take_producer_ids(1000),
        lambda: cluster.set_features({"f": 1}),
    ]
    for change in changes:
        files.synced.clear()
        change()
        assert files.synced.count(LOG) == 1


def test_the_directory_of_a_new_metadata_log_is_synced_with_its_name() -> None:
    files = FailingFiles()
    create(cluster_on(files), "t", TOPIC_ID, 1, {})
    assert {"/data", f"/data/{METADATA_TOPIC}-0"} <= set(files.synced)


@settings(max_examples=30, deadline=None)
@given(
    steps=st.lists(
        st.one_of(
            st.tuples(st.just("create"), st.integers(0, 3), st.integers(1, 4)),
            st.tuples(st.just("remove"), st.integers(0, 3), st.just(0)),
            st.tuples(st.just("ids"), st.integers(1, 9), st.just(0)),
            st.tuples(st.just("feature"), st.integers(0, 2), st.integers(0, 2)),
            st.tuples(st.just("snapshot"), st.just(0), st.just(0)),
        ),
        max_size=12,
    )
)
def test_a_restart_replays_to_the_same_cluster(steps: list[tuple[str, int, int]]) -> None:
    files = MemoryFiles()
    cluster = cluster_on(files)
    for number, (what, which, count) in enumerate(steps):
        name = f"t{which}"
        known = cluster.image.topics.get(name)
        if what == "create" and known is None:
            create(cluster, name, bytes([number + 1]) * 16, count, {"retention.ms": str(number)})
        elif what == "remove" and known is not None:
            cluster.remove_topics([known.topic_id])
        elif what == "ids":
            cluster.take_producer_ids(cluster.image.next_producer_id + which)
        elif what == "feature":
            cluster.set_features({f"f{which}": count})
        elif what == "snapshot":
            cluster.write_snapshot()
    assert cluster_on(files).image == cluster.image
