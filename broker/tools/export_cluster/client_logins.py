"""How clients log in, said as Apache Kafka needs to have it said: for each listener and mechanism by itself. Pure.

Odradek needs no JAAS line for SCRAM, takes one line for all mechanisms, and offers what it can without being told.
"""

from collections.abc import Mapping

from ...config.broker_config import BrokerConfig
from ...config.config_def import ConfigError
from ...config.listeners import TLS_PROTOCOLS, own_name
from ...security.sasl.jaas import SCRAM_MODULE
from ...security.sasl.plain import PLAIN
from ...security.sasl.scram_credentials import BY_LABEL
from ...security.sasl.settings import ENABLED, JAAS, enabled_mechanisms, plain_users, sasl_listeners

_KEY_STORES = ("ssl.keystore.location", "ssl.keystore.key")


def client_logins(config: BrokerConfig) -> Mapping[str, str]:
    """What is to be added to the settings. ConfigError for what Apache Kafka could not start with."""
    _check_certificates(config)
    settings: dict[str, str] = {}
    for listener in sasl_listeners(config):
        mechanisms = list(enabled_mechanisms(config, listener))
        if PLAIN in mechanisms and not plain_users(config, listener):
            if config.is_given(listener, ENABLED):
                raise ConfigError(
                    f"{ENABLED}: PLAIN has no users on the listener {listener}: those of --user are not in the data "
                    f"directory; --set 'listener.name.{listener.lower()}.plain.{JAAS}=… user_NAME=\"password\";'"
                )
            mechanisms.remove(PLAIN)
        if not config.is_given(listener, ENABLED):
            settings[own_name(listener, ENABLED)] = ",".join(mechanisms)
        for mechanism in mechanisms:
            name = own_name(listener, f"{mechanism.lower()}.{JAAS}")
            line = config.for_listener(listener, JAAS, mechanism)
            if mechanism in BY_LABEL and (line is None or SCRAM_MODULE not in line):
                line = f"{SCRAM_MODULE} required;"
            if line is not None and name not in config.given:
                settings[name] = line
    return settings


def _check_certificates(config: BrokerConfig) -> None:
    for one in config.endpoints():
        if one.protocol in TLS_PROTOCOLS and not any(config.is_given(one.name, name) for name in _KEY_STORES):
            raise ConfigError(
                f"listeners: {one.name} is {one.protocol}, and no key store is named: give the settings of it, "
                "such as --set ssl.keystore.location=…"
            )
