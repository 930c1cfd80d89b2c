"""When the metadata log is written down as a snapshot, and what of it may go then."""

import pytest

from odradek.broker.config.broker_config import BrokerConfig
from odradek.broker.testing.disks import FULL, FailingFiles
from odradek.protocol.control import ControlType
from odradek.storage.files.memory_files import MemoryFiles
from odradek.storage.metadata_snapshot import find_snapshots, read_snapshot

from ...protocol.batches import control_batch
from ..clusters import (
    DIRECTORY,
    NOW_MS,
    OTHER_ID,
    TOPIC_ID,
    cluster_on,
    create,
    open_log,
    write_batch,
)
from .stored_clusters import names_of, told


def test_a_snapshot_is_due_when_the_log_has_grown_by_so_many_bytes_over_a_restart_too() -> None:
    files = MemoryFiles()
    config = BrokerConfig(metadata_log_max_record_bytes_between_snapshots=1000)
    cluster = cluster_on(files, config)
    sizes: list[int] = []
    for number in range(40):
        if number % 3 == 0:
            cluster = cluster_on(files, config)
        cluster.take_producer_ids(1000 * number)
        sizes.append(len(find_snapshots(files, DIRECTORY)))
    one = open_log(files).size_bytes
    assert sizes.index(1) in range(9, 14), one
    assert sizes[-1] == 2
    assert cluster_on(files, config).image.next_producer_id == 39_000


def test_nothing_new_is_no_reason_for_a_snapshot() -> None:
    files = told()
    cluster = cluster_on(files)
    cluster.write_snapshot()
    before = find_snapshots(files, DIRECTORY)
    cluster.write_snapshot()
    cluster_on(files).write_snapshot()
    assert find_snapshots(files, DIRECTORY) == before


def test_a_snapshot_that_cannot_be_written_harms_nothing_but_the_next_start(
    capfd: pytest.CaptureFixture[str],
) -> None:
    files = FailingFiles()
    cluster = cluster_on(files)
    create(cluster, "a", TOPIC_ID)
    files.write_error = FULL
    cluster.write_snapshot()
    files.write_error = None
    assert "a snapshot of the metadata log failed" in capfd.readouterr().err
    create(cluster, "b", OTHER_ID)
    assert names_of(cluster_on(files)) == ["a", "b"]
    cluster.write_snapshot()
    assert len(find_snapshots(files, DIRECTORY)) == 1


def test_the_records_of_the_quorum_are_in_every_snapshot() -> None:
    files = MemoryFiles()
    for kind, value in [
        (ControlType.LEADER_CHANGE, b"leader"),
        (ControlType.KRAFT_VERSION, b"old"),
        (ControlType.KRAFT_VERSION, b"version"),
        (ControlType.KRAFT_VOTERS, b"voters"),
    ]:
        write_batch(files, control_batch(kind, value, timestamp_ms=NOW_MS), epoch=3)
    for _ in range(2):
        cluster = cluster_on(files)
        cluster.take_producer_ids(1)
        cluster.write_snapshot()
        newest = find_snapshots(files, DIRECTORY)[0]
        assert newest.epoch == 3
        assert read_snapshot(files, f"{DIRECTORY}/{newest.file_name}").controls == [
            (ControlType.KRAFT_VERSION, b"version"),
            (ControlType.KRAFT_VOTERS, b"voters"),
        ]


# Other controllers
