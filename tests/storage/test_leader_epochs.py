"""Where each leader epoch begins: in memory, in the file, and made anew from the batches."""

import pytest

from odradek.storage.files.memory_files import MemoryFiles
from odradek.storage.leader_epochs import LeaderEpochs
from odradek.storage.log_config import LONG_MAX

from .builders import DIRECTORY, NOW_MS, batch, file_of, open_log


def test_epochs_are_kept_as_lines_of_epoch_and_start() -> None:
    files = MemoryFiles()
    files.make_directory("d")
    epochs = LeaderEpochs()
    for epoch, start in ((0, 0), (2, 10), (4, 20)):
        epochs.assign(epoch, start)
    epochs.save(files, "d")
    assert files.read("d/leader-epoch-checkpoint", 0, 99) == b"0\n3\n0 0\n2 10\n4 20\n"
    again = LeaderEpochs.load(files, "d")
    assert again is not None
    assert again.entries == epochs.entries
    spans = [again.span_at(offset) for offset in (-1, 0, 9, 10, 25)]
    assert spans == [(-1, 0), (0, 10), (0, 10), (2, 20), (4, LONG_MAX)]
    assert LeaderEpochs().span_at(7) == (-1, LONG_MAX)


def test_a_directory_without_epochs_has_none() -> None:
    files = MemoryFiles()
    files.make_directory("d")
    assert LeaderEpochs.load(files, "d") is None
    assert LeaderEpochs().latest == -1


def test_an_epoch_that_wrote_nothing_is_replaced_by_the_next() -> None:
    epochs = LeaderEpochs()
    for epoch, start in ((0, 0), (2, 10), (4, 10), (3, 11), (4, 12), (-1, 13)):
        epochs.assign(epoch, start)
    assert epochs.entries == [(0, 0), (4, 10)]


def test_epochs_are_cut_at_both_ends() -> None:
    epochs = LeaderEpochs()
    for epoch, start in ((0, 0), (1, 10), (2, 20), (3, 30)):
        epochs.assign(epoch, start)
    epochs.cut_start(15)
    assert epochs.entries == [(1, 15), (2, 20), (3, 30)]
    epochs.cut_end(30)
    assert epochs.entries == [(1, 15), (2, 20)]
    epochs.cut_start(20)
    assert epochs.entries == [(2, 20)]


@pytest.mark.parametrize("content", [b"nonsense", b"0\n1\n4 0\n0 9\n", b"0\n2\n4 0\n2 9\n", b"\xff"])
def test_damaged_epochs_are_read_from_the_batches(content: bytes) -> None:
    files = MemoryFiles()
    log = open_log(files)
    for epoch in (0, 2):
        log.append([batch()], NOW_MS, leader_epoch=epoch)
    log.close()
    for is_clean in (True, False):
        files.write_whole(f"{DIRECTORY}/leader-epoch-checkpoint", content)
        log = open_log(files, is_clean=is_clean, recovery_point=2, leader_epoch=2)
        assert log.end_offset_for_epoch(0) == (0, 1)
        assert log.end_offset_for_epoch(2) == (2, 2)


def test_an_epoch_that_was_never_given_out_is_damage() -> None:
    files = MemoryFiles()
    log = open_log(files, leader_epoch=1)
    for epoch in (0, 1, 1):
        log.append([batch()], NOW_MS, leader_epoch=epoch)
    files.write(file_of(0, ".log"), [b"\x05"], 2 * batch().size_bytes + 15)
    log = open_log(files, leader_epoch=1)
    assert log.log_end_offset == 2
    assert "leader epoch 5" in log.recovery_report.why


def test_a_file_that_a_job_is_writing_is_left_alone_until_the_job_is_done() -> None:
    files = MemoryFiles()
    files.make_directory("d")
    epochs = LeaderEpochs()
    epochs.assign(0, 0)
    write = epochs.starting_at(0).writer(files, "d")
    epochs.is_held = True
    epochs.assign(1, 5)
    epochs.save(files, "d")
    assert not files.exists("d/leader-epoch-checkpoint")
    write()
    epochs.is_held = False
    epochs.save(files, "d")
    assert files.read("d/leader-epoch-checkpoint", 0, 99) == b"0\n2\n0 0\n1 5\n"
    assert epochs.is_saved


def test_a_copy_that_begins_later_leaves_the_original_as_it_was() -> None:
    epochs = LeaderEpochs()
    for epoch, start in ((0, 0), (1, 10)):
        epochs.assign(epoch, start)
    assert epochs.starting_at(12).entries == [(1, 12)]
    assert epochs.entries == [(0, 0), (1, 10)]
