"""Salvage: every batch of a segment that can still be read, going on behind damage where an index finds the next one.

One bad batch does not cost those behind it, unless nobody knows where they begin.
"""

from collections.abc import Callable, Iterator

from ..protocol.batch import RecordBatch
from .index import OffsetIndex
from .log_config import LONG_MAX
from .scan import BatchScan


class Salvage:
    """A walk over a whole segment; afterwards `position`, `next_offset` and `problem` tell how it ended.

    Damage is passed over only below the offset `until`.
    """

    def __init__(self, scan: Callable[[int], BatchScan], index: OffsetIndex, *, until: int = LONG_MAX) -> None:
        self._scan = scan
        self._index = index
        self._until = until
        self._has_resumed = False
        self.damaged_bytes = 0
        self.position = self.next_offset = 0
        self.problem: str | None = None

    def __iter__(self) -> Iterator[tuple[int, RecordBatch]]:
        """Each batch with the position it stands at."""
        scan = self._scan(0)
        while True:
            yield from scan
            self.position, self.next_offset, self.problem = scan.position, scan.next_offset, scan.problem
            if scan.problem is None or scan.next_offset >= self._until:
                return
            resumed = self._index.position_above(scan.position)
            if resumed is None:
                return
            self.damaged_bytes += resumed - scan.position
            self._has_resumed = True
            scan = self._scan(resumed)
            scan.next_offset = self.next_offset

    def take_resumed(self) -> bool:
        """Whether there was damage just before the batch at hand; true once."""
        has_resumed, self._has_resumed = self._has_resumed, False
        return has_resumed
