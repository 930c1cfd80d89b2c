"""The settings that name an authorizer, and those who stand above it."""

import pytest

from odradek.broker.config.authorizer_config import (
    DEFAULT_PRINCIPAL_BUILDER,
    STANDARD_AUTHORIZER,
    parse_is_open,
    parse_super_users,
)
from odradek.broker.config.broker_config import BrokerConfig
from odradek.broker.config.config_def import ConfigError
from odradek.broker.config.effects import without_effect


@pytest.mark.parametrize("name", [STANDARD_AUTHORIZER, "StandardAuthorizer", ""])
def test_kafkas_own_authorizer_is_there_by_its_name_and_for_short(name: str) -> None:
    given = {"authorizer.class.name": name, "principal.builder.class": DEFAULT_PRINCIPAL_BUILDER}
    assert BrokerConfig.from_settings(given).authorizer_class_name == name


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        (
            {"authorizer.class.name": "kafka.security.authorizer.AclAuthorizer"},
            "authorizer.class.name: there is no 'kafka.security.authorizer.AclAuthorizer' here; there is "
            f"{STANDARD_AUTHORIZER}, or StandardAuthorizer for short",
        ),
        (
            {"principal.builder.class": "com.example.Builder"},
            f"principal.builder.class: there is no 'com.example.Builder' here; there is {DEFAULT_PRINCIPAL_BUILDER}",
        ),
        (
            {"super.users": "User:a,admin;admin"},
            "super.users: expected a string in format principalType:principalName but got admin; "
            "several stand apart by ';'",
        ),
        ({"super.user": "User:a"}, "unknown setting 'super.user'; did you mean 'super.users'?"),
    ],
)
def test_what_is_not_here_is_refused_by_name(settings: dict[str, str], why: str) -> None:
    with pytest.raises(ConfigError) as refused:
        BrokerConfig.from_settings(settings)
    assert str(refused.value) == why


def test_super_users_stand_apart_by_semicolons() -> None:
    text = " User:admin ; User:CN=ops,O=Example;; "
    assert parse_super_users(text) == {"User:admin", "User:CN=ops,O=Example"}
    assert BrokerConfig.from_settings({"super.users": text}).given["super.users"] == text.strip()


@pytest.mark.parametrize(("text", "is_open"), [("true", True), (" TRUE ", True), ("false", False), ("yes", False)])
def test_only_true_opens_what_no_rule_speaks_of(text: str, is_open: bool) -> None:
    assert parse_is_open(text) == is_open


def test_these_settings_have_an_effect() -> None:
    names = ("authorizer.class.name", "super.users", "allow.everyone.if.no.acl.found", "principal.builder.class")
    assert without_effect(names) == []
