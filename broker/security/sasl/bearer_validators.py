"""Who checks the bearer tokens of each listener, by its settings."""

from collections.abc import Mapping, Sequence

from ....protocol.errors import KafkaError
from ...config.broker_config import BrokerConfig
from ...config.config_def import ConfigError, nearest
from ...config.java_values import split_list
from ...log_output import get_logger
from ...metadata.metadata import Then
from ...runtime import Runtime
from .jwks import Jwks
from .oauthbearer import OAUTHBEARER, Validate
from .settings import CALLBACK, JAAS, JWKS_URL, enabled_mechanisms, login_module
from .signed_jwt import JwtRules, SignedValidator
from .unsecured_jws import UnsecuredValidator

logger = get_logger("sasl")

_PACKAGE = "org.apache.kafka.common.security.oauthbearer"
SIGNED = (f"{_PACKAGE}.OAuthBearerValidatorCallbackHandler", f"{_PACKAGE}.secured.OAuthBearerValidatorCallbackHandler")
UNSECURED = (
    f"{_PACKAGE}.internals.unsecured.OAuthBearerUnsecuredValidatorCallbackHandler",
    f"{_PACKAGE}.OAuthBearerUnsecuredValidatorCallbackHandler",
)


class BearerValidators:
    """The validators of the listeners that offer OAUTHBEARER, and the keys they have."""

    def __init__(self, config: BrokerConfig, runtime: Runtime, listeners: Sequence[str]) -> None:
        """ConfigError."""
        self._config = config
        self._runtime = runtime
        self._sources: dict[str, Jwks] = {}  # by URL
        self._validators = {
            listener: self._validator(listener)
            for listener in listeners
            if OAUTHBEARER in enabled_mechanisms(config, listener)
        }

    def of_listener(self, listener: str) -> Validate:
        """What its tokens are checked by. ConfigError where OAUTHBEARER has come while the broker runs."""
        if listener not in self._validators:
            raise ConfigError(f"{OAUTHBEARER} is served where it was offered at the start")
        return self._validators[listener]

    def load(self, then: Then) -> None:
        """Read all keys; `then` hears of the first that cannot be."""
        _load_each(list(self._sources.values()), then)

    def _validator(self, listener: str) -> Validate:
        handler = self._of(listener, CALLBACK)
        url = self._of(listener, JWKS_URL)
        if handler and handler not in (*SIGNED, *UNSECURED):
            known = (SIGNED[0], UNSECURED[0])
            named = self._config.name_in_force(listener, CALLBACK, OAUTHBEARER)
            raise ConfigError(f"{named}: {handler} is not here; there are: {', '.join(known)}{nearest(handler, known)}")
        if handler in SIGNED and not url:
            raise ConfigError(f"{JWKS_URL} is missing: {CALLBACK} is {handler}")
        if url and handler not in UNSECURED:
            return self._signed(listener, url)
        module = login_module(self._config, listener, OAUTHBEARER)
        logger.warning("bearer tokens are taken unsigned: anybody can make one", listener=listener)
        options: Mapping[str, str] = {} if module is None else module.options
        return UnsecuredValidator(options, self._config.name_in_force(listener, JAAS, OAUTHBEARER)).validate

    def _signed(self, listener: str, url: str) -> Validate:
        rules = JwtRules(
            subject_claim=self._of(listener, "sasl.oauthbearer.sub.claim.name") or "sub",
            scope_claim=self._of(listener, "sasl.oauthbearer.scope.claim.name") or "scope",
            issuer=self._of(listener, "sasl.oauthbearer.expected.issuer"),
            audiences=[
                one for one in split_list(self._of(listener, "sasl.oauthbearer.expected.audience") or "") if one
            ],
            skew_ms=self._number(listener, "sasl.oauthbearer.clock.skew.seconds") * 1000,
        )
        if url not in self._sources:
            self._sources[url] = Jwks(
                url,
                self._runtime,
                self._number(listener, "sasl.oauthbearer.jwks.endpoint.refresh.ms"),
                self._number(listener, "sasl.oauthbearer.jwks.endpoint.retry.backoff.ms"),
                self._number(listener, "sasl.oauthbearer.jwks.endpoint.retry.backoff.max.ms"),
            )
        return SignedValidator(rules, self._sources[url].keys_of).validate

    def _of(self, listener: str, name: str) -> str | None:
        return self._config.for_listener(listener, name, OAUTHBEARER)

    def _number(self, listener: str, name: str) -> int:
        return int(self._of(listener, name) or 0)


def _load_each(sources: list[Jwks], then: Then) -> None:
    """One after the other, until one fails."""
    if not sources:
        then(None)
        return
    first, *rest = sources

    def loaded(error: KafkaError | None) -> None:
        if error is not None:
            then(error)
        else:
            _load_each(rest, then)

    first.load(loaded)
