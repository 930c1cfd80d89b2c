"""Producer ids: handed out from blocks of 1000, each block recorded before its first id is used.

An id is never handed out twice, across restarts too: what is left of a block when the broker stops is skipped,
as Kafka skips it. Otherwise a new producer would find another one's sequences and have its records swallowed.
"""

from ...protocol.errors import ErrorCode, KafkaError
from .log import MetadataLog

BLOCK_SIZE = 1000


class ProducerIds:
    """The allocator, over the cluster's record of which blocks were taken."""

    def __init__(self, cluster: MetadataLog) -> None:
        self._cluster = cluster
        self._next: int = 0
        self._end: int = 0

    def next_id(self, now_ms: int) -> int:
        """A producer id that was never returned before; COORDINATOR_LOAD_IN_PROGRESS when none can be recorded."""
        if self._next == self._end:
            start = self._cluster.image.next_producer_id
            try:
                self._cluster.take_producer_ids(start + BLOCK_SIZE, now_ms)
            except KafkaError as error:
                # Kafka's word for "no block yet": every client asks again.
                raise KafkaError(ErrorCode.COORDINATOR_LOAD_IN_PROGRESS, error.why) from error
            self._next, self._end = start, start + BLOCK_SIZE
        self._next += 1
        return self._next - 1
