"""One broker's life: opened, listening, ended; what fails on the way leaves its directory to the next."""

import socket

import pytest

from odradek.broker.coordination.transactions.given_epochs import GivenEpochs
from odradek.broker.node import Node, NodePlan, StartError
from odradek.storage.files.memory_files import MemoryFiles

from .cluster_world import World, client_of_address, config_of, world


def node_of(around: World, files: MemoryFiles, *, cluster_id: str | None = None, **settings: str) -> Node:
    plan = NodePlan(
        config=config_of({name.replace("_", "."): value for name, value in settings.items()}),
        files=files,
        root="/data",
        features={},
        stages=(),
        advertise=(),
        users=(),
        cluster_id=cluster_id,
        given_epochs=GivenEpochs(),
    )
    return Node(plan, around.runtime)


async def test_a_node_serves_from_when_it_listens_until_it_is_closed_and_keeps_what_it_has() -> None:
    files = MemoryFiles()
    async with world() as around:
        node = node_of(around, files)
        await node.open()
        assert node.addresses == []
        await node.listen()
        host, port = node.addresses[0]
        async with client_of_address(f"{host}:{port}") as client:
            await client.create_topic("t")
            assert await client.produce("t") == 0
        await node.close()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((host, port)).close()
        again = node_of(around, files)
        await again.open()
        assert again.parts.context.topics.partition("t", 0).log.log_end_offset == 1
        await again.abandon()


async def test_a_node_of_another_cluster_is_refused_and_leaves_the_directory_free() -> None:
    files = MemoryFiles()
    async with world() as around:
        first = node_of(around, files, cluster_id="A" * 22)
        await first.open()
        with pytest.raises(StartError, match="in use by another broker"):
            await node_of(around, files).open()
        await first.close()
        with pytest.raises(StartError, match=r"Invalid cluster\.id in: /data"):
            await node_of(around, files, cluster_id="B" * 22).open()
        last = node_of(around, files, cluster_id="A" * 22)
        await last.open()
        assert last.parts.context.cluster_id == "A" * 22
        await last.abandon()


async def test_a_node_that_cannot_listen_says_so_and_can_be_closed() -> None:
    files = MemoryFiles()
    async with world() as around:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            node = node_of(around, files, listeners=f"PLAINTEXT://127.0.0.1:{taken.getsockname()[1]}")
            await node.open()
            with pytest.raises(StartError, match="cannot listen"):
                await node.listen()
            await node.close()
        again = node_of(around, files)
        await again.open()
        await again.abandon()


async def test_what_no_fsync_has_covered_can_be_taken_off_the_disk() -> None:
    files = MemoryFiles()
    async with world() as around:
        node = node_of(around, files)
        await node.open()
        await node.listen()
        host, port = node.addresses[0]
        async with client_of_address(f"{host}:{port}") as client:
            await client.create_topic("t")
            assert await client.produce("t") == 0
        assert node.parts.context.topics.partition("t", 0).log.log_end_offset == 1
        drops = node.unflushed()
        await node.close(is_kept=False)
        for drop in drops:
            drop()
        again = node_of(around, files)
        await again.open()
        assert again.parts.context.topics.partition("t", 0).log.log_end_offset == 0
        await again.abandon()
