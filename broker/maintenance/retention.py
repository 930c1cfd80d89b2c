"""Retention of one log: what its settings do not keep goes, after what must be durable before."""

from collections.abc import Sequence

from ...storage.log import PartitionLog
from ...storage.retention import Expired
from ..log_manager import LogManager
from ..log_output import get_logger
from ..runtime import Then
from ..topics.partition import Partition

logger = get_logger("retention")


def delete_old_segments(
    partition: Partition, opened: PartitionLog, log_manager: LogManager, now_ms: int, then: Then
) -> None:
    """Let old segments go by time, size and log start; OSError where that cannot be begun."""
    deletion = opened.begin_delete_old_segments(now_ms)
    if not deletion.expired:
        then(None)
        return

    def durable(error: Exception | None) -> None:
        gone: Sequence[Expired] = ()
        try:
            if error is None and partition.opened_log is opened:
                gone = opened.finish_delete_old_segments(deletion)
        except OSError as failure:
            error = failure
        if gone:
            logger.info("segments deleted", partition=partition.name, count=len(gone))
            partition.notify_changed()
        if error is not None:
            logger.error("old segments cannot be deleted yet", partition=partition.name, error=str(error))
        then(error)

    log_manager.run_job(deletion, durable)
