"""One broker's life over a directory of its own, from its lock to the last byte written."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field

import pytest

from odradek.broker.coordination.transactions.given_epochs import GivenEpochs
from odradek.broker.node import Node, NodePlan, StartError
from odradek.broker.testing.disks import BROKEN, FULL, FailingFiles
from odradek.protocol.batch import RecordBatch

from .cluster_world import World, client_of_address, config_of, world
from .handlers.broker_harness import batch

ROOT = "/data"
NOW_MS = 1_700_000_000_000


@dataclass
class Nodes:
    """Nodes over the same files, one after the other."""

    around: World
    files: FailingFiles = field(default_factory=FailingFiles)
    opened: list[Node] = field(default_factory=list[Node])

    def made(self, cluster_id: str | None = None, settings: Mapping[str, str] | None = None) -> Node:
        plan = NodePlan(
            config=config_of(settings),
            files=self.files,
            root=ROOT,
            features={},
            stages=(),
            advertise=(),
            users=(),
            cluster_id=cluster_id,
            given_epochs=GivenEpochs(),
        )
        return Node(plan, self.around.runtime)

    async def running(self) -> Node:
        node = self.made()
        await node.open()
        self.opened.append(node)
        await node.listen()
        return node

    async def close(self, node: Node, *, is_kept: bool = True) -> None:
        self.opened.remove(node)
        await node.close(is_kept=is_kept)


@pytest.fixture
async def nodes() -> AsyncIterator[Nodes]:
    async with world() as around:
        made = Nodes(around)
        yield made
        for node in list(made.opened):
            await made.close(node)


async def with_topic(node: Node) -> Node:
    host, port = node.addresses[0]
    async with client_of_address(f"{host}:{port}") as client:
        await client.create_topic("t")
    return node


def write(node: Node, *values: bytes) -> None:
    partition = node.parts.context.topics.partition("t", 0)
    for value in values:
        partition.append([RecordBatch(batch(value))], NOW_MS)


def end(node: Node) -> int:
    return node.parts.context.topics.partition("t", 0).log.log_end_offset


async def test_it_serves_clients_from_when_it_listens_until_it_is_closed(nodes: Nodes) -> None:
    node = nodes.made()
    await node.open()
    nodes.opened.append(node)
    assert node.addresses == []
    await node.listen()
    ((host, port),) = node.addresses
    async with client_of_address(f"{host}:{port}") as client:
        assert await client.cluster_id() == node.parts.context.cluster_id
        await nodes.close(node)
        assert await client.is_closed_by_peer()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(host, port)


async def test_what_is_kept_is_there_for_the_next_one_which_need_not_recover_it(nodes: Nodes) -> None:
    first = await with_topic(await nodes.running())
    write(first, b"a", b"b")
    await nodes.close(first)
    second = await nodes.running()
    assert end(second) == 2
    report = second.parts.context.topics.partition("t", 0).open_log().recovery_report
    assert report.is_clean


async def test_what_is_left_as_it_is_is_recovered_by_the_next_one(nodes: Nodes) -> None:
    first = await with_topic(await nodes.running())
    write(first, b"a")
    await nodes.close(first, is_kept=False)
    second = await nodes.running()
    assert end(second) == 1
    assert not second.parts.context.topics.partition("t", 0).open_log().recovery_report.is_clean


async def test_what_no_fsync_has_covered_can_be_lost_with_it(nodes: Nodes) -> None:
    first = await with_topic(await nodes.running())
    write(first, b"a")
    log = first.parts.context.topics.partition("t", 0).open_log()
    job = log.begin_flush()
    job.run()
    log.finish_flush(job)
    write(first, b"b")
    lose = first.unflushed()
    await nodes.close(first, is_kept=False)
    for one in lose:
        one()
    assert end(await nodes.running()) == 1


async def test_one_that_has_not_listened_gives_its_directory_back(nodes: Nodes) -> None:
    node = nodes.made()
    await node.open()
    await node.abandon()
    assert (await nodes.running()).addresses
    assert nodes.around.threads.running == 0


async def test_two_do_not_share_a_directory(nodes: Nodes) -> None:
    await nodes.running()
    with pytest.raises(StartError):
        await nodes.made().open()


async def test_a_directory_of_another_cluster_is_refused(nodes: Nodes) -> None:
    first = await nodes.running()
    await nodes.close(first)
    with pytest.raises(StartError, match=r"Invalid cluster\.id"):
        await nodes.made("another").open()


@pytest.mark.parametrize("error", [FULL, BROKEN])
async def test_a_directory_that_cannot_be_written_is_left_to_the_next_one(nodes: Nodes, error: OSError) -> None:
    nodes.files.write_error = error
    with pytest.raises(StartError, match="cannot be"):
        await nodes.made().open()
    nodes.files.write_error = None
    assert (await nodes.running()).addresses


async def test_an_address_that_is_taken_is_refused(nodes: Nodes) -> None:
    first = await nodes.running()
    host, port = first.addresses[0]
    nodes.files = FailingFiles()
    node = nodes.made(settings={"listeners": f"PLAINTEXT://{host}:{port}"})
    await node.open()
    nodes.opened.append(node)
    with pytest.raises(StartError, match="cannot listen"):
        await node.listen()


async def test_one_that_is_closed_leaves_no_timer(nodes: Nodes) -> None:
    await nodes.close(await nodes.running())
    assert nodes.around.timers.armed == set()
