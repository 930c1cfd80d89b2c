"""Rate: how much a second, over a window that slides in samples, and how long to wait until a bound holds again.

The arithmetic is Kafka's (SampledStat, Rate and QuotaUtils): the last sample is always taken for incomplete, and a
young rate is divided by all windows but one, so that a client may use at once what the whole window allows. A
SimpleRate does not allow that. Pure: time is an argument, in milliseconds.
"""

import math
from dataclasses import dataclass

LONGEST_MS = 0x7FFFFFFF  # what fits the answer; Kafka's number overflows there


@dataclass(frozen=True, slots=True)
class QuotaWindow:
    """`samples` windows of `window_ms` each."""

    samples: int
    window_ms: int

    @property
    def expired_ms(self) -> int:
        """How long a sample counts after what was recorded in it last."""
        return self.samples * self.window_ms


class _Sample:
    __slots__ = ("began_ms", "last_ms", "value")

    def __init__(self, now_ms: int) -> None:
        self.reset(now_ms)

    def reset(self, now_ms: int) -> None:
        self.value = 0.0
        self.began_ms = self.last_ms = now_ms


class Rate:
    """What was recorded lately, in at most one sample more than the window has: the oldest may overlap its edge."""

    __slots__ = ("_current", "_samples", "_window")

    def __init__(self, window: QuotaWindow) -> None:
        self._window = window
        self._samples: list[_Sample] = []
        self._current = 0

    def record(self, value: float, now_ms: int) -> None:
        """Count `value`; a negative one takes back."""
        if not self._samples:
            self._samples.append(_Sample(now_ms))
        sample = self._samples[self._current]
        if now_ms - sample.began_ms >= self._window.window_ms:
            sample = self._advance(now_ms)
        sample.value += value
        sample.last_ms = now_ms

    def _advance(self, now_ms: int) -> _Sample:
        self._current = (self._current + 1) % (self._window.samples + 1)
        if self._current == len(self._samples):
            self._samples.append(_Sample(now_ms))
        else:
            self._samples[self._current].reset(now_ms)
        return self._samples[self._current]

    def per_second(self, now_ms: int) -> float:
        """The rate."""
        window_ms = self.window_ms(now_ms)
        return sum(sample.value for sample in self._samples) / (window_ms / 1000)

    def window_ms(self, now_ms: int) -> int:
        """The time that the rate is over."""
        elapsed_ms = self._elapsed_ms(now_ms)
        missing = self._window.samples - 1 - elapsed_ms // self._window.window_ms
        if missing > 0:
            elapsed_ms += missing * self._window.window_ms
        return max(elapsed_ms, 1)

    def _elapsed_ms(self, now_ms: int) -> int:
        """Since the oldest sample began that still counts."""
        if not self._samples:
            self._samples.append(_Sample(now_ms))
        oldest_ms = now_ms
        for sample in self._samples:
            if now_ms - sample.last_ms >= self._window.expired_ms:
                sample.reset(now_ms)
            oldest_ms = min(oldest_ms, sample.began_ms)
        return now_ms - oldest_ms

    def throttle_ms(self, bound: float, now_ms: int) -> int:
        """How long to wait until the rate is `bound`, if nothing else comes; 0 where it is not above it."""
        rate = self.per_second(now_ms)
        if rate <= bound:
            return 0
        return rounded_ms((rate - bound) / bound * self.window_ms(now_ms)) if bound else LONGEST_MS


class SimpleRate(Rate):
    """A rate over the time that it was really recorded in, but one window at the least (Kafka's SimpleRate).

    What comes at the beginning is so held against the bound of one second, not of all windows together.
    """

    __slots__ = ()

    def window_ms(self, now_ms: int) -> int:
        return max(self._elapsed_ms(now_ms), self._window.window_ms)

    def allowed_ms(self, bound: float, now_ms: int) -> int:
        """When the rate is not above `bound`, if nothing else comes: `now_ms` where it is not now.

        The rate falls while the time grows that it is over, and jumps, up or down, when a sample expires.
        """
        if self.per_second(now_ms) <= bound:
            return now_ms
        at_ms = now_ms + 1
        by_age = sorted(self._samples, key=lambda sample: sample.last_ms)
        for n, oldest in enumerate(by_age):
            expires_ms = oldest.last_ms + self._window.expired_ms
            if expires_ms <= at_ms:
                continue
            value, began_ms = sum(one.value for one in by_age[n:]), min(one.began_ms for one in by_age[n:])
            if value <= bound * self._window.window_ms / 1000:
                return at_ms
            if value < bound * (expires_ms - began_ms) / 1000:
                return max(at_ms, began_ms + math.ceil(value / bound * 1000))
            at_ms = expires_ms
        return at_ms


def rounded_ms(value: float) -> int:
    """Whole milliseconds, as Java rounds them; none where it is no number."""
    if math.isnan(value):
        return 0
    return min(math.floor(value + 0.5), LONGEST_MS) if value < LONGEST_MS else LONGEST_MS
