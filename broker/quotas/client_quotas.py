"""The quotas of clients in force: bytes produced and fetched, time of requests, changes of topics (KIP-13, 124, 599).

The metadata has the quotas, and this follows it. Clients of which no quota speaks are not counted: what one did before
it had a quota does not weigh on it. No clock: time is an argument, in milliseconds of a clock that only goes forward.
"""

from ...protocol.errors import ErrorCode, KafkaError
from ..config.broker_config import BrokerConfig
from ..metadata.delta import MetadataDelta
from ..metadata.image import MetadataImage, QuotaEntity
from ..session import Session
from .limits import Bucket, Limits
from .rate import LONGEST_MS, QuotaWindow, Rate
from .sensors import Sensors
from .token_bucket import TokenBucket

PERCENT_OF_SECOND = 100.0


class RateQuota:
    """One kind of quota that holds for a rate."""

    def __init__(self, window: QuotaWindow, longest_ms: int = LONGEST_MS) -> None:
        self.limits = Limits()
        self._window = window
        self._longest_ms = longest_ms
        self._rates: Sensors[Bucket, Rate] = Sensors(lambda: Rate(window))

    def record(self, user: str, client_id: str, value: float, now_ms: int) -> int:
        """Count what a client has used, and return for how long it is to be throttled, in milliseconds."""
        found = self.limits.find(user, client_id)
        if found is None:
            return 0
        bucket, bound = found
        rate = self._rates.use(bucket, now_ms)
        rate.record(value, now_ms)
        return min(rate.throttle_ms(bound, now_ms), self._longest_ms)

    def record_unchecked(self, user: str, client_id: str, value: float, now_ms: int) -> None:
        """Count what weighs on the next request only; a negative value takes back what was counted."""
        found = self.limits.find(user, client_id)
        if found is not None:
            self._rates.use(found[0], now_ms).record(value, now_ms)

    def most_at_once(self, user: str, client_id: str) -> float | None:
        """More than this is throttled for certain; None for no limit."""
        found = self.limits.find(user, client_id)
        return None if found is None else found[1] * (self._window.samples - 1) * self._window.window_ms / 1000


class Mutations:
    """The changes of topics that one request makes; where no quota holds, any number of them.

    A strict request (KIP-599) is refused what comes while the bucket is below zero; another one is let, and throttled.
    """

    def __init__(self, bucket: TokenBucket | None = None, bound: float = 0.0, *, is_strict: bool = False) -> None:
        self._bucket = bucket
        self._bound = bound
        self._is_strict = is_strict
        self._throttle_ms = 0
        self._recorded_ms = 0

    def record(self, changes: int, now: float) -> None:
        """Pay for so many partitions. THROTTLING_QUOTA_EXCEEDED."""
        if self._bucket is None:
            return
        now_ms = int(now * 1000)
        if not self._is_strict:
            self._bucket.record(changes, self._bound, now_ms)
        throttle_ms = self._bucket.throttle_ms(self._bound, now_ms)
        if throttle_ms:
            self._throttle_ms, self._recorded_ms = throttle_ms, now_ms
            if self._is_strict:
                raise KafkaError(ErrorCode.THROTTLING_QUOTA_EXCEEDED)
        elif self._is_strict:
            self._bucket.record(changes, self._bound, now_ms)

    def throttle_ms(self, now: float) -> int:
        """What is left of the throttle by now."""
        return max(0, self._throttle_ms - (int(now * 1000) - self._recorded_ms))


class ClientQuotas:
    """Every kind. `is_active` is False while there is no quota for any client: then nobody needs to ask."""

    def __init__(self, config: BrokerConfig, image: MetadataImage) -> None:
        window_ms = config.quota_window_size_seconds * 1000
        window = QuotaWindow(config.quota_window_num, window_ms)
        self._mutation_window = QuotaWindow(
            config.controller_quota_window_num, config.controller_quota_window_size_seconds * 1000
        )
        self.produce = RateQuota(window)
        self.fetch = RateQuota(window)
        self.request = RateQuota(window, longest_ms=window_ms)
        self._mutation_limits = Limits()
        self._buckets: Sensors[Bucket, TokenBucket] = Sensors(lambda: TokenBucket(self._mutation_window))
        self._limits = {
            "producer_byte_rate": self.produce.limits,
            "consumer_byte_rate": self.fetch.limits,
            "request_percentage": self.request.limits,
            "controller_mutation_rate": self._mutation_limits,
        }
        self.is_active = False
        for entity in image.quotas:
            self._take(entity, image)
        self._note_active()

    def on_delta(self, delta: MetadataDelta, image: MetadataImage) -> None:
        """Quotas may have been set or taken back: the next request of any connection is held against the new ones."""
        if delta.changed_quotas:
            for entity in delta.changed_quotas:
                self._take(entity, image)
            self._note_active()

    def _take(self, entity: QuotaEntity, image: MetadataImage) -> None:
        quotas = image.quotas.get(entity, {})
        for key, limits in self._limits.items():
            limits.set(entity, quotas.get(key))

    def _note_active(self) -> None:
        self.is_active = any(map(len, self._limits.values()))

    def charge_fetch(self, session: Session, size_bytes: int, now: float) -> int:
        """Charge for the answer to a fetch, unless it is to be throttled: then for so many milliseconds.

        Nothing is sent then, and so no bytes are counted. The request's own time is counted in either case.
        """
        now_ms = int(now * 1000)
        throttle_ms = 0
        meter = session.meter
        if meter is not None:
            spent_s = now - meter.began_s if meter.handler_s is None else meter.handler_s
            meter.is_charged = True
            throttle_ms = self.request.record(session.user, session.client_id, spent_s * PERCENT_OF_SECOND, now_ms)
        throttle_ms = max(throttle_ms, self.fetch.record(session.user, session.client_id, size_bytes, now_ms))
        if throttle_ms:
            self.fetch.record_unchecked(session.user, session.client_id, -size_bytes, now_ms)
        return throttle_ms

    def mutations(self, session: Session, now: float, *, is_strict: bool) -> Mutations:
        """What a request that changes topics is to pay from."""
        if not self.is_active:
            return Mutations()
        found = self._mutation_limits.find(session.user, session.client_id)
        if found is None:
            return Mutations()
        return Mutations(self._buckets.use(found[0], int(now * 1000)), found[1], is_strict=is_strict)
