"""The end of a decided transaction: markers first, then the record that it is over, however the disk behaves."""

import errno
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from odradek.broker.slices import SLICE_S
from odradek.broker.testing.disks import BROKEN
from odradek.broker.topics.partition import Partition
from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages.end_txn import EndTxnRequest, EndTxnResponse
from odradek.storage.files.files import Buffer
from odradek.storage.log_results import AppendInfo

from ...handlers.broker_harness import batch
from ...handlers.transaction_harness import ID, TransactingBroker

FSYNC = {"log.flush.interval.messages": "1"}
MARKER_RETRY_S = 1.0


def test_the_end_is_logged_when_every_marker_is_on_the_disk_and_the_answer_waits_for_it() -> None:
    broker = TransactingBroker(FSYNC)
    who = broker.begin()
    assert broker.write(who, version=12).error_code == 0
    assert broker.write(who, index=1, version=12).error_code == 0
    broker.holds_fsyncs = True
    request = EndTxnRequest(transactional_id=ID, producer_id=who[0], producer_epoch=who[1], committed=True)
    asked = broker.ask(request, 5, EndTxnResponse)
    broker.finish_fsync()  # of the decision
    assert broker.stable_and_end() == (2, 2)
    for state in ("PrepareCommit", "PrepareCommit", "CompleteCommit"):
        assert broker.describe().transaction_state == state
        assert asked.is_deferred == (state == "PrepareCommit")
        if asked.is_deferred:
            broker.finish_fsync()  # of a marker
    assert asked.answer.error_code == 0


@pytest.mark.parametrize("commit", [True, False])
@pytest.mark.parametrize("speaks_v2", [True, False])
def test_a_decided_transaction_is_ended_by_the_next_start(commit: bool, speaks_v2: bool) -> None:
    broker = TransactingBroker()
    who = broker.begin()
    broker.add(who, 0, 1)
    broker.write(who)
    broker.refuse_markers()
    code, now_is = broker.end(who, commit=commit, version=5 if speaks_v2 else 4)
    assert code == 0
    assert broker.describe().transaction_state == ("PrepareCommit" if commit else "PrepareAbort")
    assert broker.stable_and_end() == (0, 1)
    broker.files.write_error = None
    broker.restart(is_clean=False)
    assert broker.describe().transaction_state == ("CompleteCommit" if commit else "CompleteAbort")
    assert (broker.stable_and_end(0), broker.stable_and_end(1)) == ((2, 2), (1, 1))
    if speaks_v2:
        assert broker.write(now_is, 0, version=12).error_code == 0


def test_markers_that_a_disk_refuses_are_written_when_it_takes_them_again() -> None:
    broker = TransactingBroker()
    who = broker.begin()
    broker.add(who)
    broker.write(who)
    broker.refuse_markers()
    broker.end(who, commit=True)
    for _ in range(3):
        broker.clock.advance(MARKER_RETRY_S)
        assert broker.describe().transaction_state == "PrepareCommit"
    broker.files.write_error = None
    broker.clock.advance(MARKER_RETRY_S)
    assert broker.describe().transaction_state == "CompleteCommit"
    assert broker.stable_and_end() == (2, 2)


def test_a_commit_does_not_commit_what_an_earlier_session_has_left_open() -> None:
    """The abort marker of the session before was lost with the power; the decision to commit the next one was not."""
    broker = TransactingBroker()
    pid, epoch = broker.begin()
    assert broker.write((pid, epoch), version=12).error_code == 0
    assert broker.init()[0] == ErrorCode.CONCURRENT_TRANSACTIONS  # the session before is aborted first
    who = broker.begin()
    assert broker.write(who, version=12).error_code == 0
    broker.refuse_markers()
    assert broker.end(who, commit=True, version=5)[0] == 0
    broker.files.write_error = None
    log = "/data/t-0/00000000000000000000.log"
    broker.files.truncate(log, len(batch(pid=pid, epoch=epoch, is_transactional=True)))
    broker.restart(is_clean=False)
    broker.clock.advance(2.0)
    assert broker.describe().transaction_state == "CompleteCommit"
    (aborted,) = broker.topics.partition("t", 0).log.aborted_transactions(0, 9)
    assert (aborted.producer_id, aborted.first_offset) == (pid, 0)


def test_an_end_that_cannot_be_logged_is_logged_later_and_its_markers_are_not_written_again() -> None:
    broker = TransactingBroker()
    who = broker.begin()
    broker.add(who)
    broker.write(who)
    take, writes = broker.files.write, [0]

    def refuse_third(path: str, buffers: Sequence[Buffer], position: int) -> None:
        writes[0] += 1
        if writes[0] == 3:
            raise BROKEN
        take(path, buffers, position)

    broker.files.write = refuse_third  # type: ignore[method-assign]
    assert broker.end(who, commit=True)[0] == 0
    assert (broker.describe().transaction_state, broker.stable_and_end()) == ("PrepareCommit", (2, 2))
    broker.clock.advance(MARKER_RETRY_S)
    assert (broker.describe().transaction_state, broker.stable_and_end()) == ("CompleteCommit", (2, 2))


@pytest.mark.parametrize("code", [errno.EMFILE, errno.EIO, errno.ENOSPC])
def test_fsyncs_that_cannot_be_begun_are_tried_again_and_no_marker_is_written_twice(code: int) -> None:
    broker = TransactingBroker(FSYNC)
    who = broker.begin()
    for index in (0, 1):
        assert broker.write(who, index=index, version=12).error_code == 0
    take = broker.files.sync_handle

    def refuse(path: str) -> Callable[[], None]:
        if path.startswith("/data/t-1/"):
            raise OSError(code, "the disk refuses")
        return take(path)

    broker.files.sync_handle = refuse  # type: ignore[method-assign]
    assert broker.end(who, commit=True)[0] == 0
    for _ in range(3):
        assert broker.describe().transaction_state == "PrepareCommit"
        broker.clock.advance(MARKER_RETRY_S)
    broker.files.sync_handle = take  # type: ignore[method-assign]
    broker.clock.advance(MARKER_RETRY_S)
    assert broker.describe().transaction_state == "CompleteCommit"
    assert (broker.stable_and_end(0), broker.stable_and_end(1)) == ((2, 2), (2, 2))
    assert broker.init()[0] == 0


def test_whatever_fails_on_the_way_to_the_end_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    broker = TransactingBroker()
    who = broker.begin()
    broker.add(who)
    broker.write(who)

    def fail(*given: object) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(broker.context.flusher, "when_durable", fail)
        assert broker.end(who, commit=True)[0] == 0
        broker.clock.advance(MARKER_RETRY_S)
        assert broker.describe().transaction_state == "PrepareCommit"
    broker.clock.advance(MARKER_RETRY_S)
    assert (broker.describe().transaction_state, broker.stable_and_end()) == ("CompleteCommit", (2, 2))


def test_markers_in_many_partitions_let_others_have_their_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    broker = TransactingBroker()
    broker.create("many", 4)
    who = broker.begin()
    write = Partition.append_marker

    def write_slowly(partition: Partition, *given: Any, **named: Any) -> AppendInfo:
        broker.clock._now += SLICE_S
        return write(partition, *given, **named)

    broker.add(who, *range(4), topic="many")
    soon: list[Callable[[], None]] = []
    monkeypatch.setattr(Partition, "append_marker", write_slowly)
    monkeypatch.setattr(broker.clock, "call_soon", soon.append)
    request = EndTxnRequest(transactional_id=ID, producer_id=who[0], producer_epoch=who[1], committed=True)
    asked = broker.ask(request, 4, EndTxnResponse)
    turns = 0
    while asked.is_deferred:
        soon.pop(0)()
        turns += 1
    assert (turns, broker.describe().transaction_state) == (3, "CompleteCommit")


def test_a_log_that_is_being_recovered_gets_its_marker_when_it_is_open() -> None:
    broker = TransactingBroker()
    who = broker.begin()
    broker.add(who, 0, 1)
    broker.write(who)
    broker.append(broker.topics.partition("t", 0), *[batch()] * 2000)
    broker.refuse_markers()
    assert broker.end(who, commit=True, version=4)[0] == 0
    broker.files.write_error = None
    broker.restart(is_clean=False)
    assert broker.describe().transaction_state == "PrepareCommit"
    broker.clock.advance(MARKER_RETRY_S)
    assert broker.describe().transaction_state == "CompleteCommit"
    assert broker.stable_and_end() == (2002, 2002)
