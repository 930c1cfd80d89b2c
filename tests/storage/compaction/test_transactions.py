"""Which batches were aborted, and which markers are still needed, batch by batch."""

from odradek.protocol.batch import RecordBatch
from odradek.protocol.control import marker_batch
from odradek.storage.compaction.transactions import CleanedTransactions
from odradek.storage.indexes.transaction_index import AbortedTxn

from ..builders import NOW_MS, batch


def _data(offset: int, pid: int = 1, *, is_transactional: bool = True) -> RecordBatch:
    head, tail = batch(pid=pid, sequence=0, is_transactional=is_transactional).stamped(offset, 0)
    return RecordBatch(head + bytes(tail))


def _marker(offset: int, pid: int = 1, *, is_commit: bool) -> RecordBatch:
    return RecordBatch(
        marker_batch(
            producer_id=pid,
            producer_epoch=0,
            is_commit=is_commit,
            coordinator_epoch=0,
            timestamp_ms=NOW_MS,
            base_offset=offset,
        )
    )


def test_what_lies_between_an_entrys_first_offset_and_its_marker_was_aborted() -> None:
    transactions = CleanedTransactions()
    entry = AbortedTxn(1, 2, 4, 5)
    transactions.add_aborted([entry])
    assert not transactions.is_aborted(_data(0))
    assert transactions.is_aborted(_data(2))
    assert not transactions.is_aborted(_data(3, pid=2))
    assert not transactions.is_aborted(_data(3, is_transactional=False))
    assert transactions.end(_marker(4, is_commit=False)) == (False, entry)
    assert not transactions.is_aborted(_data(5))


def test_the_marker_of_an_aborted_transaction_without_a_batch_is_needed_no_more_and_its_entry_neither() -> None:
    transactions = CleanedTransactions()
    transactions.add_aborted([AbortedTxn(1, 2, 4, 5)])
    assert transactions.end(_marker(4, is_commit=False)) == (True, None)


def test_the_marker_of_a_commit_is_needed_for_as_long_as_it_has_a_batch() -> None:
    transactions = CleanedTransactions()
    assert not transactions.is_aborted(_data(0))
    assert transactions.end(_marker(1, is_commit=True)) == (False, None)
    assert transactions.end(_marker(2, is_commit=True)) == (True, None)


def test_transactions_of_several_producers_are_kept_apart_and_an_entry_may_be_given_twice() -> None:
    transactions = CleanedTransactions()
    first, second = AbortedTxn(1, 0, 3, 1), AbortedTxn(2, 1, 4, 5)
    transactions.add_aborted([second, first])
    transactions.add_aborted([first])
    assert transactions.is_aborted(_data(0, pid=1))
    assert transactions.is_aborted(_data(1, pid=2))
    assert transactions.end(_marker(3, pid=1, is_commit=False)) == (False, first)
    assert transactions.is_aborted(_data(3, pid=2))
    assert transactions.end(_marker(4, pid=2, is_commit=False)) == (False, second)


def test_a_control_batch_that_an_earlier_pass_emptied_is_needed_no_more() -> None:
    emptied = bytearray(_marker(3, is_commit=True).view)
    emptied[57:61] = bytes(4)  # the number of its records
    assert CleanedTransactions().end(RecordBatch(bytes(emptied))) == (True, None)
