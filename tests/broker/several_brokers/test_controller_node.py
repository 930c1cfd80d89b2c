"""The controller of several brokers has a directory of its own, which outlives it."""

from collections.abc import AsyncIterator

import pytest

from odradek.broker.config.broker_config import BrokerConfig
from odradek.broker.metadata.features import ELIGIBLE_LEADER_REPLICAS_VERSION
from odradek.broker.node import StartError
from odradek.broker.several_brokers.controller_node import ControllerNode
from odradek.broker.testing.clock import ManualClock
from odradek.broker.testing.disks import FULL, FailingFiles
from odradek.broker.testing.manual_runtime import manual_runtime

ROOT = "/data/controller"
SNAPSHOT_S = 3600.0


class Controlled:
    """Controllers over the same files, one after the other."""

    def __init__(self) -> None:
        self.files = FailingFiles()
        self.clock = ManualClock()
        self.nodes: list[ControllerNode] = []

    def made(self) -> ControllerNode:
        node = ControllerNode(BrokerConfig(), self.files, ROOT, manual_runtime(self.clock, seed=len(self.nodes)))
        self.nodes.append(node)
        return node

    def open(self, cluster_id: str | None = None, **features: int) -> ControllerNode:
        node = self.made()
        node.open(cluster_id, {name.replace("_", "."): level for name, level in features.items()})
        return node


@pytest.fixture
async def controlled() -> AsyncIterator[Controlled]:
    made = Controlled()
    yield made
    for node in made.nodes:
        await node.close()


async def test_a_new_one_makes_a_cluster_that_a_later_one_finds_again(controlled: Controlled) -> None:
    first = controlled.open()
    cluster_id = first.cluster_id
    await first.close()
    assert controlled.open().cluster_id == cluster_id


async def test_it_is_of_the_cluster_that_it_is_told(controlled: Controlled) -> None:
    await (first := controlled.open("mine")).close()
    assert first.cluster_id == "mine"
    with pytest.raises(StartError, match=r"Invalid cluster\.id"):
        controlled.open("another")


async def test_a_new_cluster_keeps_eligible_leaders_unless_it_is_told_otherwise(controlled: Controlled) -> None:
    """As Apache Kafka 4.3 formats it (KIP-966)."""
    assert controlled.open().metadata.image.features[ELIGIBLE_LEADER_REPLICAS_VERSION] == 1


async def test_a_cluster_that_was_told_to_keep_none_keeps_none(controlled: Controlled) -> None:
    first = controlled.open(eligible_leader_replicas_version=0)
    assert ELIGIBLE_LEADER_REPLICAS_VERSION not in first.metadata.image.features


async def test_two_do_not_share_a_directory(controlled: Controlled) -> None:
    controlled.open()
    with pytest.raises(StartError):
        controlled.open()


async def test_one_that_cannot_be_written_leaves_the_directory_to_others(controlled: Controlled) -> None:
    controlled.files.write_error = FULL
    with pytest.raises(StartError):
        controlled.open()
    controlled.files.write_error = None
    assert controlled.open().cluster_id


async def test_it_writes_snapshots_by_the_clock(controlled: Controlled) -> None:
    def snapshots() -> list[str]:
        names = controlled.files.list_directory(f"{ROOT}/__cluster_metadata-0")
        return [name for name in names if name.endswith(".checkpoint")]

    node = controlled.open()
    node.metadata.take_producer_ids(1000, lambda first, error: None)
    before = len(snapshots())
    controlled.clock.advance(SNAPSHOT_S)
    assert len(snapshots()) == before + 1
    await node.close()
    controlled.clock.advance(SNAPSHOT_S)
    assert controlled.clock.pending == 0


async def test_one_that_was_killed_leaves_no_mark_of_a_clean_end(controlled: Controlled) -> None:
    node = controlled.open()
    await node.close(is_kept=False)
    assert not controlled.files.exists(f"{ROOT}/.kafka_cleanshutdown")
    again = controlled.open()
    await again.close()
    assert controlled.files.exists(f"{ROOT}/.kafka_cleanshutdown")
