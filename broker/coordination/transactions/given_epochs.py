"""The epochs that were given out and that the log may not know any more: it can be exchanged for one of before.

A producer id that went on to a later epoch under the log that is gone must not come to that epoch again: two producers
would be one, and neither fenced.
"""

from .transaction import Transaction


class GivenEpochs:
    """The highest epoch of each producer id, whatever log is read meanwhile; nothing until a log may come back."""

    def __init__(self) -> None:
        self._highest: dict[int, int] | None = None

    def begin(self) -> None:
        """The log as it is now may come back: remember what is given from here on."""
        if self._highest is None:
            self._highest = {}

    def note(self, held: Transaction) -> None:
        """A transactional id has this producer id and epoch now."""
        if self._highest is not None and held.producer_epoch > self._highest.get(held.producer_id, -1):
            self._highest[held.producer_id] = held.producer_epoch

    def is_exhausted(self, held: Transaction) -> bool:
        """Whether the next epoch is none that the producer id can have: there are no more, or it was given before."""
        if held.is_epoch_exhausted:
            return True
        return self._highest is not None and self._highest.get(held.producer_id, -1) > held.producer_epoch
