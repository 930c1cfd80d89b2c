"""Logins of clients in the words that Apache Kafka wants."""

import pytest

from odradek.broker.config.broker_config import BrokerConfig
from odradek.broker.config.config_def import ConfigError
from odradek.broker.security.sasl.jaas import PLAIN_MODULE, SCRAM_MODULE
from odradek.broker.tools.export_cluster.client_logins import client_logins

SASL = {"listeners": "CLIENTS://h:1", "listener.security.protocol.map": "CLIENTS:SASL_PLAINTEXT"}
USERS = f'{PLAIN_MODULE} required user_al="secret";'
OWN = "listener.name.clients."


def test_listeners_without_logins_need_nothing() -> None:
    assert client_logins(BrokerConfig.from_settings({"listeners": "PLAINTEXT://h:1"})) == {}


def test_scram_gets_the_line_that_odradek_does_without() -> None:
    settings = {**SASL, "sasl.enabled.mechanisms": "SCRAM-SHA-512"}
    assert client_logins(BrokerConfig.from_settings(settings)) == {
        f"{OWN}scram-sha-512.sasl.jaas.config": f"{SCRAM_MODULE} required;"
    }


def test_what_is_offered_without_being_named_is_named() -> None:
    found = client_logins(BrokerConfig.from_settings(SASL))
    assert found[f"{OWN}sasl.enabled.mechanisms"] == "SCRAM-SHA-256,SCRAM-SHA-512"


def test_a_line_for_all_mechanisms_becomes_the_line_of_its_own() -> None:
    found = client_logins(BrokerConfig.from_settings({**SASL, "sasl.jaas.config": USERS}))
    assert found == {
        f"{OWN}sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512",
        f"{OWN}plain.sasl.jaas.config": USERS,
        f"{OWN}scram-sha-256.sasl.jaas.config": f"{SCRAM_MODULE} required;",
        f"{OWN}scram-sha-512.sasl.jaas.config": f"{SCRAM_MODULE} required;",
    }


def test_a_line_of_its_own_stays_as_it_is() -> None:
    settings = {**SASL, "sasl.enabled.mechanisms": "PLAIN", f"{OWN}plain.sasl.jaas.config": USERS}
    assert client_logins(BrokerConfig.from_settings(settings)) == {}


def test_users_that_were_only_on_the_command_line_are_asked_for() -> None:
    with pytest.raises(ConfigError, match=r"PLAIN has no users on the listener CLIENTS: those of --user"):
        client_logins(BrokerConfig.from_settings({**SASL, "sasl.enabled.mechanisms": "PLAIN"}))


def test_tls_without_a_key_store_is_refused() -> None:
    settings = {"listeners": "SSL://h:1"}
    with pytest.raises(ConfigError, match=r"SSL is SSL, and no key store is named"):
        client_logins(BrokerConfig.from_settings(settings))
    assert client_logins(BrokerConfig.from_settings({**settings, "ssl.keystore.location": "/k.p12"})) == {}
