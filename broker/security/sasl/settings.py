"""What the settings say of SASL on one listener. Pure; ConfigError for what no login could be made of."""

from collections.abc import Mapping, Sequence
from ipaddress import ip_address

from ...config.broker_config import BrokerConfig
from ...config.config_def import ConfigError, nearest
from ...config.java_values import split_list
from ...config.listeners import SASL_PLAINTEXT, WITH_SASL
from .jaas import OAUTHBEARER_MODULE, PLAIN_MODULE, SCRAM_MODULE, LoginModule, parse_jaas
from .oauthbearer import OAUTHBEARER
from .plain import PLAIN
from .scram_credentials import BY_LABEL

SERVED_MECHANISMS = (PLAIN, *BY_LABEL, OAUTHBEARER)
ENABLED, JAAS = "sasl.enabled.mechanisms", "sasl.jaas.config"
CALLBACK, JWKS_URL = "sasl.server.callback.handler.class", "sasl.oauthbearer.jwks.endpoint.url"
_MODULES = {PLAIN: PLAIN_MODULE, OAUTHBEARER: OAUTHBEARER_MODULE, **dict.fromkeys(BY_LABEL, SCRAM_MODULE)}


def sasl_listeners(config: BrokerConfig) -> list[str]:
    """The names of the listeners that want a login."""
    return [one.name for one in config.endpoints() if one.protocol in WITH_SASL]


def enabled_mechanisms(config: BrokerConfig, listener: str) -> Sequence[str]:
    """What a listener offers, in the order given. ConfigError for what is not served."""
    named = config.name_in_force(listener, ENABLED)
    mechanisms = split_list(config.for_listener(listener, ENABLED) or "")
    for mechanism in mechanisms:
        if mechanism not in SERVED_MECHANISMS:
            known = ", ".join(SERVED_MECHANISMS)
            hint = nearest(mechanism.upper(), SERVED_MECHANISMS)
            raise ConfigError(f"{named}: {mechanism} is not served; there are: {known}{hint}")
    if not config.is_given(listener, ENABLED) and takes_bearer_tokens(config, listener):
        mechanisms.append(OAUTHBEARER)
    if not mechanisms:
        raise ConfigError(f"{named} is empty, and the listener {listener} wants a login")
    return mechanisms


def readable_listeners(config: BrokerConfig, *, has_plain_users: bool) -> list[str]:
    """The listeners over which others than this machine's own clients send passwords as they are."""
    return [
        one.name
        for one in config.endpoints()
        if one.protocol == SASL_PLAINTEXT
        and not _is_loopback(one.host)
        and PLAIN in enabled_mechanisms(config, one.name)
        and (has_plain_users or plain_users(config, one.name))
    ]


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def takes_bearer_tokens(config: BrokerConfig, listener: str) -> bool:
    """Whether anything says how bearer tokens are to be checked."""
    has_validator = any(config.for_listener(listener, name, OAUTHBEARER) for name in (JWKS_URL, CALLBACK))
    return has_validator or login_module(config, listener, OAUTHBEARER) is not None


def login_module(config: BrokerConfig, listener: str, mechanism: str) -> LoginModule | None:
    """The JAAS line of a mechanism, its own or that of all mechanisms if it is one for it. ConfigError."""
    text = config.for_listener(listener, JAAS, mechanism)
    if text is None:
        return None
    named = config.name_in_force(listener, JAAS, mechanism)
    module = parse_jaas(text, named)
    if module.name == _MODULES[mechanism]:
        return module
    if module.name in _MODULES.values() and not _is_of_mechanism(config, listener, mechanism):
        return None  # it is another mechanism's
    raise ConfigError(
        f"{named}: {module.name} is not the login module {_MODULES[mechanism]} of {mechanism}"
        f"{nearest(module.name, _MODULES.values())}"
    )


def _is_of_mechanism(config: BrokerConfig, listener: str, mechanism: str) -> bool:
    return config.for_listener(listener, JAAS, mechanism) != config.for_listener(listener, JAAS)


def plain_users(config: BrokerConfig, listener: str) -> Mapping[str, str]:
    """Who may log in with PLAIN, by the JAAS line. ConfigError."""
    module = login_module(config, listener, PLAIN)
    return {} if module is None else module.users()


def max_reauth_ms(config: BrokerConfig, listener: str, mechanism: str) -> int:
    """How long a login counts, 0 for ever (KIP-368)."""
    return int(config.for_listener(listener, "connections.max.reauth.ms", mechanism) or 0)


def check_sasl(config: BrokerConfig, listener: str, *, has_plain_users: bool) -> None:
    """Whether a listener can be served. ConfigError."""
    enabled = config.name_in_force(listener, ENABLED)
    for mechanism in enabled_mechanisms(config, listener):
        login_module(config, listener, mechanism)
        if mechanism != OAUTHBEARER and (handler := config.for_listener(listener, CALLBACK, mechanism)):
            named = config.name_in_force(listener, CALLBACK, mechanism)
            raise ConfigError(f"{named}: {handler} is not here; users come by {JAAS} and --user")
        if mechanism == PLAIN and config.is_given(listener, ENABLED):
            has_users = has_plain_users or plain_users(config, listener)
            if not has_users:
                raise ConfigError(
                    f"{enabled}: PLAIN has no users on the listener {listener}; name them in "
                    f'listener.name.{listener.lower()}.plain.{JAAS} (user_NAME="password"), or with --user'
                )
        if mechanism == OAUTHBEARER and not takes_bearer_tokens(config, listener):
            raise ConfigError(
                f"{enabled}: OAUTHBEARER needs {JWKS_URL}, or for unsigned tokens "
                f"listener.name.{listener.lower()}.oauthbearer.{JAAS}"
            )
