"""The TLS of every listener that has it: what new connections are given, changed while the broker runs (KIP-226).

The rule: a connection keeps what it began with. What clients set is checked before it is recorded; should it be
unreadable by the time it counts, what was there before stays, and a line says so.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ....protocol.metadata_records import ConfigResourceType
from ...config.broker_config import BrokerConfig
from ...config.config_def import ConfigError
from ...config.listeners import SSL, TLS_PROTOCOLS, Endpoint, own_name
from ...log_output import get_logger
from ...metadata.delta import MetadataDelta
from ...metadata.image import MetadataImage
from ...runtime import Clock

# The rest of this room is loaded for brokers that have such a listener: it would be a tenth of every start.
if TYPE_CHECKING:
    import ssl

    from .certificate import Certificate
    from .principal_mapping import PrincipalMapping
    from .settings import TlsSettings
    from .stream import TlsStream

logger = get_logger("tls")

CLIENT_AUTH = "ssl.client.auth"


@dataclass(frozen=True, slots=True)
class ListenerTls:
    """One listener's TLS as it is now; without `mapping` its certificates say nothing of users."""

    settings: "TlsSettings"
    context: "ssl.SSLContext"
    certificate: "Certificate"
    mapping: "PrincipalMapping | None"

    def stream(self) -> "TlsStream":
        """That of a connection that has just come."""
        from .stream import TlsStream

        return TlsStream(self.context, self.settings.client_auth, self.mapping)


class TlsListeners:
    """By the listener's name. ConfigError if one of them cannot be served."""

    def __init__(self, config: BrokerConfig, clock: Clock) -> None:
        self._config = config
        self._clock = clock
        self._resource = (ConfigResourceType.BROKER, str(config.node_id))
        self._listeners = {
            endpoint.name: self._begin(endpoint)
            for endpoint in config.endpoints()
            if endpoint.protocol in TLS_PROTOCOLS
        }
        for name, one in self._listeners.items():
            _log("listener with TLS", name, one)

    def of(self, listener: str) -> ListenerTls:
        """What a new connection of this listener is given."""
        return self._listeners[listener]

    def on_delta(self, delta: MetadataDelta, image: MetadataImage) -> None:
        """Settings of this broker were set: stores are read again, also those that have kept their names."""
        if self._resource not in delta.changed_configs:
            return
        for name, before in self._listeners.items():
            try:
                self._listeners[name] = self._again(name, before, self._config)
            except ConfigError as error:
                logger.error("TLS stays as it was", listener=name, why=str(error))
                continue
            if self._listeners[name] != replace(before, context=self._listeners[name].context):
                _log("TLS has changed", name, self._listeners[name])

    def check(self, configs: Mapping[str, str]) -> None:
        """Whether the listeners could be served if this were what clients have set of this broker. ConfigError."""
        if self._listeners:
            changed = replace(self._config)
            changed.set_dynamic(configs, self._config.dynamic_default)
            for name, before in self._listeners.items():
                self._again(name, before, changed)

    def _begin(self, endpoint: Endpoint) -> ListenerTls:
        from .context import build_context
        from .settings import tls_settings

        try:
            settings = tls_settings(self._values_at_start(endpoint))
            context, certificate = build_context(settings, self._clock.now_ms())
        except ConfigError as error:
            raise ConfigError(f"listener {endpoint.name} ({endpoint.protocol}): {error}") from None
        return ListenerTls(settings, context, certificate, settings.mapping() if endpoint.protocol == SSL else None)

    def _values_at_start(self, endpoint: Endpoint) -> Callable[[str], str | None]:
        """Where clients log in, certificates are asked of them by that listener's own setting alone (KIP-684)."""
        values = _values(self._config, endpoint.name)
        if endpoint.protocol == SSL or self._config.is_own(endpoint.name, CLIENT_AUTH):
            return values
        if (general := values(CLIENT_AUTH)) not in (None, "none"):
            meant = own_name(endpoint.name, CLIENT_AUTH)
            logger.warning(
                "counts on listeners with SSL only",
                setting=f"{CLIENT_AUTH}={general}",
                instead=meant,
                not_on=endpoint.name,
            )
        return lambda name: None if name == CLIENT_AUTH else values(name)

    def _again(self, name: str, before: ListenerTls, config: BrokerConfig) -> ListenerTls:
        from .context import build_context
        from .settings import reloaded

        settings = reloaded(before.settings, _values(config, name))
        if settings.truststore.is_given and not before.settings.truststore.is_given:
            raise ConfigError(
                "Cannot add SSL truststore to an existing listener for which no truststore was configured."
            )
        context, certificate = build_context(settings, self._clock.now_ms())
        _check_alike(settings, certificate, before.certificate)
        return replace(before, settings=settings, context=context, certificate=certificate)


def _values(config: BrokerConfig, listener: str) -> Callable[[str], str | None]:
    return lambda name: config.for_listener(listener, name) or None


def _check_alike(settings: "TlsSettings", new: "Certificate", old: "Certificate") -> None:
    """Whether clients that knew the one will know the other, as Kafka's SslFactory asks. ConfigError."""
    from .distinguished_name import distinguished_name

    was, becomes = distinguished_name(old.subject_der), distinguished_name(new.subject_der)
    if was != becomes and not settings.may_change_dn:
        raise ConfigError(
            f"Keystore DistinguishedName does not match: existing={{DN={was}}}, new={{DN={becomes}}}; "
            "ssl.allow.dn.changes=true at the start would allow it"
        )
    if not set(old.names) <= set(new.names) and not settings.may_change_san:
        raise ConfigError(
            f"Keystore SubjectAltNames do not match: existing={{SAN={old.names}}}, new={{SAN={new.names}}}; "
            "ssl.allow.san.changes=true at the start would allow it"
        )


def _log(event: str, name: str, tls: ListenerTls) -> None:
    until = f"{tls.certificate.not_after:%Y-%m-%d %H:%M:%S}Z"
    logger.info(event, listener=name, certificate=tls.certificate.subject, valid_until=until)
