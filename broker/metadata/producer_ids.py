"""Producer ids: handed out from blocks of 1000, each block recorded before its first id is used.

An id is never handed out twice, across restarts too: what is left of a block when the broker stops is skipped,
as Kafka skips it. Otherwise a new producer would find another one's sequences and have its records swallowed.
"""

from collections.abc import Callable

from ...protocol.errors import ErrorCode, KafkaError
from .metadata import Metadata

BLOCK_SIZE = 1000

Then = Callable[[KafkaError | None], None]


class ProducerIds:
    """The allocator, over the metadata log's record of which blocks were taken."""

    def __init__(self, metadata: Metadata) -> None:
        self._metadata = metadata
        self._next: int = 0
        self._end: int = 0
        self._waiting: list[Then] = []

    def when_available(self, then: Then) -> None:
        """Call `then` once an id can be handed out: at once, or when a block is on record.

        COORDINATOR_LOAD_IN_PROGRESS when none can be recorded: Kafka's word for "no block yet", upon which every
        client asks again.
        """
        if self._next < self._end and not self._waiting:
            then(None)
            return
        self._waiting.append(then)
        if len(self._waiting) == 1:
            self._metadata.take_producer_ids(BLOCK_SIZE, self._taken)

    def next_id(self) -> int:
        """A producer id that was never returned before; COORDINATOR_LOAD_IN_PROGRESS when there is none at hand."""
        if self._next == self._end:
            raise KafkaError(ErrorCode.COORDINATOR_LOAD_IN_PROGRESS)
        self._next += 1
        return self._next - 1

    def skip(self, end: int, then: Then) -> None:
        """Never hand out an id below `end`, which others may have: `then` hears when that is on record."""
        self._next = min(max(self._next, end), self._end)
        missing = end - self._metadata.image.next_producer_id
        if missing > 0:
            self._metadata.take_producer_ids(missing, lambda first, error: then(error))
        else:
            then(None)

    def _taken(self, first: int, error: KafkaError | None) -> None:
        refusal: KafkaError | None = None
        if error is None:
            self._next, self._end = first, first + BLOCK_SIZE
        else:
            refusal = KafkaError(ErrorCode.COORDINATOR_LOAD_IN_PROGRESS, error.why)
        waiting, self._waiting = self._waiting, []
        for at, then in enumerate(waiting):
            if refusal is None and self._next == self._end:
                # More have waited than a block has: the rest needs the next one.
                for other in waiting[at:]:
                    self.when_available(other)
                return
            then(refusal)
