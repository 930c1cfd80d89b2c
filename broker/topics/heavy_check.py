"""HeavyCheck: a batch whose check would keep the loop for too long, checked on a thread before it is appended."""

from collections.abc import Callable
from dataclasses import dataclass

from ...protocol.batch import RecordBatch
from ...storage.effort import Effort
from ...storage.validation import BatchCheck
from ..runtime import let_others_run


class Unwanted(Exception):
    """The client has gone in the middle of a check."""


@dataclass(slots=True)
class HeavyCheck:
    """`outcome` is what is to be appended in place of the batch, or why it cannot be; None before the check."""

    batch: RecordBatch
    check: BatchCheck
    outcome: RecordBatch | Exception | None = None

    @property
    def checked(self) -> RecordBatch | None:
        """What is to be appended in place of the batch, where it was found good."""
        return self.outcome if isinstance(self.outcome, RecordBatch) else None

    def run(self, is_wanted: Callable[[], bool]) -> None:
        """On a thread: the batch is checked, and whoever waits for this thread to pause is let in."""

        def pause() -> None:
            let_others_run()
            if not is_wanted():
                raise Unwanted

        try:
            self.outcome = self.check.check(self.batch, Effort(pause))
        except Exception as error:
            self.outcome = error
