"""`--user NAME:PASSWORD[:MECHANISM]`."""

import pytest

from odradek.broker.config.config_def import ConfigError
from odradek.broker.security.sasl.users import MECHANISMS, User, parse_user, parse_users, plain_passwords


def test_a_user_without_a_mechanism_has_them_all() -> None:
    assert parse_user("al:secret") == User("al", "secret", MECHANISMS)


def test_a_user_of_one_mechanism_may_have_colons_in_the_password() -> None:
    assert parse_user("al:se:cr:et:scram-sha-256") == User("al", "se:cr:et", ("SCRAM-SHA-256",))


@pytest.mark.parametrize("text", ["", "al", ":", "al:", ":hidden", "al::PLAIN"])
def test_what_is_no_user(text: str) -> None:
    with pytest.raises(ConfigError, match="NAME:PASSWORD"):
        parse_user(text)


def test_a_mechanism_that_is_not_there_is_answered_with_the_nearest() -> None:
    with pytest.raises(ConfigError, match="did you mean 'SCRAM-SHA-512'") as refused:
        parse_user("al:hidden:SCRAM-SHA512")
    assert "hidden" not in str(refused.value)


def test_a_user_has_one_password_for_a_mechanism() -> None:
    assert len(parse_users(["al:x:PLAIN", "al:y:SCRAM-SHA-256", "bo:z"])) == 3
    with pytest.raises(ConfigError, match="--user al is given twice for PLAIN"):
        parse_users(["al:x", "al:y:PLAIN"])


def test_passwords_are_there_for_plain_and_are_not_shown() -> None:
    users = parse_users(["al:hidden", "bo:y:SCRAM-SHA-256", "cy:z:PLAIN"])
    assert plain_passwords(users) == {"al": "hidden", "cy": "z"}
    assert "hidden" not in repr(users)
