"""BatchIntegrity: what the batches of a log are held against beyond their own checksums, and where damage is reported.

A batch's CRC begins after its base offset, its length and its leader epoch: the broker stamps those. A wrong length
shows in the checksum; a wrong offset or epoch only in the neighbours. So where a log was never compacted each batch
must begin where the one before it ended, and every batch must carry the epoch that the epoch cache has for its offset.
After compaction there are gaps, and a wrong offset that still ascends cannot be told from a right one.
"""

from collections.abc import Callable

from .leader_epochs import LeaderEpochs
from .log_config import LONG_MAX

UNKNOWN_EPOCH = -1
_REPORTS_KEPT = 1000

# Called with the words for what was found damaged, and for what was done about it.
OnDamage = Callable[[str], None]


def ignore_damage(what: str) -> None:
    """For logs whose damage is reported to nothing."""


class BatchIntegrity:
    """Shared by a log and its segments. Damage is reported once, however often it is met."""

    __slots__ = ("_on_damage", "_reported", "epochs", "highest_epoch", "may_skip")

    def __init__(
        self, *, may_skip: bool = True, highest_epoch: int = LONG_MAX, on_damage: OnDamage = ignore_damage
    ) -> None:
        self.epochs = LeaderEpochs()
        self.highest_epoch = highest_epoch
        self.may_skip = may_skip
        self._on_damage = on_damage
        self._reported: set[str] = set()

    def span_of_epoch(self, offset: int) -> tuple[int, int]:
        """The epoch that a batch with this last offset has, -1 for any, and the first offset that may have another."""
        return self.epochs.span_at(offset)

    def report(self, what: str) -> None:
        """Report damage that was found, and what was done about it."""
        if what not in self._reported and len(self._reported) < _REPORTS_KEPT:
            self._reported.add(what)
            self._on_damage(what)
