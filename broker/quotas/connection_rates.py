"""Connection rates: how many new connections a second a broker, a listener and an address may have (KIP-612).

The settings `max.connection.creation.rate` and `listener.name.NAME.max.connection.creation.rate` hold the next
connection of a listener back; a quota of an address (AlterClientQuotas, `ip`) has it closed, late. No clock: time is an
argument.
"""

import ipaddress
from collections.abc import Callable

from ..config.broker_config import BrokerConfig
from ..metadata.delta import MetadataDelta
from ..metadata.image import MetadataImage, QuotaEntity
from .entities import IP
from .rate import QuotaWindow, Rate
from .sensors import Sensors

KEY = "connection_creation_rate"
SETTING = "max.connection.creation.rate"
NO_LIMIT = 0x7FFFFFFF


class ConnectionRates:
    """The rates in force. A connection that comes asks `of_listener` first, and once it may come in `of_address`."""

    def __init__(self, config: BrokerConfig, image: MetadataImage) -> None:
        self._config = config
        self._longest_ms = config.quota_window_size_seconds * 1000
        window = QuotaWindow(config.quota_window_num, self._longest_ms)
        self._new_rate: Callable[[], Rate] = lambda: Rate(window)
        self._of_broker = self._new_rate()
        self._of_listeners: dict[str, Rate] = {}
        self._of_addresses: Sensors[str, Rate] = Sensors(self._new_rate)
        self._bounds: dict[str | None, float] = {}  # by address; None for those that have none of their own
        for entity in image.quotas:
            self._take(entity, image)
        # What brokers talk through is not held back by what clients do on another listener.
        self._protected = (
            config.effective("inter.broker.listener.name") or config.effective("security.inter.broker.protocol")
            if len(config.endpoints()) > 1
            else None
        )

    def on_delta(self, delta: MetadataDelta, image: MetadataImage) -> None:
        """Quotas of addresses may have been set or taken back."""
        for entity in delta.changed_quotas:
            self._take(entity, image)

    def _take(self, entity: QuotaEntity, image: MetadataImage) -> None:
        if entity[0][0] != IP:
            return
        name = entity[0][1]
        address = None if name is None else address_of_name(name)
        bound = image.quotas.get(entity, {}).get(KEY)
        if bound is None:
            self._bounds.pop(address, None)
        else:
            self._bounds[address] = bound

    def of_listener(self, listener: str, now: float) -> int:
        """Count a new connection, and return for how many milliseconds it is to be held back."""
        now_ms, throttle_ms = int(now * 1000), 0
        of_broker, of_listener = self._config.max_connection_creation_rate, self._rate_of(listener)
        if of_broker != NO_LIMIT and listener != self._protected:
            throttle_ms = self._record(self._of_broker, of_broker, now_ms)
        if of_listener != NO_LIMIT:
            rate = self._of_listeners.setdefault(listener, self._new_rate())
            throttle_ms = max(throttle_ms, self._record(rate, of_listener, now_ms))
        return throttle_ms

    def of_address(self, listener: str, host: str, now: float) -> int:
        """Count a new connection of an address; if it is too many, it is to be closed after so many milliseconds.

        It counts for nothing then, neither here nor where `of_listener` has counted it.
        """
        if not self._bounds:
            return 0
        address = address_of_name(host)
        bound = self._bounds.get(address, self._bounds.get(None, NO_LIMIT))
        if bound == NO_LIMIT:
            return 0
        now_ms = int(now * 1000)
        rate = self._of_addresses.use(address, now_ms)
        throttle_ms = self._record(rate, bound, now_ms)
        if throttle_ms:
            rate.record(-1, now_ms)
            self._take_back(listener, now_ms)
        return throttle_ms

    def _take_back(self, listener: str, now_ms: int) -> None:
        if self._config.max_connection_creation_rate != NO_LIMIT and listener != self._protected:
            self._of_broker.record(-1, now_ms)
        if self._rate_of(listener) != NO_LIMIT and listener in self._of_listeners:
            self._of_listeners[listener].record(-1, now_ms)

    def _record(self, rate: Rate, bound: float, now_ms: int) -> int:
        rate.record(1, now_ms)
        return min(rate.throttle_ms(bound, now_ms), self._longest_ms)

    def _rate_of(self, listener: str) -> int:
        """Its own where one was given, else the broker's."""
        given = self._config.effective(f"listener.name.{listener.lower()}.{SETTING}")
        return self._config.max_connection_creation_rate if given is None else int(given)


def address_of_name(name: str) -> str:
    """An address in one form, however it is written: ::ffff:10.0.0.7 is 10.0.0.7."""
    if name == "localhost":
        return "127.0.0.1"
    try:
        address = ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return name
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(address)
