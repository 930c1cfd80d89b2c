"""Requests about topics: described, read, changed."""

from collections.abc import Iterator

from odradek.protocol.api_keys import ApiKey

from .probe import OF_CLUSTER, TOPIC, UNKNOWN_ID, Names, Probe, part, probe


def topic_probes(n: Names) -> Iterator[Probe]:
    here, gone = (TOPIC, n.topic), (TOPIC, n.missing)
    for version in (0, 1, 4, 8, 12, 13):
        topics = [part(ApiKey.METADATA, "MetadataRequestTopic", name=name) for name in (n.topic, n.missing)]
        operations = {
            "include_topic_authorized_operations": version >= 8,
            "include_cluster_authorized_operations": 8 <= version <= 10,
        }
        if version >= 4:
            yield probe(
                ApiKey.METADATA,
                version,
                [here, gone, OF_CLUSTER],
                topics=topics,
                allow_auto_topic_creation=False,
                **operations,
            )
    for label, topic_id in (("by id", n.topic_id), ("by an unknown id", UNKNOWN_ID)):
        topics = [part(ApiKey.METADATA, "MetadataRequestTopic", name=None, topic_id=topic_id)]
        yield probe(ApiKey.METADATA, 12, [here], label, topics=topics, include_topic_authorized_operations=True)
    names = [part(ApiKey.DESCRIBE_TOPIC_PARTITIONS, "TopicRequest", name=name) for name in (n.topic, n.missing)]
    yield probe(ApiKey.DESCRIBE_TOPIC_PARTITIONS, 0, [here, gone], topics=names)
    for version in (1, 6):
        yield probe(
            ApiKey.LIST_OFFSETS,
            version,
            [here, gone],
            replica_id=-1,
            topics=[
                part(
                    ApiKey.LIST_OFFSETS,
                    "ListOffsetsTopic",
                    name=name,
                    partitions=[part(ApiKey.LIST_OFFSETS, "ListOffsetsPartition", partition_index=0, timestamp=-1)],
                )
                for name in (n.topic, n.missing)
            ],
        )
    yield probe(
        ApiKey.OFFSET_FOR_LEADER_EPOCH,
        4,
        [here, gone, OF_CLUSTER],
        topics=[
            part(
                ApiKey.OFFSET_FOR_LEADER_EPOCH,
                "OffsetForLeaderTopic",
                topic=name,
                partitions=[part(ApiKey.OFFSET_FOR_LEADER_EPOCH, "OffsetForLeaderPartition", partition=0)],
            )
            for name in (n.topic, n.missing)
        ],
    )
    yield from _fetch_probes(n)
    yield probe(
        ApiKey.DESCRIBE_PRODUCERS,
        0,
        [here, gone],
        topics=[
            part(ApiKey.DESCRIBE_PRODUCERS, "TopicRequest", name=name, partition_indexes=[0])
            for name in (n.topic, n.missing)
        ],
    )


def _fetch_probes(n: Names) -> Iterator[Probe]:
    here, gone = (TOPIC, n.topic), (TOPIC, n.missing)
    partition = part(ApiKey.FETCH, "FetchPartition", partition=0, fetch_offset=0, partition_max_bytes=1000)
    for version in (4, 12):
        topics = [part(ApiKey.FETCH, "FetchTopic", topic=name, partitions=[partition]) for name in (n.topic, n.missing)]
        yield probe(ApiKey.FETCH, version, [here, gone], topics=topics)
    topics = [
        part(ApiKey.FETCH, "FetchTopic", topic_id=topic_id, partitions=[partition])
        for topic_id in (n.topic_id, UNKNOWN_ID)
    ]
    yield probe(ApiKey.FETCH, 16, [here], topics=topics)
    follower = [part(ApiKey.FETCH, "FetchTopic", topic=n.topic, partitions=[partition])]
    yield probe(ApiKey.FETCH, 12, [here, OF_CLUSTER], "of a follower", topics=follower, replica_id=9)


def topic_changes(n: Names) -> Iterator[Probe]:
    here, gone = (TOPIC, n.topic), (TOPIC, n.missing)
    for version in (2, 7):
        new = [
            part(ApiKey.CREATE_TOPICS, "CreatableTopic", name=name, num_partitions=1, replication_factor=1)
            for name in (n.topic, n.missing, n.new("twice"), n.new("twice"))
        ]
        yield probe(ApiKey.CREATE_TOPICS, version, [gone, OF_CLUSTER], topics=new, validate_only=True)
    yield probe(
        ApiKey.CREATE_PARTITIONS,
        3,
        [here, gone],
        timeout_ms=10_000,
        topics=[
            part(ApiKey.CREATE_PARTITIONS, "CreatePartitionsTopic", name=name, count=1, assignments=None)
            for name in (n.topic, n.missing, n.new("twice"), n.new("twice"))
        ],
    )
    yield probe(ApiKey.DELETE_TOPICS, 5, [gone, OF_CLUSTER], timeout_ms=10_000, topic_names=[n.missing])
    unknown = part(ApiKey.DELETE_TOPICS, "DeleteTopicState", name=None, topic_id=UNKNOWN_ID)
    yield probe(ApiKey.DELETE_TOPICS, 6, [OF_CLUSTER], "an unknown id", timeout_ms=10_000, topics=[unknown])
    yield probe(
        ApiKey.DELETE_RECORDS,
        2,
        [here, gone],
        timeout_ms=10_000,
        topics=[
            part(
                ApiKey.DELETE_RECORDS,
                "DeleteRecordsTopic",
                name=name,
                partitions=[part(ApiKey.DELETE_RECORDS, "DeleteRecordsPartition", partition_index=0, offset=0)],
            )
            for name in (n.topic, n.missing)
        ],
    )
