"""The interface that requests see of a log: what the local log has of it, and what it hides."""

from inspect import getmembers

from odradek.storage.log import PartitionLog
from odradek.storage.log_api import Log

from .builders import append, batch, open_log

OWN_WORK = ("begin_flush", "finish_flush", "roll", "truncate_to", "delete_old_segments", "begin_cleaning", "close")


def _members(kind: type) -> set[str]:
    return {name for name, _ in getmembers(kind) if not name.startswith("_")}


def test_the_local_log_is_a_log_as_requests_know_it() -> None:
    log: Log = open_log()  # the type checkers hold every member against the interface
    assert _members(Log) <= _members(PartitionLog)
    assert (log.log_start_offset, log.high_watermark, log.last_stable_offset) == (0, 0, 0)


def test_what_a_log_does_for_itself_is_no_request_s_business() -> None:
    assert not _members(Log) & set(OWN_WORK)


def test_a_producer_is_found_once_it_has_written() -> None:
    log = open_log()
    assert log.find_producer(7) is None
    append(log, batch(pid=7, sequence=0))
    found = log.find_producer(7)
    assert found is not None
    assert log.active_producers() == [(7, found)]
