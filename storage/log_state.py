"""LogState: what a log consists of, and where it begins and ends.

One small object that all parts of a log share: `PartitionLog` and `LogCleanup` change it, `LogReader` looks at it.
"""

from .high_watermark import HighWatermark
from .integrity import BatchIntegrity
from .leader_epochs import LeaderEpochs
from .log_config import LogConfig
from .log_location import LogLocation
from .producer_snapshots import Snapshots
from .producer_state import ProducerTable
from .recovery import LoadedLog
from .segments import Segments


class LogState:
    """The log of one partition as it is now. Without replicas the high watermark is the end of the log."""

    __slots__ = (
        "config",
        "epochs",
        "integrity",
        "is_changed",
        "is_closed",
        "is_prepared",
        "last_append_ms",
        "log_end_offset",
        "log_start_offset",
        "path",
        "producers",
        "replicated",
        "segments",
        "snapshots",
    )

    def __init__(self, location: LogLocation, config: LogConfig, loaded: LoadedLog, now_ms: int) -> None:
        self.path = location.path
        self.config = config
        self.segments = Segments(location.files, loaded.segments)
        self.producers: ProducerTable = loaded.producers
        self.snapshots: Snapshots = loaded.snapshots
        self.integrity: BatchIntegrity = loaded.integrity
        self.epochs: LeaderEpochs = loaded.integrity.epochs
        self.log_start_offset = loaded.log_start_offset
        self.log_end_offset = loaded.log_end_offset
        self.last_append_ms = now_ms
        # Whether there is anything that a clean stop would have to write.
        self.is_changed = not loaded.report.is_clean and loaded.log_end_offset > 0
        self.is_closed = False
        self.is_prepared = False  # to be closed, but for the fsync
        self.replicated: HighWatermark | None = None  # only where other replicas decide what consumers may see

    @property
    def high_watermark(self) -> int:
        """The first offset that consumers may not see yet."""
        return self.log_end_offset if self.replicated is None else self.replicated.offset

    @property
    def last_stable_offset(self) -> int:
        """Where the earliest undecided transaction begins, or the high watermark; never below the log's start."""
        first_open = self.producers.first_open_offset
        if self.replicated is not None:
            return max(self.replicated.stable_offset(first_open), self.log_start_offset)
        return self.log_end_offset if first_open is None else max(first_open, self.log_start_offset)

    def check_open(self) -> None:
        """OSError once the log is closed: its files may be somebody else's by now."""
        if self.is_closed:
            raise OSError(self.closed)

    @property
    def closed(self) -> str:
        """What a use of the closed log is refused with."""
        return f"the log in {self.path} is closed"

    def begin_epoch(self, leader_epoch: int) -> None:
        """What is appended from now on is of a newer epoch."""
        self.integrity.highest_epoch = max(self.integrity.highest_epoch, leader_epoch)
        self.epochs.assign(leader_epoch, self.log_end_offset)

    def start_at(self, offset: int) -> None:
        """The log begins later now."""
        self.log_start_offset = offset
        self.epochs.cut_start(offset)
        if self.replicated is not None:
            self.replicated.raise_to(offset)
        self.is_changed = True
