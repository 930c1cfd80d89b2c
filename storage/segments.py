"""The segments of a log in order: found by offset, added at the end, taken away at either end.

No descriptor is kept here. What is kept is where recent readers stopped, so that reading on from there needs no
search, and the indexes of the few sealed segments read last.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from contextlib import suppress

from .file_names import SEGMENT_SUFFIXES
from .files.files import Files
from .read_batches import LogPosition
from .retention import SegmentFacts
from .segment import Segment

_HINTS_KEPT = 64
_INDEXES_KEPT = 4
_UNKNOWN = LogPosition(0, -1)


class Segments:
    """Never empty: the last segment is the active one."""

    __slots__ = ("_bases", "_files", "_hints", "_indexed", "_list", "_pending_deletes", "_sealed_bytes", "active")

    def __init__(self, files: Files, segments: list[Segment]) -> None:
        self._files = files
        self._list = segments
        self._bases = [segment.base_offset for segment in segments]
        self.active = segments[-1]
        self._sealed_bytes = sum(segment.size_bytes for segment in segments[:-1])
        self._hints: dict[int, tuple[int, LogPosition]] = {}  # offset -> (base of its segment, where in it)
        self._indexed: list[Segment] = []  # sealed segments whose indexes are in memory
        self._pending_deletes: list[tuple[int, str]] = []  # (when, path) of renamed files

    def __len__(self) -> int:
        return len(self._list)

    def __iter__(self) -> Iterator[Segment]:
        return iter(self._list)

    @property
    def bases(self) -> list[int]:
        """Where each segment begins; not to be changed."""
        return self._bases

    @property
    def size_bytes(self) -> int:
        """Bytes of all segments' batches."""
        return self._sealed_bytes + self.active.size_bytes

    def add(self, segment: Segment) -> None:
        """Seal the active segment and go on with a new one."""
        self._sealed_bytes += self.active.size_bytes
        self._keep_indexed(self.active)
        self._list.append(segment)
        self._bases.append(segment.base_offset)
        self.active = segment

    def since(self, offset: int) -> list[Segment]:
        """The segment that holds `offset`, and all after it."""
        return self._list[max(bisect_right(self._bases, offset) - 1, 0) :]

    def _keep_indexed(self, segment: Segment) -> None:
        """Bound the memory that sealed segments' indexes take."""
        if segment not in self._indexed:
            self._indexed.append(segment)
            if len(self._indexed) > _INDEXES_KEPT:
                self._indexed.pop(0).indexes.release_memory()

    def facts(self, end_offset: int) -> list[SegmentFacts]:
        """What retention wants to know, oldest first; a segment without timestamps is as old as its file."""
        facts: list[SegmentFacts] = []
        for segment, following in zip(self._list, [*self._bases[1:], end_offset], strict=True):
            timestamp = segment.max_timestamp
            if segment is not self.active and segment not in self._indexed:
                segment.indexes.release_memory()
            if timestamp < 0:
                modified_ms = self._files.modified_ms(segment.records.path)
                timestamp = segment.created_ms if modified_ms is None else modified_ms
            facts.append(SegmentFacts(segment.base_offset, following, segment.size_bytes, timestamp))
        return facts

    # Finding

    def positions_from(self, offset: int) -> Iterator[tuple[Segment, LogPosition]]:
        """Where the batch that holds `offset` stands, then the starts of later segments (after a gap)."""
        at = max(bisect_right(self._bases, offset) - 1, 0)
        segment = self._list[at]
        base, position = self._hints.get(offset, (-1, _UNKNOWN))
        if base != segment.base_offset:
            position = segment.indexes.position_of(offset)
            self.remember(offset, segment, position)
            if segment is not self.active:
                self._keep_indexed(segment)
        if position.byte < segment.size_bytes:
            yield segment, position
        for later in self._list[at + 1 :]:
            if later.size_bytes:
                yield later, LogPosition(0, later.base_offset)

    def find_cut(self, offset: int) -> str | None:
        """What to say of a file of these, from `offset` on, that is shorter than it was left; None for none."""
        for segment in self.since(offset):
            with suppress(OSError):
                missing = segment.size_bytes - self._files.size(segment.records.path)
                if missing > 0:
                    return f"{segment.records.path} has become {missing} bytes shorter: something else has cut it"
        return None

    def position_in_active(self, offset: int) -> int:
        """Where in the active segment the batch stands that holds `offset`; its size when there is none yet."""
        base, position = self._hints.get(offset, (-1, _UNKNOWN))
        if base != self.active.base_offset:
            position = self.active.indexes.position_of(offset)
            self.remember(offset, self.active, position)
        return position.byte

    def remember(self, offset: int, segment: Segment, position: LogPosition) -> None:
        """A reader stopped at `offset`: the batch that holds it begins, or will begin, at `position`."""
        hints = self._hints
        if offset not in hints and len(hints) >= _HINTS_KEPT:
            del hints[next(iter(hints))]
        hints[offset] = (segment.base_offset, position)

    # Getting shorter

    def drop_first(self, count: int, due_ms: int) -> None:
        """Rename the oldest segments away; `take_due` gives their files once `due_ms` has come.

        OSError leaves the first one that could not be renamed, and all after it, where they are.
        """
        for segment in self._list[:count]:
            self._pending_deletes += [(due_ms, path) for path in segment.mark_deleted()]
            self._sealed_bytes -= segment.size_bytes
            if segment in self._indexed:
                self._indexed.remove(segment)
            del self._list[0], self._bases[0]

    def replace(self, old: Sequence[Segment], new: Segment, names: Sequence[tuple[str, str]], due_ms: int) -> None:
        """Put one segment in the place of neighbours, the active one not among them.

        `names` are the renames of the new one's files, which are there (from, to). The old ones' are renamed
        away before that, the logs last; `take_due` gives them. OSError leaves all as it was, if the disk lets it.
        """
        renames = [
            (path, path + ".deleted")
            for segment in reversed(old)
            for suffix in reversed(SEGMENT_SUFFIXES)
            if self._files.exists(path := segment.stem + suffix)
        ]
        done: list[tuple[str, str]] = []
        try:
            for before, after in [*renames, *names]:
                self._files.rename(before, after)
                done.append((before, after))
        except OSError:
            for before, after in reversed(done):
                with suppress(OSError):
                    self._files.rename(after, before)
            raise
        self._pending_deletes += [(due_ms, path) for _, path in renames]
        at = self._list.index(old[0])
        self._list[at : at + len(old)] = [new]
        self._bases[at : at + len(old)] = [new.base_offset]
        self._indexed = [segment for segment in self._indexed if segment not in old]
        self._hints.clear()
        self._sealed_bytes += new.size_bytes - sum(segment.size_bytes for segment in old)

    def restart(self, new: Segment) -> None:
        """Begin with a new, empty segment, and remove all others for good, the oldest first."""
        same = next((segment for segment in self._list if segment.base_offset == new.base_offset), None)
        if same is None:
            new.records.create()  # before anything goes, so that no moment finds a log without a segment
        for segment in self._list:
            segment.remove()
        if same is not None:
            new.records.create()
        self._hints.clear()
        self._list[:], self._bases[:], self._indexed = [new], [new.base_offset], []
        self.active = new
        self._sealed_bytes = 0

    def move_active(self, new: Segment) -> None:
        """Put a new, empty segment that begins later in the place of the active one, which is empty."""
        new.records.create()
        self.active.remove()
        self._list[-1], self._bases[-1], self.active = new, new.base_offset, new

    def take_due(self, now_ms: int) -> list[str]:
        """The renamed files whose time has come: the caller removes them."""
        if not self._pending_deletes:
            return []
        due = [path for due_ms, path in self._pending_deletes if due_ms <= now_ms]
        self._pending_deletes = [(due_ms, path) for due_ms, path in self._pending_deletes if due_ms > now_ms]
        return due

    def cut(self, offset: int, interval_bytes: int) -> int:
        """Drop every batch that reaches `offset` or lies beyond; returns the new end of the log.

        A segment that begins there stays, empty: where compaction has taken the end of the one before it, only its
        name tells where the log ends.
        """
        self._hints.clear()
        keep = max(bisect_right(self._bases, offset), 1)
        for segment in self._list[keep:]:
            segment.remove()
        del self._list[keep:], self._bases[keep:]
        self._indexed = [segment for segment in self._indexed if segment in self._list[:-1]]
        self.active = active = self._list[-1]
        self._sealed_bytes = sum(segment.size_bytes for segment in self._list[:-1])
        return active.truncate(
            active.indexes.position_of(offset).byte if offset > active.base_offset else 0, interval_bytes
        )
