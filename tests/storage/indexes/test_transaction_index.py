"""The index of aborted transactions: its bytes, and the search that stops where nothing later can matter."""

import pytest

from odradek.storage.indexes.transaction_index import AbortedTxn, decode_aborted, encode_aborted, find_aborted


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
    early = [AbortedTxn(1, 0, 5, 6)]

    def indexes() -> object:
        yield early
        yield [AbortedTxn(2, 7, 9, 10)]
        raise AssertionError("a later segment was read")

    assert find_aborted(indexes(), 0, 8) == [*early, AbortedTxn(2, 7, 9, 10)]  # type: ignore[arg-type]
