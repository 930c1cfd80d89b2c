"""Answers as plain data that two brokers can be compared by: what must differ is masked, each with its reason.

Renamed: a value that a broker makes up is called by the order in which it first came, so that the same thing keeps the
same name through a conversation. Dropped: what says nothing about behaviour.
"""

import dataclasses
import json
import re
from collections.abc import Collection
from typing import Any, ClassVar

from odradek.protocol.batch import RecordBatch, whole_batches
from odradek.protocol.errors import ErrorCode

Plain = dict[str, Any] | list[Any] | str | int | float | bool | None

DROPPED = {
    "throttle_time_ms": "quotas are not what is compared",
    "finalized_features_epoch": "an offset in the metadata log, which grows with time",
}
RENAMED = {
    "topic_id": "topic ids are random",
    "member_id": "member ids end in a random uuid",
    "leader": "a member id",
    "producer_id": "ids come from blocks whose number depends on the past",
    "session_id": "fetch session ids are random",
}
NODE_IDS = {"node_id", "leader_id", "controller_id", "broker_id", "replica_nodes", "isr_nodes"}  # a setting
ADDRESSES = {"host", "port"}  # where the broker happens to listen
UNORDERED = {
    "members": "the Java broker walks a hash map",
    "topics": "names are answered in no fixed order",
    "topic_partitions": "the Java broker walks a hash map",
    "configs": "the Java broker walks a hash map",
    "partitions_by_user_endpoint": "the Java broker walks a hash map",
    "api_keys": "clients look keys up",
}
# A new Apache Kafka cluster stores this one as an override for all brokers (eligible.leader.replicas); we have none.
CLUSTER_WIDE, CLUSTER_WIDE_FIELDS = "min.insync.replicas", ("config_source", "synonyms")
GENERATED_MEMBER = re.compile(r".+-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
BARE_UUID = re.compile(r"[0-9A-Za-z_-]{22}")  # what a classic member of a consumer group is called
WALL_CLOCK = re.compile(r"\b1[6-9]\d{11}\b|\b2\d{12}\b|-92233702\d{11}\b")  # also: the smallest int64 from now on


class Mask:
    """The masking of one conversation; `suffix` is what makes its names unique."""

    unordered: ClassVar[Collection[str]] = tuple(UNORDERED)

    def __init__(self, suffix: str, node_id: int) -> None:
        self._suffix = suffix
        self._node_id = node_id
        self._names: dict[tuple[str, object], str] = {}

    def plain(self, value: object, name: str = "") -> Plain:
        """The value without what must differ."""
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            hidden = CLUSTER_WIDE_FIELDS if getattr(value, "name", None) == CLUSTER_WIDE else ()
            fields = (field.name for field in dataclasses.fields(value))
            return {one: self.plain(getattr(value, one), one) for one in fields if one not in (*DROPPED, *hidden)}
        if isinstance(value, list | tuple):
            items = [self.plain(item, name) for item in value]
            return sorted(items, key=json.dumps) if name in self.unordered else items
        if isinstance(value, bytes | bytearray | memoryview):
            return self._bytes(bytes(value), name)
        if isinstance(value, str):
            return self._text(value, name)
        if isinstance(value, int) and not isinstance(value, bool):
            return self._number(value, name)
        assert value is None or isinstance(value, bool | float), type(value)
        return value

    def _bytes(self, value: bytes, name: str) -> Plain:
        if name == "topic_id":
            return self._renamed(name, value) if any(value) else "none"
        if name == "records":
            return [self._batch(batch) for batch in whole_batches(value)]
        return value.replace(self._suffix.encode(), b"").hex()  # a client may have put a name into its own bytes

    def _batch(self, batch: RecordBatch) -> Plain:
        """A stored batch; the time of its append is the broker's own."""
        return {
            "base_offset": batch.base_offset,
            "leader_epoch": batch.partition_leader_epoch,
            "attributes": batch.attributes,
            "last_offset_delta": batch.last_offset_delta,
            "base_timestamp": batch.base_timestamp,
            "max_timestamp": "now" if batch.has_log_append_time else batch.max_timestamp,
            "producer_id": self._number(batch.producer_id, "producer_id"),
            "producer_epoch": batch.producer_epoch,
            "base_sequence": batch.base_sequence,
            "records_count": batch.records_count,
            "is_intact": batch.is_intact(),
            "records": bytes(batch.records).hex(),
        }

    def _text(self, value: str, name: str) -> Plain:
        if name in ADDRESSES:
            return "the host" if value else ""
        if name == "cluster_id":
            return "the cluster" if value else ""
        if GENERATED_MEMBER.fullmatch(value) or (name == "member_id" and BARE_UUID.fullmatch(value)):
            return self._renamed("member_id", value)
        return WALL_CLOCK.sub("<ms>", value.replace(self._suffix, ""))

    def _number(self, value: int, name: str) -> Plain:
        if name == "error_code":
            return ErrorCode(value).name
        if name == "port":
            return "the port" if value > 0 else value
        if name in NODE_IDS:
            return "the node" if value == self._node_id else value
        if name in ("producer_id", "session_id"):
            return self._renamed(name, value) if value >= (0 if name == "producer_id" else 1) else value
        if name == "log_append_time_ms":
            return "now" if value > 1_750_000_000_000 else value
        return value

    def _renamed(self, kind: str, value: object) -> str:
        count = sum(1 for known, _ in self._names if known == kind)
        return self._names.setdefault((kind, value), f"{kind} #{count + 1}")
