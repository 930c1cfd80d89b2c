"""Where a share partition begins of which nothing is stored: share.auto.offset.reset (KIP-932, KIP-1106)."""

import re

from ...protocol.errors import ErrorCode, KafkaError
from ...storage.log_api import Log
from ..slices import Steps

EARLIEST, LATEST, BY_DURATION = "earliest", "latest", "by_duration:"

# As java.time.Duration reads it.
_DURATION = re.compile(
    r"(?P<sign>[+-]?)P(?:(?P<days>[+-]?\d+)D)?"
    r"(?P<time>T(?:(?P<hours>[+-]?\d+)H)?(?:(?P<minutes>[+-]?\d+)M)?(?:(?P<seconds>[+-]?\d+(?:[.,]\d{0,9})?)S)?)?",
    re.IGNORECASE,
)
_MS = {"days": 86_400_000, "hours": 3_600_000, "minutes": 60_000}


def duration_ms(text: str) -> int:
    """A duration such as PT1H30M or P7D, in milliseconds; ValueError."""
    match = _DURATION.fullmatch(text)
    if match is None or match["time"] in ("T", "t") or not any(match[part] for part in (*_MS, "seconds")):
        raise ValueError(f"{text!r} is not a duration")
    total = sum(int(match[part] or 0) * scale for part, scale in _MS.items())
    total += int(float((match["seconds"] or "0").replace(",", ".")) * 1000)
    return -total if match["sign"] == "-" else total


def begin_at(log: Log, strategy: str, name: str, now_ms: int) -> Steps[int]:
    """The offset at which to begin. OFFSET_NOT_AVAILABLE where nothing is that young."""
    if strategy == LATEST:
        return log.high_watermark
    if strategy == EARLIEST:
        return log.log_start_offset
    timestamp = now_ms - duration_ms(strategy.removeprefix(BY_DURATION))
    found = yield from log.offset_for_timestamp(timestamp, log.high_watermark)
    if found is None:
        why = f"Offset for timestamp {timestamp} not found for topic partition: {name}"
        raise KafkaError(ErrorCode.OFFSET_NOT_AVAILABLE, why)
    return found.offset
