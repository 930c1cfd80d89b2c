"""`--user NAME:PASSWORD[:MECHANISM]`: who may log in from the start on. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from ...config.config_def import ConfigError, nearest
from .plain import PLAIN
from .scram_credentials import BY_LABEL

MECHANISMS = (PLAIN, *BY_LABEL)


@dataclass(frozen=True, slots=True)
class User:
    """One user, and the mechanisms that may be used."""

    name: str
    password: str = field(repr=False)
    mechanisms: Sequence[str] = MECHANISMS


def parse_user(text: str) -> User:
    """The user of one flag. ConfigError, which does not show the password."""
    name, colon, rest = text.partition(":")
    password, last_colon, mechanism = rest.rpartition(":")
    if not last_colon:
        password = rest
    if not colon or not name or not password:
        raise ConfigError("--user wants NAME:PASSWORD or NAME:PASSWORD:MECHANISM")
    if not last_colon:
        return User(name, password)
    if mechanism.upper() not in MECHANISMS:
        raise ConfigError(
            f"--user {name}: what stands behind the last colon is none of {', '.join(MECHANISMS)}"
            f"{nearest(mechanism.upper(), MECHANISMS)}; a password with a colon in it needs a mechanism behind it"
        )
    return User(name, password, (mechanism.upper(),))


def parse_users(texts: Sequence[str]) -> list[User]:
    """The users of all flags. ConfigError for one that is given twice for one mechanism."""
    users = [parse_user(text) for text in texts]
    seen: set[tuple[str, str]] = set()
    for user in users:
        for mechanism in user.mechanisms:
            if (user.name, mechanism) in seen:
                raise ConfigError(f"--user {user.name} is given twice for {mechanism}")
            seen.add((user.name, mechanism))
    return users


def plain_passwords(users: Sequence[User]) -> dict[str, str]:
    """Who may log in with PLAIN."""
    return {user.name: user.password for user in users if PLAIN in user.mechanisms}
