"""AddPartitionsToTxn (24): bring partitions into a transaction."""

from collections.abc import Sequence

from ..schema import boolean, field, i16, i32, i64, message, nested


@nested
class AddPartitionsToTxnTopic:
    name: str
    partitions: Sequence[i32] = ()


@nested
class AddPartitionsToTxnTransaction:
    transactional_id: str
    producer_id: i64
    producer_epoch: i16
    verify_only: boolean = False
    topics: Sequence[AddPartitionsToTxnTopic] = ()


@message(api_key=24, versions="0-5", flexible="3+")
class AddPartitionsToTxnRequest:
    """Partitions to add: one transaction before version 4, a broker's batch from it on."""

    transactions: Sequence[AddPartitionsToTxnTransaction] = field(default=(), versions="4+")
    v3_and_below_transactional_id: str = field(default="", versions="0-3")
    v3_and_below_producer_id: i64 = field(default=0, versions="0-3")
    v3_and_below_producer_epoch: i16 = field(default=0, versions="0-3")
    v3_and_below_topics: Sequence[AddPartitionsToTxnTopic] = field(default=(), versions="0-3")


@nested
class AddPartitionsToTxnPartitionResult:
    partition_index: i32
    partition_error_code: i16 = 0


@nested
class AddPartitionsToTxnTopicResult:
    name: str
    results_by_partition: Sequence[AddPartitionsToTxnPartitionResult] = ()


@nested
class AddPartitionsToTxnResult:
    transactional_id: str
    topic_results: Sequence[AddPartitionsToTxnTopicResult] = ()


@message(api_key=24, versions="0-5", flexible="3+")
class AddPartitionsToTxnResponse:
    """Per partition, whether it is in the transaction now."""

    throttle_time_ms: i32 = 0
    error_code: i16 = field(default=0, versions="4+")
    results_by_transaction: Sequence[AddPartitionsToTxnResult] = field(default=(), versions="4+")
    results_by_topic_v3_and_below: Sequence[AddPartitionsToTxnTopicResult] = field(default=(), versions="0-3")
