"""The differences from Apache Kafka that are decided upon, each with its reason. Anything else is a fault."""

from collections.abc import Iterable

from .batches import BASE_MS
from .comparison import Decided
from .normalise import Plain

AT_ONCE = "a topic that Metadata creates is there at once; Kafka says 3, and clients ask again until it is there"
JAVA_TEXT = "Kafka prints its own Java object into the sentence"
UTF_8 = "a name that is no UTF-8 is a broken frame to us; Java reads replacement characters and goes on"
NO_EPOCH = "a producer id without an epoch is not idempotent to us, whether or not the id is known; no client sends it"
OFFSETS = "a record would be stored at an offset that is another's; Kafka takes it uncompressed, else fails unnamed"
LENGTHS = "Kafka does not hold the length of a compressed record against its fields; consumers would stumble over it"
ONE_CODE = "what cannot be opened is an invalid record with every codec; Kafka has no code of its own for some"
BEHIND = "bytes behind what a codec has finished with are nonsense, too; Kafka leaves them unread"
DELETED = "the latest of the records that can be read; Kafka gives the offset of one that was deleted"
NULL_NAME = "Kafka counts the bytes of a topic by its name, and fails where the topic has none any more"
BEFORE_THE_LOG = "what lies before the log's start was deleted, though the record batch around it is still there"

CODECS = ("GZIP", "SNAPPY", "LZ4", "ZSTD")


def _refused(scenario: str, steps: Iterable[str], why: str) -> list[Decided]:
    """Steps whose whole answer is this code of ours."""
    return [Decided(f"record_contents.{scenario}", step, "", "INVALID_RECORD", why) for step in steps]


_OFFSET_DELTAS = (
    "equal offset deltas",
    "descending offset deltas",
    "offset deltas from one on",
    "a gap in the offset deltas",
)
_LENGTHS = ("a record longer than the batch", "a record shorter than its fields", "a record of negative length")
_UNNAMED = (
    *(f"{codec}: {label}" for codec in CODECS for label in ("nonsense", "cut off")),
    *("GZIP: nothing", "SNAPPY: nothing", "LZ4: nothing", "SNAPPY: bytes behind", "ZSTD: bytes behind"),
)
_RECORDS = "records_that_are_not_what_the_header_says"
_LATEST = "the_latest_of_the_records_that_a_deletion_leaves"
_NONSENSE = "nonsense_where_a_codec_should_be"


def _latest_left() -> Iterable[Decided]:
    """What ListOffsets -3 finds once the log begins at 4, 5…: milliseconds after the base, and the offset."""
    left = {4: (201, 5), 5: (201, 5), 6: (201, 7), 7: (201, 7), 8: (1, 9), 9: (1, 9), 10: None}
    for start, found in left.items():
        timestamp, offset = (-1, -1) if found is None else (BASE_MS + found[0], found[1])
        answer = {"timestamp": timestamp, "offset": offset} | ({} if found else {"leader_epoch": -1})
        for name, value in answer.items():
            path = f"topics.0.partitions.0.{name}"
            yield Decided("offsets." + _LATEST, f"from {start} on", path, value, DELETED)


def _unknown_topics() -> Iterable[Decided]:
    """Share fetches of topics that are not there: each partition has its error, and the others their records."""
    told = {
        "an unknown id": ("topic_id #1", {0: "UNKNOWN_TOPIC_ID"}),
        "an unknown id again": ("topic_id #1", {0: "UNKNOWN_TOPIC_ID"}),
        "a deleted topic of a session": (
            "topic_id #2",
            {0: "UNKNOWN_TOPIC_OR_PARTITION", 5: "UNKNOWN_TOPIC_OR_PARTITION"},
        ),
        "a deleted topic of no session": ("topic_id #2", {0: "UNKNOWN_TOPIC_ID"}),
    }
    for step, (topic_id, errors) in told.items():
        partitions: list[Plain] = [
            {
                "partition_index": index,
                "error_code": error,
                "error_message": None,
                "acknowledge_error_code": 0,
                "acknowledge_error_message": None,
                "current_leader": {"leader_id": 0, "leader_epoch": 0},
                "records": [],
                "acquired_records": [],
            }
            for index, error in errors.items()
        ]
        responses: list[Plain] = [{"topic_id": topic_id, "partitions": partitions}]
        facts: dict[str, Plain] = {"error_code": "NONE", "acquisition_lock_timeout_ms": 30_000, "responses": responses}
        for path, value in facts.items():
            yield Decided("share_fetch.topics_and_partitions_that_are_not_there", step, path, value, NULL_NAME)


DECIDED = (
    *_latest_left(),
    *_unknown_topics(),
    Decided(
        "share_fetch.records_that_the_log_has_deleted",
        "what is left",
        "responses.0.partitions.0.acquired_records.0.first_offset",
        15,
        BEFORE_THE_LOG,
    ),
    *_refused(_RECORDS, [f"{codec}: {label}" for codec in ("NONE", *CODECS) for label in _OFFSET_DELTAS], OFFSETS),
    *_refused(_RECORDS, [f"{codec}: {label}" for codec in CODECS for label in _LENGTHS], LENGTHS),
    *_refused(_RECORDS, ["NONE: an overlong varint"], ONE_CODE),
    *_refused(_NONSENSE, _UNNAMED, ONE_CODE),
    *_refused(_NONSENSE, ["GZIP: bytes behind", "LZ4: bytes behind"], BEHIND),
    Decided(
        "metadata.an_unknown_name_is_created_only_with_leave",
        "with leave",
        "topics.0.error_code",
        "NONE",
        AT_ONCE,
    ),
    Decided(
        "metadata.an_unknown_name_is_created_only_with_leave",
        "with leave",
        "topics.0.partitions",
        [
            {
                "error_code": "NONE",
                "partition_index": 0,
                "leader_id": "the node",
                "leader_epoch": 0,
                "replica_nodes": ["the node"],
                "isr_nodes": ["the node"],
                "offline_replicas": [],
            }
        ],
        AT_ONCE,
    ),
    Decided(
        "produce.timestamps",
        "append time, set by the client",
        "responses.0.partition_responses.0.record_errors.0.batch_index_error_message",
        "Invalid timestamp type in message with offset 0. Producer should not set timestamp type to LogAppendTime.",
        JAVA_TEXT,
    ),
    Decided(
        "handshake.frames_that_cannot_be_read_close_the_connection",
        "bytes that are no UTF-8 closes",
        "",
        "closed",
        UTF_8,
    ),
    Decided(
        "producers.epochs",
        "no epoch",
        "responses.0.partition_responses.0.error_code",
        "NONE",
        NO_EPOCH,
    ),
    Decided(
        "producers.epochs",
        "no epoch",
        "responses.0.partition_responses.0.base_offset",
        3,
        NO_EPOCH,
    ),
)
