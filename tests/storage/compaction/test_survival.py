"""What survives compaction: records, tombstones, transactions, empty batches, batch by batch."""

from dataclasses import replace

import pytest

from odradek.protocol.batch import CONTROL, DELETE_HORIZON, TRANSACTIONAL
from odradek.protocol.compression import Codec
from odradek.protocol.records import read_records
from odradek.storage.files.memory_files import MemoryFiles

from ..builders import NOW_MS, bases_of, open_log, reopen_clean
from .compacting import COMPACTED, Left, batches_in, clean, left_in, pairs_in, roll_and_clean, write

LATER = NOW_MS + COMPACTED.delete_retention_ms


def test_of_each_key_the_latest_value_stays_at_its_offset() -> None:
    log = open_log(config=COMPACTED)
    write(log, [("a", "1"), ("b", "1")])
    write(log, [("a", "2"), ("c", "1")])
    write(log, [("c", "2")])
    roll_and_clean(log)
    assert pairs_in(log) == [(1, "b", "1"), (2, "a", "2"), (4, "c", "2")]
    assert left_in(log) == [Left(0, 1, (1,)), Left(2, 3, (2,)), Left(4, 4, (4,))]
    assert (log.log_start_offset, log.log_end_offset) == (0, 5)


def test_what_is_not_sealed_is_not_touched_and_supersedes_nothing() -> None:
    log = open_log(config=COMPACTED)
    write(log, [("a", "1")])
    write(log, [("b", "1")])
    log.roll(NOW_MS)
    write(log, [("a", "2"), ("a", "3")])
    clean(log)
    assert pairs_in(log) == [(0, "a", "1"), (1, "b", "1"), (2, "a", "2"), (3, "a", "3")]


def test_a_batch_that_keeps_all_its_records_keeps_every_byte() -> None:
    log = open_log(config=COMPACTED)
    write(log, [("a", "1")])
    write(log, [("b", "1"), ("c", "1")], codec=Codec.ZSTD)
    write(log, [("a", "2")])
    before = [bytes(batch.view) for batch in batches_in(log)]
    roll_and_clean(log)
    assert [bytes(batch.view) for batch in batches_in(log)] == before[1:]


def test_records_without_a_key_go() -> None:
    log = open_log(config=COMPACTED)
    write(log, [(None, "1"), ("a", "1")])
    roll_and_clean(log)
    assert pairs_in(log) == [(1, "a", "1")]


@pytest.mark.parametrize("codec", list(Codec))
@pytest.mark.parametrize("size", [10, 20_000])
def test_what_is_left_of_a_batch_keeps_its_codec_and_its_timestamps(codec: Codec, size: int) -> None:
    log = open_log(config=replace(COMPACTED, segment_bytes=1 << 20))
    write(log, [("a", "1" * size), ("b", "2" * size), ("c", "3" * size)], codec=codec)
    write(log, [("a", "4"), ("c", "5")])
    roll_and_clean(log)
    first, _ = batches_in(log)
    assert (first.codec, first.records_count, first.last_offset_delta) == (codec, 1, 2)
    (record,) = read_records(first)
    assert (record.offset, record.timestamp, record.value) == (1, NOW_MS + 1, b"2" * size)
    assert first.max_timestamp == NOW_MS + 1


def test_under_log_append_time_the_batch_keeps_its_timestamp() -> None:
    log = open_log(config=COMPACTED)
    write(log, [("a", "1"), ("b", None)], append_time_ms=NOW_MS + 77)
    write(log, [("a", "2")], append_time_ms=NOW_MS + 78)
    roll_and_clean(log)
    first = batches_in(log)[0]
    assert (first.has_log_append_time, first.max_timestamp) == (True, NOW_MS + 77)
    assert [record.timestamp for record in read_records(first)] == [NOW_MS + 77]


def test_a_segment_of_a_compacted_log_is_sealed_in_time_for_max_compaction_lag_ms() -> None:
    for policy, segments in (("compact", 2), ("delete", 1)):
        log = open_log(config=replace(COMPACTED, cleanup_policy=frozenset({policy}), max_compaction_lag_ms=5000))
        write(log, [("a", "1")])
        write(log, [("a", "2")], timestamp=NOW_MS + 5001)
        assert len(bases_of(log)) == segments


# Tombstones


def test_a_tombstone_is_kept_until_its_horizon_and_then_goes() -> None:
    log = open_log(config=COMPACTED)
    write(log, [("a", "1")])
    write(log, [("a", None), ("b", "1")])
    roll_and_clean(log)
    (batch,) = batches_in(log)
    assert batch.attributes == DELETE_HORIZON
    assert batch.base_timestamp == LATER
    assert batch.max_timestamp == NOW_MS + 1
    assert [(r.timestamp, r.value) for r in read_records(batch)] == [(NOW_MS, None), (NOW_MS + 1, b"1")]
    clean(log, checkpoint=3, now_ms=LATER - 1)
    assert pairs_in(log) == [(1, "a", None), (2, "b", "1")]
    clean(log, checkpoint=3, now_ms=LATER)
    assert pairs_in(log) == [(2, "b", "1")]
    assert batches_in(log)[0].base_timestamp == LATER


def test_the_horizon_of_a_batch_is_set_once() -> None:
    log = open_log(config=COMPACTED)
    write(log, [("a", None)])
    write(log, [("z", "1")])
    roll_and_clean(log)
    roll_and_clean(log, checkpoint=2, now_ms=NOW_MS + 500)
    assert batches_in(log)[0].base_timestamp == LATER


def test_a_tombstone_superseded_by_a_value_goes_at_once() -> None:
    log = open_log(config=COMPACTED)
    write(log, [("a", None)])
    write(log, [("a", "1")])
    roll_and_clean(log)
    assert pairs_in(log) == [(1, "a", "1")]


def test_a_compressed_tombstone_gets_its_horizon_too() -> None:
    log = open_log(config=COMPACTED)
    write(log, [("a", None), ("b", "1")], codec=Codec.LZ4)
    roll_and_clean(log)
    (batch,) = batches_in(log)
    assert (batch.codec, batch.has_delete_horizon, batch.base_timestamp) == (Codec.LZ4, True, LATER)
    assert [r.timestamp for r in read_records(batch)] == [NOW_MS, NOW_MS + 1]


def test_a_delete_retention_without_end_does_not_overflow() -> None:
    log = open_log(config=replace(COMPACTED, delete_retention_ms=2**63 - 1))
    write(log, [("a", None)])
    roll_and_clean(log)
    assert batches_in(log)[0].base_timestamp == 2**63 - 1
    assert [r.timestamp for r in read_records(batches_in(log)[0])] == [NOW_MS]


# Empty batches


def test_the_last_batch_of_the_pass_stays_as_a_header() -> None:
    log = open_log(config=COMPACTED)
    write(log, [("a", "1")])
    write(log, [(None, "nothing")], codec=Codec.GZIP)
    roll_and_clean(log)
    assert left_in(log) == [Left(0, 0, (0,)), Left(1, 1, ())]
    empty = batches_in(log)[1]
    assert (empty.attributes, empty.base_timestamp, empty.max_timestamp, empty.size_bytes) == (0, -1, NOW_MS, 61)
    write(log, [("b", "1")])
    roll_and_clean(log, checkpoint=2)
    assert left_in(log) == [Left(0, 0, (0,)), Left(2, 2, (2,))]


def test_the_last_batch_of_an_active_producer_stays_as_a_header() -> None:
    log = open_log(config=COMPACTED)
    write(log, [("a", "1")], pid=7, sequence=0)
    write(log, [("a", "2"), ("a", "3")], pid=7, sequence=1)
    write(log, [("a", "4")])
    write(log, [("b", "4")])
    roll_and_clean(log)
    assert left_in(log) == [Left(1, 2, ()), Left(3, 3, (3,)), Left(4, 4, (4,))]
    empty = batches_in(log)[0]
    assert (empty.producer_id, empty.base_sequence, empty.last_sequence) == (7, 1, 2)


def test_an_expired_producer_leaves_nothing() -> None:
    log = open_log(config=COMPACTED)
    write(log, [("a", "1")], pid=7)
    write(log, [("a", "2")])
    log.expire_producers(NOW_MS + COMPACTED.producer_id_expiration_ms)
    roll_and_clean(log)
    assert left_in(log) == [Left(1, 1, (1,))]


def test_a_producer_goes_on_where_it_was_after_compaction_and_a_crash() -> None:
    files = MemoryFiles()
    log = open_log(files, COMPACTED)
    write(log, [("a", "1"), ("a", "2")], pid=7)
    write(log, [("a", "3")])
    roll_and_clean(log)
    log = open_log(files, COMPACTED)  # everything is recovered
    entry = log.producers.find(7)
    assert entry is not None
    assert entry.last_sequence == 1


# Transactions


def test_records_of_aborted_transactions_go_and_supersede_nothing() -> None:
    log = open_log(config=COMPACTED)
    write(log, [("a", "1")])
    write(log, [("a", "2"), ("b", "2")], pid=5, is_transactional=True)
    log.append_marker(5, 0, 0, False, NOW_MS, 0)
    write(log, [("c", "1")], pid=5, sequence=2)
    roll_and_clean(log)
    assert pairs_in(log) == [(0, "a", "1"), (4, "c", "1")]
    assert [batch.is_control for batch in batches_in(log)] == [False, True, False]


def test_an_open_transaction_and_all_behind_it_stay_as_they_are() -> None:
    log = open_log(config=COMPACTED)
    write(log, [("a", "1")])
    log.roll(NOW_MS)
    write(log, [("a", "2")])
    write(log, [("b", "1")], pid=5, is_transactional=True)
    log.roll(NOW_MS)
    write(log, [("a", "3")])
    roll_and_clean(log)
    assert pairs_in(log) == [(0, "a", "1"), (1, "a", "2"), (2, "b", "1"), (3, "a", "3")]


@pytest.mark.parametrize("is_commit", [True, False])
def test_a_marker_outlives_the_data_of_its_transaction_by_a_horizon_of_its_own(is_commit: bool) -> None:
    log = open_log(config=COMPACTED)
    write(log, [("a", "1")], pid=5, is_transactional=True)
    log.append_marker(5, 0, 0, is_commit, NOW_MS, 0)
    write(log, [("a", "2")], pid=5, sequence=1)  # the data batch is not the producer's last one
    write(log, [("b", "2")])
    roll_and_clean(log)
    markers = [batch for batch in batches_in(log) if batch.is_control]
    assert [batch.attributes for batch in markers] == [CONTROL | TRANSACTIONAL]
    write(log, [("c", "1")])
    roll_and_clean(log, checkpoint=4)  # its data has gone
    (marker,) = [batch for batch in batches_in(log) if batch.is_control]
    assert marker.attributes == CONTROL | TRANSACTIONAL | DELETE_HORIZON
    assert marker.base_timestamp == LATER
    assert [record.timestamp for record in read_records(marker)] == [NOW_MS]
    clean(log, checkpoint=5, now_ms=LATER)
    assert not [batch for batch in batches_in(log) if batch.is_control]


def test_the_marker_that_alone_tells_an_epoch_stays_as_a_header() -> None:
    log = open_log(config=COMPACTED)
    write(log, [("a", "1")], pid=5, is_transactional=True)
    log.append_marker(5, 1, 0, True, NOW_MS, 0)  # transactions V2: the marker raises the epoch
    write(log, [("a", "2")])
    write(log, [("b", "2")])
    for checkpoint, now_ms in ((0, NOW_MS), (4, NOW_MS), (4, LATER)):
        roll_and_clean(log, checkpoint=checkpoint, now_ms=now_ms)
    empty = batches_in(log)[0]
    assert (empty.base_offset, empty.attributes, empty.records_count) == (1, CONTROL | TRANSACTIONAL, 0)
    assert (empty.producer_epoch, empty.base_timestamp) == (1, -1)


def test_the_index_of_aborted_transactions_keeps_those_that_still_have_a_batch() -> None:
    files = MemoryFiles()
    log = open_log(files, COMPACTED)
    write(log, [("a", "1")], pid=5, is_transactional=True)
    log.append_marker(5, 0, 0, False, NOW_MS, 0)
    write(log, [("b", "1")])
    known = log.aborted_transactions(0, 3)
    assert [(one.first_offset, one.last_offset) for one in known] == [(0, 1)]
    roll_and_clean(log)
    assert log.aborted_transactions(0, 3) == known  # the batch is the producer's last: a header of it is left
    assert files.exists("/data/t-0/00000000000000000000.txnindex")
    log = reopen_clean(log, files)
    assert log.aborted_transactions(0, 3) == known
    log.expire_producers(NOW_MS + COMPACTED.producer_id_expiration_ms)
    write(log, [("c", "1")])
    roll_and_clean(log, checkpoint=3)
    assert [batch.base_offset for batch in batches_in(log)] == [1, 2, 3]
    write(log, [("d", "1")])
    roll_and_clean(log, checkpoint=4)
    assert log.aborted_transactions(0, 5) == []
    assert not files.exists("/data/t-0/00000000000000000000.txnindex")


def test_a_committed_transaction_is_compacted_like_any_data() -> None:
    log = open_log(config=COMPACTED)
    write(log, [("a", "1"), ("b", "1")], pid=5, is_transactional=True)
    write(log, [("a", "2")], pid=6, is_transactional=True)
    log.append_marker(6, 0, 0, False, NOW_MS, 0)
    log.append_marker(5, 0, 0, True, NOW_MS, 0)
    write(log, [("b", "2")])
    roll_and_clean(log)
    assert pairs_in(log) == [(0, "a", "1"), (5, "b", "2")]
