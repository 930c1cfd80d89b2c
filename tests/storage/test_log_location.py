"""What is known of a log before it is opened."""

from odradek.storage.files.memory_files import MemoryFiles
from odradek.storage.log import LogCheckpoints, LogLocation, PartitionLog
from odradek.storage.log_config import LogConfig

from .builders import NOW_MS, append, batch

LOCATION = LogLocation(MemoryFiles(), "/data/a-b-7", "a-b", 7)


def test_a_log_is_called_as_its_directory_is() -> None:
    assert LOCATION.name == "a-b-7"
    log = PartitionLog.open(LOCATION, LogConfig(), NOW_MS, LogCheckpoints())
    assert (log.topic, log.partition, log.path) == ("a-b", 7, "/data/a-b-7")


def test_a_log_of_which_nothing_is_on_record_is_recovered_from_its_beginning() -> None:
    location = LogLocation(MemoryFiles(), "/data/t-0", "t", 0)
    log = PartitionLog.open(location, LogConfig(), NOW_MS, LogCheckpoints())
    append(log, batch(2))
    again = PartitionLog.open(location, LogConfig(), NOW_MS, LogCheckpoints())
    assert (again.recovery_report.is_clean, again.recovery_report.segments_recovered) == (False, 1)
    assert (again.recovery_point, again.log_start_offset, again.leader_epoch) == (0, 0, 0)


def test_a_replica_begins_no_epoch_by_itself() -> None:
    assert LogCheckpoints(leader_epoch=3).begun_epoch == 3
    assert LogCheckpoints(leader_epoch=3, is_replica=True).begun_epoch == -1
