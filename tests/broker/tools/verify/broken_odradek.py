"""`python broken_odradek.py FAULT serve ...`: an Odradek that breaks one promise. Run as a program, never imported."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace

from odradek.broker.cli import main
from odradek.broker.coordination.groups.offset_store import OffsetStore
from odradek.broker.share.acknowledgement import ACCEPT, RELEASE, Acknowledging
from odradek.broker.share.acquisition import AcquiredRecords, Extent
from odradek.broker.share.in_flight import Run
from odradek.broker.share.settings import ShareGroupSettings
from odradek.broker.share.share_partition import SharePartition, Wish
from odradek.broker.topics.partition import Partition
from odradek.protocol.batch import RecordBatch
from odradek.storage.indexes.transaction_index import AbortedTxn
from odradek.storage.log import AppendInfo, PartitionLog

OURS = "verify-"


def forget_what_was_aborted() -> None:
    def aborted_transactions(log: PartitionLog, fetch_offset: int, upper_offset: int) -> list[AbortedTxn]:
        return []

    setattr(PartitionLog, "aborted_transactions", aborted_transactions)  # noqa: B010


def read_beyond_the_last_stable_offset() -> None:
    setattr(PartitionLog, "last_stable_offset", property(lambda log: log.high_watermark))  # noqa: B010


def tear_commits() -> None:
    write = Partition.append_marker

    def append_marker(
        partition: Partition,
        producer_id: int,
        producer_epoch: int,
        coordinator_epoch: int,
        *,
        is_commit: bool,
        now_ms: int,
        must_raise_epoch: bool = False,
    ) -> AppendInfo:
        is_torn = partition.topic.startswith(OURS) and partition.index == 0
        return write(
            partition,
            producer_id,
            producer_epoch,
            coordinator_epoch,
            is_commit=is_commit and not is_torn,
            now_ms=now_ms,
            must_raise_epoch=must_raise_epoch,
        )

    setattr(Partition, "append_marker", append_marker)  # noqa: B010


def lose_writes() -> None:
    write = PartitionLog.append
    seen = 0

    def append(
        log: PartitionLog,
        batches: Sequence[RecordBatch],
        now_ms: int,
        *,
        leader_epoch: int,
        is_from_client: bool = True,
        is_checked: bool = False,
    ) -> AppendInfo:
        nonlocal seen
        seen += is_from_client and log.topic.startswith(OURS)
        if is_from_client and log.topic.startswith(OURS) and seen % 40 == 0:
            # As if written: the next batch of this producer will seem to have jumped.
            end = log.log_end_offset
            return AppendInfo(end, end, -1, log.log_start_offset, False, 0)
        return write(
            log, batches, now_ms, leader_epoch=leader_epoch, is_from_client=is_from_client, is_checked=is_checked
        )

    setattr(PartitionLog, "append", append)  # noqa: B010


def forget_transactional_offsets() -> None:
    end = OffsetStore.end_transaction

    def end_transaction(table: OffsetStore, producer_id: int, is_commit: bool, is_here: Callable[[str], bool]) -> None:
        end(table, producer_id, False, is_here)

    setattr(OffsetStore, "end_transaction", end_transaction)  # noqa: B010


def lock_records_too_shortly() -> None:
    acquire = SharePartition.acquire

    def acquire_shortly(
        partition: SharePartition,
        wish: Wish,
        fetch_offset: int,
        extents: Sequence[Extent],
        settings: ShareGroupSettings,
        now: float,
    ) -> list[AcquiredRecords]:
        return acquire(partition, wish, fetch_offset, extents, replace(settings, record_lock_duration_ms=50), now)

    setattr(SharePartition, "acquire", acquire_shortly)  # noqa: B010


def release_what_is_accepted() -> None:
    change = Acknowledging._change
    seen = 0

    def change_wrongly(acknowledging: Acknowledging, run: Run, kind: int) -> None:
        nonlocal seen
        seen += kind == ACCEPT
        change(acknowledging, run, RELEASE if kind == ACCEPT and seen % 40 == 0 else kind)

    setattr(Acknowledging, "_change", change_wrongly)  # noqa: B010


FAULTS = {
    fault.__name__: fault
    for fault in (
        forget_what_was_aborted,
        read_beyond_the_last_stable_offset,
        tear_commits,
        lose_writes,
        forget_transactional_offsets,
        lock_records_too_shortly,
        release_what_is_accepted,
    )
}

if __name__ == "__main__":
    FAULTS[sys.argv.pop(1)]()
    main()
