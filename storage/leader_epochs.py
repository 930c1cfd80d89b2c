"""Where each leader epoch of a partition begins: the cache behind OffsetForLeaderEpoch (KIP-101, KIP-320).

The file, `leader-epoch-checkpoint`, is derived from the batches' own epochs and may be rebuilt at any time.
"""

from bisect import bisect_right
from collections.abc import Callable

from .checkpoints import MalformedCheckpoint, decode_lines, encode_lines
from .files.files import Files
from .log_config import LONG_MAX

FILE_NAME = "leader-epoch-checkpoint"
UNDEFINED_EPOCH = -1
UNDEFINED_OFFSET = -1


class LeaderEpochs:
    """(epoch, first offset) in ascending order of both."""

    __slots__ = ("_epochs", "_starts", "is_held", "is_saved")

    def __init__(self) -> None:
        self._epochs: list[int] = []
        self._starts: list[int] = []
        self.is_saved = True
        self.is_held = False  # a job writes the file at present

    def __len__(self) -> int:
        return len(self._epochs)

    @property
    def latest(self) -> int:
        """The newest epoch, -1 for none."""
        return self._epochs[-1] if self._epochs else UNDEFINED_EPOCH

    @property
    def entries(self) -> list[tuple[int, int]]:
        """Every epoch with its first offset."""
        return list(zip(self._epochs, self._starts, strict=True))

    def assign(self, epoch: int, start_offset: int) -> None:
        """Note that `epoch` begins at an offset; an epoch known or older adds nothing."""
        if epoch <= self.latest or epoch < 0:
            return
        # An epoch that wrote nothing begins where the next one does: it has no offsets.
        while self._starts and self._starts[-1] >= start_offset:
            self._starts.pop()
            self._epochs.pop()
        self._epochs.append(epoch)
        self._starts.append(start_offset)
        self.is_saved = False

    def cut_end(self, end_offset: int) -> None:
        """Drop what begins at or beyond the new end of the log."""
        while self._starts and self._starts[-1] >= end_offset:
            self._starts.pop()
            self._epochs.pop()
            self.is_saved = False

    def cut_start(self, start_offset: int) -> None:
        """The log begins later now: so does the epoch that holds its first offset."""
        keep_from = bisect_right(self._starts, start_offset) - 1
        if keep_from > 0 or (keep_from == 0 and self._starts[0] < start_offset):
            del self._starts[:keep_from]
            del self._epochs[:keep_from]
            self._starts[0] = start_offset
            self.is_saved = False

    def end_offset_for(self, epoch: int, log_end_offset: int) -> tuple[int, int]:
        """(largest known epoch not above `epoch`, where it ended); (-1, -1) for an unknown epoch."""
        if epoch == UNDEFINED_EPOCH or not self._epochs or epoch > self.latest:
            return UNDEFINED_EPOCH, UNDEFINED_OFFSET
        if epoch == self.latest:
            return epoch, log_end_offset
        at = bisect_right(self._epochs, epoch)
        return (self._epochs[at - 1] if at else epoch), self._starts[at]

    def epoch_of(self, offset: int) -> int:
        """The epoch an offset was written under, -1 if it is not known."""
        at = bisect_right(self._starts, offset)
        return self._epochs[at - 1] if at else UNDEFINED_EPOCH

    def span_at(self, offset: int) -> tuple[int, int]:
        """The epoch an offset was written under, -1 below all that are known, and where the next epoch begins.

        The start of a log may stand inside a batch: its epoch is that of its last offset. The epochs of whole batches
        below it were dropped with them, though a segment may still hold them.
        """
        at = bisect_right(self._starts, offset)
        return self._epochs[at - 1] if at else UNDEFINED_EPOCH, self._starts[at] if at < len(self._starts) else LONG_MAX

    def starting_at(self, start_offset: int) -> "LeaderEpochs":
        """A copy for a log that begins later."""
        copy = LeaderEpochs()
        copy._epochs, copy._starts = list(self._epochs), list(self._starts)
        copy.cut_start(start_offset)
        return copy

    def save(self, files: Files, directory: str) -> None:
        """Write the file if anything changed; not synced, for the batches have the same.

        While a job of its own writes the file, nothing else does.
        """
        if not self.is_saved and not self.is_held:
            self.writer(files, directory, is_synced=False)()
            self.is_saved = True

    def writer(self, files: Files, directory: str, *, is_synced: bool = True) -> Callable[[], None]:
        """A call, good once and on any thread, that replaces the file by what the entries are now."""
        lines = (f"{epoch} {start}" for epoch, start in self.entries)
        return files.whole_writer(f"{directory}/{FILE_NAME}", encode_lines(lines), is_synced=is_synced)

    @classmethod
    def load(cls, files: Files, directory: str) -> "LeaderEpochs | None":
        """The file's entries; None when it is missing, damaged or does not ascend."""
        path = f"{directory}/{FILE_NAME}"
        epochs = cls()
        try:
            for epoch, start in decode_lines(files.read(path, 0, files.size(path)), path):
                if int(epoch) <= epochs.latest or (epochs._starts and int(start) <= epochs._starts[-1]):
                    return None
                epochs._epochs.append(int(epoch))
                epochs._starts.append(int(start))
        except (FileNotFoundError, MalformedCheckpoint, ValueError):
            return None
        return epochs
