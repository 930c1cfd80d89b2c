"""The place of one broker of several, over its lives: what it says of itself, and how its ends are noted."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from odradek.broker.broker import Broker
from odradek.broker.several_brokers.broker_slot import BrokerState
from odradek.broker.several_brokers.replicated_cluster import ReplicatedCluster
from odradek.storage.files.memory_files import MemoryFiles

from ..cluster_world import config_of

RACKS = ("a", "b", "c")


@pytest.fixture
async def kept(tmp_path: Path) -> AsyncIterator[Broker]:
    """Three brokers that run."""
    broker = Broker(config_of({"log.dirs": str(tmp_path)}), brokers=3, racks=RACKS)
    await broker.start()
    yield broker
    await broker.stop()


def epoch_of_mark(directory: Path, node_id: int) -> int | None:
    mark = directory / f"node-{node_id}" / ".kafka_cleanshutdown"
    return json.loads(mark.read_bytes())["brokerEpoch"] if mark.exists() else None


def epoch(cluster: ReplicatedCluster, node_id: int) -> int:
    return cluster.around.controller.cluster.brokers[node_id].broker_epoch


async def test_a_clean_end_is_noted_with_the_epoch_of_the_registration(kept: Broker, tmp_path: Path) -> None:
    """KIP-966: who comes back with it is known to have all it had, at an Apache Kafka, too."""
    epochs = {node_id: epoch(kept.several, node_id) for node_id in (1, 2, 3)}
    assert len(set(epochs.values())) == 3
    assert epoch_of_mark(tmp_path, 1) is None
    await kept.several.stop_broker(1)
    assert epoch_of_mark(tmp_path, 1) == epochs[1]
    await kept.several.kill_broker(3)
    await kept.stop()
    assert {node_id: epoch_of_mark(tmp_path, node_id) for node_id in (1, 2, 3)} == {**epochs, 3: None}


async def test_a_broker_that_was_stopped_in_an_earlier_process_comes_back_as_clean(kept: Broker) -> None:
    await kept.several.stop_broker(1)
    await kept.several.kill_broker(2)
    left_in = epoch(kept.several, 1)
    await kept.stop()
    await kept.start()
    said = {node_id: kept.several.slot(node_id).registration(b"i" * 16).previous_broker_epoch for node_id in (1, 2)}
    assert said == {1: left_in, 2: -1}
    assert epoch(kept.several, 1) > left_in


async def test_a_copy_of_what_runs_has_the_epoch_in_which_it_runs(tmp_path: Path) -> None:
    broker = Broker(config_of({"log.dirs": str(tmp_path)}), is_ephemeral=True, brokers=3)
    await broker.start()
    try:
        assert isinstance(broker.files, MemoryFiles)
        complete = broker.several.prepare_copy()
        copy = broker.files.fork()
        complete(copy)
        path = f"{broker.several.slot(2).root}/.kafka_cleanshutdown"
        mark = json.loads(copy.read(path, 0, copy.size(path)))
        assert mark["brokerEpoch"] == epoch(broker.several, 2)
    finally:
        await broker.stop()


async def test_a_registration_says_where_the_broker_is_and_what_it_can(kept: Broker) -> None:
    slot = kept.several.slot(2)
    said = slot.registration(b"i" * 16)
    assert (said.broker_id, said.rack) == (2, "b")
    assert [(one.name, one.host, one.port) for one in said.endpoints] == [("PLAINTEXT", *slot.addresses[0])]
    ranges = {one.name: (one.min_supported_version, one.max_supported_version) for one in said.features}
    assert ranges["metadata.version"][1] == 30
    assert ranges["eligible.leader.replicas.version"] == (0, 1)
    assert ranges["kraft.version"] == (0, 1)
    recorded = kept.several.around.log.image.brokers[2]
    assert list(recorded.log_dirs) == list(said.log_dirs)


async def test_a_broker_that_ends_keeps_its_address(kept: Broker) -> None:
    slot = kept.several.slot(2)
    addresses = list(slot.addresses)
    await kept.several.kill_broker(2)
    assert (slot.state, slot.is_alive) == (BrokerState.KILLED, False)
    await kept.several.start_broker(2)
    assert (slot.state, slot.addresses) == (BrokerState.RUNNING, addresses)
