"""OffsetMap: where the newest record of each key stands, for as much of the log as memory allows.

Keys are kept as they are, so that no two are ever taken for one; only long ones are replaced by a digest. There are
many small tables instead of a large one: a table that grows is moved, and a large one would stop the broker meanwhile.
"""

from hashlib import blake2b

from .steps import Steps

TABLES = 1024
_MASK = TABLES - 1
_LONGEST_KEPT = 64
_DIGEST_BYTES = 16
# Measured over a million keys: the entry with its share of the table, and the heads of the key and the number.
_ENTRY_BYTES = 120


class OffsetMap:
    """Key to offset. `end_offset`: the records below it have been noted, from wherever noting began."""

    __slots__ = ("_most_bytes", "_tables", "end_offset", "used_bytes")

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._tables: list[dict[bytes | str, int]] = [{} for _ in range(TABLES)]
        self.used_bytes = 0
        self.end_offset = 0

    def __len__(self) -> int:
        return sum(map(len, self._tables))

    @property
    def is_full(self) -> bool:
        """Whether no further batch should be noted; one that was begun is finished."""
        return self.used_bytes >= self._most_bytes

    def note(self, key: bytes, offset: int) -> None:
        """A record of this key stands at `offset`, above all noted before."""
        name = key if len(key) <= _LONGEST_KEPT else _digest(key)
        table = self._tables[hash(name) & _MASK]
        if name not in table:
            self.used_bytes += _ENTRY_BYTES + len(name)
        table[name] = offset

    def is_superseded(self, key: bytes, offset: int) -> bool:
        """Whether a newer record of this key has been noted."""
        name = key if len(key) <= _LONGEST_KEPT else _digest(key)
        return self._tables[hash(name) & _MASK].get(name, -1) > offset

    def let_go(self) -> Steps[None]:
        """Free the memory, table by table: all at once would stop the broker."""
        while self._tables:
            self._tables.pop()
            yield None


def _digest(key: bytes) -> str:
    """Text, so that it equals no key that is kept as it is."""
    return blake2b(key, digest_size=_DIGEST_BYTES).hexdigest()
