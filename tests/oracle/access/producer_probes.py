"""Requests of share groups, producers and transactions."""

from collections.abc import Iterator

from odradek.protocol.api_keys import ApiKey

from ..batches import TRANSACTIONAL, batch
from .probe import GROUP, OF_CLUSTER, TOPIC, TXN, Names, Probe, part, probe


def share_probes(n: Names) -> Iterator[Probe]:
    of, here, gone = (GROUP, n.new("share")), (TOPIC, n.topic), (TOPIC, n.missing)
    for epoch in (0, 1):
        partition = part(ApiKey.SHARE_FETCH, "FetchPartition", partition_index=0)
        topics = [
            part(ApiKey.SHARE_FETCH, "FetchTopic", topic_id=topic_id, partitions=[partition])
            for topic_id in (n.topic_id,)
        ]
        yield probe(
            ApiKey.SHARE_FETCH,
            1,
            [of, here],
            f"epoch {epoch}",
            group_id=n.new("share"),
            member_id="AAAAAAAAAAAAAAAAAAAABQ",
            share_session_epoch=epoch,
            max_wait_ms=0,
            min_bytes=0,
            max_bytes=1000,
            max_records=0,
            batch_size=1,
            topics=topics,
        )
    batches = [
        part(ApiKey.SHARE_ACKNOWLEDGE, "AcknowledgementBatch", first_offset=0, last_offset=0, acknowledge_types=[1])
    ]
    partition = part(
        ApiKey.SHARE_ACKNOWLEDGE, "AcknowledgePartition", partition_index=0, acknowledgement_batches=batches
    )
    topics = [part(ApiKey.SHARE_ACKNOWLEDGE, "AcknowledgeTopic", topic_id=n.topic_id, partitions=[partition])]
    yield probe(
        ApiKey.SHARE_ACKNOWLEDGE,
        1,
        [of, here],
        group_id=n.new("share"),
        member_id="AAAAAAAAAAAAAAAAAAAABg",
        share_session_epoch=1,
        topics=topics,
    )
    wanted = [
        part(
            ApiKey.DESCRIBE_SHARE_GROUP_OFFSETS,
            "DescribeShareGroupOffsetsRequestTopic",
            topic_name=name,
            partitions=[0],
        )
        for name in (n.topic, n.missing)
    ]
    groups = [
        part(
            ApiKey.DESCRIBE_SHARE_GROUP_OFFSETS, "DescribeShareGroupOffsetsRequestGroup", group_id=group, topics=topics
        )
        for group, topics in ((n.new("share"), wanted), (n.new("other"), None))
    ]
    yield probe(ApiKey.DESCRIBE_SHARE_GROUP_OFFSETS, 0, [of, here, gone], groups=groups)
    yield probe(
        ApiKey.ALTER_SHARE_GROUP_OFFSETS,
        0,
        [of, here, gone],
        group_id=n.new("share"),
        topics=[
            part(
                ApiKey.ALTER_SHARE_GROUP_OFFSETS,
                "AlterShareGroupOffsetsRequestTopic",
                topic_name=name,
                partitions=[
                    part(ApiKey.ALTER_SHARE_GROUP_OFFSETS, "AlterShareGroupOffsetsRequestPartition", partition_index=0)
                ],
            )
            for name in (n.topic, n.missing)
        ],
    )
    yield probe(
        ApiKey.DELETE_SHARE_GROUP_OFFSETS,
        0,
        [of, here, gone],
        group_id=n.new("share"),
        topics=[
            part(ApiKey.DELETE_SHARE_GROUP_OFFSETS, "DeleteShareGroupOffsetsRequestTopic", topic_name=name)
            for name in (n.topic, n.missing)
        ],
    )


def producer_probes(n: Names) -> Iterator[Probe]:
    here, gone, txn, of = (TOPIC, n.topic), (TOPIC, n.missing), (TXN, n.txn), (GROUP, n.group)
    yield probe(ApiKey.INIT_PRODUCER_ID, 4, [OF_CLUSTER, here], transactional_id=None, producer_id=5)
    yield probe(ApiKey.INIT_PRODUCER_ID, 4, [txn], "transactional", transactional_id=n.txn, producer_id=5)
    for version in (3, 9):
        data = part(ApiKey.PRODUCE, "PartitionProduceData", index=0, records=batch([b"v"]))
        topics = [
            part(ApiKey.PRODUCE, "TopicProduceData", name=name, partition_data=[data]) for name in (n.topic, n.missing)
        ]
        yield probe(
            ApiKey.PRODUCE, version, [here, gone], transactional_id=None, acks=1, timeout_ms=1000, topic_data=topics
        )
    records = batch([b"v"], attributes=TRANSACTIONAL, producer_id=5, producer_epoch=0, sequence=0)
    data = part(ApiKey.PRODUCE, "PartitionProduceData", index=0, records=records)
    topics = [part(ApiKey.PRODUCE, "TopicProduceData", name=n.missing, partition_data=[data])]
    yield probe(
        ApiKey.PRODUCE,
        9,
        [txn, gone],
        "transactional",
        transactional_id=n.txn,
        acks=1,
        timeout_ms=1000,
        topic_data=topics,
    )
    added = [
        part(ApiKey.ADD_PARTITIONS_TO_TXN, "AddPartitionsToTxnTopic", name=name, partitions=[0])
        for name in (n.topic, "__consumer_offsets")
    ]
    for label, wanted in (("", added[:1]), ("an internal topic", added)):
        yield probe(
            ApiKey.ADD_PARTITIONS_TO_TXN,
            3,
            [txn, here],
            label,
            v3_and_below_transactional_id=n.txn,
            v3_and_below_producer_id=5,
            v3_and_below_producer_epoch=0,
            v3_and_below_topics=wanted,
        )
    transactions = [
        part(
            ApiKey.ADD_PARTITIONS_TO_TXN,
            "AddPartitionsToTxnTransaction",
            transactional_id=n.txn,
            producer_id=5,
            producer_epoch=0,
            topics=added[:1],
        )
    ]
    yield probe(ApiKey.ADD_PARTITIONS_TO_TXN, 4, [OF_CLUSTER, here], transactions=transactions)
    ids = {"transactional_id": n.txn, "producer_id": 5, "producer_epoch": 0}
    yield probe(ApiKey.ADD_OFFSETS_TO_TXN, 3, [txn, of], group_id=n.group, **ids)
    yield probe(ApiKey.END_TXN, 4, [txn], **ids)
    partition = part(
        ApiKey.TXN_OFFSET_COMMIT, "TxnOffsetCommitRequestPartition", partition_index=0, committed_metadata=""
    )
    yield probe(
        ApiKey.TXN_OFFSET_COMMIT,
        3,
        [txn, of, here, gone],
        group_id=n.group,
        generation_id=5,
        member_id="nobody",
        **ids,
        topics=[
            part(ApiKey.TXN_OFFSET_COMMIT, "TxnOffsetCommitRequestTopic", name=name, partitions=[partition])
            for name in (n.topic, n.missing)
        ],
    )
    marked = part(ApiKey.WRITE_TXN_MARKERS, "WritableTxnMarkerTopic", name=n.missing, partition_indexes=[0])
    marker = part(ApiKey.WRITE_TXN_MARKERS, "WritableTxnMarker", producer_id=5, producer_epoch=0, topics=[marked])
    yield probe(ApiKey.WRITE_TXN_MARKERS, 1, [OF_CLUSTER], markers=[marker])
    yield probe(ApiKey.DESCRIBE_TRANSACTIONS, 0, [txn], transactional_ids=[n.new("other"), n.txn])
