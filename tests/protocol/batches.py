"""Batches that the broker reads and never writes."""

from odradek.protocol.control import ControlType
from odradek.protocol.records import NewRecord, build_batch


def control_batch(kind: ControlType, value: bytes, *, timestamp_ms: int, partition_leader_epoch: int = -1) -> bytes:
    """A control batch that belongs to no transaction, as the metadata log has them; see quorum_records."""
    key = bytes(2) + int(kind).to_bytes(2, "big")
    return build_batch(
        [NewRecord(key, value, timestamp_ms)], partition_leader_epoch=partition_leader_epoch, is_control=True
    )
