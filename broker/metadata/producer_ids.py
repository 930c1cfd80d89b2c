"""Producer ids: handed out from blocks of 1000, each block recorded before its first id is used.

An id is never handed out twice, across restarts too: what is left of a block when the broker stops is skipped,
as Kafka skips it. Otherwise a new producer would find another one's sequences and have its records swallowed.
"""

from collections.abc import Callable

from ...protocol.errors import ErrorCode, KafkaError
from ..runtime import Clock
from .log import MetadataLog

BLOCK_SIZE = 1000

Available = Callable[[KafkaError | None], None]


class ProducerIds:
    """The allocator, over the cluster's record of which blocks were taken."""

    def __init__(self, cluster: MetadataLog, clock: Clock) -> None:
        self._cluster = cluster
        self._clock = clock
        self._next: int = 0
        self._end: int = 0

    def when_available(self, then: Available) -> None:
        """Call `then` once an id can be handed out, at once if there is one.

        With COORDINATOR_LOAD_IN_PROGRESS, Kafka's word for "no block yet", when none can be recorded: clients retry.
        """
        failure: KafkaError | None = None
        if self._next == self._end:
            try:
                self._take_block()
            except KafkaError as error:
                failure = KafkaError(ErrorCode.COORDINATOR_LOAD_IN_PROGRESS, error.why)
        then(failure)

    def next_id(self) -> int:
        """An id that was never returned before; COORDINATOR_LOAD_IN_PROGRESS if no block is at hand."""
        if self._next == self._end:
            raise KafkaError(ErrorCode.COORDINATOR_LOAD_IN_PROGRESS)
        self._next += 1
        return self._next - 1

    def _take_block(self) -> None:
        start = self._cluster.image.next_producer_id
        self._cluster.take_producer_ids(start + BLOCK_SIZE, self._clock.now_ms())
        self._next, self._end = start, start + BLOCK_SIZE
