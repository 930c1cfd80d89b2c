"""The end of a run: wait until nothing is under way, then read everything once more."""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from .history import Assign, History, Isolation, Offsets, Phase, Poll, Record, TopicPartition
from .library import ClientError, ObservingLibrary

CALL_S = 10.0
PAUSE_S = 0.25
LIMIT = 1000


@dataclass(slots=True)
class FinalReader:
    """Asks a broker until it answers or a deadline (on `now`'s clock) passes.

    `receded` says which ends were told, and then were not there when it was read up to them.
    """

    library: ObservingLibrary
    history: History
    now: Callable[[], float]
    receded: list[str] = field(default_factory=list[str])

    def wait_until_stable(self, partitions: Sequence[TopicPartition], timeout_s: float) -> list[str]:
        """Waits until every last stable offset is the high watermark; says which transactions never end."""
        behind = dict[TopicPartition, tuple[int, int]]()

        def is_stable() -> bool:
            stable = self.library.end_offsets(partitions, Isolation.READ_COMMITTED, CALL_S)
            end = self.library.end_offsets(partitions, Isolation.READ_UNCOMMITTED, CALL_S)
            behind.clear()
            behind.update({where: (stable[where], end[where]) for where in partitions if stable[where] < end[where]})
            return not behind

        if self._until(is_stable, timeout_s):
            return []
        return [
            f"a transaction does not end in {timeout_s:.0f} s: {where} is stable up to {stable} of {end}"
            for where, (stable, end) in behind.items()
        ] or [f"the broker did not tell its offsets for {timeout_s:.0f} s"]

    def wait_until_copied(self, group: str, ends: Offsets, timeout_s: float) -> list[str]:
        """Waits until a group has committed these offsets; says what it never reached."""
        reached: dict[TopicPartition, int] = {}

        def is_copied() -> bool:
            reached.update(self.committed(group, list(ends)))
            return all(reached.get(where, -1) >= end for where, end in ends.items())

        if self._until(is_copied, timeout_s):
            return []
        return [
            f"group {group} stays at {reached.get(where, -1)} of {end} in {where}"
            for where, end in ends.items()
            if reached.get(where, -1) < end
        ]

    def committed(self, group: str, partitions: Sequence[TopicPartition]) -> Mapping[TopicPartition, int]:
        """A group's stable offsets; ClientError while a transaction holds one back."""
        consumer = self.library.consumer(group, Isolation.READ_COMMITTED)
        try:
            found = consumer.committed(partitions, CALL_S)
        finally:
            consumer.close()
        return {where: offset for where, offset in found.items() if offset is not None}

    def read(self, partitions: Sequence[TopicPartition], isolation: Isolation, timeout_s: float) -> list[Record]:
        """Everything in these partitions, in their order; ClientError if the end is not reached in time."""
        found: list[Record] = []
        attempts = 0

        def read_once() -> bool:
            nonlocal attempts
            attempts += 1
            found.clear()
            found.extend(self._read_to_end(partitions, isolation, f"final-{isolation.value}/{attempts}"))
            return True

        if not self._until(read_once, timeout_s):
            raise ClientError(f"the end of the logs was not reached in {timeout_s:.0f} s")
        return found

    def _read_to_end(self, partitions: Sequence[TopicPartition], isolation: Isolation, name: str) -> list[Record]:
        reader = f"{name}-{len(self.history)}"
        ends = self.library.end_offsets(partitions, isolation, CALL_S)
        open_ends = {where for where, end in ends.items() if end > 0}
        starts = dict.fromkeys(partitions, 0)
        consumer = self.library.consumer(None, isolation)
        found: list[Record] = []
        try:
            consumer.assign(starts)
            self.history.add("final", Phase.OK, Assign(reader, isolation, starts))
            quiet = 0
            while open_ends:
                records, finished = consumer.poll_with_ends(LIMIT, 1.0)
                for where, end in finished.items():
                    if end >= ends[where]:
                        open_ends.discard(where)
                    else:
                        self.receded.append(f"{where} ended at {ends[where]}, and at {end} when {reader} came there")
                quiet = 0 if records or finished else quiet + 1
                if quiet > CALL_S:
                    raise ClientError("the logs end too early")
                if records:
                    self.history.add("final", Phase.OK, Poll(reader, isolation, tuple(records)))
                    found += records
        finally:
            consumer.close()
        return found

    def _until(self, condition: Callable[[], bool], timeout_s: float) -> bool:
        """Asks again and again; a broker that is away for a while is no matter."""
        deadline = self.now() + timeout_s
        pause = threading.Event()
        while True:
            try:
                if condition():
                    return True
            except ClientError:
                pass
            if self.now() >= deadline:
                return False
            pause.wait(PAUSE_S)
