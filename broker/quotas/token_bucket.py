"""TokenBucket: what changes of topics are paid from (KIP-599). It refills with the quota, up to what a window allows.

Kafka's arithmetic: a change is allowed while the bucket is not below zero, however much it costs then; who is below
waits until it is not. Pure: time is an argument, in milliseconds.
"""

from .rate import QuotaWindow, rounded_ms


class TokenBucket:
    """Full when it is made."""

    __slots__ = ("_tokens", "_updated_ms", "_window")

    def __init__(self, window: QuotaWindow) -> None:
        self._window = window
        self._tokens: float | None = None
        self._updated_ms = 0

    def tokens(self, bound: float, now_ms: int) -> float:
        """What is in it, with `bound` tokens a second coming in."""
        burst = self._burst(bound)
        tokens = burst
        if self._tokens is not None:
            tokens = min(burst, self._tokens + bound * (now_ms - self._updated_ms) / 1000)
        self._tokens, self._updated_ms = tokens, now_ms
        return tokens

    def record(self, value: float, bound: float, now_ms: int) -> None:
        """Take `value` tokens, more than there are as well."""
        self._tokens = min(self._burst(bound), self.tokens(bound, now_ms) - value)

    def throttle_ms(self, bound: float, now_ms: int) -> int:
        """How long it takes until the bucket is not below zero; 0 where it is not."""
        tokens = self.tokens(bound, now_ms)
        return rounded_ms(-tokens / bound * 1000) if tokens < 0 and bound else 0

    def _burst(self, bound: float) -> float:
        return self._window.samples * self._window.window_ms / 1000 * bound
