"""What a record says, by the log it stands in: plain text, or one of Kafka's own schemas.

The rule: a decoder never fails a dump. What it cannot decode is said in place of the payload, and counts as damage.
"""

import re
import struct
from collections.abc import Callable, Mapping
from typing import TypeAlias, cast

from ....protocol.batch import RecordBatch
from ....protocol.codec import decode
from ....protocol.control import ControlType, control_type
from ....protocol.metadata_records import decode_metadata_record
from ....protocol.quorum_records import (
    KRaftVersionRecord,
    LeaderChangeMessage,
    SnapshotFooterRecord,
    SnapshotHeaderRecord,
    VotersRecord,
)
from ....protocol.records import Record
from ....protocol.schema import declared
from ....protocol.state_records import (
    GroupMetadataValue,
    decode_group_record,
    decode_share_state_record,
    decode_transaction_record,
)
from ....protocol.subscription import ConsumerProtocolSubscription, decode_assignment, decode_subscription
from ....protocol.wire import CorruptFrame, uvarint
from .message_json import message_json
from .printing import Fields, Value

Decoder: TypeAlias = Callable[[Record], "dict[str, Value]"]
_Decoded: TypeAlias = "tuple[object, object | None] | None"

_VERSION = struct.Struct(">h")
_END = struct.Struct(">hi")
_QUORUM_RECORDS: Mapping[int, tuple[str, type[object]]] = {
    ControlType.LEADER_CHANGE: ("LeaderChange", LeaderChangeMessage),
    ControlType.SNAPSHOT_HEADER: ("SnapshotHeader", SnapshotHeaderRecord),
    ControlType.SNAPSHOT_FOOTER: ("SnapshotFooter", SnapshotFooterRecord),
    ControlType.KRAFT_VERSION: ("KRaftVersion", KRaftVersionRecord),
    ControlType.KRAFT_VOTERS: ("KRaftVoters", VotersRecord),
}


def record_head(record: Record, batch: RecordBatch) -> Fields:
    """The line of a record, as far as it is the same for all."""
    name = "LogAppendTime" if batch.has_log_append_time else "CreateTime"
    sequence = batch.base_sequence
    return {
        "offset": record.offset,
        name: record.timestamp,
        "keySize": -1 if record.key is None else len(record.key),
        "valueSize": -1 if record.value is None else len(record.value),
        # Kafka counts on without the wrap to 0 only where there is a sequence at all.
        "sequence": -1 if sequence < 0 else (sequence + record.offset - batch.base_offset) & 0x7FFFFFFF,
        "headerKeys": [name for name, _ in record.headers],
    }


def plain_text(record: Record) -> "dict[str, Value]":
    """Key and value as they are; a tombstone has a null payload."""
    fields: dict[str, Value] = {}
    if record.key is not None:
        fields["key"] = record.key
    fields["payload"] = record.value
    return fields


def control_fields(record: Record) -> "dict[str, Value]":
    """What a control record says: the end of a transaction, or a step of the metadata quorum. CorruptFrame."""
    kind = control_type(record.key)
    value = record.value or b""
    if kind in (ControlType.ABORT, ControlType.COMMIT):
        if len(value) < _END.size:
            raise CorruptFrame("end marker without a coordinator epoch")
        return {"endTxnMarker": ControlType(kind).name, "coordinatorEpoch": int(_END.unpack_from(value)[1])}
    found = _QUORUM_RECORDS.get(kind)
    if found is None:
        return {"controlType": f"UNKNOWN({kind})"}
    name, cls = found
    if len(value) < _VERSION.size:
        raise CorruptFrame(f"{name} without a version")
    version = int(_VERSION.unpack_from(value)[0])
    if version not in declared(cls).versions:
        raise CorruptFrame(f"{name}: no version {version}")
    return {name: message_json(decode(cls, version, value), version)}


def _state_record(decoded: Callable[[bytes, bytes | None], _Decoded]) -> Decoder:
    def fields(record: Record) -> "dict[str, Value]":
        if record.key is None:
            raise CorruptFrame("a state record without a key")
        found = decoded(record.key, record.value)
        kind = int(_VERSION.unpack_from(record.key)[0])
        if found is None:
            return {"key": {"type": str(kind), "data": "unknown"}}
        key, value = found
        fields: dict[str, Value] = {"key": {"type": str(kind), "data": message_json(key, 0)}}
        if value is None or record.value is None:
            return {**fields, "payload": None}
        version = int(_VERSION.unpack_from(record.value)[0])
        data = message_json(value, version)
        if isinstance(value, GroupMetadataValue) and value.protocol_type == "consumer":
            _open_members(data, value)
        return {**fields, "payload": {"version": str(version), "data": data}}

    return fields


def _open_members(data: "dict[str, Value]", group: GroupMetadataValue) -> None:
    """What consumers subscribe to and were given is opaque to the broker, but not to who reads the dump."""
    for shown, member in zip(cast("list[dict[str, Value]]", data["members"]), group.members, strict=True):
        subscription, assignment = decode_subscription(member.subscription), decode_assignment(member.assignment)
        shown["subscription"] = message_json(subscription, _version_of(member.subscription))
        shown["assignment"] = message_json(assignment, _version_of(member.assignment))


def _version_of(data: bytes) -> int:
    return min(int(_VERSION.unpack_from(data)[0]), declared(ConsumerProtocolSubscription).versions.last)


def metadata_fields(record: Record) -> "dict[str, Value]":
    """A record of `__cluster_metadata`."""
    if record.value is None:
        raise CorruptFrame("a metadata record without a value")
    message = decode_metadata_record(record.value)
    _, pos = uvarint(record.value, 0)
    _, pos = uvarint(record.value, pos)
    version, _ = uvarint(record.value, pos)
    name = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", type(message).__name__).upper()
    return {"payload": {"type": name, "version": version, "data": message_json(message, version)}}


offsets_fields = _state_record(decode_group_record)
transaction_fields = _state_record(decode_transaction_record)
share_state_fields = _state_record(decode_share_state_record)
