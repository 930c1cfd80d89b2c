"""Several brokers live and die in one process, one by one and together, and what is committed is there afterwards."""

import asyncio
import errno
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial

import pytest

from odradek.broker.config.start_topics import StartTopic
from odradek.broker.metadata_change import when_done
from odradek.broker.node import StartError
from odradek.broker.nodes.links import CONTROLLER
from odradek.broker.several_brokers.replicated_cluster import ReplicatedCluster
from odradek.broker.testing.disks import BROKEN, FailingFiles, Operation
from odradek.protocol.errors import ErrorCode
from odradek.storage.unflushed import drop_unflushed

from ..cluster_world import client_of_address
from .several_world import ROOT, SeveralWorld, end_of, epochs_of, record_of, several_world

NONE = ErrorCode.NONE
SESSION_S = 9.0


@pytest.fixture
async def several() -> AsyncIterator[SeveralWorld]:
    async with several_world() as made:
        yield made


# All together


async def test_each_broker_listens_at_an_address_of_its_own(several: SeveralWorld) -> None:
    async with several.running() as cluster:
        assert cluster.node_ids == [1, 2, 3]
        assert len(set(cluster.addresses)) == 3
        assert cluster.bootstrap == ",".join(cluster.bootstrap_of(node_id) for node_id in cluster.node_ids)
        for node_id in cluster.node_ids:
            async with client_of_address(cluster.bootstrap_of(node_id)) as client:
                assert await client.cluster_id() == cluster.context.cluster_id


async def test_what_was_written_is_there_after_all_were_stopped_and_started(several: SeveralWorld) -> None:
    async with several.running() as cluster:
        await several.create_topic(cluster)
        assert await several.produce(cluster, b"a") == NONE
        cluster_id, epochs = cluster.context.cluster_id, epochs_of(cluster)
    async with several.running() as cluster:
        assert cluster.context.cluster_id == cluster_id
        assert epochs_of(cluster) == epochs  # nobody has missed anything: each is the broker it was
        assert (record_of(cluster).leader, record_of(cluster).leader_epoch) == (1, 0)
        assert [end_of(cluster, node_id) for node_id in (1, 2, 3)] == [1, 1, 1]


async def test_after_the_whole_process_was_killed_nobody_leads_in_an_epoch_that_there_was(
    several: SeveralWorld,
) -> None:
    """Of logs that have lost different things, nobody could tell them apart by their epochs."""
    cluster = several.made()
    await cluster.start()
    await several.create_topic(cluster)
    await several.produce(cluster, b"a")
    epochs, leader_epoch = epochs_of(cluster), record_of(cluster).leader_epoch
    await cluster.replace(several.files.fork())
    try:
        assert all(epochs_of(cluster)[node_id] > epochs[node_id] for node_id in epochs)
        assert record_of(cluster).leader_epoch > leader_epoch
        await several.around.turn(0)
        assert set(record_of(cluster).isr) == {1, 2, 3}
        assert [end_of(cluster, node_id) for node_id in (1, 2, 3)] == [1, 1, 1]
    finally:
        await cluster.stop()


async def test_logs_that_a_power_loss_has_cut_at_different_places_agree_again(several: SeveralWorld) -> None:
    cluster = several.made()
    await cluster.start()
    await several.create_topic(cluster)
    for value in (b"a", b"b"):
        await several.produce(cluster, value)
    after = several.files.fork()
    drop_unflushed(after, f"{ROOT}/node-1/t-0", 0)
    drop_unflushed(after, f"{ROOT}/node-2/t-0", 1)
    await cluster.replace(after)
    try:
        await several.around.turn(0)
        assert await several.produce(cluster, b"c") == NONE
        logs = [cluster.context_of(node_id).topics.partition("t", 0).replica_log for node_id in (1, 2, 3)]
        contents = [b"".join(bytes(batch.view) for batch in log.batches()) for log in logs]
        assert contents[1:] == contents[:1] * 2
        assert {log.high_watermark for log in logs} == {logs[0].log_end_offset}
    finally:
        await cluster.stop()


async def test_topics_that_are_asked_for_are_there_when_it_has_started(several: SeveralWorld) -> None:
    cluster = several.made(topics=[StartTopic("orders", 2, {}, 3, "--topic")])
    await cluster.start()
    try:
        for node_id in cluster.node_ids:
            assert cluster.context_of(node_id).topics.find("orders") is not None
    finally:
        await cluster.stop()


async def test_the_directory_of_one_broker_is_not_taken_for_that_of_several(several: SeveralWorld) -> None:
    async with several.around.running(several.files, ROOT):
        """It has made its directory."""
    with pytest.raises(StartError, match="that of one broker"):
        await several.made().start()


async def test_it_does_not_start_twice(several: SeveralWorld) -> None:
    async with several.running() as cluster:
        with pytest.raises(StartError, match="run already"):
            await cluster.start()


async def test_what_cannot_start_leaves_nothing_behind() -> None:
    async with several_world() as several:
        several.files = files = FailingFiles()
        files.write_error = OSError(errno.ENOSPC, "No space left on device")
        cluster = several.made()
        with pytest.raises(StartError):
            await cluster.start()
        assert several.around.timers.armed == set()
        files.write_error = None
        await cluster.start()
        await cluster.stop()
        assert several.around.timers.armed == set()


async def test_nothing_is_to_be_had_of_it_before_it_has_started(several: SeveralWorld) -> None:
    cluster = several.made()
    for look in (lambda: cluster.around, lambda: cluster.context, lambda: cluster.context_of(1)):
        with pytest.raises(StartError):
            look()


# One by one


async def test_a_broker_that_is_killed_is_fenced_at_once_and_comes_back_at_its_address(several: SeveralWorld) -> None:
    async with several.running() as cluster:
        await several.create_topic(cluster)
        address = cluster.bootstrap_of(1)
        await cluster.kill_broker(1)
        assert cluster.state_of(1) == "killed"
        assert (record_of(cluster).leader, set(record_of(cluster).isr)) == (2, {2, 3})
        assert await several.produce(cluster, b"a") == NONE
        await cluster.start_broker(1)
        await several.around.turn(0)
        assert (cluster.state_of(1), cluster.bootstrap_of(1)) == ("running", address)
        assert set(record_of(cluster).isr) == {1, 2, 3}


async def test_a_connection_to_a_broker_that_is_killed_is_reset(several: SeveralWorld) -> None:
    async with several.running() as cluster, client_of_address(cluster.bootstrap_of(1)) as client:
        await client.cluster_id()
        await cluster.kill_broker(1)
        assert await client.is_closed_by_peer()
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection(*cluster.addresses[0])


@pytest.mark.parametrize("end", [ReplicatedCluster.stop_broker, ReplicatedCluster.kill_broker])
async def test_a_broker_that_was_unregistered_while_it_ran_ends_and_comes_back(
    several: SeveralWorld, end: Callable[[ReplicatedCluster, int], Awaitable[None]]
) -> None:
    async with several.running() as cluster:
        await several.create_topic(cluster)
        await when_done(partial(cluster.around.controller.unregister_broker, 1))
        assert (record_of(cluster).leader, set(record_of(cluster).isr)) == (2, {2, 3})
        await end(cluster, 1)
        await cluster.start_broker(1)
        await several.around.turn(0)
        assert set(record_of(cluster).isr) == {1, 2, 3}


async def test_a_broker_whose_death_is_not_noticed_is_fenced_when_its_session_is_over(several: SeveralWorld) -> None:
    async with several.running() as cluster:
        await several.create_topic(cluster)
        await cluster.kill_broker(1, is_noticed=False)
        await several.around.turn(SESSION_S - 1)
        assert record_of(cluster).leader == 1
        await several.around.turn(1)
        assert record_of(cluster).leader == 2


async def test_a_broker_that_comes_back_before_its_death_was_noticed_is_another(several: SeveralWorld) -> None:
    """What it had not synced is lost: as the one it was, it would have its followers throw that away as well."""
    async with several.running() as cluster:
        await several.create_topic(cluster)
        await several.produce(cluster, b"a")
        epoch = epochs_of(cluster)[1]
        await cluster.kill_broker(1, is_noticed=False, keeps_page_cache=False)
        await cluster.start_broker(1)
        await several.around.turn(0)
        assert epochs_of(cluster)[1] > epoch
        assert record_of(cluster).leader == 2
        assert [end_of(cluster, node_id) for node_id in (1, 2, 3)] == [1, 1, 1]


@pytest.mark.parametrize("keeps_page_cache", [True, False])
async def test_what_was_not_synced_is_lost_with_the_page_cache(several: SeveralWorld, keeps_page_cache: bool) -> None:
    async with several.running() as cluster:
        await several.create_topic(cluster)
        await several.produce(cluster, b"a")
        await cluster.kill_broker(1, keeps_page_cache=keeps_page_cache)
        for other in (2, 3):
            cluster.ways.cut(1, other)
        await cluster.start_broker(1)
        assert end_of(cluster, 1) == int(keeps_page_cache)


async def test_a_broker_that_is_stopped_hands_on_what_it_leads_and_is_clean(several: SeveralWorld) -> None:
    async with several.running() as cluster:
        await several.create_topic(cluster)
        await cluster.stop_broker(1)
        assert cluster.state_of(1) == "stopped"
        assert record_of(cluster).leader == 2
        assert several.files.exists(f"{ROOT}/node-1/.kafka_cleanshutdown")


async def test_the_last_one_in_sync_leads_again_when_it_is_back(several: SeveralWorld) -> None:
    async with several.running() as cluster:
        await several.create_topic(cluster)
        for node_id in (3, 2, 1):
            await cluster.kill_broker(node_id)
        assert record_of(cluster).leader == -1
        for node_id in (3, 2):
            await cluster.start_broker(node_id)
        assert record_of(cluster).leader == -1
        await cluster.start_broker(1)
        assert record_of(cluster).leader == 1


async def test_a_frozen_broker_answers_nobody_until_it_goes_on(several: SeveralWorld) -> None:
    async with several.running() as cluster, client_of_address(cluster.bootstrap_of(2)) as client:
        await client.cluster_id()
        cluster.freeze_broker(2)
        asked = asyncio.ensure_future(client.cluster_id())
        for _ in range(5):
            await several.around.turn(0)
        assert (cluster.state_of(2), asked.done()) == ("frozen", False)
        cluster.resume_broker(2)
        while not asked.done():
            await several.around.turn(0)
        assert (cluster.state_of(2), asked.result()) == ("running", cluster.context.cluster_id)


async def test_a_broker_that_is_frozen_for_too_long_is_fenced_and_let_in_again(several: SeveralWorld) -> None:
    async with several.running() as cluster:
        await several.create_topic(cluster)
        cluster.freeze_broker(1)
        await several.around.turn(SESSION_S)
        assert (record_of(cluster).leader, set(record_of(cluster).isr)) == (2, {2, 3})
        cluster.resume_broker(1)
        await several.around.turn(1)
        assert (record_of(cluster).leader, set(record_of(cluster).isr)) == (2, {1, 2, 3})


async def test_a_frozen_broker_can_be_killed_and_not_stopped(several: SeveralWorld) -> None:
    async with several.running() as cluster:
        cluster.freeze_broker(1)
        with pytest.raises(StartError, match="is frozen"):
            await cluster.stop_broker(1)
        await cluster.kill_broker(1)
        assert cluster.state_of(1) == "killed"


class BrokenForOne(FailingFiles):
    """A disk that refuses what the first broker has to be synced, if `is_broken`."""

    is_broken = False

    def before(self, operation: Operation, path: str) -> None:
        super().before(operation, path)
        if self.is_broken and operation == "sync" and path.startswith(f"{ROOT}/node-1/"):
            raise BROKEN


async def test_a_broker_whose_disk_has_failed_halts_and_comes_back_on_a_better_one() -> None:
    async with several_world() as several:
        several.files = files = BrokenForOne()
        async with several.running() as cluster:
            await several.create_topic(cluster, flush_messages="1")
            files.is_broken = True
            asked = asyncio.ensure_future(several.produce(cluster, b"a"))
            while cluster.state_of(1) != "killed":
                await several.around.turn(0)
            assert await asked == ErrorCode.KAFKA_STORAGE_ERROR
            assert record_of(cluster).leader == 2
            files.is_broken = False
            await cluster.start_broker(1)
            await several.around.turn(0)
            assert set(record_of(cluster).isr) == {1, 2, 3}


async def test_what_cannot_be_done_with_a_broker_says_why(several: SeveralWorld) -> None:
    async with several.running() as cluster:
        with pytest.raises(StartError, match="there is no broker 4: there are 1, 2, 3"):
            await cluster.kill_broker(4)
        with pytest.raises(StartError, match="runs already"):
            await cluster.start_broker(1)
        with pytest.raises(StartError, match="is not frozen: it is running"):
            cluster.resume_broker(1)
        await cluster.kill_broker(1)
        for action in (cluster.stop_broker, cluster.kill_broker):
            with pytest.raises(StartError, match="does not run: it is killed"):
                await action(1)
        with pytest.raises(StartError, match="does not run: it is killed"):
            cluster.freeze_broker(1)


async def test_a_way_that_is_cut_stays_cut_while_a_broker_dies_and_comes_back(several: SeveralWorld) -> None:
    async with several.running() as cluster:
        cluster.ways.cut(1, CONTROLLER)
        await cluster.kill_broker(1)
        await cluster.start_broker(1)
        assert not cluster.around.links.is_up(1, CONTROLLER)
        assert cluster.around.links.is_up(CONTROLLER, 1)
