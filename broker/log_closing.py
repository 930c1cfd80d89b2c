"""Closing many logs at once: one after the other their fsyncs would outlast a service's patience.

And a copy of their directory as if they had been closed, while they go on.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor, wait

from ..storage.directory import DataDirectory
from ..storage.files.files import Files
from ..storage.log import FlushJob, PartitionLog
from .log_output import get_logger

logger = get_logger("log manager")

FSYNCS_AT_ONCE = 16
LOGS_AT_ONCE = 64
CLOSE_TRIES = 3  # where there are no descriptors left: a stop makes room, and whatever else holds them may let go
MANY_LOGS = 500  # where it pays to have the system write all it has, whosever it is


def close_logs(logs: Sequence[PartitionLog], files: Files) -> bool:
    """Close every log; whether all of them are durable."""
    changed, is_durable = _prepare(logs)
    if len(changed) > MANY_LOGS:
        files.write_out()
    with ThreadPoolExecutor(FSYNCS_AT_ONCE, thread_name_prefix="odradek-close") as threads:
        for _ in range(CLOSE_TRIES):
            changed, is_durable = _close_all(changed, threads, is_durable)
            if not changed:
                return is_durable
            files.make_room()
    for opened in changed:
        _report_unclosed(opened, OSError("not all of its files could be opened for their fsync"))
    return False


def prepare_copy(
    logs: Sequence[PartitionLog], directory: DataDirectory, broker_epoch: int, *, is_clean: bool
) -> Callable[[Files], None]:
    """Have the files say what a clean stop would have them say; then copy them, and give the copy to the call.

    It leaves the checkpoints and the mark there that a clean stop leaves. OSError where a log cannot be prepared.
    """
    for opened in logs:
        opened.prepare_close()
    ends = {(log.topic, log.partition): log.log_end_offset for log in logs}
    starts = {(log.topic, log.partition): log.log_start_offset for log in logs if log.log_start_offset > 0}
    seen = {(log.topic, log.partition): log.high_watermark for log in logs}
    return lambda copy: directory.complete_copy(copy, ends, starts, seen, is_clean=is_clean, broker_epoch=broker_epoch)


def _prepare(logs: Sequence[PartitionLog]) -> tuple[list[PartitionLog], bool]:
    """Those that have changed, and whether all of them are ready for their fsync."""
    changed: list[PartitionLog] = []
    is_ready = True
    for opened in logs:
        try:
            if opened.prepare_close():
                changed.append(opened)
        except OSError as error:
            is_ready = False
            _report_unclosed(opened, error)
    return changed, is_ready


def _close_all(logs: Sequence[PartitionLog], threads: Executor, is_durable: bool) -> tuple[list[PartitionLog], bool]:
    """Close logs, a few at once: those that are to be closed once more, and whether the others are durable too."""
    again: list[PartitionLog] = []
    for start in range(0, len(logs), LOGS_AT_ONCE):
        syncing: list[tuple[PartitionLog, FlushJob, Future[None]]] = []
        for opened in logs[start : start + LOGS_AT_ONCE]:
            try:
                job = opened.begin_flush()
            except OSError as error:
                is_durable = False
                _report_unclosed(opened, error)
            else:
                syncing.append((opened, job, threads.submit(job.run)))
        for opened, job, synced in syncing:
            wait([synced])
            try:
                if not opened.finish_close(job):
                    again.append(opened)
            except OSError as error:
                is_durable = False
                _report_unclosed(opened, error)
    return again, is_durable


def _report_unclosed(opened: PartitionLog, error: OSError) -> None:
    logger.error("a log could not be closed", partition=f"{opened.topic}-{opened.partition}", error=str(error))
