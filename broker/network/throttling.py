"""Throttling: what a request has used is held against the quotas, and its connection muted for as long as they say.

The answer leaves at once and says how long (KIP-219); whether its version has a place for that changes nothing.
The rule: without any quota nothing here is called.
"""

from typing import Protocol, runtime_checkable

from ...protocol.api_keys import ApiKey
from ..quotas.client_quotas import PERCENT_OF_SECOND, ClientQuotas
from ..runtime import Clock
from ..session import RequestMeter, Session

# What brokers ask of brokers.
_EXEMPT = frozenset({ApiKey.WRITE_TXN_MARKERS})


@runtime_checkable
class _Throttled(Protocol):
    """A response that has a place for it, in one of its versions at least."""

    throttle_time_ms: int


class Throttling:
    """The quotas, as the requests of connections meet them."""

    def __init__(self, quotas: ClientQuotas, clock: Clock) -> None:
        self._quotas = quotas
        self._clock = clock

    def begin(self, session: Session, size_bytes: int) -> RequestMeter:
        """A request of so many bytes, header included, is about to be handled."""
        session.meter = meter = RequestMeter(size_bytes, self._clock.now())
        return meter

    def note_handled(self, meter: RequestMeter) -> None:
        """The handler has returned; the answer may be deferred."""
        meter.handler_s = self._clock.now() - meter.began_s

    def settle(self, key: int, meter: RequestMeter, session: Session, response: object) -> None:
        """Charge for a request that is about to be answered (None: no answer is due), and throttle its connection.

        A handler that has found a reason to throttle has set the time in its response.
        """
        session.meter = None
        throttle_ms: int = getattr(response, "throttle_time_ms", 0)
        if not meter.is_charged:
            throttle_ms = max(throttle_ms, self._charge(key, meter, session, is_answered=response is not None))
        if throttle_ms:
            if isinstance(response, _Throttled):
                response.throttle_time_ms = throttle_ms
            session.mute(throttle_ms / 1000)

    def _charge(self, key: int, meter: RequestMeter, session: Session, *, is_answered: bool) -> int:
        now_ms = int(self._clock.now() * 1000)
        throttle_ms = 0
        if key == ApiKey.PRODUCE:
            throttle_ms = self._quotas.produce.record(session.user, session.client_id, meter.size_bytes, now_ms)
        if is_answered and key not in _EXEMPT:
            spent = (meter.handler_s or 0.0) * PERCENT_OF_SECOND
            throttle_ms = max(throttle_ms, self._quotas.request.record(session.user, session.client_id, spent, now_ms))
        return throttle_ms

    def note_encoded(self, key: int, meter: RequestMeter, session: Session) -> None:
        """What came after the handler counts for the next request, as the time of Kafka's network threads does."""
        if key not in _EXEMPT:
            now = self._clock.now()
            spent = (now - meter.began_s - (meter.handler_s or 0.0)) * PERCENT_OF_SECOND
            self._quotas.request.record_unchecked(session.user, session.client_id, spent, int(now * 1000))
