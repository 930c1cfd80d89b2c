"""What a log answers: facts, for the broker to turn into responses and to count."""

from typing import NamedTuple

from .files.files import Buffer


class AppendInfo(NamedTuple):
    """What became of an append; `log_append_time_ms` is -1 where the producers' timestamps stand."""

    base_offset: int
    last_offset: int
    log_append_time_ms: int
    log_start_offset: int
    is_duplicate: bool
    size_bytes: int


class FetchedBatches(NamedTuple):
    """Whole batches as they are stored, beginning with the one that holds the offset asked for."""

    data: Buffer
    first_offset: int
    next_offset: int


class Range(NamedTuple):
    """Whole batches read from a segment, and where the next one stands."""

    data: Buffer
    first_offset: int
    next_offset: int
    next_position: int
