"""Durability: when what was appended to several partitions may be acknowledged, or built on.

That is once it is on the disk as the settings ask for, and of several brokers once the followers have it, too.
"""

from collections.abc import Sequence

from ...protocol.errors import ErrorCode, KafkaError
from ..countdown import Countdown
from ..topics.log_flusher import LogFlusher
from ..topics.partition import Partition
from .replication_wait import ReplicationWait
from .state_machine import Then


class Durability:
    """`replication_wait` is for brokers that are not alone."""

    def __init__(self, flusher: LogFlusher, replication_wait: ReplicationWait | None = None) -> None:
        self._flusher = flusher
        self._replication_wait = replication_wait

    def when_durable(self, partitions: Sequence[Partition], then: Then) -> None:
        """Call `then` once all that was appended to them is durable, at once if it is, or the last error.

        KAFKA_STORAGE_ERROR, REQUEST_TIMED_OUT, NOT_LEADER_OR_FOLLOWER.
        """
        replicated = [one for one in partitions if one.leadership is not None]
        if not replicated:
            self._flusher.when_durable(partitions, lambda error: then(storage_error(error)))
            return
        failure: KafkaError | None = None
        countdown = Countdown(len(replicated) + 1, lambda: then(failure))

        def done(error: KafkaError | None) -> None:
            nonlocal failure
            failure = error or failure
            countdown.count_down()

        self._flusher.when_durable(partitions, lambda error: done(storage_error(error)))
        for partition in replicated:
            self._wait_for_followers(partition, done)

    def _wait_for_followers(self, partition: Partition, then: Then) -> None:
        leadership, log = partition.leadership, partition.opened_log
        if leadership is None or log is None or self._replication_wait is None:
            then(KafkaError(ErrorCode.NOT_LEADER_OR_FOLLOWER))
        else:
            self._replication_wait.wait(leadership, log.log_end_offset, then)


def storage_error(error: Exception | None) -> KafkaError | None:
    """What an fsync that has failed is answered with."""
    return None if error is None else KafkaError(ErrorCode.KAFKA_STORAGE_ERROR, str(error))
