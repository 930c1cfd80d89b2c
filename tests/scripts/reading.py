"""What every process that reads partitions does: it processes records under load, commits, and gives partitions up."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from odradek.protocol.errors import ErrorCode

from .groups_seen import partitions_text
from .world import Owned, World

SOON = 0.1  # until the next request, where a client has something to say


@dataclass(frozen=True)
class Wish:
    """What a process was started with; times in seconds."""

    topics: tuple[str, ...] = ()
    pattern: str | None = None
    static: str | None = None
    assignor: str | None = None
    session: float = 45
    rebalance: float = 60
    group: str = "g"
    process: str | None = None  # of a streams application: where its threads run
    store: str | None = None  # of a streams application: the changelog of its store
    takes: int = 4  # of a share group: records of each partition at a time
    answer: str = "accept"  # of a share group: what it says of them


class ReadingProcess:
    """A process with partitions: those of its kind say when they are given and taken."""

    def __init__(self, world: World, name: str, wish: Wish) -> None:
        self.world = world
        self.name = name
        self.group_id = wish.group
        self.wish = wish
        self.member_id = ""
        self.epoch = 0
        self.owned: dict[str, list[int]] = {}
        self.next_at = world.clock.seconds
        self.is_running = True
        self._positions: dict[tuple[str, int], int] = {}
        self._uncommitted: set[tuple[str, int]] = set()

    def report(self, what: str) -> None:
        """Something has changed for this process."""
        self.world.report(self.name, what)

    def stop(self, error: ErrorCode) -> None:
        """An error after which a client gives up."""
        self.report(f"is refused: {error.name}, and ends")
        self.owned, self.is_running = {}, False

    def begin_anew(self, error: ErrorCode) -> None:
        """An error after which a client gives up everything, and joins again."""
        self.report(f"is refused: {error.name}, gives up {partitions_text(self.owned)}, joins again")
        self.owned, self.epoch = {}, 0
        self._positions.clear()
        self._uncommitted.clear()
        self.next_at = self.world.clock.seconds + SOON

    def take(self, given: Owned, word: str) -> None:
        """It has these partitions now, and what it has lost is committed before."""
        lost = self.change(given)
        gives_up = f", gives up {partitions_text(lost)}" if lost else ""
        self.report(f"{word} {self.epoch}, has {partitions_text(self.owned)}{gives_up}")

    def change(self, given: Owned) -> Mapping[str, list[int]]:
        """The same without a word; what it has lost."""
        lost = without(self.owned, given)
        self.commit(lost)
        gained = without(given, self.owned)
        for topic, index in pairs(lost):
            self._positions.pop((topic, index), None)
            self._uncommitted.discard((topic, index))
        for topic, index in pairs(gained):
            self._positions[topic, index] = self.world.position(self, topic, index)
        self.owned = {topic: sorted(indexes) for topic, indexes in given.items() if indexes}
        return lost

    def die(self) -> None:
        """It ends without a word: nobody hears of that."""

    def work(self) -> None:
        """Commit what was processed, and process one more record of each partition."""
        self.commit(self.owned)
        for topic, index in pairs(self.owned):
            if topic in self.world.loaded and index < self.world.topics.partitions_of(topic):
                offset = self._positions[topic, index]
                self.world.note_processed(self, topic, index, offset)
                self._positions[topic, index] = offset + 1
                self._uncommitted.add((topic, index))

    def commit(self, partitions: Owned) -> None:
        """Commit what was processed of these partitions."""
        refused: dict[ErrorCode, dict[str, list[int]]] = {}
        for topic, index in pairs(partitions):
            if (topic, index) in self._uncommitted:
                self._uncommitted.discard((topic, index))
                error = self.world.commit(self, topic, index, self._positions[topic, index])
                if error is not ErrorCode.NONE:
                    refused.setdefault(error, {}).setdefault(topic, []).append(index)
        for error, which in refused.items():
            self.report(f"may not commit {partitions_text(which)}: {error.name}")


def pairs(owned: Owned) -> Iterable[tuple[str, int]]:
    """Each partition."""
    return [(topic, index) for topic, indexes in sorted(owned.items()) for index in indexes]


def without(some: Owned, others: Owned) -> Mapping[str, list[int]]:
    """The partitions among these that are not among the others."""
    left = {topic: [i for i in indexes if i not in others.get(topic, ())] for topic, indexes in some.items()}
    return {topic: indexes for topic, indexes in left.items() if indexes}
