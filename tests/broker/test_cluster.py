"""One cluster's life: many in one loop share nothing, and one that ends leaves nothing behind."""

import asyncio
import errno
import gc
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from odradek.broker.cluster import Cluster, StartError
from odradek.broker.purgatory import Purgatory
from odradek.broker.testing.disks import RecordedOsFiles
from odradek.protocol.errors import ErrorCode
from odradek.storage.files.files import Files, OsFiles
from odradek.storage.files.memory_files import MemoryFiles

from ..brokers import OdradekBroker
from .cluster_world import SESSION_S, World, client_of, client_of_address, contents, process_state, world


def disks(kind: str, directory: Path) -> tuple[Callable[[], Files], str]:
    """Where a cluster keeps its data: what opens it, and its path."""
    return (MemoryFiles, "/data") if kind == "memory" else (OsFiles, str(directory))


def disk_contents(directory: Path) -> dict[str, tuple[int, bytes]]:
    """Every file below a directory: when it was written last, and its bytes."""
    return {
        str(path.relative_to(directory)): (path.stat().st_mtime_ns, path.read_bytes())
        for path in sorted(directory.rglob("*"))
        if path.is_file()
    }


# Many in one loop


@pytest.mark.parametrize("kind", ["memory", "disk"])
async def test_two_clusters_in_one_loop_share_neither_topics_nor_groups(kind: str, tmp_path: Path) -> None:
    async with world() as around:
        first_files, first_path = disks(kind, tmp_path / "first")
        second_files, second_path = disks(kind, tmp_path / "second")
        async with (
            around.running(first_files(), first_path) as first,
            around.running(second_files(), second_path) as second,
            client_of(first) as one,
            client_of(second) as other,
        ):
            assert first.addresses[0][1] != second.addresses[0][1]
            await one.create_topic("t")
            assert (await one.topics(), await other.topics()) == (["t"], [])
            await other.create_topic("t")
            assert [await one.produce("t") for _ in range(3)] == [0, 0, 0]
            assert (await one.offset("t", -1), await other.offset("t", -1)) == (3, 0)
            member_id = await one.become_member()
            assert await one.heartbeat(member_id) == ErrorCode.NONE
            assert await other.heartbeat(member_id) == ErrorCode.UNKNOWN_MEMBER_ID
            assert await one.commit("t", 2, member_id=member_id, generation=1) == ErrorCode.NONE
            assert (await one.committed("t"), await other.committed("t")) == (2, -1)


@pytest.mark.parametrize("kind", ["memory", "disk"])
async def test_one_of_two_is_stopped_and_the_other_goes_on(kind: str, tmp_path: Path) -> None:
    async with world() as around:
        first_files, first_path = disks(kind, tmp_path / "first")
        second_files, second_path = disks(kind, tmp_path / "second")
        first = around.cluster(first_files(), first_path)
        await first.start()
        async with around.running(second_files(), second_path) as second, client_of(second) as other:
            async with client_of(first) as one:
                await one.become_member()
                await other.create_topic("t")
                member_id = await other.become_member()
                await other.poll("t", max_wait_ms=3000)
                await first.stop()
                assert await one.is_closed_by_peer()
            await around.turn(3.0)
            assert (await other.fetched()).error_code == ErrorCode.NONE
            assert await other.produce("t") == ErrorCode.NONE
            assert await other.heartbeat(member_id) == ErrorCode.NONE
            await around.turn(SESSION_S + 1)
            assert await other.heartbeat(member_id) == ErrorCode.UNKNOWN_MEMBER_ID


# What a stop leaves behind


async def test_a_stop_returns_when_every_connection_is_closed_and_its_waiting_requests_are_dropped() -> None:
    async with world() as around:
        purgatories = list[Purgatory]()
        cluster = around.cluster()
        await cluster.start()
        async with client_of(cluster) as idle, client_of(cluster) as waiting, client_of(cluster) as joining:
            await idle.create_topic("t")
            await waiting.poll("t", max_wait_ms=60_000)
            await joining.become_member()
            purgatories = [found for found in gc.get_objects() if isinstance(found, Purgatory) and len(found)]
            assert len(purgatories) == 1
            await cluster.stop()
            assert len(purgatories[0]) == 0
            for client in (idle, waiting, joining):
                assert await client.is_closed_by_peer()


@pytest.mark.parametrize("kind", ["memory", "disk"])
async def test_a_stopped_cluster_leaves_no_timer_task_thread_or_descriptor_and_writes_nothing_more(
    kind: str, tmp_path: Path
) -> None:
    before = process_state()
    async with world() as around:
        open_files, path = disks(kind, tmp_path / "data")
        files = open_files()
        cluster = around.cluster(files, path, {"log.flush.interval.messages": "1"})
        await cluster.start()
        async with client_of(cluster) as busy, client_of(cluster) as waiting:
            await busy.create_topic("t")
            await busy.produce("t")
            await busy.become_member()
            await waiting.poll("t", offset=1, max_wait_ms=60_000)
            await around.turn(1)
            assert around.timers.armed
            await cluster.stop()
        left = _contents_of(files, tmp_path)
        assert around.timers.armed == set()
        assert around.clock.pending == 0
        assert around.threads.running == 0
        await around.turn(3600)
        assert _contents_of(files, tmp_path) == left
    assert process_state() == before


def test_a_stopped_broker_on_its_own_runtime_leaves_nothing_in_either_kind_of_loop(tmp_path: Path) -> None:
    import uvloop

    from odradek.broker.broker import Broker

    from .cluster_world import config_of

    async def live(group: str) -> None:
        broker = Broker(config_of({"log.dirs": str(tmp_path / "data"), "log.flush.interval.messages": "1"}))
        await broker.start()
        assert broker._cluster is not None
        async with client_of(broker._cluster) as client, client_of(broker._cluster) as waiting:
            if "t" not in await client.topics():
                await client.create_topic("t")
            await client.produce("t")
            await client.become_member(group)
            await waiting.poll("t", offset=await client.offset("t", -1), max_wait_ms=60_000)
            await client.topics()
            await broker.stop()

    async def live_twice(loop_name: str) -> None:
        await live(f"{loop_name} first")  # a loop keeps a descriptor or two of its own once it has listened
        before = process_state()
        await live(f"{loop_name} second")
        assert process_state() == before

    for new_loop in (asyncio.new_event_loop, uvloop.new_event_loop):
        with asyncio.Runner(loop_factory=new_loop) as runner:
            runner.run(live_twice(new_loop.__module__))


def _contents_of(files: Files, directory: Path) -> object:
    return contents(files) if isinstance(files, MemoryFiles) else disk_contents(directory)


# A start that fails


async def _failed_start(around: World, cluster: Cluster, why: str) -> None:
    before = process_state()
    with pytest.raises(StartError, match=why):
        await cluster.start()
    assert around.timers.armed == set()
    assert around.clock.pending == 0
    assert around.threads.running == 0
    around.close()  # threads that worked are the runtime's, and end with it
    assert process_state() == before


async def test_a_port_that_is_taken_leaves_nothing_but_a_directory_that_is_free(tmp_path: Path) -> None:
    directory = str(tmp_path / "data")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        async with world() as around:
            listeners = {"listeners": f"PLAINTEXT://127.0.0.1:{port}"}
            await _failed_start(around, around.cluster(OsFiles(), directory, listeners), "cannot listen")
            left = disk_contents(tmp_path)
            await around.turn(3600)
            assert disk_contents(tmp_path) == left
    async with world() as around, around.running(OsFiles(), directory) as cluster:
        assert cluster.addresses[0][1]


async def test_a_directory_that_is_locked_is_left_as_it_is_to_whoever_has_it(tmp_path: Path) -> None:
    directory = str(tmp_path / "data")
    async with world() as around, around.running(OsFiles(), directory) as owner, client_of(owner) as client:
        await client.create_topic("t")
        left = disk_contents(tmp_path)
        async with world() as aside:
            await _failed_start(aside, aside.cluster(OsFiles(), directory), "in use by another broker")
            await aside.turn(3600)
        assert disk_contents(tmp_path) == left
        assert await client.produce("t") == ErrorCode.NONE


async def test_data_that_cannot_be_read_is_left_as_it_is_but_for_the_clean_mark(tmp_path: Path) -> None:
    directory = tmp_path / "data"
    async with world() as around, around.running(OsFiles(), str(directory)) as cluster, client_of(cluster) as client:
        await client.create_topic("t")
    (log,) = directory.glob("__cluster_metadata-0/*.log")
    damaged = bytearray(log.read_bytes())
    damaged[30] ^= 1
    log.write_bytes(damaged)
    left = disk_contents(tmp_path)
    async with world() as around:
        await _failed_start(around, around.cluster(OsFiles(), str(directory)), "cannot be read")
        await around.turn(3600)
    assert disk_contents(tmp_path) == {path: kept for path, kept in left.items() if "clean" not in path}
    async with world() as around:  # the lock is free: the same words, not "in use"
        await _failed_start(around, around.cluster(OsFiles(), str(directory)), "cannot be read")


async def test_a_directory_that_cannot_be_written_is_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    files = MemoryFiles()
    async with world() as around:
        with monkeypatch.context() as patched:
            patched.setattr(files, "remove", refuse)
            await _failed_start(around, around.cluster(files), "cannot be written")
    async with world() as around, around.running(files) as cluster:
        assert cluster.addresses[0][1]


# One directory, one broker after the other


async def test_what_a_second_broker_acknowledges_survives_although_the_first_had_live_members(tmp_path: Path) -> None:
    directory, commits = str(tmp_path / "data"), 20
    async with world() as around:
        first_files = RecordedOsFiles()
        first = around.cluster(first_files, directory)
        await first.start()
        async with client_of(first) as client:
            await client.create_topic("t")
            for at in range(commits):
                await client.become_member(f"g{at}")
            await first.stop()
        first_files.changed.clear()
        async with around.running(OsFiles(), directory) as second, client_of(second) as client:
            await around.turn(SESSION_S - 1)
            for at in range(commits):
                await around.turn(1)
                assert await client.commit("t", at, f"late-{at}") == ErrorCode.NONE
            await around.turn(2 * SESSION_S)
        assert first_files.changed == []
        async with around.running(OsFiles(), directory) as third, client_of(third) as client:
            assert [await client.committed("t", f"late-{at}") for at in range(commits)] == list(range(commits))


def test_after_sigterm_nothing_is_written_behind_the_clean_mark(tmp_path: Path) -> None:
    broker = OdradekBroker(tmp_path)
    broker.start()

    async def become_members() -> None:
        async with client_of_address(broker.address) as client:
            await client.create_topic("t")
            for at in range(4):
                await client.become_member(f"g{at}")

    asyncio.run(become_members())
    broker.stop()
    written = {path.name: path.stat().st_mtime_ns for path in broker.data_dir.iterdir() if path.is_file()}
    mark = written.pop(".kafka_cleanshutdown")
    logs = [path.stat().st_mtime_ns for path in broker.data_dir.glob("__consumer_offsets-*/*")]
    assert logs
    assert max(logs) <= mark
    assert max(written.values()) <= mark


async def test_a_cluster_runs_once_at_a_time_and_can_be_started_again() -> None:
    async with world() as around:
        cluster = around.cluster(MemoryFiles(), "/data")
        await cluster.stop()  # of what does not run
        await cluster.start()
        with pytest.raises(StartError, match="runs already"):
            await cluster.start()
        async with client_of(cluster) as client:
            await client.create_topic("t")
        await cluster.stop()
        await cluster.stop()
        await cluster.start()
        async with client_of(cluster) as client:
            assert await client.topics() == ["t"]
        await cluster.stop()


async def test_a_stop_that_was_cancelled_is_brought_to_its_end_by_the_next() -> None:
    async with world() as around:
        cluster = around.cluster(MemoryFiles(), "/data")
        await cluster.start()
        async with client_of(cluster):
            stopping = asyncio.ensure_future(cluster.stop())
            await asyncio.sleep(0)
            stopping.cancel()
            with pytest.raises(asyncio.CancelledError):
                await stopping
            await cluster.stop()
        await cluster.start()
        await cluster.stop()


async def test_a_second_stop_returns_when_the_first_has_stopped_the_cluster() -> None:
    async with world() as around:
        cluster = around.cluster(MemoryFiles(), "/data")
        await cluster.start()
        first = asyncio.ensure_future(cluster.stop())
        await asyncio.sleep(0)
        await cluster.stop()
        await cluster.start()
        await first
        await cluster.stop()


# Other files in place of those it had


async def test_a_cluster_goes_on_over_other_files_at_the_same_address() -> None:
    async with world() as around, around.running() as cluster:
        address, before = cluster.addresses[0], cluster.context.producer_ids
        taken: list[int] = []
        before.when_available(lambda error: taken.append(before.next_id()))
        await around.turn(0)
        async with client_of(cluster) as one:
            await one.create_topic("t")
            waiting = await asyncio.open_connection(*address)
            files = MemoryFiles()
            await cluster.replace(files, "A" * 22)
            assert await waiting[0].read() == b""  # closed, as all that were open
            waiting[1].close()
        assert cluster.addresses == [address]
        async with client_of(cluster) as one:
            assert (await one.topics(), await one.cluster_id()) == ([], "A" * 22)
        ids = cluster.context.producer_ids
        ids.when_available(lambda error: taken.append(ids.next_id()))
        await around.turn(0)
        assert taken[0] < taken[1] >= 1000
        assert cluster.directory.files is files


async def test_a_cluster_that_cannot_go_on_over_other_files_has_stopped_and_left_its_address() -> None:
    async with world() as around, around.running() as cluster:
        host, port = cluster.addresses[0]
        files = MemoryFiles()
        files.make_directory("/data")
        files.lock("/data/.lock")
        with pytest.raises(StartError, match="in use by another broker"):
            await cluster.replace(files)
        with pytest.raises(RuntimeError, match="does not run"):
            _ = cluster.context
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection(host, port)
        with pytest.raises(StartError, match="does not run"):
            await cluster.replace(files)
