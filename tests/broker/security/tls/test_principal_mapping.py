"""Rules that make users of names, with the examples of Kafka's documentation and of its own tests."""

import pytest

from odradek.broker.config.config_def import ConfigError
from odradek.broker.security.tls.principal_mapping import NoMatchingRule, PrincipalMapping

RULES = (
    "RULE:^CN=(.*?),OU=ServiceUsers.*$/$1/L, "
    "RULE:^CN=(.*?),OU=(.*?),O=(.*?),L=(.*?),ST=(.*?),C=(.*?)$/$1@$2/L, "
    "RULE:^cn=(.*?),ou=(.*?),dc=(.*?),dc=(.*?)$/$1@$2/U, "
    "RULE:^.*[Cc][Nn]=([a-zA-Z0-9.]*).*$/$1/U, "
    "DEFAULT"
)


@pytest.mark.parametrize(
    ("name", "user"),
    [
        ("CN=Duke,OU=ServiceUsers,O=Org,C=US", "duke"),
        ("CN=Duke,OU=SME,O=mycp,L=Fulton,ST=MD,C=US", "duke@sme"),
        ("cn=duke,ou=sme,dc=mycp,dc=com", "DUKE@SME"),
        ("cN=duke,OU=JavaSoft,O=Sun Microsystems", "DUKE"),
        ("OU=JavaSoft,O=Sun Microsystems", "OU=JavaSoft,O=Sun Microsystems"),
    ],
)
def test_the_first_rule_that_is_for_a_name_counts(name: str, user: str) -> None:
    assert PrincipalMapping(RULES).user_of(name) == user


@pytest.mark.parametrize("rules", ["DEFAULT", " DEFAULT ", "RULE:^OU=x$/y/,DEFAULT"])
def test_by_default_a_user_has_the_whole_name(rules: str) -> None:
    assert PrincipalMapping(rules).user_of("CN=a,O=b") == "CN=a,O=b"


def test_a_name_that_no_rule_is_for_is_nobody() -> None:
    with pytest.raises(NoMatchingRule, match="is for CN=a"):
        PrincipalMapping("RULE:^OU=(.*)$/$1/").user_of("CN=a")


@pytest.mark.parametrize(
    ("replacement", "user"),
    [
        ("$1@$3", "duke@$3"),
        ("$12", "duke2"),
        (r"\$1", "$1"),
        ("$0", "CN=duke,OU=it"),
        ("$2-$1", "it-duke"),
        ("${x}", "${x}"),
        ("nobody", "nobody"),
    ],
)
def test_a_replacement_is_javas_and_a_group_that_is_not_there_is_meant_as_it_stands(
    replacement: str, user: str
) -> None:
    assert PrincipalMapping(f"RULE:^CN=(.*?),OU=(.*?)$/{replacement}/").user_of("CN=duke,OU=it") == user


def test_groups_may_have_names_as_in_java() -> None:
    assert PrincipalMapping(r"RULE:^CN=(?<name>\w+),.*$/${name}/U").user_of("CN=duke,OU=it") == "DUKE"


@pytest.mark.parametrize(
    "rules", ["RULE:a", "DEFAULT/L", "RULE:^CN=(.*?,OU=x.*$/$1", "RULE:(/$1/", "rule:a/b/", "RULE:a/b/L/x", "NOPE"]
)
def test_what_is_no_rule_is_refused_and_named(rules: str) -> None:
    with pytest.raises(ConfigError, match=r"ssl\.principal\.mapping\.rules: Invalid rule: "):
        PrincipalMapping(rules)
