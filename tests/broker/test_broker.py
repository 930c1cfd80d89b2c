"""The public face: a broker on the machine's own clock and disk, started and stopped, and started again."""

import socket
from pathlib import Path

import pytest

from odradek.broker.broker import Broker, StartError
from odradek.broker.testing.manual_runtime import manual_runtime

from .cluster_world import client_of_address, config_of, process_state


def kept_in(directory: Path) -> Broker:
    return Broker(config_of({"log.dirs": str(directory)}))


def test_before_its_start_it_listens_nowhere() -> None:
    broker = Broker()
    assert (broker.host, broker.port, broker.is_ephemeral) == ("", 0, False)


async def test_a_stop_before_any_start_is_no_error() -> None:
    await Broker().stop()


async def test_it_is_reached_at_its_bootstrap_address_on_a_port_of_its_own() -> None:
    broker = Broker(config_of(), is_ephemeral=True)
    await broker.start()
    try:
        assert broker.bootstrap == f"127.0.0.1:{broker.port}"
        async with client_of_address(broker.bootstrap) as client:
            assert await client.topics() == []
    finally:
        await broker.stop()


async def test_what_it_keeps_is_there_when_it_is_started_again(tmp_path: Path) -> None:
    broker = kept_in(tmp_path / "data")
    for created in (["t"], ["t", "u"]):
        await broker.start()
        async with client_of_address(broker.bootstrap) as client:
            await client.create_topic(created[-1])
            assert await client.topics() == created
        await broker.stop()


async def test_an_ephemeral_broker_begins_with_nothing_each_time(tmp_path: Path) -> None:
    broker = Broker(config_of({"log.dirs": str(tmp_path / "data")}), is_ephemeral=True)
    for _ in range(2):
        await broker.start()
        async with client_of_address(broker.bootstrap) as client:
            assert await client.topics() == []
            await client.create_topic("t")
        await broker.stop()
    assert not (tmp_path / "data").exists()


async def test_only_the_first_of_several_directories_is_used(tmp_path: Path) -> None:
    broker = Broker(config_of({"log.dirs": f"{tmp_path / 'first'},{tmp_path / 'second'}"}))
    await broker.start()
    await broker.stop()
    assert (tmp_path / "first" / "meta.properties").exists()
    assert not (tmp_path / "second").exists()


async def test_a_start_that_fails_says_why_leaves_nothing_and_may_be_tried_again(tmp_path: Path) -> None:
    before = process_state()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        broker = Broker(config_of({"log.dirs": str(tmp_path / "data"), "listeners": f"PLAINTEXT://{address}"}))
        with pytest.raises(StartError, match=f"cannot listen on {address}: Address already in use"):
            await broker.start()
    assert process_state() == before
    await broker.start()
    assert broker.bootstrap == address
    await broker.stop()
    assert process_state() == before


async def test_two_brokers_cannot_have_one_directory(tmp_path: Path) -> None:
    first, second = kept_in(tmp_path / "data"), kept_in(tmp_path / "data")
    await first.start()
    with pytest.raises(StartError, match="in use by another broker"):
        await second.start()
    await first.stop()
    await second.start()
    await second.stop()


async def test_from_the_same_chance_come_the_same_ids() -> None:
    ids: list[str] = []
    for seed in (1, 1, 2):
        broker = Broker(config_of(), is_ephemeral=True, runtime=manual_runtime(seed=seed))
        await broker.start()
        async with client_of_address(broker.bootstrap) as client:
            ids.append(await client.cluster_id())
        await broker.stop()
    assert ids[0] == ids[1] != ids[2]


@pytest.mark.parametrize("is_ephemeral", [True, False])
async def test_a_broker_that_runs_is_not_started_again_and_its_stop_leaves_nothing(
    is_ephemeral: bool, tmp_path: Path
) -> None:
    before = process_state()
    broker = Broker(config_of({"log.dirs": str(tmp_path)}), is_ephemeral=is_ephemeral)
    await broker.start()
    port = broker.port
    with pytest.raises(StartError, match="runs already"):
        await broker.start()
    assert broker.port == port
    await broker.stop()
    assert process_state() == before
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", port)).close()
