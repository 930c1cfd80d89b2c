"""Topics and their records over HTTP, looked at and written past every client and every fault."""

from collections.abc import Mapping
from typing import Any

from ...protocol.uuid_text import encode_uuid
from ..metadata.topic_image import TopicImage
from ..testing.inspection import (
    GivenRecord,
    append_records,
    create_topic,
    offsets_of,
    partition_named,
    topic_named,
)
from ..testing.records_seen import SeenRecord
from ..topic_names import INTERNAL_TOPICS
from .bytes_text import BASE64, bytes_fields, put_bytes, take_bytes
from .cluster_operations import setting_text
from .operation import CLUSTER, MOST_INT, Asked, Field, Operation, Refused, check_fields
from .record_page import Wanted, read_page

MOST_RECORDS = 1000  # of a page
MOST_BYTES = 1 << 20
ODD_BYTES = "surrogateescape"  # as a header's key has what is no text

VIEW = (
    Field("name", "string", "Its name."),
    Field("topic_id", "string", "Its id, as Kafka writes it."),
    Field("partitions", "integer", "How many it has."),
    Field("replication_factor", "integer", "How many replicas each of them has."),
    Field("config", "object", "The settings that are its own."),
)
HEADER = (*bytes_fields("key", "Its name."), *bytes_fields("value", "Its value."))
RECORD = (
    *bytes_fields("value", "The value; null for a tombstone."),
    *bytes_fields("key", "The key."),
    Field("headers", "array", "Its headers, in order.", items=HEADER),
    Field("timestamp_ms", "integer", "Milliseconds since 1970; the time of the cluster's clock by itself.", least=0),
)
PLACE = (
    Field("partition", "integer", "Its partition."),
    Field("offset", "integer", "Its offset."),
)
SEEN = (
    *PLACE,
    *RECORD,
    Field("transaction", "string", "Of records of transactions alone.", choices=("open", "committed", "aborted")),
)
OFFSETS = (
    PLACE[0],
    Field("log_start", "integer", "The first offset that can be read."),
    Field("high_watermark", "integer", "The first that consumers may not see yet."),
    Field("last_stable", "integer", "Where the earliest open transaction begins, or the end."),
)
PATH = {"topic": "The name of a topic."}
PARTITION = Field("partition", "integer", "One partition; without it all of them.", least=0, most=2**31 - 1)


async def create(asked: Asked) -> Mapping[str, Any]:
    name, given = asked.body["name"], asked.body.get("config", {})
    config = {one: setting_text(one, value) for one, value in given.items()}
    contexts = asked.cluster.contexts
    await create_topic(contexts, name, asked.body.get("partitions"), config, asked.body.get("replication_factor"))
    return _view(topic_named(contexts, name))


async def list_all(asked: Asked) -> Mapping[str, Any]:
    topics, internal = asked.cluster.contexts.image.topics, asked.query.get("internal", False)
    return {"topics": [_view(topics[one]) for one in sorted(topics) if internal or one not in INTERNAL_TOPICS]}


async def look(asked: Asked) -> Mapping[str, Any]:
    return _view(topic_named(asked.cluster.contexts, asked.path["topic"]))


async def offsets(asked: Asked) -> Mapping[str, Any]:
    topic, contexts = asked.path["topic"], asked.cluster.contexts
    found: list[Mapping[str, int]] = []
    for index in _indexes(asked):
        at = offsets_of(contexts, topic, index)
        found.append(
            {
                "partition": index,
                "log_start": at.log_start,
                "high_watermark": at.high_watermark,
                "last_stable": at.last_stable,
            }
        )
    return {"offsets": found}


async def records(asked: Asked) -> Mapping[str, Any]:
    topic, contexts, query = asked.path["topic"], asked.cluster.contexts, asked.query
    if "from" in query and "partition" not in query:
        raise Refused(400, "from is an offset of one partition: name it by partition")
    left, left_bytes = query.get("limit", MOST_RECORDS), MOST_BYTES
    committed, as_base64 = query.get("isolation") != "read_uncommitted", query.get("encoding") == "base64"
    found: list[Mapping[str, Any]] = []
    answer: dict[str, Any] = {"records": found, "is_complete": True}
    for index in _indexes(asked):
        log = partition_named(contexts, topic, index).replica_log
        page = await read_page(
            log, asked.plane.threads, query.get("from", 0), Wanted(topic, index, left, left_bytes, committed)
        )
        found += [_record_view(record, as_base64=as_base64) for record in page.records]
        left, left_bytes = left - len(page.records), max(left_bytes - page.size_bytes, 0)
        if page.is_full:
            answer |= {"is_complete": False, "next": {"partition": index, "offset": page.next_offset}}
            break
    return answer


async def produce(asked: Asked) -> Mapping[str, Any]:
    given = [_given(one, f"record {number}") for number, one in enumerate(asked.body["records"])]
    contexts = asked.cluster.contexts
    is_replicated = asked.body.get("acks", "all") == "all"
    placed = await append_records(
        contexts, asked.path["topic"], given, asked.body.get("partition"), is_replicated=is_replicated
    )
    return {"placed": [{"partition": partition, "offset": offset} for partition, offset in placed]}


def _indexes(asked: Asked) -> range | list[int]:
    partition = asked.query.get("partition")
    if partition is not None:
        return [partition]
    return range(len(topic_named(asked.cluster.contexts, asked.path["topic"]).partitions))


def _given(one: object, what: str) -> GivenRecord:
    fields = check_fields(one, RECORD, what)
    headers: list[tuple[str, bytes | None]] = []
    for number, header in enumerate(fields.get("headers", [])):
        of = f"header {number} of {what}"
        checked = check_fields(header, HEADER, of)
        key = take_bytes(checked, "key", of)
        if key is None:
            raise Refused(400, f"{of} needs key: its name")
        headers.append((key.decode(errors=ODD_BYTES), take_bytes(checked, "value", of)))
    return GivenRecord(
        take_bytes(fields, "value", what), take_bytes(fields, "key", what), headers, fields.get("timestamp_ms")
    )


def _view(topic: TopicImage) -> Mapping[str, Any]:
    return {
        "name": topic.name,
        "topic_id": encode_uuid(topic.topic_id),
        "partitions": len(topic.partitions),
        "replication_factor": len(topic.partitions[0].record.replicas),
        "config": dict(topic.configs),
    }


def _record_view(record: SeenRecord, *, as_base64: bool) -> Mapping[str, Any]:
    view: dict[str, Any] = {
        "partition": record.partition,
        "offset": record.offset,
        "timestamp_ms": record.timestamp_ms,
    }
    put_bytes(view, "key", record.key, as_base64=as_base64)
    put_bytes(view, "value", record.value, as_base64=as_base64)
    headers: list[Mapping[str, Any]] = []
    for key, value in record.headers:
        header: dict[str, Any] = {}
        put_bytes(header, "key", key.encode(errors=ODD_BYTES))
        put_bytes(header, "value", value, as_base64=as_base64)
        headers.append(header)
    view["headers"] = headers
    if record.transaction is not None:
        view["transaction"] = record.transaction
    return view


TOPICS = (
    Operation(
        "GET",
        "/v1/topics",
        "listTopics",
        "All topics, by name.",
        list_all,
        query=(Field("internal", "boolean", "Kafka's own topics as well."), CLUSTER),
        answer=(Field("topics", "array", "One after the other.", items=VIEW),),
    ),
    Operation(
        "POST",
        "/v1/topics",
        "createTopic",
        "A topic that is there when this is answered.",
        create,
        body=(
            Field("name", "string", "Its name.", is_required=True),
            Field("partitions", "integer", "How many; `num.partitions` by itself.", least=1, most=2**31 - 1),
            Field(
                "replication_factor",
                "integer",
                "How many replicas each has; `default.replication.factor` by itself.",
                least=1,
                most=2**15 - 1,
            ),
            Field("config", "object", "Kafka's settings of a topic by name, as texts, numbers or truths."),
        ),
        query=(CLUSTER,),
        answer=VIEW,
        status=201,
        example={"name": "orders", "partitions": 1, "config": {"retention.ms": 604800000}},
    ),
    Operation(
        "GET", "/v1/topics/{topic}", "getTopic", "One topic.", look, query=(CLUSTER,), answer=VIEW, path_fields=PATH
    ),
    Operation(
        "GET",
        "/v1/topics/{topic}/offsets",
        "getOffsets",
        "Where the partitions of a topic stand.",
        offsets,
        query=(PARTITION, CLUSTER),
        answer=(Field("offsets", "array", "One of each partition.", items=OFFSETS),),
        path_fields=PATH,
    ),
)
RECORDS = (
    Operation(
        "GET",
        "/v1/topics/{topic}/records",
        "getRecords",
        "What is in the logs, by partition and offset, past every client: a page of a thousand records or a megabyte.",
        records,
        query=(
            PARTITION,
            Field("from", "integer", "The offset to begin at, with a partition.", least=0, most=MOST_INT),
            Field("limit", "integer", "The most records of the answer.", least=1, most=MOST_RECORDS),
            Field(
                "isolation",
                "string",
                "`read_uncommitted` also shows what was aborted or is open.",
                choices=("read_committed", "read_uncommitted"),
            ),
            Field(
                "encoding", "string", "`base64` has keys and values as that in any case.", choices=("text", "base64")
            ),
            CLUSTER,
        ),
        answer=(
            Field("records", "array", "By partition and offset.", items=SEEN),
            Field("is_complete", "boolean", "Whether this was all."),
            Field("next", "object", "Where it goes on, if it was not: partition and offset."),
        ),
        path_fields=PATH,
    ),
    Operation(
        "POST",
        "/v1/topics/{topic}/records",
        "produceRecords",
        "Append records, dealt out in turn where no partition is named. A missing topic is created, if "
        "`auto.create.topics.enable` allows it.",
        produce,
        body=(
            Field("records", "array", "One after the other.", is_required=True, items=RECORD),
            Field("partition", "integer", "The partition of all of them.", least=0, most=2**31 - 1),
            Field("acks", "string", "`1` waits for no replica; `all` by itself.", choices=("all", "1")),
        ),
        query=(CLUSTER,),
        answer=(Field("placed", "array", "Where each is.", items=PLACE),),
        status=201,
        example={"records": [{"key": "k", "value": "one"}, {"value" + BASE64: "AP8="}]},
        path_fields=PATH,
    ),
)
OPERATIONS = (*TOPICS, *RECORDS)
