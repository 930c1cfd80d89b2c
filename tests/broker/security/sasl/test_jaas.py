"""`sasl.jaas.config` in Kafka's syntax."""

import pytest

from odradek.broker.config.config_def import ConfigError
from odradek.broker.security.sasl.jaas import PLAIN_MODULE, parse_jaas

SETTING = "sasl.jaas.config"


def test_users_are_the_options_that_begin_with_user() -> None:
    module = parse_jaas(
        f'{PLAIN_MODULE} required username="admin" password="admin-secret" user_admin="admin-secret" user_al=plain;',
        SETTING,
    )
    assert module.name == PLAIN_MODULE
    assert module.users() == {"admin": "admin-secret", "al": "plain"}


def test_quotes_escapes_comments_and_lines() -> None:
    text = f"""{PLAIN_MODULE} REQUIRED // which it is
       user_a='it"s;=' /* and */ user_b="a\\"b\\\\c"
       ;"""
    assert parse_jaas(text, SETTING).users() == {"a": 'it"s;=', "b": 'a"b\\c'}


def test_an_option_may_be_empty() -> None:
    assert parse_jaas(f'{PLAIN_MODULE} required user_a="";', SETTING).users() == {"a": ""}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "Login module not specified"),
        (PLAIN_MODULE, "control flag not specified"),
        (f'{PLAIN_MODULE} user_al="hidden";', "control flag not specified"),
        (f'{PLAIN_MODULE} required user_al="hidden"', "not terminated by semi-colon"),
        (f"{PLAIN_MODULE} required user_al=;", "Value not specified for key 'user_al'"),
        (f'{PLAIN_MODULE} required user_al "hidden";', "Value not specified for key 'user_al'"),
        (f"{PLAIN_MODULE} required; {PLAIN_MODULE} required;", "several login modules"),
        (f'{PLAIN_MODULE} required user_al="hidden;', "cannot be read at character"),
    ],
)
def test_what_cannot_be_read_is_named_without_the_passwords(text: str, why: str) -> None:
    with pytest.raises(ConfigError, match=why) as refused:
        parse_jaas(text, SETTING)
    assert "hidden" not in str(refused.value)
    assert str(refused.value).startswith(SETTING)
