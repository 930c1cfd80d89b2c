"""The leader epochs of a checkpoint against those of the batches."""

import pytest

from odradek.protocol.batch import RecordBatch
from odradek.storage.checking.epochs import EpochsCheck
from odradek.storage.checking.findings import Findings
from odradek.storage.files.memory_files import MemoryFiles
from odradek.storage.leader_epochs import FILE_NAME

from ..builders import batch


def _check(content: str | None) -> tuple[EpochsCheck, Findings]:
    files, findings = MemoryFiles(), Findings()
    files.make_directory("d")
    if content is not None:
        files.write_whole(f"d/{FILE_NAME}", content.encode())
    return EpochsCheck(files, "d", "t-0/", findings), findings


def _batch(offset: int, epoch: int) -> RecordBatch:
    head, tail = batch().stamped(offset, epoch)
    return RecordBatch(head + bytes(tail))


def _problems(findings: Findings) -> list[str]:
    return [f"{one.path}: {one.problem}" for one in findings.finish()]


def test_batches_that_lie_in_the_spans_of_their_epochs_are_right() -> None:
    check, findings = _check("0\n2\n1 5\n4 10\n")
    for offset, epoch in ((2, 0), (5, 1), (9, 1), (10, 4), (11, -1)):  # the first was deleted by request
        check.see(_batch(offset, epoch), "log", offset)
    check.finish(12)
    assert _problems(findings) == []


def test_a_batch_of_another_epoch_is_reported_where_it_stands() -> None:
    check, findings = _check("0\n2\n1 0\n4 10\n")
    check.see(_batch(9, 4), "log", 77)
    (finding,) = findings.finish()
    assert (finding.path, finding.position, finding.offset) == ("log", 77, 9)
    assert finding.problem == f"the batch has leader epoch 4 where {FILE_NAME} says 1"


@pytest.mark.parametrize("content", ["nonsense", "0\n1\n1 one\n", "0\n2\n1 0\n", ""])
def test_what_is_no_checkpoint_is_reported_and_not_compared(content: str) -> None:
    check, findings = _check(content)
    check.see(_batch(0, 9), "log", 0)
    assert _problems(findings) == [f"t-0/{FILE_NAME}: it is no checkpoint of epochs"]


@pytest.mark.parametrize("second", ["1 10", "2 0"])
def test_entries_that_do_not_ascend_are_reported_and_not_compared(second: str) -> None:
    check, findings = _check(f"0\n2\n1 0\n{second}\n")
    check.see(_batch(0, 9), "log", 0)
    epoch, start = second.split()
    assert _problems(findings) == [f"t-0/{FILE_NAME}: epoch {epoch} at {start} does not ascend"]


def test_an_epoch_beyond_the_end_is_what_a_kill_may_leave() -> None:
    check, findings = _check("0\n2\n1 0\n2 9\n")
    check.finish(8)
    (finding,) = findings.finish()
    assert (finding.problem, finding.is_explained) == ("epoch 2 begins at 9, beyond the log's end 8", True)


@pytest.mark.parametrize(("epoch", "count"), [(0, 1), (-1, 0)])
def test_a_log_with_an_epoch_and_no_checkpoint_lacks_one(epoch: int, count: int) -> None:
    check, findings = _check(None)
    check.see(_batch(0, epoch), "log", 0)
    check.finish(1)
    assert len(findings.finish()) == count
