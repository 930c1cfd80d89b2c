"""What is in a partition's log, with what became of the transactions: looked at, not consumed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from ...protocol.batch import RecordBatch
from ...protocol.control import find_marker
from ...protocol.records import Header, Record, read_records

OPEN, COMMITTED, ABORTED = "open", "committed", "aborted"


@dataclass(frozen=True, slots=True)
class SeenRecord:
    """A record as it lies in the log. `transaction` is None outside of one, else open, committed or aborted."""

    topic: str
    partition: int
    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[Header] = ()
    producer_id: int = -1
    transaction: str | None = None


def read_seen(topic: str, partition: int, batches: Iterable[RecordBatch]) -> list[SeenRecord]:
    """The records of a log, from its first batch on. CorruptFrame for a batch that is damaged."""
    seen: list[SeenRecord] = []
    pending: dict[int, list[int]] = {}  # where the records of open transactions stand in `seen`, by producer
    for batch in batches:
        if batch.is_control:
            marker = find_marker(batch)
            if marker is not None:
                outcome = COMMITTED if marker.is_commit else ABORTED
                for at in pending.pop(batch.producer_id, ()):
                    seen[at] = replace(seen[at], transaction=outcome)
            continue
        for record in read_records(batch):
            if batch.is_transactional:
                pending.setdefault(batch.producer_id, []).append(len(seen))
            seen.append(seen_record(topic, partition, batch, record, OPEN if batch.is_transactional else None))
    return seen


def seen_record(topic: str, partition: int, batch: RecordBatch, record: Record, transaction: str | None) -> SeenRecord:
    """What is to be seen of a record of this batch."""
    return SeenRecord(
        topic,
        partition,
        record.offset,
        record.timestamp,
        record.key,
        record.value,
        record.headers,
        batch.producer_id,
        transaction,
    )


def is_committed(record: SeenRecord) -> bool:
    """Whether a read_committed consumer gets it, or will."""
    return record.transaction in (None, COMMITTED)
