"""Control batches: the ends of transactions. Readers skip what they do not know (KIP-98, KIP-595).

The key of a control record is int16 version, int16 type; an end marker's value is int16 version, int32 coordinator
epoch. Both may grow: trailing bytes are ignored.
"""

import struct
from enum import IntEnum
from typing import NamedTuple

from .batch import RecordBatch
from .records import NewRecord, ProducerStamp, build_batch, read_records
from .wire import CorruptFrame


class ControlType(IntEnum):
    """What a control record is. From 2 on they are found in the metadata log only."""

    ABORT = 0
    COMMIT = 1
    LEADER_CHANGE = 2
    SNAPSHOT_HEADER = 3
    SNAPSHOT_FOOTER = 4
    KRAFT_VERSION = 5
    KRAFT_VOTERS = 6


class Marker(NamedTuple):
    """The end of a transaction in one partition; whose it is stands in its batch."""

    is_commit: bool
    coordinator_epoch: int


_KEY = struct.Struct(">hh")
_END = struct.Struct(">hi")
MARKER_BATCH_BYTES = 78


def control_type(key: bytes | None) -> int:
    """The type in a control record's key, known or not. CorruptFrame if the key is too short to have one."""
    if key is None or len(key) < _KEY.size:
        raise CorruptFrame("control record without a type")
    kind: int = _KEY.unpack_from(key)[1]
    return kind


def find_marker(batch: RecordBatch) -> Marker | None:
    """The marker in a control batch, or None where it holds something else. CorruptFrame if it is damaged."""
    for record in read_records(batch, max_bytes=batch.size_bytes):
        kind = control_type(record.key)
        if kind in (ControlType.ABORT, ControlType.COMMIT):
            if record.value is None or len(record.value) < _END.size:
                raise CorruptFrame("end marker without a coordinator epoch")
            coordinator_epoch: int = _END.unpack_from(record.value)[1]
            return Marker(kind == ControlType.COMMIT, coordinator_epoch)
    return None


def marker_batch(
    *,
    producer_id: int,
    producer_epoch: int,
    is_commit: bool,
    coordinator_epoch: int,
    timestamp_ms: int,
    base_offset: int = 0,
    partition_leader_epoch: int = -1,
    has_log_append_time: bool = False,
) -> bytes:
    """The batch of 78 bytes that ends a transaction in one partition."""
    kind = ControlType.COMMIT if is_commit else ControlType.ABORT
    record = NewRecord(_KEY.pack(0, kind), _END.pack(0, coordinator_epoch), timestamp_ms)
    return build_batch(
        [record],
        base_offset=base_offset,
        partition_leader_epoch=partition_leader_epoch,
        producer=ProducerStamp(producer_id, producer_epoch, is_transactional=True),
        is_control=True,
        append_time_ms=timestamp_ms if has_log_append_time else None,
    )
