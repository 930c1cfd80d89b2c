import pytest

from odradek.broker.config.broker_config import BrokerConfig
from odradek.broker.metadata.features import ELIGIBLE_LEADER_REPLICAS_VERSION
from odradek.broker.node import StartError
from odradek.broker.several_brokers.controller_node import ControllerNode
from odradek.broker.testing.manual_runtime import manual_runtime
from odradek.storage.files.memory_files import MemoryFiles
from odradek.storage.meta_properties import META_PROPERTIES

ROOT = "/data/controller"
CLUSTER_ID = "AAAAAAAAAAAAAAAAAAAAAQ"


def node(files: MemoryFiles) -> ControllerNode:
    return ControllerNode(BrokerConfig.from_settings({}, brokers=3), files, ROOT, manual_runtime())


def test_a_new_controller_has_a_directory_of_its_own_and_the_features_of_several_brokers() -> None:
    files = MemoryFiles()
    controller = node(files)
    controller.open(CLUSTER_ID, {})
    assert controller.cluster_id == CLUSTER_ID
    assert controller.metadata.image.features[ELIGIBLE_LEADER_REPLICAS_VERSION] == 1
    size = files.size(f"{ROOT}/{META_PROPERTIES}")
    assert b"node.id=3000" in files.read(f"{ROOT}/{META_PROPERTIES}", 0, size)


async def test_what_it_has_recorded_is_there_when_it_is_opened_again() -> None:
    files = MemoryFiles()
    first = node(files)
    first.open(CLUSTER_ID, {})
    levels = dict(first.metadata.image.features)
    await first.close(is_kept=False)
    again = node(files)
    again.open(None, {})
    assert (again.cluster_id, dict(again.metadata.image.features)) == (CLUSTER_ID, levels)


async def test_a_directory_of_another_cluster_is_refused() -> None:
    files = MemoryFiles()
    first = node(files)
    first.open(CLUSTER_ID, {})
    await first.close(is_kept=False)
    with pytest.raises(StartError, match=r"Invalid cluster\.id"):
        node(files).open("AAAAAAAAAAAAAAAAAAAAAg", {})
