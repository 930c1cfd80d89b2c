"""Ten members of a group come, leave and are killed while records flow; what they told is held against itself."""

import queue
import random
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from confluent_kafka import Producer

MEMBERS = 10
FEWEST = 3
PARTITIONS = 20
SESSION_S = 3.0
SETTINGS = {
    "group.consumer.min.session.timeout.ms": "1000",
    "group.consumer.session.timeout.ms": f"{SESSION_S * 1000:.0f}",
    "group.consumer.min.heartbeat.interval.ms": "100",
    "group.consumer.heartbeat.interval.ms": "200",
}
BETWEEN = 40  # reads from one coming or going to the next
RECORDS_A_SECOND = 100
STALLED_S = 60.0


@dataclass(frozen=True, eq=False)
class Read:
    """Records of a partition that a member has processed."""

    at: float
    partition: int
    first: int
    last: int


class Told:
    """What members told so far; times are those at which they told it."""

    def __init__(self) -> None:
        self.reads: list[Read] = []
        self.commits: dict[int, list[tuple[float, int]]] = defaultdict(list)
        self.assigned: dict[str, tuple[float, frozenset[int]]] = {}
        self.refused: dict[str, int] = defaultdict(int)
        self.last_change = 0.0  # when a member last joined or left
        self._uncommitted: dict[str, list[Read]] = defaultdict(list)

    def take(self, name: str, what: str, *words: str) -> None:
        """One line."""
        at = float(words[-1])
        if what == "read":
            read = Read(at, *map(int, words[:3]))
            self.reads.append(read)
            self._uncommitted[name].append(read)
        elif what == "committed":
            partition, offset = map(int, words[:2])
            self.commits[partition].append((at, offset))
            self._uncommitted[name] = [read for read in self._uncommitted[name] if read.partition != partition]
        elif what == "refused":
            # It was put out, and may not have known: what it processed is another's to process.
            for read in self._uncommitted.pop(name, []):
                self.reads.remove(read)
            self.refused[words[0]] += 1
        elif what == "assigned":
            self.assigned[name] = (at, frozenset(map(int, filter(None, words[0].strip("-").split(",")))))
        else:
            self.last_change = max(self.last_change, at)

    def committed(self, partition: int) -> int:
        """How far a partition was committed."""
        return max((offset for _, offset in self.commits[partition]), default=0)

    def processed(self, partition: int) -> set[int]:
        """The records of a partition that were processed."""
        return {o for read in self.reads if read.partition == partition for o in range(read.first, read.last + 1)}

    def check(self, sent: Sequence[int]) -> None:
        """Of each partition so many records were processed, each of them, and none after it was committed."""
        for partition, count_sent in enumerate(sent):
            missed = set(range(count_sent)) - self.processed(partition)
            assert not missed, f"partition {partition}: never processed {sorted(missed)[:10]}"
            assert self.committed(partition) == count_sent, f"partition {partition}: committed otherwise"
            events: list[tuple[float, int, bool]] = [(at, offset, False) for at, offset in self.commits[partition]]
            events += [(read.at, read.first, True) for read in self.reads if read.partition == partition]
            committed = 0
            for _, offset, is_read in sorted(events):
                if not is_read:
                    committed = max(committed, offset)
                assert not is_read or offset >= committed, f"partition {partition}: {offset} was read once more"


class MemberProcess:
    """One member; `name` is told with everything that it tells."""

    def __init__(self, name: str, address: str, group: str, topic: str, lines: "queue.SimpleQueue[list[str]]") -> None:
        self.name = name
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.clients.churning_member", address, group, topic],
            cwd=Path(__file__).parents[2],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._pump = threading.Thread(target=self._tell, args=[lines], daemon=True)
        self._pump.start()

    def leave(self) -> None:
        """It is told to leave, and does so in its own time."""
        assert self._process.stdin is not None
        self._process.stdin.close()

    def kill(self) -> None:
        """It ends at once; all that it told is in the queue."""
        self._process.kill()
        self.wait()
        assert self._process.stdin is not None
        self._process.stdin.close()

    def wait(self) -> int:
        """Its exit status, once it has ended."""
        status = self._process.wait()
        self._pump.join()
        return status

    def _tell(self, lines: "queue.SimpleQueue[list[str]]") -> None:
        assert self._process.stdout is not None
        with self._process.stdout as stdout:
            for line in stdout:
                if line.endswith("\n"):  # a kill may have cut the last one
                    lines.put([self.name, *line.split()])


class Churn:
    """A group, and the members that it has at the time."""

    def __init__(self, address: str, group: str, topic: str, seed: int) -> None:
        self._started_with = (address, group, topic)
        self._random = random.Random(seed)
        self._lines: queue.SimpleQueue[list[str]] = queue.SimpleQueue()
        self._members: list[MemberProcess] = []
        self._leaving: list[MemberProcess] = []
        self._names = count()
        self._began = time.monotonic()
        self._sent = [0] * PARTITIONS
        self._producer: Any = Producer({"bootstrap.servers": address, "linger.ms": 5})
        self._last_session_ends = 0.0
        self.told = Told()
        self.changes: dict[str, int] = defaultdict(int)

    def run(self, seconds: float) -> None:
        """Members come and go for so long, each time after a few records more."""
        for _ in range(MEMBERS):
            self._start()
        processed = 0
        while time.monotonic() < self._began + seconds:
            deadline = time.monotonic() + STALLED_S
            while len(self.told.reads) < processed + BETWEEN:
                assert time.monotonic() < deadline, f"nothing is read: {self.told.assigned}"
                self._produce()
                self._take(0.02)
            processed = len(self.told.reads)
            self._change()
        self._producer.flush(STALLED_S)

    def settle(self) -> float:
        """Wait until all is read and shared; how long sharing took from when nothing changed any more."""
        deadline = time.monotonic() + STALLED_S
        while not (self._is_shared() and self._is_committed()):
            assert time.monotonic() < deadline, f"not settled: {self.told.assigned}"
            self._take(0.1)
        shared = max(self.told.assigned[member.name][0] for member in self._members)
        return shared - max(self.told.last_change, self._last_session_ends)

    def end(self) -> None:
        """Everyone that is left leaves."""
        for member in self._members:
            member.leave()
        leaving = self._leaving + self._members
        assert [member.wait() for member in leaving] == [0] * len(leaving)
        self._members.clear()
        self._leaving.clear()
        while not self._lines.empty():
            self._take(0)

    def kill(self) -> None:
        """Nothing is left running, whatever happened."""
        for member in (*self._members, *self._leaving):
            member.kill()

    def check(self) -> None:
        """Every record was processed, and none after it was committed."""
        self.told.check(self._sent)

    def _produce(self) -> None:
        due = (time.monotonic() - self._began) * RECORDS_A_SECOND
        while sum(self._sent) < due:
            partition = sum(self._sent) % PARTITIONS
            self._producer.produce(self._started_with[2], b"%d" % self._sent[partition], partition=partition)
            self._sent[partition] += 1
        self._producer.poll(0)

    def _take(self, timeout_s: float) -> None:
        """What members have told, for which this waits a little."""
        with suppress(queue.Empty):
            self.told.take(*self._lines.get(timeout=timeout_s) if timeout_s else self._lines.get_nowait())

    def _change(self) -> None:
        """One member comes, leaves or dies."""
        action = self._random.choice(("start", "start", "leave", "kill"))
        if action == "start" and len(self._members) == MEMBERS:
            action = "leave"
        elif action != "start" and len(self._members) <= FEWEST:
            action = "start"
        self.changes[action] += 1
        if action == "start":
            self._start()
            return
        member = self._members.pop(self._random.randrange(len(self._members)))
        if action == "leave":
            member.leave()
            self._leaving.append(member)
        else:
            member.kill()
            self._last_session_ends = time.monotonic() + SESSION_S

    def _start(self) -> None:
        self._members.append(MemberProcess(f"m{next(self._names)}", *self._started_with, self._lines))

    def _is_shared(self) -> bool:
        """Whether every partition is with one of the members that are left, and each has its share."""
        shares = [self.told.assigned.get(member.name, (0.0, frozenset[int]()))[1] for member in self._members]
        sizes = {len(share) for share in shares}
        each = [index for share in shares for index in share]
        return sorted(each) == list(range(PARTITIONS)) and max(sizes) - min(sizes) <= 1

    def _is_committed(self) -> bool:
        return all(self.told.committed(partition) == sent for partition, sent in enumerate(self._sent))
