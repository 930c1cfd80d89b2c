"""Whether a client learns why it is refused."""

from odradek.broker.security.sasl.mechanism import LoginFailed, told


def test_a_refusal_says_nothing_to_the_client_unless_it_is_made_for_it() -> None:
    assert LoginFailed("no such user").told is None
    assert (str(told("no password")), told("no password").told) == ("no password", "no password")
