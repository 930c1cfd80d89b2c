"""The clusters of a process by their names."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from odradek.broker.config.broker_config import BrokerConfig
from odradek.broker.control import plane as plane_module
from odradek.broker.control.operation import Refused
from odradek.broker.control.plane import ControlPlane
from odradek.broker.runtime import LoopThreads
from odradek.broker.testing.running_cluster import LOOPBACK, start_in_memory


@pytest.fixture
async def plane() -> AsyncIterator[ControlPlane]:
    loop = asyncio.get_running_loop()
    threads = LoopThreads(loop)
    served = await start_in_memory(loop, threads, BrokerConfig.from_settings({"listeners": LOOPBACK}))
    plane = ControlPlane(served, loop, threads)
    yield plane
    await plane.close()
    await served.stop()
    threads.close()


async def test_a_cluster_is_found_by_its_name_until_it_is_dropped(plane: ControlPlane) -> None:
    made = await plane.create("a", {}, None)
    assert plane.names() == ["default", "a"]
    assert plane.find("a") is made
    assert plane.find(None) is plane.find("default")
    await plane.drop("a")
    with pytest.raises(Refused, match="there is no cluster 'a'; there are: default") as raised:
        plane.find("a")
    assert raised.value.status == 404


async def test_two_of_one_name_are_not_made_at_once(plane: ControlPlane) -> None:
    made = await asyncio.gather(*(plane.create("a", {}, None) for _ in range(3)), return_exceptions=True)
    assert [str(one) for one in made if isinstance(one, Refused)] == ["there is a cluster 'a' already"] * 2
    assert plane.names() == ["default", "a"]


async def test_a_cluster_that_cannot_listen_is_refused_and_its_name_is_free(plane: ControlPlane) -> None:
    address = plane.find(None).cluster.bootstrap
    with pytest.raises(Refused, match=f"cannot listen on {address}"):
        await plane.create("a", {"listeners": f"PLAINTEXT://{address}"}, None)
    await plane.create("a", {}, None)


async def test_there_is_a_bound(plane: ControlPlane, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plane_module, "MOST_CLUSTERS", 1)
    await plane.create("a", {}, None)
    with pytest.raises(Refused, match="there are 1 clusters, and there can be no more"):
        await plane.create("b", {}, None)


async def test_whatever_is_left_ends_with_it(plane: ControlPlane) -> None:
    made = [await plane.create(name, {}, None) for name in "abc"]
    await plane.close()
    assert plane.names() == ["default"]
    for one in made:
        with pytest.raises(RuntimeError, match="does not run"):
            _ = one.cluster.context
