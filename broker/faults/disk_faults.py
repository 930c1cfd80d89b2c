"""What the faults do to a cluster's disk: appends find it full, fsyncs fail, and it answers late.

It is what a real disk does at the same place: the broker is told by the same OSError, and does what it always does. The
rule: while no fault is about the disk, its own methods are called, with nothing in between.
"""

import errno
import os
import re
from collections.abc import Callable, Sequence
from functools import partial

from ...storage.file_names import LOG_SUFFIX
from ...storage.files.files import Buffer, Files
from ..runtime import Clock
from ..topics.log_flusher import LogFlusher
from ..topics.partition import Partition
from .fault_table import Fault, FaultTable

_NODE = re.compile(r"/node-([0-9]+)/[^/]+/[^/]+$")  # before the directory of a partition and its file


class DiskFaults:
    """Stands between a cluster and its disk: first `around` its files, then `attach` once it runs."""

    def __init__(self, table: FaultTable, clock: Clock) -> None:
        self._table = table
        self._clock = clock
        self._files: FaultyFiles | None = None
        self._flushers: dict[int, LogFlusher] = {}  # by broker
        table.followers.append(self._follow)

    def around(self, files: Files) -> "FaultyFiles":
        """The files that a cluster is to have, from now on."""
        self._files = FaultyFiles(files, self._find_at)
        self._flushers.clear()
        self._follow()
        return self._files

    def attach(self, flusher: LogFlusher, broker: int) -> None:
        """A broker runs, and this is what makes its logs durable; each time that it has been started anew."""
        self._flushers[broker] = flusher
        self._follow()

    def _follow(self) -> None:
        """Rules have come or gone: stand in the way of what they are about, and of nothing else."""
        actions = {fault.rule.action for fault in self._table.of_disk}
        if self._files is not None:
            self._files.stand_between(writes="disk_full" in actions, fsyncs="fsync_error" in actions)
        for broker, flusher in self._flushers.items():
            flusher.slowness_s = partial(self._slowness_s, broker) if "slow_disk" in actions else None

    def _find_at(self, action: str, path: str) -> Fault | None:
        log = _log_of(path)
        return None if log is None else self._find(action, self._broker_of(path), *log)

    def _broker_of(self, path: str) -> int | None:
        """Whose file it is: each broker of several has a directory of its own, and so has their controller."""
        brokers = self._table.brokers
        if len(brokers) <= 1:
            return brokers[0] if brokers else None
        found = _NODE.search(path)
        return None if found is None else int(found[1])

    def _find(self, action: str, broker: int | None, topic: str, partition: int) -> Fault | None:
        return self._table.find_of_disk(action, broker, topic, partition, self._clock.now())

    def _slowness_s(self, broker: int, partition: Partition) -> float:
        fault = self._find("slow_disk", broker, partition.topic, partition.index)
        return 0.0 if fault is None else (fault.rule.ms or 0) / 1000


class FaultyFiles:
    """The Files of a cluster, all but those calls as they are that a fault is about."""

    def __init__(self, files: Files, find: Callable[[str, str], Fault | None]) -> None:
        """`find` gives what is done to a file: the action, and the path."""
        self._files = files
        self._find = find
        self.write, self.sync_handle = files.write, files.sync_handle
        self.read, self.size, self.truncate, self.modified_ms = (
            files.read,
            files.size,
            files.truncate,
            files.modified_ms,
        )
        self.exists, self.rename, self.remove, self.removal = files.exists, files.rename, files.remove, files.removal
        self.list_directory, self.volume_bytes = files.list_directory, files.volume_bytes
        self.make_directory, self.remove_directory = files.make_directory, files.remove_directory
        self.write_whole, self.whole_writer, self.write_out = files.write_whole, files.whole_writer, files.write_out
        self.make_room, self.lock, self.close = files.make_room, files.lock, files.close

    def stand_between(self, *, writes: bool, fsyncs: bool) -> None:
        """Which calls may be hit from now on."""
        self.write = self._write if writes else self._files.write
        self.sync_handle = self._sync_handle if fsyncs else self._files.sync_handle

    def _write(self, path: str, buffers: Sequence[Buffer], position: int) -> None:
        if any(buffers) and (fault := self._find("disk_full", path)) is not None:
            raise _refusal(errno.ENOSPC, fault, path)
        self._files.write(path, buffers, position)

    def _sync_handle(self, path: str) -> Callable[[], None]:
        if (fault := self._find("fsync_error", path)) is None:
            return self._files.sync_handle(path)
        error = _refusal(errno.EIO, fault, path)

        def fail() -> None:
            raise error

        return fail


def _refusal(code: int, fault: Fault, path: str) -> OSError:
    return OSError(code, f"{os.strerror(code)} ({fault.fault_id})", path)


def _log_of(path: str) -> tuple[str, int] | None:
    """The topic and partition whose records are in a file; None for any other file."""
    directory, _, name = path.rpartition("/")
    if not name.endswith(LOG_SUFFIX):
        return None
    topic, _, index = directory.rpartition("/")[2].rpartition("-")
    return (topic, int(index)) if topic and index.isdecimal() else None
