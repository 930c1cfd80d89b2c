"""The index of aborted transactions: its bytes, and the search that stops where nothing later can matter."""

import pytest

from odradek.storage.compaction.steps import run_to_end
from odradek.storage.indexes.transaction_index import (
    AbortedLookup,
    AbortedSearch,
    AbortedTxn,
    AbortedUnknown,
    decode_aborted,
    encode_aborted,
)


def test_an_aborted_transaction_takes_34_bytes() -> None:
    data = encode_aborted(AbortedTxn(1, 8, 9, 10))
    assert data.hex() == "0000" + "0000000000000001" + "0000000000000008" + "0000000000000009" + "000000000000000a"
    assert decode_aborted(data) == [AbortedTxn(1, 8, 9, 10)]


@pytest.mark.parametrize(
    "data",
    [
        b"\0" * 33,
        b"\0\1" + b"\0" * 32,
        encode_aborted(AbortedTxn(1, 10, 9, 10)),
        encode_aborted(AbortedTxn(1, 0, 9, 10)) + encode_aborted(AbortedTxn(1, 0, 9, 10)),
    ],
)
def test_an_index_of_aborted_transactions_that_cannot_be_is_refused(data: bytes) -> None:
    assert decode_aborted(data) is None


def test_the_search_stops_where_nothing_later_can_matter() -> None:
    early, late = AbortedTxn(1, 0, 5, 6), AbortedTxn(2, 7, 9, 10)
    search = AbortedSearch(0, 8)
    assert search.add([early])
    assert not search.add([late])
    assert search.found() == [early, late]


def test_what_ended_before_the_range_is_passed_over_and_the_rest_sorted_by_where_it_began() -> None:
    search = AbortedSearch(6, 20)
    assert search.add([AbortedTxn(1, 0, 5, 6), AbortedTxn(2, 7, 9, 4), AbortedTxn(3, 4, 10, 11)])
    assert search.found() == [AbortedTxn(3, 4, 10, 11), AbortedTxn(2, 7, 9, 4)]


def test_a_search_that_takes_long_is_answered_with_the_steps_that_it_takes() -> None:
    def search() -> AbortedLookup:
        yield
        return [AbortedTxn(1, 0, 5, 6)]

    assert run_to_end(AbortedUnknown(search()).steps) == [AbortedTxn(1, 0, 5, 6)]
