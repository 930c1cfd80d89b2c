"""The logs of this broker's partitions, in its data directory."""

from ..storage.files import Files
from ..storage.log import PartitionLog
from ..storage.log_config import LogConfig
from .clock import Clock


class LogStore:
    """Opens and deletes the logs of partitions; a log is opened when its partition is first used."""

    def __init__(self, files: Files, root: str, clock: Clock) -> None:
        self._files = files
        self._root = root
        self._clock = clock

    def open_log(self, topic: str, index: int, topic_id: bytes, config: LogConfig) -> PartitionLog:
        """Open or create the log of a partition, recovering it after a crash."""
        return PartitionLog.open(
            self._files, f"{self._root}/{topic}-{index}", topic, index, config, self._clock.now_ms(), is_clean=False
        )

    def delete_log(self, topic: str, index: int, opened: PartitionLog | None) -> None:
        """Take a partition's log out of sight and remove it."""
        if opened is not None:
            opened.delete()
