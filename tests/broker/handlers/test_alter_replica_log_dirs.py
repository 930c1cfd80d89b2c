"""AlterReplicaLogDirs: into the directory where a partition is, and no other."""

import pytest

from odradek.broker.handlers.alter_replica_log_dirs import handle_alter_replica_log_dirs
from odradek.protocol.api_keys import ApiKey
from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages.alter_replica_log_dirs import (
    AlterReplicaLogDir,
    AlterReplicaLogDirsRequest,
    AlterReplicaLogDirsResponse,
    AlterReplicaLogDirTopic,
)

from ..nodes.three_brokers import ThreeBrokers
from .broker_harness import AskedBroker, AskedContext, served

HERE, NOWHERE = "/data", "/nope"
Asked = tuple[str, dict[str, list[int]]]


@pytest.fixture
def broker() -> AskedBroker:
    broker = AskedBroker()
    broker.create(partitions=2)
    return broker


def request_for(*asked: Asked) -> AlterReplicaLogDirsRequest:
    return AlterReplicaLogDirsRequest(
        dirs=[
            AlterReplicaLogDir(
                path=path, topics=[AlterReplicaLogDirTopic(name=name, partitions=ids) for name, ids in topics.items()]
            )
            for path, topics in asked
        ]
    )


def moved(broker: AskedContext, *asked: Asked, version: int = 2) -> dict[str, dict[int, int]]:
    answer = broker.ask(request_for(*asked), version, AlterReplicaLogDirsResponse).answer
    return {
        topic.topic_name: {one.partition_index: one.error_code for one in topic.partitions} for topic in answer.results
    }


@pytest.mark.parametrize("version", served(ApiKey.ALTER_REPLICA_LOG_DIRS))
def test_a_partition_may_stay_where_it_is(broker: AskedBroker, version: int) -> None:
    assert moved(broker, (HERE, {"t": [1, 0, 1]}), version=version) == {"t": {1: 0, 0: 0}}


@pytest.mark.parametrize("path", [NOWHERE, "/data/", "data", ""])
def test_another_directory_is_not_found_whatever_is_to_be_moved(broker: AskedBroker, path: str) -> None:
    assert moved(broker, (path, {"t": [0, 9], "nope": [0]})) == {"t": {0: 57, 9: 57}, "nope": {0: 57}}


def test_what_does_not_exist_is_unknown(broker: AskedBroker) -> None:
    assert moved(broker, (HERE, {"t": [2, -1], "nope": [0]})) == {"t": {2: 3, -1: 3}, "nope": {0: 3}}


def test_of_two_directories_for_one_partition_the_last_counts(broker: AskedBroker) -> None:
    assert moved(broker, (HERE, {"t": [0]}), (NOWHERE, {"t": [0]})) == {"t": {0: 57}}
    assert moved(broker, (NOWHERE, {"t": [0]}), (HERE, {"t": [0]})) == {"t": {0: 0}}


def test_a_partition_whose_disk_failed_is_a_storage_error(broker: AskedBroker) -> None:
    broker.topics.partition("t", 1).take_offline(OSError("gone"))
    assert moved(broker, (HERE, {"t": [0, 1]})) == {"t": {0: 0, 1: 56}}


def test_nothing_asked_for_is_no_error(broker: AskedBroker) -> None:
    assert moved(broker) == moved(broker, (HERE, {"t": []})) == {}


def test_the_handler_pauses_from_partition_to_partition(broker: AskedBroker) -> None:
    steps = handle_alter_replica_log_dirs(
        request_for((HERE, {"t": list(range(20))})), 2, broker.session, broker.context
    )
    assert sum(1 for _ in steps) >= 2 * 20


def test_a_broker_without_a_replica_has_none_to_move() -> None:
    brokers = ThreeBrokers()
    brokers.create("t", [1, 2])
    found = {node.node_id: moved(node, (f"/cluster/node-{node.node_id}", {"t": [0]})) for node in brokers.running}
    assert found == {1: {"t": {0: 0}}, 2: {"t": {0: 0}}, 3: {"t": {0: ErrorCode.REPLICA_NOT_AVAILABLE}}}
