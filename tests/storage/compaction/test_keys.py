"""Where the newest record of each key stands, in as much memory as is said."""

import tracemalloc

import pytest

from odradek.storage.compaction.keys import OffsetMap
from odradek.storage.compaction.steps import run_to_end

MANY = 1 << 40


def test_a_record_is_superseded_by_a_later_one_of_its_key_and_by_nothing_else() -> None:
    latest = OffsetMap(MANY)
    for offset, key in enumerate((b"a", b"b", b"a", b"")):
        latest.note(key, offset)
    assert [latest.is_superseded(key, 0) for key in (b"a", b"b", b"", b"c")] == [True, True, True, False]
    assert [latest.is_superseded(key, 2) for key in (b"a", b"b", b"", b"c")] == [False, False, True, False]
    assert len(latest) == 3


def test_long_keys_are_told_apart_and_from_their_own_digests() -> None:
    latest = OffsetMap(MANY)
    long = b"x" * 1000
    latest.note(long, 5)
    assert latest.is_superseded(long, 4)
    assert not latest.is_superseded(long + b"y", 4)
    for table in latest._tables:
        for name in table:
            assert isinstance(name, str)
            assert not latest.is_superseded(name.encode(), 4)
            assert not latest.is_superseded(bytes.fromhex(name), 4)


@pytest.mark.parametrize("key_bytes", [8, 24, 64, 500])
def test_the_memory_that_is_told_is_about_the_memory_that_is_taken(key_bytes: int) -> None:
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    latest = OffsetMap(MANY)
    for n in range(30_000):
        latest.note(b"%0*d" % (key_bytes, n), n)
    taken = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert 0.6 * taken < latest.used_bytes < 1.3 * taken


def test_it_is_full_when_its_memory_is_used_up_and_lets_go_of_it_bit_by_bit() -> None:
    latest = OffsetMap(10_000)
    count = 0
    while not latest.is_full:
        latest.note(b"%d" % count, count)
        count += 1
    assert 50 < count < 100
    latest.note(b"0", count)  # a key that is known takes nothing
    assert latest.is_superseded(b"0", 0)
    run_to_end(latest.let_go())
    assert len(latest) == 0
