"""What the group coordinator needs of `__consumer_offsets`.

The one rule: a batch is written whole or not at all, and its place in the log is known at once; whether it is on the
disk may become known later.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

from ....protocol.errors import KafkaError
from ..result import Record

Durable = Callable[[KafkaError | None], None]


class GroupLog(Protocol):
    """The partitions of `__consumer_offsets`; a PartitionWriter is one."""

    def append(
        self, partition: int, records: Sequence[Record], now_ms: int, producer_id: int, producer_epoch: int
    ) -> int:
        """Append one batch, transactional unless `producer_id` is -1: the offset of its first record, or KafkaError."""
        ...

    def when_durable(self, partition: int, then: Durable) -> None:
        """Call `then` once what was appended may be acknowledged: at once, or after an fsync."""
        ...

    def is_offline(self, partition: int) -> bool:
        """Whether its disk failed: what it kept cannot be acknowledged any more."""
        ...
