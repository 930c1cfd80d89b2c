"""A session of clients as bytes in one order: taken down between stock clients and a cluster, and given to another.

The rule: a cluster has one thing at a time. The next is sent when it has done all that came of the last, so that the
order in which things are sent is the order in which they are done.
"""

import asyncio
import contextlib
import json
import struct
import sys
import threading
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

from odradek.broker.testing.async_wire import AsyncWire
from odradek.broker.testing.cluster_host import ClusterHost
from odradek.broker.testing.kafka_cluster import KafkaCluster
from odradek.broker.testing.running_cluster import ROOT, RunningCluster
from odradek.protocol.messages.api_versions import ApiVersionsRequest, ApiVersionsResponse
from odradek.storage.files.memory_files import MemoryFiles

LENGTH = struct.Struct(">i")
OPENED, SENT, CLOSED, MOVED = "opened", "sent", "closed", "moved"


@dataclass(frozen=True)
class Step:
    """A connection is opened, sends a request, or is closed; or the clock is moved on."""

    kind: str
    connection: int = 0
    frame: str = ""  # as hex digits
    seconds: int = 0


@dataclass(frozen=True)
class Session:
    """What clients sent to a cluster, and what that cluster was made of."""

    settings: dict[str, str]
    seed: int
    frozen_at_ms: int
    steps: list[Step]

    def save(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self)))

    @classmethod
    def load(cls, path: Path) -> "Session":
        kept = json.loads(path.read_text())
        steps = [Step(**step) for step in kept["steps"]]
        return cls(kept["settings"], kept["seed"], kept["frozen_at_ms"], steps)


class Outcome(NamedTuple):
    """What came of a session: the answers of each connection in their order, as hex digits, and a hash of every file.

    Of the files before each move of the clock, for days take away what was written, and at the end.
    """

    answers: dict[str, list[str]]
    disks: list[dict[str, str]]


class Turns:
    """Connections to a cluster, which has one thing at a time."""

    def __init__(self, cluster: KafkaCluster) -> None:
        self._cluster = cluster
        self._turn = asyncio.Lock()
        self._open: dict[int, asyncio.StreamWriter] = {}
        self._reading: list[asyncio.Task[None]] = []
        self._wire: AsyncWire | None = None
        self.steps: list[Step] = []
        self.answers: dict[str, list[str]] = {}
        self.disks: list[dict[str, str]] = []

    @property
    def outcome(self) -> Outcome:
        return Outcome(self.answers, self.disks)

    async def open(self, number: int, to_client: asyncio.StreamWriter | None = None) -> None:
        """Connect; answers are passed on to the client, if there is one."""
        async with self._turn:
            host, _, port = self._cluster.bootstrap.rpartition(":")
            reader, self._open[number] = await asyncio.open_connection(host, int(port))
            self._reading.append(asyncio.ensure_future(self._read(number, reader, to_client)))
            await self._end_turn(Step(OPENED, number))

    async def send(self, number: int, frame: bytes) -> None:
        async with self._turn:
            if number in self._open:
                self._open[number].write(LENGTH.pack(len(frame)) + frame)
                await self._end_turn(Step(SENT, number, frame.hex()))

    async def close(self, number: int) -> None:
        async with self._turn:
            if number in self._open:
                writer = self._open.pop(number)
                writer.close()
                with contextlib.suppress(ConnectionError):
                    await writer.wait_closed()
                await self._end_turn(Step(CLOSED, number))

    async def move_clock(self, seconds: int) -> None:
        async with self._turn:
            loop = asyncio.get_running_loop()
            self.disks.append(await loop.run_in_executor(None, hashes_of, self._cluster))
            await loop.run_in_executor(None, lambda: self._cluster.clock.advance(seconds=seconds))
            await self._end_turn(Step(MOVED, seconds=seconds))

    async def end(self) -> None:
        """Close what is open."""
        for number in list(self._open):
            await self.close(number)
        await asyncio.gather(*self._reading)
        self.disks.append(await asyncio.get_running_loop().run_in_executor(None, hashes_of, self._cluster))
        if self._wire is not None:
            await self._wire.close()

    async def _end_turn(self, step: Step) -> None:
        """When a second question has been answered, the broker has read what was sent before the first."""
        self.steps.append(step)
        self._wire = self._wire or await AsyncWire.connect(self._cluster.bootstrap)
        for _ in range(2):
            await self._wire.ask(ApiVersionsRequest(), 0, ApiVersionsResponse)
        await asyncio.get_running_loop().run_in_executor(None, self._cluster.clock.advance)

    async def _read(self, number: int, reader: asyncio.StreamReader, to_client: asyncio.StreamWriter | None) -> None:
        answers = self.answers.setdefault(str(number), [])
        while (frame := await read_frame(reader)) is not None:
            answers.append(frame.hex())
            if to_client is not None:
                to_client.write(LENGTH.pack(len(frame)) + frame)
        if to_client is not None:
            to_client.close()


class Recorder:
    """Listens on `port`, which the cluster must advertise, in a thread of its own; then has `steps` and `outcome`."""

    def __init__(self, port: int, cluster: KafkaCluster) -> None:
        self._port = port
        self._cluster = cluster
        self._numbers = count(1)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> "Recorder":
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(10)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def move_clock(self, seconds: int) -> None:
        """Move the cluster's clock on, between two requests."""
        asyncio.run_coroutine_threadsafe(self._turns.move_clock(seconds), self._loop).result(30)

    @property
    def steps(self) -> list[Step]:
        return self._turns.steps

    @property
    def outcome(self) -> Outcome:
        return self._turns.outcome

    async def _listen(self) -> None:
        self._turns = Turns(self._cluster)
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self._port)

    async def _end(self) -> None:
        self._server.close()
        await self._turns.end()
        await self._loop.shutdown_default_executor()
        await asyncio.sleep(0)  # the transports are closed in the next turn

    async def _serve(self, client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        number = next(self._numbers)
        await self._turns.open(number, to_client)
        while (frame := await read_frame(client)) is not None:
            await self._turns.send(number, frame)
        await self._turns.close(number)


def replay(session: Session, seed: int | None = None) -> Outcome:
    """What comes of a session in a new cluster, with its own seed if no other is given."""
    seed = session.seed if seed is None else seed
    with (
        ClusterHost() as host,
        host.cluster(session.settings, seed=seed, frozen_at_ms=session.frozen_at_ms) as cluster,
    ):
        return asyncio.run(_replay(cluster, session.steps))


async def _replay(cluster: KafkaCluster, steps: Sequence[Step]) -> Outcome:
    turns = Turns(cluster)
    for step in steps:
        if step.kind == OPENED:
            await turns.open(step.connection)
        elif step.kind == SENT:
            await turns.send(step.connection, bytes.fromhex(step.frame))
        elif step.kind == MOVED:
            await turns.move_clock(step.seconds)
        else:
            await turns.close(step.connection)
    await turns.end()
    return turns.outcome


def hashes_of(cluster: KafkaCluster) -> dict[str, str]:
    """Every file of a cluster in memory, by its path."""

    def read(running: RunningCluster) -> dict[str, str]:
        files = running.memory.files
        return {path: sha256(files.read(path, 0, files.size(path))).hexdigest() for path in _paths(files, ROOT)}

    return cluster.look(read)


def _paths(files: MemoryFiles, directory: str) -> Iterator[str]:
    for name in sorted(files.list_directory(directory)):
        path = f"{directory}/{name}"
        if _is_directory(files, path):
            yield from _paths(files, path)
        else:
            yield path


def _is_directory(files: MemoryFiles, path: str) -> bool:
    try:
        files.list_directory(path)
    except FileNotFoundError:
        return False
    return True


async def read_frame(reader: asyncio.StreamReader) -> bytes | None:
    """A frame without its length; None at the end."""
    try:
        (size,) = LENGTH.unpack(await reader.readexactly(LENGTH.size))
        return await reader.readexactly(size)
    except (asyncio.IncompleteReadError, ConnectionError):
        return None


if __name__ == "__main__":
    print(json.dumps(replay(Session.load(Path(sys.argv[1])))))
