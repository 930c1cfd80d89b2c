"""DescribeLogDirs: sizes of logs that are open and of logs that are not, and the volume below."""

import errno
from collections.abc import Sequence

import pytest

from odradek.broker.handlers.describe_log_dirs import handle_describe_log_dirs
from odradek.broker.slices import run_to_end
from odradek.protocol.api_keys import ApiKey
from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages.delete_topics import DeleteTopicsRequest, DeleteTopicsResponse
from odradek.protocol.messages.describe_log_dirs import (
    DescribableLogDirTopic,
    DescribeLogDirsRequest,
    DescribeLogDirsResponse,
    DescribeLogDirsResult,
)
from odradek.storage.files.files import VolumeBytes
from odradek.storage.files.memory_files import MemoryFiles

from ..nodes.three_brokers import ThreeBrokers
from .broker_harness import AskedBroker, batch, served

ASKED = Sequence[tuple[str, Sequence[int]]]


class Disk(MemoryFiles):
    """It has a volume, and counts how often directories are listed."""

    def __init__(self) -> None:
        super().__init__()
        self.listed: list[str] = []
        self.error: OSError | None = None

    def list_directory(self, path: str) -> list[str]:
        self.listed.append(path)
        return super().list_directory(path)

    def volume_bytes(self, path: str) -> VolumeBytes | None:
        assert path == "/data"
        if self.error is not None:
            raise self.error
        return VolumeBytes(1 << 40, 1 << 30)


@pytest.fixture
def disk() -> Disk:
    return Disk()


@pytest.fixture
def broker(disk: Disk) -> AskedBroker:
    """Two topics of two partitions, one partition of each with a record."""
    broker = AskedBroker(disk=disk)
    for name in ("t", "u"):
        broker.create(name, partitions=2)
        broker.produce(name, batch(b"a"), index=1)
    return broker


def request_for(asked: ASKED | None) -> DescribeLogDirsRequest:
    topics = None if asked is None else [DescribableLogDirTopic(topic=name, partitions=ids) for name, ids in asked]
    return DescribeLogDirsRequest(topics=topics)


def described(broker: AskedBroker, asked: ASKED | None = None, version: int = 5) -> DescribeLogDirsResult:
    answer = broker.ask(request_for(asked), version, DescribeLogDirsResponse).answer
    assert answer.error_code == ErrorCode.NONE
    (result,) = answer.results
    assert (result.log_dir, result.is_cordoned) == ("/data", False)
    return result


def sizes(result: DescribeLogDirsResult) -> dict[str, dict[int, int]]:
    for topic in result.topics:
        assert all((one.offset_lag, one.is_future_key) == (0, False) for one in topic.partitions)
    return {
        topic.name: {one.partition_index: one.partition_size for one in topic.partitions} for topic in result.topics
    }


@pytest.mark.parametrize("version", served(ApiKey.DESCRIBE_LOG_DIRS))
def test_every_version_has_the_sizes_and_those_from_4_on_the_volume(broker: AskedBroker, version: int) -> None:
    result = described(broker, version=version)
    size = len(batch(b"a"))
    assert sizes(result) == {"t": {0: 0, 1: size}, "u": {0: 0, 1: size}}
    assert (result.total_bytes, result.usable_bytes) == ((1 << 40, 1 << 30) if version >= 4 else (-1, -1))


def test_what_does_not_exist_is_left_out_and_what_is_named_twice_is_described_once(broker: AskedBroker) -> None:
    size = len(batch(b"a"))
    asked = [("t", [1, 9, -1]), ("nope", [0]), ("u", []), ("t", [1, 0])]
    assert sizes(described(broker, asked)) == {"t": {1: size, 0: 0}}
    assert sizes(described(broker, [])) == {}


def test_a_size_follows_what_is_written_and_counts_every_segment(broker: AskedBroker) -> None:
    broker.create("v", segment_bytes="100")
    for _ in range(3):
        broker.produce("v", batch(b"a" * 30))
    assert sizes(described(broker, [("v", [0])])) == {"v": {0: 3 * len(batch(b"a" * 30))}}


def test_a_log_that_nobody_has_used_since_the_start_is_looked_up_once_and_not_opened(
    broker: AskedBroker, disk: Disk
) -> None:
    broker.restart()
    size, asked = len(batch(b"a")), [("t", [0, 1])]
    for _ in range(3):
        disk.listed.clear()
        assert sizes(described(broker, asked)) == {"t": {0: 0, 1: size}}
    assert disk.listed == []
    assert broker.topics.partition("t", 1).opened_log is None
    broker.produce("t", batch(b"b"), index=1)
    assert sizes(described(broker, asked)) == {"t": {0: 0, 1: 2 * size}}


def test_a_topic_that_comes_again_has_not_the_size_of_the_one_that_went(broker: AskedBroker) -> None:
    broker.restart()
    assert sizes(described(broker, [("t", [1])])) == {"t": {1: len(batch(b"a"))}}
    broker.ask(DeleteTopicsRequest(topic_names=["t"], timeout_ms=1000), 5, DeleteTopicsResponse)
    assert sizes(described(broker, [("t", [1])])) == {}
    broker.create("t", partitions=2)
    assert sizes(described(broker, [("t", [1])])) == {"t": {1: 0}}


def test_a_topic_that_goes_meanwhile_is_left_out(broker: AskedBroker) -> None:
    steps = handle_describe_log_dirs(request_for(None), 5, broker.session, broker.context)
    next(steps)
    broker.ask(DeleteTopicsRequest(topic_names=["u"], timeout_ms=1000), 5, DeleteTopicsResponse)
    (result,) = run_to_end(steps).results
    assert list(sizes(result)) == ["t"]


def test_a_disk_that_cannot_be_looked_at_is_a_storage_error_of_the_directory(broker: AskedBroker, disk: Disk) -> None:
    disk.error = OSError(errno.EIO, "no")
    result = described(broker)
    assert (result.error_code, result.topics) == (ErrorCode.KAFKA_STORAGE_ERROR, [])


def test_memory_has_no_volume() -> None:
    result = described(AskedBroker())
    assert (result.total_bytes, result.usable_bytes) == (-1, -1)


def test_the_handler_pauses_from_partition_to_partition(broker: AskedBroker) -> None:
    broker.create("w", partitions=20)
    for asked in (None, [("w", range(20))], [("nope", range(20))]):
        steps = handle_describe_log_dirs(request_for(asked), 5, broker.session, broker.context)
        assert sum(1 for _ in steps) >= 20


@pytest.mark.parametrize("asked", [None, [("t", [0, 1]), ("u", [0])]])
def test_of_several_brokers_each_tells_of_its_own_replicas(asked: ASKED | None) -> None:
    brokers = ThreeBrokers()
    brokers.create("t", [1, 2], [2, 3])
    brokers.create("u", [3])
    brokers.produce("t", batch(b"v"))
    topics = None
    if asked is not None:
        topics = [DescribableLogDirTopic(topic=name, partitions=indexes) for name, indexes in asked]
    size = len(batch(b"v"))
    found: dict[int, list[tuple[str, int, int, int]]] = {}
    for node in brokers.running:
        (result,) = node.ask(DescribeLogDirsRequest(topics=topics), 4, DescribeLogDirsResponse).answer.results
        assert result.log_dir == f"/cluster/node-{node.node_id}"
        found[node.node_id] = [
            (topic.name, one.partition_index, one.partition_size, one.offset_lag)
            for topic in result.topics
            for one in topic.partitions
        ]
    assert found == {
        1: [("t", 0, size, 0)],
        2: [("t", 0, size, 0), ("t", 1, 0, 0)],
        3: [("t", 1, 0, 0), ("u", 0, 0, 0)],
    }
