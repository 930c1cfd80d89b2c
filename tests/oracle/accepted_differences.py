"""The differences from Apache Kafka that are decided upon, each with its reason. Anything else is a fault."""

from .comparison import Decided

AT_ONCE = "a topic that Metadata creates is there at once; Kafka says 3, and clients ask again until it is there"
JAVA_TEXT = "Kafka prints its own Java object into the sentence"
UTF_8 = "a name that is no UTF-8 is a broken frame to us; Java reads replacement characters and goes on"
NO_EPOCH = "a producer id without an epoch is not idempotent to us, whether or not the id is known; no client sends it"

DECIDED = (
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
