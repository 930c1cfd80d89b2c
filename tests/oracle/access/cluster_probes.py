"""Requests about the cluster, its settings, and what brokers alone ask."""

from collections.abc import Iterator
from typing import Any

from odradek.protocol.api_keys import ApiKey

from .probe import GROUP, OF_CLUSTER, TOPIC, Names, Probe, part, probe


def cluster_probes(n: Names) -> Iterator[Probe]:
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
    yield probe(ApiKey.DESCRIBE_ACLS, 3, of, **acl_filter)
    yield probe(ApiKey.CREATE_ACLS, 3, of, creations=[creation])
    yield probe(ApiKey.DELETE_ACLS, 3, of, filters=[part(ApiKey.DELETE_ACLS, "DeleteAclsFilter", **acl_filter)])
    for version in (0, 1):
        yield probe(ApiKey.DESCRIBE_CLUSTER, version, of, include_cluster_authorized_operations=True)
    yield probe(ApiKey.DESCRIBE_CLUSTER, 0, of, "not asked")
    yield probe(ApiKey.DESCRIBE_LOG_DIRS, 4, of, topics=[])
    yield probe(ApiKey.DESCRIBE_LOG_DIRS, 1, of, topics=[])
    yield probe(
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
        yield probe(
            ApiKey.ELECT_LEADERS,
            version,
            of,
            topic_partitions=[part(ApiKey.ELECT_LEADERS, "TopicPartitions", topic=n.topic, partitions=[0])],
        )
    yield probe(
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
    yield probe(ApiKey.LIST_PARTITION_REASSIGNMENTS, 0, of)
    quota = part(ApiKey.DESCRIBE_CLIENT_QUOTAS, "ComponentData", entity_type="user", match_type=0, match=n.missing)
    yield probe(ApiKey.DESCRIBE_CLIENT_QUOTAS, 1, of, components=[quota])
    entity = part(ApiKey.ALTER_CLIENT_QUOTAS, "EntityData", entity_type="user", entity_name=n.missing)
    op = part(ApiKey.ALTER_CLIENT_QUOTAS, "OpData", key="producer_byte_rate", value=5.0)
    entry = part(ApiKey.ALTER_CLIENT_QUOTAS, "EntryData", entity=[entity], ops=[op])
    yield probe(ApiKey.ALTER_CLIENT_QUOTAS, 1, of, entries=[entry], validate_only=True)
    user = part(ApiKey.DESCRIBE_USER_SCRAM_CREDENTIALS, "UserName", name=n.missing)
    yield probe(ApiKey.DESCRIBE_USER_SCRAM_CREDENTIALS, 0, of, users=[user])
    deletion = part(ApiKey.ALTER_USER_SCRAM_CREDENTIALS, "ScramCredentialDeletion", name=n.missing, mechanism=1)
    yield probe(ApiKey.ALTER_USER_SCRAM_CREDENTIALS, 0, of, deletions=[deletion])
    made = [
        part(ApiKey.ALTER_USER_SCRAM_CREDENTIALS, "ScramCredentialUpsertion", name=name, mechanism=1)
        for name in (n.missing, n.new("bo"), n.new("al"))
    ]
    fields = {"deletions": [deletion], "upsertions": made}
    yield probe(ApiKey.ALTER_USER_SCRAM_CREDENTIALS, 0, of, "several", **fields)
    quorum = part(
        ApiKey.DESCRIBE_QUORUM,
        "TopicData",
        topic_name=n.missing,
        partitions=[part(ApiKey.DESCRIBE_QUORUM, "PartitionData", partition_index=0)],
    )
    yield probe(ApiKey.DESCRIBE_QUORUM, 2, of, topics=[quorum])
    update = part(ApiKey.UPDATE_FEATURES, "FeatureUpdateKey", feature="no.such", max_version_level=1)
    for version in (0, 2):
        yield probe(ApiKey.UPDATE_FEATURES, version, of, feature_updates=[update])
    yield probe(ApiKey.UNREGISTER_BROKER, 0, of, broker_id=77)
    yield probe(ApiKey.LIST_CONFIG_RESOURCES, 0, of)
    yield probe(ApiKey.ADD_RAFT_VOTER, 0, of, cluster_id="none", voter_id=5)
    yield probe(ApiKey.REMOVE_RAFT_VOTER, 0, of, cluster_id="none", voter_id=5)
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
        yield probe(key, 0, [OF_CLUSTER], group_id=n.group, topics=topics)


def config_probes(n: Names) -> Iterator[Probe]:
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
        yield probe(ApiKey.DESCRIBE_CONFIGS, 4, [resource], label, resources=[wanted])
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
        yield probe(ApiKey.INCREMENTAL_ALTER_CONFIGS, 1, [resource], label, resources=[alter], validate_only=True)
        whole = part(ApiKey.ALTER_CONFIGS, "AlterableConfig", name="no.such", value="1")
        alter = part(
            ApiKey.ALTER_CONFIGS, "AlterConfigsResource", resource_type=kind, resource_name=name, configs=[whole]
        )
        yield probe(ApiKey.ALTER_CONFIGS, 2, [resource], label, resources=[alter], validate_only=True)
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
    yield probe(ApiKey.DESCRIBE_CONFIGS, 4, resources, "of several kinds", resources=described)
    for key in (ApiKey.ALTER_CONFIGS, ApiKey.INCREMENTAL_ALTER_CONFIGS):
        how: dict[str, Any] = {} if key == ApiKey.ALTER_CONFIGS else {"config_operation": 0}
        change = part(key, "AlterableConfig", name="no.such", value="1", **how)
        altered = [
            part(key, "AlterConfigsResource", resource_type=kind, resource_name=name, configs=[change])
            for kind, name in kinds
        ]
        yield probe(key, 1, resources, "of several kinds", resources=altered, validate_only=True)
