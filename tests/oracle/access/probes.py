"""A request of every API that access rules decide about, and the resources that it touches."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from odradek.broker.apis import TABLE
from odradek.broker.security.authorization.acl import ResourceType
from odradek.protocol.api_keys import ApiKey

from ..batches import TRANSACTIONAL, batch

TOPIC, GROUP, CLUSTER = ResourceType.TOPIC, ResourceType.GROUP, ResourceType.CLUSTER
TXN = ResourceType.TRANSACTIONAL_ID
OF_CLUSTER = (CLUSTER, "kafka-cluster")
Resource = tuple[ResourceType, str]
UNKNOWN_ID = b"\x07" * 16


@dataclass(frozen=True)
class Probe:
    """One request; `resources` are what its rule may ask about."""

    label: str
    key: ApiKey
    version: int
    body: object
    resources: Sequence[Resource]

    @property
    def response(self) -> type[object]:
        return TABLE[self.key].load().response


@dataclass(frozen=True)
class Names:
    """What the requests name: a topic and an id that are there, one that is not, a group, a transactional id."""

    topic: str
    topic_id: bytes
    missing: str
    group: str
    txn: str
    suffix: str

    def new(self, base: str) -> str:
        """A name that no other run has."""
        return base + self.suffix


def asked(key: ApiKey, /, **fields: Any) -> object:
    make: Any = TABLE[key].load().request
    return make(**fields)


def part(key: ApiKey, struct: str, /, **fields: Any) -> Any:
    """A struct of a request, by its name."""
    request: Any = TABLE[key].load().request
    module: Any = __import__(request.__module__, fromlist=[struct])
    return getattr(module, struct)(**fields)


def probes(n: Names) -> Iterator[Probe]:
    """All of them, in the order in which they are asked."""
    yield from _cluster_probes(n)
    yield from _config_probes(n)
    yield from _topic_probes(n)
    yield from _topic_changes(n)
    yield from _group_probes(n)
    yield from _modern_group_probes(n)
    yield from _offset_probes(n)
    yield from _share_probes(n)
    yield from _producer_probes(n)


def _probe(key: ApiKey, version: int, touched: Sequence[Resource], label: str = "", /, **fields: Any) -> Probe:
    return Probe(f"{key.name} {version}{' ' if label else ''}{label}", key, version, asked(key, **fields), touched)


def _cluster_probes(n: Names) -> Iterator[Probe]:
    of = [OF_CLUSTER]
    acl_filter = {
        "resource_type_filter": 2,
        "resource_name_filter": n.missing,
        "pattern_type_filter": 3,
        "principal_filter": None,
        "host_filter": None,
        "operation": 1,
        "permission_type": 1,
    }
    creation = part(
        ApiKey.CREATE_ACLS,
        "AclCreation",
        resource_type=99,
        resource_name="",
        resource_pattern_type=3,
        host="*",
        operation=3,
        permission_type=3,
    )
    yield _probe(ApiKey.DESCRIBE_ACLS, 3, of, **acl_filter)
    yield _probe(ApiKey.CREATE_ACLS, 3, of, creations=[creation])
    yield _probe(ApiKey.DELETE_ACLS, 3, of, filters=[part(ApiKey.DELETE_ACLS, "DeleteAclsFilter", **acl_filter)])
    for version in (0, 1):
        yield _probe(ApiKey.DESCRIBE_CLUSTER, version, of, include_cluster_authorized_operations=True)
    yield _probe(ApiKey.DESCRIBE_CLUSTER, 0, of, "not asked")
    yield _probe(ApiKey.DESCRIBE_LOG_DIRS, 4, of, topics=[])
    yield _probe(ApiKey.DESCRIBE_LOG_DIRS, 1, of, topics=[])
    yield _probe(
        ApiKey.ALTER_REPLICA_LOG_DIRS,
        2,
        of,
        dirs=[
            part(
                ApiKey.ALTER_REPLICA_LOG_DIRS,
                "AlterReplicaLogDir",
                path="/nowhere",
                topics=[part(ApiKey.ALTER_REPLICA_LOG_DIRS, "AlterReplicaLogDirTopic", name=n.topic, partitions=[0])],
            )
        ],
    )
    for version in (0, 2):
        yield _probe(
            ApiKey.ELECT_LEADERS,
            version,
            of,
            topic_partitions=[part(ApiKey.ELECT_LEADERS, "TopicPartitions", topic=n.topic, partitions=[0])],
        )
    yield _probe(
        ApiKey.ALTER_PARTITION_REASSIGNMENTS,
        0,
        of,
        topics=[
            part(
                ApiKey.ALTER_PARTITION_REASSIGNMENTS,
                "ReassignableTopic",
                name=n.missing,
                partitions=[
                    part(ApiKey.ALTER_PARTITION_REASSIGNMENTS, "ReassignablePartition", partition_index=0, replicas=[1])
                ],
            )
        ],
    )
    yield _probe(ApiKey.LIST_PARTITION_REASSIGNMENTS, 0, of)
    quota = part(ApiKey.DESCRIBE_CLIENT_QUOTAS, "ComponentData", entity_type="user", match_type=0, match=n.missing)
    yield _probe(ApiKey.DESCRIBE_CLIENT_QUOTAS, 1, of, components=[quota])
    entity = part(ApiKey.ALTER_CLIENT_QUOTAS, "EntityData", entity_type="user", entity_name=n.missing)
    op = part(ApiKey.ALTER_CLIENT_QUOTAS, "OpData", key="producer_byte_rate", value=5.0)
    entry = part(ApiKey.ALTER_CLIENT_QUOTAS, "EntryData", entity=[entity], ops=[op])
    yield _probe(ApiKey.ALTER_CLIENT_QUOTAS, 1, of, entries=[entry], validate_only=True)
    user = part(ApiKey.DESCRIBE_USER_SCRAM_CREDENTIALS, "UserName", name=n.missing)
    yield _probe(ApiKey.DESCRIBE_USER_SCRAM_CREDENTIALS, 0, of, users=[user])
    quorum = part(
        ApiKey.DESCRIBE_QUORUM,
        "TopicData",
        topic_name=n.missing,
        partitions=[part(ApiKey.DESCRIBE_QUORUM, "PartitionData", partition_index=0)],
    )
    yield _probe(ApiKey.DESCRIBE_QUORUM, 2, of, topics=[quorum])
    update = part(ApiKey.UPDATE_FEATURES, "FeatureUpdateKey", feature="no.such", max_version_level=1)
    for version in (0, 2):
        yield _probe(ApiKey.UPDATE_FEATURES, version, of, feature_updates=[update])
    yield _probe(ApiKey.UNREGISTER_BROKER, 0, of, broker_id=77)
    yield _probe(ApiKey.LIST_CONFIG_RESOURCES, 0, of)
    yield _probe(ApiKey.ADD_RAFT_VOTER, 0, of, cluster_id="none", voter_id=5)
    yield _probe(ApiKey.REMOVE_RAFT_VOTER, 0, of, cluster_id="none", voter_id=5)
    yield from _state_probes(n)


def _state_probes(n: Names) -> Iterator[Probe]:
    for key, data in (
        (ApiKey.INITIALIZE_SHARE_GROUP_STATE, "InitializeStateData"),
        (ApiKey.READ_SHARE_GROUP_STATE, "ReadStateData"),
        (ApiKey.WRITE_SHARE_GROUP_STATE, "WriteStateData"),
        (ApiKey.READ_SHARE_GROUP_STATE_SUMMARY, "ReadStateSummaryData"),
        (ApiKey.DELETE_SHARE_GROUP_STATE, "DeleteStateData"),
    ):
        partition = part(key, "PartitionData", partition=0)
        topics = [part(key, data, topic_id=b"\x01" * 16, partitions=[partition])]
        yield _probe(key, 0, [OF_CLUSTER], group_id=n.group, topics=topics)


def _config_probes(n: Names) -> Iterator[Probe]:
    kinds = {
        "topic": (2, n.topic, (TOPIC, n.topic)),
        "missing topic": (2, n.missing, (TOPIC, n.missing)),
        "group": (32, n.group, (GROUP, n.group)),
        "broker": (4, "1", OF_CLUSTER),
        "logger": (8, "1", OF_CLUSTER),
        "metrics": (16, n.missing, OF_CLUSTER),
    }
    for label, (kind, name, resource) in kinds.items():
        wanted = part(
            ApiKey.DESCRIBE_CONFIGS,
            "DescribeConfigsResource",
            resource_type=kind,
            resource_name=name,
            configuration_keys=["no.such"],
        )
        yield _probe(ApiKey.DESCRIBE_CONFIGS, 4, [resource], label, resources=[wanted])
        change = part(
            ApiKey.INCREMENTAL_ALTER_CONFIGS, "AlterableConfig", name="no.such", config_operation=0, value="1"
        )
        alter = part(
            ApiKey.INCREMENTAL_ALTER_CONFIGS,
            "AlterConfigsResource",
            resource_type=kind,
            resource_name=name,
            configs=[change],
        )
        yield _probe(ApiKey.INCREMENTAL_ALTER_CONFIGS, 1, [resource], label, resources=[alter], validate_only=True)
        whole = part(ApiKey.ALTER_CONFIGS, "AlterableConfig", name="no.such", value="1")
        alter = part(
            ApiKey.ALTER_CONFIGS, "AlterConfigsResource", resource_type=kind, resource_name=name, configs=[whole]
        )
        yield _probe(ApiKey.ALTER_CONFIGS, 2, [resource], label, resources=[alter], validate_only=True)
    yield from _probes_of_several_kinds(n)


def _probes_of_several_kinds(n: Names) -> Iterator[Probe]:
    kinds = ((2, n.topic), (4, "1"), (2, n.missing))
    resources = [(TOPIC, n.topic), OF_CLUSTER]
    described = [
        part(
            ApiKey.DESCRIBE_CONFIGS,
            "DescribeConfigsResource",
            resource_type=kind,
            resource_name=name,
            configuration_keys=["cleanup.policy"],
        )
        for kind, name in kinds
    ]
    yield _probe(ApiKey.DESCRIBE_CONFIGS, 4, resources, "of several kinds", resources=described)
    for key in (ApiKey.ALTER_CONFIGS, ApiKey.INCREMENTAL_ALTER_CONFIGS):
        how: dict[str, Any] = {} if key == ApiKey.ALTER_CONFIGS else {"config_operation": 0}
        change = part(key, "AlterableConfig", name="no.such", value="1", **how)
        altered = [
            part(key, "AlterConfigsResource", resource_type=kind, resource_name=name, configs=[change])
            for kind, name in kinds
        ]
        yield _probe(key, 1, resources, "of several kinds", resources=altered, validate_only=True)


def _topic_probes(n: Names) -> Iterator[Probe]:
    here, gone = (TOPIC, n.topic), (TOPIC, n.missing)
    for version in (0, 1, 4, 8, 12, 13):
        topics = [part(ApiKey.METADATA, "MetadataRequestTopic", name=name) for name in (n.topic, n.missing)]
        operations = {
            "include_topic_authorized_operations": version >= 8,
            "include_cluster_authorized_operations": 8 <= version <= 10,
        }
        if version >= 4:
            yield _probe(
                ApiKey.METADATA,
                version,
                [here, gone, OF_CLUSTER],
                topics=topics,
                allow_auto_topic_creation=False,
                **operations,
            )
    for label, topic_id in (("by id", n.topic_id), ("by an unknown id", UNKNOWN_ID)):
        topics = [part(ApiKey.METADATA, "MetadataRequestTopic", name=None, topic_id=topic_id)]
        yield _probe(ApiKey.METADATA, 12, [here], label, topics=topics, include_topic_authorized_operations=True)
    names = [part(ApiKey.DESCRIBE_TOPIC_PARTITIONS, "TopicRequest", name=name) for name in (n.topic, n.missing)]
    yield _probe(ApiKey.DESCRIBE_TOPIC_PARTITIONS, 0, [here, gone], topics=names)
    for version in (1, 6):
        yield _probe(
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
    yield _probe(
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
    yield _probe(
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
        yield _probe(ApiKey.FETCH, version, [here, gone], topics=topics)
    topics = [
        part(ApiKey.FETCH, "FetchTopic", topic_id=topic_id, partitions=[partition])
        for topic_id in (n.topic_id, UNKNOWN_ID)
    ]
    yield _probe(ApiKey.FETCH, 16, [here], topics=topics)
    follower = [part(ApiKey.FETCH, "FetchTopic", topic=n.topic, partitions=[partition])]
    yield _probe(ApiKey.FETCH, 12, [here, OF_CLUSTER], "of a follower", topics=follower, replica_id=9)


def _topic_changes(n: Names) -> Iterator[Probe]:
    here, gone = (TOPIC, n.topic), (TOPIC, n.missing)
    for version in (2, 7):
        new = [
            part(ApiKey.CREATE_TOPICS, "CreatableTopic", name=name, num_partitions=1, replication_factor=1)
            for name in (n.topic, n.missing, n.new("twice"), n.new("twice"))
        ]
        yield _probe(ApiKey.CREATE_TOPICS, version, [gone, OF_CLUSTER], topics=new, validate_only=True)
    yield _probe(
        ApiKey.CREATE_PARTITIONS,
        3,
        [here, gone],
        timeout_ms=10_000,
        topics=[
            part(ApiKey.CREATE_PARTITIONS, "CreatePartitionsTopic", name=name, count=1, assignments=None)
            for name in (n.topic, n.missing, n.new("twice"), n.new("twice"))
        ],
    )
    yield _probe(ApiKey.DELETE_TOPICS, 5, [gone, OF_CLUSTER], timeout_ms=10_000, topic_names=[n.missing])
    unknown = part(ApiKey.DELETE_TOPICS, "DeleteTopicState", name=None, topic_id=UNKNOWN_ID)
    yield _probe(ApiKey.DELETE_TOPICS, 6, [OF_CLUSTER], "an unknown id", timeout_ms=10_000, topics=[unknown])
    yield _probe(
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


def _group_probes(n: Names) -> Iterator[Probe]:
    of = [(GROUP, n.group)]
    for version in (0, 3, 4, 6):
        keys = {"key": n.group} if version < 4 else {"coordinator_keys": [n.group, n.new("other")]}
        yield _probe(ApiKey.FIND_COORDINATOR, version, of, **keys)
        if version:
            keys = {"key": n.txn} if version < 4 else {"coordinator_keys": [n.new("other"), n.txn]}
            yield _probe(ApiKey.FIND_COORDINATOR, version, [(TXN, n.txn)], "transaction", key_type=1, **keys)
    share_key = f"{n.group}:AAAAAAAAAAAAAAAAAAAABw:0"
    yield _probe(ApiKey.FIND_COORDINATOR, 6, [OF_CLUSTER, *of], "share", key_type=2, coordinator_keys=[share_key])
    protocols = [part(ApiKey.JOIN_GROUP, "JoinGroupRequestProtocol", name="range")]
    for version in (4, 9):
        yield _probe(
            ApiKey.JOIN_GROUP,
            version,
            of,
            group_id=n.group,
            session_timeout_ms=10000,
            rebalance_timeout_ms=1000,
            member_id="nobody",
            protocol_type="consumer",
            protocols=protocols,
        )
    yield _probe(
        ApiKey.SYNC_GROUP,
        5,
        of,
        group_id=n.group,
        generation_id=1,
        member_id="nobody",
        protocol_type="consumer",
        protocol_name="range",
    )
    yield _probe(ApiKey.HEARTBEAT, 4, of, group_id=n.group, generation_id=1, member_id="nobody")
    yield _probe(ApiKey.LEAVE_GROUP, 1, of, group_id=n.group, member_id="nobody")
    yield _probe(
        ApiKey.LEAVE_GROUP,
        5,
        of,
        group_id=n.group,
        members=[part(ApiKey.LEAVE_GROUP, "MemberIdentity", member_id="nobody")],
    )
    for version in (0, 3, 6):
        yield _probe(
            ApiKey.DESCRIBE_GROUPS,
            version,
            of,
            groups=[n.group, n.new("other")],
            include_authorized_operations=version >= 3,
        )
    yield _probe(ApiKey.DELETE_GROUPS, 2, of, groups_names=[n.new("other"), n.group])


def _modern_group_probes(n: Names) -> Iterator[Probe]:
    of, here, gone = (GROUP, n.group), (TOPIC, n.topic), (TOPIC, n.missing)
    for key in (ApiKey.CONSUMER_GROUP_HEARTBEAT, ApiKey.SHARE_GROUP_HEARTBEAT):
        version = 1
        yield _probe(
            key,
            version,
            [of, here, gone],
            group_id=n.group,
            member_id="AAAAAAAAAAAAAAAAAAAAAA",
            member_epoch=7,
            subscribed_topic_names=[n.topic, n.missing],
        )
        yield _probe(
            key, version, [of], "no topics", group_id=n.group, member_id="AAAAAAAAAAAAAAAAAAAAAA", member_epoch=7
        )
    subtopology = part(
        ApiKey.STREAMS_GROUP_HEARTBEAT,
        "Subtopology",
        subtopology_id="0",
        source_topics=[n.topic],
        state_changelog_topics=[part(ApiKey.STREAMS_GROUP_HEARTBEAT, "TopicInfo", name=n.missing)],
    )
    topology = part(ApiKey.STREAMS_GROUP_HEARTBEAT, "Topology", epoch=1, subtopologies=[subtopology])
    yield _probe(
        ApiKey.STREAMS_GROUP_HEARTBEAT,
        0,
        [of, here, gone],
        group_id=n.group,
        member_id="a",
        member_epoch=0,
        rebalance_timeout_ms=1000,
        topology=topology,
        process_id="p",
        active_tasks=[part(ApiKey.STREAMS_GROUP_HEARTBEAT, "TaskIds", subtopology_id="9", partitions=[1])],
        standby_tasks=[],
        warmup_tasks=[],
    )
    for key, version in (
        (ApiKey.CONSUMER_GROUP_DESCRIBE, 1),
        (ApiKey.SHARE_GROUP_DESCRIBE, 1),
        (ApiKey.STREAMS_GROUP_DESCRIBE, 0),
    ):
        yield _probe(key, version, [of], group_ids=[n.new("other"), n.group], include_authorized_operations=True)


def _offset_probes(n: Names) -> Iterator[Probe]:
    of, here, gone = (GROUP, n.group), (TOPIC, n.topic), (TOPIC, n.missing)
    partition = part(ApiKey.OFFSET_COMMIT, "OffsetCommitRequestPartition", partition_index=0, committed_metadata="")
    topics = [
        part(ApiKey.OFFSET_COMMIT, "OffsetCommitRequestTopic", name=name, partitions=[partition])
        for name in (n.topic, n.missing)
    ]
    yield _probe(
        ApiKey.OFFSET_COMMIT,
        8,
        [of, here, gone],
        group_id=n.group,
        member_id="nobody",
        topics=topics,
        generation_id_or_member_epoch=3,
    )
    topics = [
        part(ApiKey.OFFSET_COMMIT, "OffsetCommitRequestTopic", topic_id=topic_id, partitions=[partition])
        for topic_id in (n.topic_id, UNKNOWN_ID)
    ]
    yield _probe(
        ApiKey.OFFSET_COMMIT,
        10,
        [of, here],
        group_id=n.group,
        member_id="nobody",
        topics=topics,
        generation_id_or_member_epoch=3,
    )
    for version in (1, 2, 5, 7):
        topics = [
            part(ApiKey.OFFSET_FETCH, "OffsetFetchRequestTopic", name=name, partition_indexes=[0])
            for name in (n.topic, n.missing)
        ]
        yield _probe(ApiKey.OFFSET_FETCH, version, [of, here, gone], group_id=n.group, topics=topics)
        if version > 1:
            yield _probe(ApiKey.OFFSET_FETCH, version, [of, here], "all", group_id=n.group, topics=None)
    for version, named in ((8, {"name": n.topic}), (10, {"topic_id": n.topic_id})):
        topics = [part(ApiKey.OFFSET_FETCH, "OffsetFetchRequestTopics", partition_indexes=[0], **named)]
        groups = [
            part(ApiKey.OFFSET_FETCH, "OffsetFetchRequestGroup", group_id=group, topics=wanted)
            for group, wanted in ((n.group, topics), (n.new("other"), topics), (n.group, None))
        ]
        yield _probe(ApiKey.OFFSET_FETCH, version, [of, here], groups=groups)
    yield _probe(
        ApiKey.OFFSET_DELETE,
        0,
        [of, here, gone],
        group_id=n.group,
        topics=[
            part(
                ApiKey.OFFSET_DELETE,
                "OffsetDeleteRequestTopic",
                name=name,
                partitions=[part(ApiKey.OFFSET_DELETE, "OffsetDeleteRequestPartition", partition_index=7)],
            )
            for name in (n.topic, n.missing)
        ],
    )


def _share_probes(n: Names) -> Iterator[Probe]:
    of, here, gone = (GROUP, n.new("share")), (TOPIC, n.topic), (TOPIC, n.missing)
    for epoch in (0, 1):
        partition = part(ApiKey.SHARE_FETCH, "FetchPartition", partition_index=0)
        topics = [
            part(ApiKey.SHARE_FETCH, "FetchTopic", topic_id=topic_id, partitions=[partition])
            for topic_id in (n.topic_id,)
        ]
        yield _probe(
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
    yield _probe(
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
    yield _probe(ApiKey.DESCRIBE_SHARE_GROUP_OFFSETS, 0, [of, here, gone], groups=groups)
    yield _probe(
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
    yield _probe(
        ApiKey.DELETE_SHARE_GROUP_OFFSETS,
        0,
        [of, here, gone],
        group_id=n.new("share"),
        topics=[
            part(ApiKey.DELETE_SHARE_GROUP_OFFSETS, "DeleteShareGroupOffsetsRequestTopic", topic_name=name)
            for name in (n.topic, n.missing)
        ],
    )


def _producer_probes(n: Names) -> Iterator[Probe]:
    here, gone, txn, of = (TOPIC, n.topic), (TOPIC, n.missing), (TXN, n.txn), (GROUP, n.group)
    yield _probe(ApiKey.INIT_PRODUCER_ID, 4, [OF_CLUSTER, here], transactional_id=None, producer_id=5)
    yield _probe(ApiKey.INIT_PRODUCER_ID, 4, [txn], "transactional", transactional_id=n.txn, producer_id=5)
    for version in (3, 9):
        data = part(ApiKey.PRODUCE, "PartitionProduceData", index=0, records=batch([b"v"]))
        topics = [
            part(ApiKey.PRODUCE, "TopicProduceData", name=name, partition_data=[data]) for name in (n.topic, n.missing)
        ]
        yield _probe(
            ApiKey.PRODUCE, version, [here, gone], transactional_id=None, acks=1, timeout_ms=1000, topic_data=topics
        )
    records = batch([b"v"], attributes=TRANSACTIONAL, producer_id=5, producer_epoch=0, sequence=0)
    data = part(ApiKey.PRODUCE, "PartitionProduceData", index=0, records=records)
    topics = [part(ApiKey.PRODUCE, "TopicProduceData", name=n.missing, partition_data=[data])]
    yield _probe(
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
        yield _probe(
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
    yield _probe(ApiKey.ADD_PARTITIONS_TO_TXN, 4, [OF_CLUSTER, here], transactions=transactions)
    ids = {"transactional_id": n.txn, "producer_id": 5, "producer_epoch": 0}
    yield _probe(ApiKey.ADD_OFFSETS_TO_TXN, 3, [txn, of], group_id=n.group, **ids)
    yield _probe(ApiKey.END_TXN, 4, [txn], **ids)
    partition = part(
        ApiKey.TXN_OFFSET_COMMIT, "TxnOffsetCommitRequestPartition", partition_index=0, committed_metadata=""
    )
    yield _probe(
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
    yield _probe(ApiKey.WRITE_TXN_MARKERS, 1, [OF_CLUSTER], markers=[marker])
    yield _probe(ApiKey.DESCRIBE_TRANSACTIONS, 0, [txn], transactional_ids=[n.new("other"), n.txn])
