"""Where a replica's log ends for consumers, and what it leaves undecided."""

import pytest

from odradek.storage.high_watermark import HighWatermark
from odradek.storage.producer_state import CompletedTxn


def _ended(first_offset: int, marker: int) -> CompletedTxn:
    return CompletedTxn(1, first_offset, marker, is_aborted=False, last_stable_offset=marker + 1)


def test_it_rises_and_never_falls_but_with_the_log() -> None:
    high_watermark = HighWatermark(5)
    assert [high_watermark.raise_to(offset) for offset in (4, 5, 8)] == [False, False, True]
    assert high_watermark.offset == 8
    high_watermark.cut(9)
    assert high_watermark.offset == 8
    high_watermark.cut(6)
    assert high_watermark.offset == 6


@pytest.mark.parametrize(("first_open", "stable"), [(None, 5), (7, 5), (5, 5), (3, 3)])
def test_what_is_open_below_it_holds_the_stable_offset(first_open: int | None, stable: int) -> None:
    assert HighWatermark(5).stable_offset(first_open) == stable


def test_a_transaction_is_decided_once_its_marker_lies_below_it() -> None:
    high_watermark = HighWatermark(4, [_ended(2, 6)])
    assert high_watermark.stable_offset(None) == 2
    high_watermark.raise_to(6)
    assert high_watermark.stable_offset(None) == 2
    high_watermark.raise_to(7)
    assert high_watermark.stable_offset(None) == 7


def test_the_earliest_of_several_undecided_transactions_counts_in_whatever_order_they_end() -> None:
    # By first offset they nest, follow each other, and overlap.
    high_watermark = HighWatermark(0, [_ended(5, 10), _ended(3, 11), _ended(12, 14), _ended(13, 15)])
    stable: dict[int, int] = {}
    for offset in range(9, 17):
        high_watermark.raise_to(offset)
        stable[offset] = high_watermark.stable_offset(None)
    assert stable == {9: 3, 10: 3, 11: 3, 12: 12, 13: 12, 14: 12, 15: 13, 16: 16}


def test_a_transaction_whose_marker_was_cut_off_is_open_again_for_its_producer_and_no_longer_undecided() -> None:
    high_watermark = HighWatermark(0, [_ended(5, 10), _ended(3, 11)])
    high_watermark.raise_to(9)
    high_watermark.cut(11)
    assert high_watermark.stable_offset(3) == 3  # as its producer has it
    high_watermark.note_completed(_ended(3, 12))
    assert high_watermark.stable_offset(None) == 3
    high_watermark.raise_to(13)
    assert high_watermark.stable_offset(None) == 13
