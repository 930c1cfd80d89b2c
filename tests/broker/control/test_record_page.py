"""Pages of a log together are what a look at the whole of it sees, whatever their size."""

import asyncio
import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from odradek.broker.control.record_page import Wanted, read_page
from odradek.broker.runtime import LoopThreads
from odradek.broker.testing.records_seen import SeenRecord, is_committed, read_seen
from odradek.protocol.batch import RecordBatch
from odradek.protocol.records import NewRecord, ProducerStamp, build_batch
from odradek.storage.log import PartitionLog

from ...storage.builders import NOW_MS, open_log

# What is appended: a batch of so many records outside of transactions, or by a producer in its own; or the end of its
# transaction.
STEP = st.one_of(
    st.tuples(st.just("plain"), st.integers(1, 4)),
    st.tuples(st.just("in"), st.integers(1, 3), st.integers(1, 4)),
    st.tuples(st.just("end"), st.integers(1, 3), st.booleans()),
)


def written(steps: list[tuple[object, ...]]) -> PartitionLog:
    log = open_log()
    sequences = dict.fromkeys(range(1, 4), 0)
    for kind, *rest in steps:
        if kind == "end":
            producer, commit = rest
            assert isinstance(producer, int)
            log.append_marker(producer, 0, 0, bool(commit), NOW_MS, 0)
            continue
        *producers, count = rest
        assert isinstance(count, int)
        records = [NewRecord(b"k", b"v%d" % (log.log_end_offset + n), NOW_MS) for n in range(count)]
        if producers:
            producer = producers[0]
            assert isinstance(producer, int)
            stamp = ProducerStamp(producer, 0, sequences[producer], is_transactional=True)
            sequences[producer] += count
            batch = build_batch(records, producer=stamp)
        else:
            batch = build_batch(records)
        log.append([RecordBatch(batch)], NOW_MS, leader_epoch=0)
    return log


async def pages(log: PartitionLog, most_records: int, most_bytes: int, *, committed: bool) -> list[SeenRecord]:
    """All pages, one after the other."""
    threads = LoopThreads(asyncio.get_running_loop())
    found: list[SeenRecord] = []
    offset = 0
    for _ in itertools.count():
        page = await read_page(log, threads, offset, Wanted("t", 0, most_records, most_bytes, committed))
        assert len(page.records) <= most_records
        found += page.records
        offset = page.next_offset
        if not page.is_full:
            break
    threads.close()
    return found


@settings(max_examples=60, deadline=None)
@given(st.lists(STEP, max_size=15), st.integers(1, 7), st.sampled_from([1, 8, 1000]), st.booleans())
def test_pages_are_the_whole(steps: list[tuple[object, ...]], most: int, most_bytes: int, committed: bool) -> None:
    log = written(steps)
    whole = read_seen("t", 0, log.batches())
    wanted = [one for one in whole if is_committed(one)] if committed else whole
    assert asyncio.run(pages(log, most, most_bytes, committed=committed)) == wanted


async def test_a_page_begins_within_a_batch_and_not_before_the_log() -> None:
    log = written([("plain", 4), ("plain", 4)])
    threads = LoopThreads(asyncio.get_running_loop())
    wanted = Wanted("t", 0, 3, 1000, is_committed=True)
    page = await read_page(log, threads, 2, wanted)
    assert ([one.offset for one in page.records], page.next_offset, page.is_full) == ([2, 3, 4], 5, True)
    log.delete_records_before(6)
    page = await read_page(log, threads, 0, wanted)
    assert ([one.offset for one in page.records], page.next_offset, page.is_full) == ([6, 7], 8, False)
    assert (await read_page(log, threads, 100, wanted)).records == []
    threads.close()


async def test_bytes_bound_a_page_but_for_its_first_record() -> None:
    log = written([("plain", 4)])
    threads = LoopThreads(asyncio.get_running_loop())
    page = await read_page(log, threads, 0, Wanted("t", 0, 10, 0, is_committed=True))
    assert (len(page.records), page.next_offset) == (1, 1)
    threads.close()
