"""The start: which snapshot and how much of the log make the cluster, and when there had better be none."""

import pytest

from odradek.broker.metadata.image import MetadataImage
from odradek.protocol.metadata_records import (
    BeginTransactionRecord,
    FeatureLevelRecord,
    MetadataRecord,
    PartitionChangeRecord,
    PartitionRecord,
    TopicRecord,
    encode_metadata_record,
)
from odradek.protocol.uuid_text import encode_uuid
from odradek.storage.directory import DirectoryError
from odradek.storage.files.memory_files import MemoryFiles
from odradek.storage.metadata_snapshot import Snapshot, SnapshotId, begin_snapshot, find_snapshots

from ..clusters import (
    DIRECTORY,
    DIRECTORY_ID,
    LOG,
    NOW_MS,
    OTHER_ID,
    TOPIC_ID,
    cluster_on,
    create,
    open_directory,
    open_log,
    write_records,
)
from .stored_clusters import names_of, told


def flip(files: MemoryFiles, path: str, at: int) -> None:
    files.write(path, [bytes([files.read(path, at, 1)[0] ^ 0x10])], at)


def topic_records(**fields: object) -> list[MetadataRecord]:
    given = {"replicas": [1], "isr": [1], "leader": 1, "leader_epoch": 4, "partition_epoch": 7, **fields}
    partition = PartitionRecord(partition_id=0, topic_id=TOPIC_ID, **given)  # type: ignore[arg-type]
    return [TopicRecord(name="t", topic_id=TOPIC_ID), partition]


# Snapshots


def test_the_newest_snapshot_and_the_log_after_it_are_the_cluster() -> None:
    files = told()
    assert names_of(cluster_on(files)) == ["a", "b", "c"]
    newest, older = find_snapshots(files, DIRECTORY)
    assert (newest.end_offset, older.end_offset) == (8, 4)
    assert [name for name in files.list_directory(DIRECTORY) if name.endswith(".log")] == [
        f"{base:020d}.log" for base in (4, 8)
    ]


@pytest.mark.parametrize("at", [30, 100, -1])
def test_a_damaged_snapshot_is_reported_and_the_one_before_it_is_used(
    at: int, capfd: pytest.CaptureFixture[str]
) -> None:
    files = told()
    image = cluster_on(files).image
    newest, _ = find_snapshots(files, DIRECTORY)
    path = f"{DIRECTORY}/{newest.file_name}"
    flip(files, path, at % files.size(path))
    assert cluster_on(files).image == image
    assert newest.file_name in capfd.readouterr().err


def test_without_any_good_snapshot_the_whole_log_does_and_half_a_log_is_refused() -> None:
    files = MemoryFiles()
    cluster = cluster_on(files)
    create(cluster, "a", TOPIC_ID)
    cluster.write_snapshot()
    (only,) = find_snapshots(files, DIRECTORY)
    flip(files, f"{DIRECTORY}/{only.file_name}", 30)
    assert names_of(cluster_on(files)) == ["a"]
    files = told()
    for snapshot in find_snapshots(files, DIRECTORY):
        flip(files, f"{DIRECTORY}/{snapshot.file_name}", 30)
    with pytest.raises(DirectoryError, match="begins at offset 4"):
        cluster_on(files)


def test_a_log_that_was_lost_begins_anew_where_its_snapshot_ends() -> None:
    files = MemoryFiles()
    cluster = cluster_on(files)
    create(cluster, "a", TOPIC_ID)
    cluster.write_snapshot()
    files.truncate(LOG, 40)
    files.remove(f"{DIRECTORY}/{2:020d}.log")
    restarted = cluster_on(files)
    assert (names_of(restarted), restarted.end_offset) == (["a"], cluster.end_offset)
    create(restarted, "b", OTHER_ID)
    assert names_of(cluster_on(files)) == ["a", "b"]


def test_the_log_goes_on_in_the_epoch_it_was_written_in() -> None:
    files = MemoryFiles()
    write_records(files, *topic_records(), epoch=3)
    create(cluster_on(files), "u", OTHER_ID)
    assert [batch.partition_leader_epoch for batch in open_log(files).batches()] == [3, 3]


def test_an_epoch_that_only_the_snapshot_knows_goes_on_too() -> None:
    files = MemoryFiles()
    files.make_directory(DIRECTORY)
    values = [encode_metadata_record(record) for record in topic_records()]
    begin_snapshot(files, DIRECTORY, SnapshotId(20, 5), Snapshot(values), last_timestamp=1, now_ms=NOW_MS).run()
    cluster = cluster_on(files)
    create(cluster, "u", OTHER_ID)
    (batch,) = open_log(files).batches()
    assert (batch.base_offset, batch.partition_leader_epoch) == (20, 5)
    assert names_of(cluster_on(files)) == ["t", "u"]


def test_a_partition_that_nobody_leads_is_led_from_now_on_in_a_new_epoch() -> None:
    files = MemoryFiles()
    write_records(files, *topic_records(isr=[], leader=-1, eligible_leader_replicas=[1], last_known_elr=[1]))
    for _ in range(2):  # the second start finds a leader: itself
        record = cluster_on(files).image.topics["t"].partitions[0].record
        assert (record.leader, record.leader_epoch, record.isr) == (1, 5, [1])
        assert (record.eligible_leader_replicas, record.directories) == (None, [DIRECTORY_ID])


def test_the_epoch_of_a_partition_that_is_led_stays() -> None:
    files = MemoryFiles()
    write_records(files, *topic_records())
    cluster = cluster_on(files)
    assert (cluster.image.topics["t"].partitions[0].leader_epoch, cluster.end_offset) == (4, 2)


def test_a_partition_with_replicas_elsewhere_stops_the_start() -> None:
    for change in ({"replicas": [1, 2]}, {"replicas": [2], "leader": 2}, {"directories": [b"e" * 16]}):
        files = MemoryFiles()
        write_records(files, *topic_records(**change))
        with pytest.raises(DirectoryError, match="t-0"):
            cluster_on(files)


def test_a_partition_that_was_assigned_no_directory_yet_is_here() -> None:
    files = MemoryFiles()
    write_records(files, *topic_records(directories=[bytes(15) + b"\x01"]))
    assert names_of(cluster_on(files)) == ["t"]


def test_a_transaction_that_was_never_ended_is_aborted() -> None:
    files = MemoryFiles()
    write_records(files, BeginTransactionRecord(), *topic_records())
    cluster = cluster_on(files)
    assert cluster.image == MetadataImage()
    create(cluster, "t", TOPIC_ID)
    assert names_of(cluster_on(files)) == ["t"]


def test_a_directory_that_was_formatted_and_never_started_begins_with_its_bootstrap_records() -> None:
    files = MemoryFiles()
    open_directory(files)
    values = [encode_metadata_record(FeatureLevelRecord(name="transaction.version", feature_level=1))]
    begin_snapshot(files, "/data", SnapshotId(0, 0), Snapshot(values), last_timestamp=0, now_ms=NOW_MS).run()
    files.rename(f"/data/{SnapshotId(0, 0).file_name}", "/data/bootstrap.checkpoint")
    for _ in range(2):
        cluster = cluster_on(files)
        assert (cluster.image.features, cluster.end_offset) == ({"transaction.version": 1}, 1)
    flip(files, "/data/bootstrap.checkpoint", 30)
    assert cluster_on(files).end_offset == 1
    files.remove(LOG)
    with pytest.raises(DirectoryError, match=r"bootstrap\.checkpoint"):
        cluster_on(files)


# Damage


def test_a_torn_last_change_was_never_answered_and_is_cut() -> None:
    files = MemoryFiles()
    cluster = cluster_on(files)
    create(cluster, "a", TOPIC_ID)
    whole = files.size(LOG)
    create(cluster, "b", OTHER_ID)
    for size in range(whole, files.size(LOG)):
        torn = MemoryFiles()
        torn.make_directory(DIRECTORY)
        torn.write(LOG, [files.read(LOG, 0, size)], 0)
        restarted = cluster_on(torn)
        assert names_of(restarted) == ["a"]
        create(restarted, "c", b"c" * 16)
        assert names_of(cluster_on(torn)) == ["a", "c"]


def test_damage_that_is_no_torn_tail_stops_the_start_and_changes_nothing() -> None:
    files = MemoryFiles()
    cluster = cluster_on(files)
    create(cluster, "a", TOPIC_ID)
    create(cluster, "b", OTHER_ID)
    flip(files, LOG, 70)
    before = files.read(LOG, 0, 1 << 20)
    with pytest.raises(DirectoryError, match=r"byte 0 of .*0000\.log, and there is a good batch"):
        cluster_on(files)
    assert files.read(LOG, 0, 1 << 20) == before


def test_partitions_without_a_metadata_log_stop_the_start() -> None:
    files = MemoryFiles()
    open_directory(files).create_partition("t", 0, encode_uuid(TOPIC_ID))
    with pytest.raises(DirectoryError, match=r"t-0.*missing"):
        cluster_on(files)


def test_a_change_of_a_partition_that_is_not_there_stops_the_start() -> None:
    files = MemoryFiles()
    write_records(files, PartitionChangeRecord(partition_id=0, topic_id=TOPIC_ID))
    with pytest.raises(Exception, match="which is not there"):
        cluster_on(files)
