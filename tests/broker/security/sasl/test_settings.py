"""What the settings say of SASL on a listener, and what is refused at the start."""

import pytest

from odradek.broker.config.broker_config import BrokerConfig
from odradek.broker.config.config_def import ConfigError
from odradek.broker.security.sasl.jaas import OAUTHBEARER_MODULE, PLAIN_MODULE, SCRAM_MODULE
from odradek.broker.security.sasl.settings import (
    check_sasl,
    enabled_mechanisms,
    max_reauth_ms,
    plain_users,
    readable_listeners,
    sasl_listeners,
)

LISTENERS = {
    "listeners": "INTERNAL://127.0.0.1:0,CLIENTS://127.0.0.1:0",
    "listener.security.protocol.map": "INTERNAL:PLAINTEXT,CLIENTS:SASL_PLAINTEXT",
}
PLAIN_LINE = f'{PLAIN_MODULE} required user_al="secret";'


def config_of(**settings: str) -> BrokerConfig:
    return BrokerConfig.from_settings(
        {**LISTENERS, **{name.replace("_", "."): text for name, text in settings.items()}}
    )


def given(settings: dict[str, str]) -> BrokerConfig:
    return BrokerConfig.from_settings({**LISTENERS, **settings})


def test_listeners_with_sasl_are_those_of_the_protocol() -> None:
    assert sasl_listeners(config_of()) == ["CLIENTS"]


def test_what_is_enabled_by_default_is_what_needs_no_more_settings() -> None:
    assert list(enabled_mechanisms(config_of(), "CLIENTS")) == ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]


def test_bearer_tokens_are_enabled_with_what_they_are_checked_by() -> None:
    config = config_of(sasl_oauthbearer_jwks_endpoint_url="file:///keys.json")
    assert list(enabled_mechanisms(config, "CLIENTS"))[-1] == "OAUTHBEARER"


def test_a_listener_has_mechanisms_of_its_own() -> None:
    config = given(
        {"sasl.enabled.mechanisms": "PLAIN", "listener.name.clients.sasl.enabled.mechanisms": "SCRAM-SHA-512"}
    )
    assert list(enabled_mechanisms(config, "CLIENTS")) == ["SCRAM-SHA-512"]
    assert list(enabled_mechanisms(config, "INTERNAL")) == ["PLAIN"]


@pytest.mark.parametrize(
    ("mechanisms", "why"),
    [
        ("GSSAPI", "GSSAPI is not served"),
        ("PLAIN,GSSAPI", "GSSAPI is not served"),
        ("SCRAM-SHA512", "did you mean 'SCRAM-SHA-512'"),
        ("OAUTHBEARER", "OAUTHBEARER needs sasl.oauthbearer.jwks.endpoint.url"),
        ("PLAIN", "PLAIN has no users on the listener CLIENTS"),
        ("", "is empty"),
    ],
)
def test_mechanisms_that_cannot_be_served_are_refused_by_name(mechanisms: str, why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        check_sasl(given({"sasl.enabled.mechanisms": mechanisms}), "CLIENTS", has_plain_users=False)


OWN = "listener.name.clients."
OWN_JAAS = f"{OWN}plain.sasl.jaas.config"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (f"{OWN}sasl.enabled.mechanisms", "GSSAPI"),
        (f"{OWN}sasl.enabled.mechanisms", "PLAIN"),
        (f"{OWN}sasl.enabled.mechanisms", "OAUTHBEARER"),
        (f"{OWN}sasl.enabled.mechanisms", ""),
        (OWN_JAAS, "nonsense"),
        (OWN_JAAS, f'{PLAIN_MODULE} required user_al="x"'),
        (OWN_JAAS, f"{SCRAM_MODULE} required;"),
        ("plain.sasl.jaas.config", f"{SCRAM_MODULE} required;"),
        (f"{OWN}plain.sasl.server.callback.handler.class", "org.example.Mine"),
    ],
)
def test_what_is_wrong_has_the_name_by_which_it_was_given(name: str, value: str) -> None:
    with pytest.raises(ConfigError) as refused:
        check_sasl(given({name: value}), "CLIENTS", has_plain_users=False)
    assert str(refused.value).startswith((f"{name}: ", f"{name} is empty"))


def test_users_of_plain_are_those_of_the_closest_line() -> None:
    assert plain_users(config_of(), "CLIENTS") == {}
    assert plain_users(given({"sasl.jaas.config": PLAIN_LINE}), "CLIENTS") == {"al": "secret"}
    config = given(
        {
            "sasl.jaas.config": f'{PLAIN_MODULE} required user_all="1";',
            "plain.sasl.jaas.config": f'{PLAIN_MODULE} required user_plain="2";',
            "listener.name.clients.plain.sasl.jaas.config": PLAIN_LINE,
        }
    )
    assert plain_users(config, "CLIENTS") == {"al": "secret"}
    assert plain_users(config, "INTERNAL") == {"plain": "2"}


def test_a_line_of_all_mechanisms_is_its_modules_own() -> None:
    config = given({"listener.name.clients.sasl.jaas.config": f'{SCRAM_MODULE} required username="a" password="b";'})
    check_sasl(config, "CLIENTS", has_plain_users=False)
    assert plain_users(config, "CLIENTS") == {}


def test_a_line_of_one_mechanism_must_name_its_module() -> None:
    config = given({"listener.name.clients.plain.sasl.jaas.config": f'{SCRAM_MODULE} required user_al="hidden";'})
    with pytest.raises(ConfigError, match="is not the login module") as refused:
        check_sasl(config, "CLIENTS", has_plain_users=False)
    assert "hidden" not in str(refused.value)


def test_unsigned_tokens_are_asked_for_by_their_module() -> None:
    line = {"listener.name.clients.oauthbearer.sasl.jaas.config": f"{OAUTHBEARER_MODULE} required;"}
    check_sasl(given({"sasl.enabled.mechanisms": "OAUTHBEARER", **line}), "CLIENTS", has_plain_users=False)


def test_how_long_a_login_counts_may_differ_by_mechanism() -> None:
    config = given({"connections.max.reauth.ms": "5000", "listener.name.clients.plain.connections.max.reauth.ms": "7"})
    assert max_reauth_ms(config, "CLIENTS", "PLAIN") == 7
    assert max_reauth_ms(config, "CLIENTS", "SCRAM-SHA-256") == 5000


def test_passwords_are_readable_where_plain_has_users_on_a_listener_of_the_network_without_tls() -> None:
    def readable(settings: dict[str, str], *, has_plain_users: bool = True) -> list[str]:
        return readable_listeners(given(settings), has_plain_users=has_plain_users)

    for host in ("0.0.0.0", "", "192.0.2.1", "[::]", "broker.example"):
        assert readable({"listeners": f"CLIENTS://{host}:9092"}) == ["CLIENTS"]
    for host in ("127.0.0.1", "localhost", "[::1]", "127.1.2.3"):
        assert readable({"listeners": f"CLIENTS://{host}:9092"}) == []
    everywhere = {"listeners": "CLIENTS://:9092"}
    assert readable(everywhere, has_plain_users=False) == []
    assert readable({**everywhere, "sasl.enabled.mechanisms": "SCRAM-SHA-256"}) == []
    assert readable({**everywhere, "listener.security.protocol.map": "CLIENTS:SASL_SSL"}) == []
