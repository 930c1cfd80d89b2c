"""Settings, quotas and directories, for clients that may see or change some of them."""

from odradek.broker.security.authorization.acl import Operation
from odradek.protocol.messages import incremental_alter_configs as altered
from odradek.protocol.messages.alter_client_quotas import (
    AlterClientQuotasRequest,
    AlterClientQuotasResponse,
    EntityData,
    EntryData,
    OpData,
)
from odradek.protocol.messages.alter_replica_log_dirs import (
    AlterReplicaLogDir,
    AlterReplicaLogDirsRequest,
    AlterReplicaLogDirsResponse,
    AlterReplicaLogDirTopic,
)
from odradek.protocol.messages.describe_cluster import DescribeClusterRequest, DescribeClusterResponse
from odradek.protocol.messages.describe_configs import (
    DescribeConfigsRequest,
    DescribeConfigsResource,
    DescribeConfigsResponse,
)

from .secured_broker import CLUSTER, CLUSTER_NAME, GROUP, TOPIC, SecuredBroker

TOPIC_DENIED, GROUP_DENIED, CLUSTER_DENIED = 29, 30, 31
RESOURCES = {(2, "t"): TOPIC_DENIED, (32, "g"): GROUP_DENIED, (4, "1"): CLUSTER_DENIED, (16, "m"): CLUSTER_DENIED}
ALTER_CONFIGS, DESCRIBE_CONFIGS = Operation.ALTER_CONFIGS, Operation.DESCRIBE_CONFIGS


def described(broker: SecuredBroker) -> dict[tuple[int, str], int]:
    asked = [
        DescribeConfigsResource(resource_type=kind, resource_name=name, configuration_keys=None)
        for kind, name in RESOURCES
    ]
    answer = broker.serve(DescribeConfigsRequest(resources=asked), 4, DescribeConfigsResponse)
    return {(one.resource_type, one.resource_name): one.error_code for one in answer.results}


def test_each_resource_is_shown_to_those_who_may_see_it() -> None:
    broker = SecuredBroker()
    broker.create("t")
    assert described(broker) == RESOURCES
    broker.allow(TOPIC, "t", DESCRIBE_CONFIGS)
    assert described(broker) == {**RESOURCES, (2, "t"): 0}
    broker.allow(GROUP, "g", ALTER_CONFIGS)
    broker.allow(CLUSTER, CLUSTER_NAME, DESCRIBE_CONFIGS)
    assert described(broker) == dict.fromkeys(RESOURCES, 0)


def test_each_resource_is_altered_by_those_who_may() -> None:
    broker = SecuredBroker()
    broker.create("t")
    broker.allow(TOPIC, "t", ALTER_CONFIGS)
    broker.allow(CLUSTER, CLUSTER_NAME, DESCRIBE_CONFIGS)
    change = altered.AlterableConfig(name="retention.ms", config_operation=0, value="5")
    request = altered.IncrementalAlterConfigsRequest(
        resources=[
            altered.AlterConfigsResource(resource_type=kind, resource_name=name, configs=[change])
            for kind, name in ((4, "1"), (2, "t"), (8, "1"), (99, "x"))
        ]
    )
    answer = broker.serve(request, 1, altered.IncrementalAlterConfigsResponse)
    told = {one.resource_type: (one.error_code, one.error_message) for one in answer.responses}
    assert told[4] == (CLUSTER_DENIED, "Cluster authorization failed.")
    assert told[8] == (CLUSTER_DENIED, None)
    assert told[2][0] == 0
    assert told[99][0] not in (0, CLUSTER_DENIED)
    assert broker.context.metadata.image.topics["t"].configs == {"retention.ms": "5"}


def test_a_quota_that_is_denied_is_told_by_its_entity() -> None:
    broker = SecuredBroker()
    entity = [EntityData(entity_type="user", entity_name="al")]
    entry = EntryData(entity=entity, ops=[OpData(key="producer_byte_rate", value=5.0)])
    request = AlterClientQuotasRequest(entries=[entry])
    (denied,) = broker.serve(request, 1, AlterClientQuotasResponse).entries
    assert (denied.error_code, denied.entity[0].entity_name) == (CLUSTER_DENIED, "al")
    assert not broker.context.metadata.image.quotas
    broker.allow(CLUSTER, CLUSTER_NAME, ALTER_CONFIGS)
    assert broker.serve(request, 1, AlterClientQuotasResponse).entries[0].error_code == 0


def test_a_move_that_is_denied_is_told_by_its_partitions() -> None:
    broker = SecuredBroker()
    moved = AlterReplicaLogDir(path="/x", topics=[AlterReplicaLogDirTopic(name="t", partitions=[0, 1])])
    request = AlterReplicaLogDirsRequest(dirs=[moved])
    (topic,) = broker.serve(request, 2, AlterReplicaLogDirsResponse).results
    assert (topic.topic_name, [one.error_code for one in topic.partitions]) == ("t", [CLUSTER_DENIED] * 2)
    broker.allow(CLUSTER, CLUSTER_NAME, Operation.ALTER)
    (topic,) = broker.serve(request, 2, AlterReplicaLogDirsResponse).results
    assert CLUSTER_DENIED not in [one.error_code for one in topic.partitions]


def test_what_may_be_done_to_the_cluster_is_told_to_those_who_may_describe_it() -> None:
    broker = SecuredBroker()
    request = DescribeClusterRequest(include_cluster_authorized_operations=True)

    def told() -> int:
        answer = broker.serve(request, 1, DescribeClusterResponse)
        assert len(answer.brokers) == 1
        return answer.cluster_authorized_operations

    assert told() == 0
    broker.allow(CLUSTER, CLUSTER_NAME, Operation.CREATE)
    assert told() == 0
    broker.allow(CLUSTER, CLUSTER_NAME, Operation.DESCRIBE)
    assert told() == 1 << Operation.CREATE | 1 << Operation.DESCRIBE
