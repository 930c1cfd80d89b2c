"""Hanging transactions (KIP-664): open in a partition and unknown to the coordinator, which would never end them.

A power loss may keep the records of a transaction and lose what the coordinator has logged of it. They are aborted when
the log that was recovered is opened, for read_committed consumers would wait for them for ever.
"""

from collections.abc import Callable
from functools import partial

from ....protocol.errors import KafkaError
from ...log_output import get_logger
from ...runtime import Runtime
from ...topics.partition import Partition
from .producer_identity import ProducerIdAndEpoch
from .transaction import TopicPartition

logger = get_logger("transactions")

RETRY_S = 1.0

HasOpen = Callable[[ProducerIdAndEpoch, TopicPartition], bool]


class HangingTransactions:
    """Aborts them; `has_open` reports those that the coordinator knows, if it `knows_all`."""

    def __init__(self, has_open: HasOpen, knows_all: Callable[[], bool], runtime: Runtime) -> None:
        self._has_open = has_open
        self._knows_all = knows_all
        self._clock = runtime.clock
        self._timers = runtime.timers
        self._pending: set[Partition] = set()

    def abort_soon(self, partition: Partition) -> None:
        """Look at a partition that has just been recovered, once the caller that opened it is done."""
        self._pending.add(partition)
        self._timers.call_at(self._clock.now(), partial(self.abort, partition))

    def is_pending(self, partition: Partition) -> bool:
        """Whether a partition was recovered, and not looked at yet."""
        return partition in self._pending

    def abort(self, partition: Partition) -> None:
        """Abort what hangs in a recovered partition; tried again if the disk refuses."""
        self._pending.discard(partition)
        opened = partition.opened_log
        if opened is None or opened.recovery_report.is_clean or not self._knows_all():
            return  # a coordinator's log that cannot be read may hold the commit
        for producer_id, entry in opened.active_producers():
            producer = ProducerIdAndEpoch(producer_id, entry.producer_epoch)
            if entry.current_txn_first_offset < 0 or self._has_open(producer, (partition.topic, partition.index)):
                continue
            logger.warning("a hanging transaction is aborted", partition=partition.name, producer_id=producer_id)
            coordinator_epoch = max(entry.coordinator_epoch, 0)
            try:
                partition.append_marker(*producer, coordinator_epoch, is_commit=False, now_ms=self._clock.now_ms())
            except (OSError, KafkaError) as error:
                logger.error("it could not be aborted yet", partition=partition.name, error=str(error))
                self._timers.call_at(self._clock.now() + RETRY_S, partial(self.abort, partition))
                return
