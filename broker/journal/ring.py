"""The newest entries of a journal: bounded in number and in bytes, whatever clients send."""

from collections import deque
from collections.abc import Iterator

from .entries import JournalEntry

MOST_ENTRIES = 5000
MOST_BYTES = 8 << 20


class Ring:
    """The newest entries, the oldest first; those that no longer have room are `forgotten`."""

    def __init__(self, most_entries: int = MOST_ENTRIES, most_bytes: int = MOST_BYTES) -> None:
        self._entries: deque[JournalEntry] = deque()
        self._most_entries = most_entries
        self._most_bytes = most_bytes
        self.size_bytes = 0
        self.forgotten = 0

    def __iter__(self) -> Iterator[JournalEntry]:
        return iter(self._entries)

    def __reversed__(self) -> Iterator[JournalEntry]:
        return reversed(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def append(self, entry: JournalEntry) -> None:
        """The newest one."""
        self._entries.append(entry)
        self.size_bytes += entry.size_bytes
        self._trim()

    def grow(self, entry: JournalEntry, more_bytes: int) -> None:
        """An entry has become larger; one that has been forgotten counts no more."""
        entry.size_bytes += more_bytes
        if self._entries and entry.number >= self._entries[0].number:
            self.size_bytes += more_bytes
            self._trim()

    def _trim(self) -> None:
        while len(self._entries) > self._most_entries or (self.size_bytes > self._most_bytes and self._entries):
            self.size_bytes -= self._entries.popleft().size_bytes
            self.forgotten += 1
