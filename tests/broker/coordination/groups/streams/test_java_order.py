from hypothesis import given
from hypothesis import strategies as st

from odradek.broker.coordination.groups.streams.java_order import JavaHeap, capacity_for, in_hash_order


def test_keys_come_as_javas_hash_map_gives_them() -> None:
    # The hash codes of single letters are their numbers, so the buckets of "a" to "o" are 1 to 15, and "p" has 0.
    assert in_hash_order("ponmlkjihgfe") == list("pefghijklmno")
    # The thirteenth key makes the table larger, and "p" has bucket 16 of 32.
    assert in_hash_order("ponmlkjihgfed") == list("defghijklmnop")


def test_keys_of_one_bucket_come_in_the_order_in_which_they_were_put() -> None:
    assert in_hash_order(["BBBB", "AaBB", "AaAa", "BBBB"]) == ["BBBB", "AaBB", "AaAa"]


def test_a_map_made_for_few_has_a_small_table() -> None:
    assert [capacity_for(n) for n in (0, 1, 2, 3, 4, 5, 9)] == [1, 1, 2, 4, 4, 8, 16]
    # Two keys make a table of one bucket grow to four: "d" has number 100, bucket 0.
    assert in_hash_order("ad", 1) == ["d", "a"]


@given(st.lists(st.integers(0, 9)))
def test_a_heap_gives_back_what_was_added_the_least_first(loads: list[int]) -> None:
    heap = JavaHeap(float, loads)
    assert [heap.poll() for _ in range(len(heap))] == sorted(loads)
    assert len(heap) == 0


def test_equals_come_in_the_order_of_javas_sifting() -> None:
    # The last one added takes the place of the first that is taken.
    heap = JavaHeap[str](lambda item: 1.0, "abcd")
    assert [heap.poll() for _ in range(4)] == ["a", "d", "c", "b"]
