"""The clock of the cluster against the one here."""

from .facts import Cluster
from .findings import Finding, Step, cannot_tell, ok, wrong

MOST_SKEW_MS = 5_000  # what no clock that is kept right is off by; retention and timestamps begin to notice


def check_clock(seen: Cluster) -> Step:
    """The leader of the metadata quorum stands for the cluster: Kafka's protocol has no other clock to read."""
    if seen.clock is None:
        return cannot_tell("clock", seen.clock_fault)
    whose, least_ms, most_ms = seen.clock.whose, seen.clock.least_ms, seen.clock.most_ms
    if least_ms <= MOST_SKEW_MS and most_ms >= -MOST_SKEW_MS:
        return ok("clock", f"that of {whose} and this one differ by no more than {_span(max(-least_ms, most_ms, 0))}")
    is_ahead = least_ms > 0
    distance = _span(least_ms if is_ahead else -most_ms)
    text = f"that of {whose} is {distance} {'ahead of' if is_ahead else 'behind'} this one"
    return wrong(
        "clock",
        text,
        Finding(
            "clock",
            f"The clocks differ: {text}. Records get wrong times: they expire too soon or too late, and of a clock an "
            "hour ahead of the broker's they are refused (log.message.timestamp.after.max.ms: INVALID_TIMESTAMP).",
            ("Have NTP keep both clocks; a virtual machine that has slept (Docker Desktop) is restarted.",),
        ),
    )


def _span(ms: int) -> str:
    if ms < 1000:
        return f"{ms} ms"
    return f"{ms / 1000:.1f} s" if ms < 120_000 else f"{ms // 60_000} min"
