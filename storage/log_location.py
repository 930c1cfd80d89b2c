"""What is known of a log before it is opened: where it is, and what its data directory has on record of it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from .files.files import Files


class LogLocation(NamedTuple):
    """A partition's directory, and whose it is."""

    files: Files
    path: str
    topic: str
    partition: int

    @property
    def name(self) -> str:
        """As the directory is called: topic-partition."""
        return f"{self.topic}-{self.partition}"


class Lower(Protocol):
    """Has it written down that nothing of a log is on record beyond where it will end."""

    def __call__(self, end_offset: int, then: Callable[[], None] | None = None) -> None:
        """Before the log is truncated; `then` is called once it is so, perhaps at once."""
        ...


def ignore_truncation(end_offset: int, then: Callable[[], None] | None = None) -> None:
    """For logs of which nothing is on record."""
    if then is not None:
        then()


@dataclass(frozen=True, slots=True)
class LogCheckpoints:
    """How a log was left: by default, nothing of it is known to have reached the disk."""

    is_clean: bool = False  # stopped cleanly, so that nothing needs to be recovered
    recovery_point: int = 0
    known_end: int = 0  # what the log has had on the disk for certain
    log_start_offset: int = 0
    leader_epoch: int = 0  # the newest that was given out, -1 if only the log itself has it
    # Compaction has been up to here at least, so offsets may be missing, even if the topic is not compacted any more.
    cleaned_below: int = 0
    # Of a log that may follow another: the epochs are its leader's (`leader_epoch` is only the newest that may occur),
    # and what the leader had compacted came with its gaps.
    is_replica: bool = False
    lower: Lower = ignore_truncation  # called before the log is truncated

    @property
    def begun_epoch(self) -> int:
        """The epoch of what is appended next, -1 where only a leader has one."""
        return -1 if self.is_replica else self.leader_epoch
