"""The TLS of every listener that has it: what new connections are given, changed while the broker runs (KIP-226).

The rule: a connection keeps what it began with. What clients set is checked before it is recorded; should it be
unreadable by the time it counts, what was there before stays, and a line says so.
"""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, replace

from ....protocol.metadata_records import ConfigResourceType
from ...config.broker_config import BrokerConfig
from ...config.config_def import ConfigError
from ...config.listeners import SSL, TLS_PROTOCOLS, Endpoint
from ...log_output import get_logger
from ...metadata.delta import MetadataDelta
from ...metadata.image import MetadataImage
from ...runtime import Clock
from .certificate import Certificate
from .context import build_context
from .principal_mapping import PrincipalMapping
from .settings import tls_settings
from .stream import TlsStream

logger = get_logger("tls")


@dataclass(frozen=True, slots=True)
class ListenerTls:
    """One listener's TLS as it is now; without `mapping` its certificates say nothing of users."""

    context: ssl.SSLContext
    certificate: Certificate
    client_auth: str
    mapping: PrincipalMapping | None

    def stream(self) -> TlsStream:
        """That of a connection that has just come."""
        return TlsStream(self.context, self.client_auth, self.mapping)


class TlsListeners:
    """By the listener's name. ConfigError if one of them cannot be served."""

    def __init__(self, config: BrokerConfig, clock: Clock) -> None:
        self._config = config
        self._clock = clock
        self._resource = (ConfigResourceType.BROKER, str(config.node_id))
        self._listeners = self._build(config)
        for name, one in self._listeners.items():
            _log("listener with TLS", name, one)

    def of(self, listener: str) -> ListenerTls:
        """What a new connection of this listener is given."""
        return self._listeners[listener]

    def on_delta(self, delta: MetadataDelta, image: MetadataImage) -> None:
        """Settings of this broker were set: stores are read again, also those that have kept their names."""
        if self._listeners and self._resource in delta.changed_configs:
            try:
                self._listeners = self._build(self._config)
            except ConfigError as error:
                logger.error("TLS stays as it was", why=str(error))
                return
            for name, one in self._listeners.items():
                _log("TLS was read again", name, one)

    def check(self, configs: Mapping[str, str]) -> None:
        """Whether the listeners could be served if this were what clients have set of this broker. ConfigError."""
        if self._listeners:
            changed = replace(self._config)
            changed.set_dynamic(configs, self._config.dynamic_default)
            self._build(changed)

    def _build(self, config: BrokerConfig) -> dict[str, ListenerTls]:
        return {
            endpoint.name: self._of(endpoint, config)
            for endpoint in config.endpoints()
            if endpoint.protocol in TLS_PROTOCOLS
        }

    def _of(self, endpoint: Endpoint, config: BrokerConfig) -> ListenerTls:
        try:
            settings = tls_settings(lambda name: config.for_listener(endpoint.name, name) or None)
            context, certificate = build_context(settings, self._clock.now_ms())
        except ConfigError as error:
            raise ConfigError(f"listener {endpoint.name} ({endpoint.protocol}): {error}") from None
        mapping = settings.mapping() if endpoint.protocol == SSL else None
        return ListenerTls(context, certificate, settings.client_auth, mapping)


def _log(event: str, name: str, tls: ListenerTls) -> None:
    until = f"{tls.certificate.not_after:%Y-%m-%d %H:%M:%S}Z"
    logger.info(event, listener=name, certificate=tls.certificate.subject, valid_until=until)
