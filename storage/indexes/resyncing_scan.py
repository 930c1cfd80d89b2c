"""ResyncingScan: every batch of a segment that can still be read, going on behind damage.

One bad batch does not cost those behind it, unless it is unknown where they begin. What a reader can reach is found
here as well, so that what is derived from a segment speaks of all that is served.
"""

from collections.abc import Callable, Iterator

from ...protocol.batch import RecordBatch
from ..log_config import LONG_MAX
from ..scan import BatchScan
from .offset_time_index import OffsetIndex


class ResyncingScan:
    """A scan of a whole segment; afterwards `position`, `next_offset` and `problem` show how it ended.

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
        batches = iter(scan)
        while True:
            yield from batches
            self.position, self.next_offset, self.problem = scan.position, scan.next_offset, scan.problem
            if scan.problem is None or scan.next_offset >= self._until:
                return
            for position in self._positions_behind(scan):
                scan = self._scan(position)
                scan.next_offset = self.next_offset
                batches = iter(scan)
                first = next(batches, None)
                if first is not None:
                    break
            else:
                return
            self.damaged_bytes += position - self.position
            self._has_resumed = True
            yield first

    def _positions_behind(self, scan: BatchScan) -> Iterator[int]:
        """Where the next batch may begin: after the bad one, as long as its size is believable, else by the index."""
        if scan.bad_bytes:
            yield scan.position + scan.bad_bytes
        position = self._index.position_above(scan.position)
        while position is not None:
            yield position
            position = self._index.position_above(position)

    def take_resumed(self) -> bool:
        """Whether there was damage just before the batch at hand; true once."""
        has_resumed, self._has_resumed = self._has_resumed, False
        return has_resumed
