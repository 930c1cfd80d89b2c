"""Many logs closed at once, where there are few descriptors, or a log that is closed already."""

from odradek.broker.log_closing import CLOSE_TRIES, close_logs, prepare_copy
from odradek.broker.testing.disks import FailingFiles
from odradek.broker.testing.topics import create_topic
from odradek.protocol.batch import RecordBatch
from odradek.protocol.records import NewRecord, build_batch
from odradek.storage.directory import CLEAN_SHUTDOWN
from odradek.storage.files.memory_files import MemoryFiles

from .conftest import Parts


class FewFiles(FailingFiles):
    """Counts how often room was asked for, and has some from the `helps`th time on."""

    def __init__(self, helps: int) -> None:
        super().__init__()
        self.helps, self.asked = helps, 0

    def make_room(self) -> None:
        self.asked += 1
        if self.asked == self.helps:
            self.opens_left = None


def fill(parts: Parts, partitions: int = 1) -> None:
    for partition in create_topic(parts.topics, "t", partitions, {}).partitions:
        batch = RecordBatch(build_batch([NewRecord(key=None, value=b"v", timestamp=1)]))
        partition.append([batch], parts.clock.now_ms())


def fill_more(parts: Parts) -> None:
    batch = RecordBatch(build_batch([NewRecord(key=None, value=b"v", timestamp=1)]))
    parts.topics.partition("t", 0).append([batch], parts.clock.now_ms())


def test_a_stop_without_descriptors_makes_room_and_closes_what_is_left() -> None:
    files = FewFiles(helps=1)
    parts = Parts(files=files)
    fill(parts, 3)
    files.opens_left = 1
    parts.store.close()
    assert files.asked == 1
    assert files.exists(f"/data/{CLEAN_SHUTDOWN}")


def test_a_stop_that_finds_no_room_comes_to_its_end_and_is_not_called_clean() -> None:
    files = FewFiles(helps=-1)
    parts = Parts(files=files)
    fill(parts)
    files.opens_left = 0
    parts.store.close()
    assert files.asked == CLOSE_TRIES
    assert not files.exists(f"/data/{CLEAN_SHUTDOWN}")
    files.opens_left = None
    parts.start()
    assert [partition.log.log_end_offset for partition in parts.topics.partitions()] == [1]


def test_logs_that_are_closed_are_closed_once_more_without_work() -> None:
    parts = Parts()
    fill(parts, 70)
    logs = parts.store.opened_logs()
    assert close_logs(logs, parts.files)
    assert close_logs(logs, parts.files)


def test_a_copy_is_as_after_a_clean_stop_while_the_logs_go_on() -> None:
    files = MemoryFiles()
    parts = Parts(files=files)
    fill(parts, 2)
    complete = prepare_copy(parts.store.opened_logs(), parts.store.directory, 7, is_clean=True)
    copy = files.fork()
    complete(copy)
    fill_more(parts)
    other = Parts(files=copy)
    reports = []
    for index in range(2):
        log = other.topics.partition("t", index).open_log()
        reports.append((log.log_end_offset, log.recovery_report.is_clean))
    assert reports == [(1, True), (1, True)]
    parts.restart()
    assert parts.topics.partition("t", 0).open_log().log_end_offset == 2
