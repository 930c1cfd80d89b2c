"""`sasl.jaas.config`: one login module with its options, in the syntax of Kafka's JaasConfig. Pure.

org.apache.kafka.common.security.plain.PlainLoginModule required user_alice="secret";
The rule: no text of an error has an option's value in it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from ...config.config_def import ConfigError

PLAIN_MODULE = "org.apache.kafka.common.security.plain.PlainLoginModule"
SCRAM_MODULE = "org.apache.kafka.common.security.scram.ScramLoginModule"
OAUTHBEARER_MODULE = "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule"
_FLAGS = ("required", "requisite", "sufficient", "optional")
_TOKEN = re.compile(
    r"""\s+|//[^\n]*|/\*.*?\*/"""
    r"""|(?P<quoted>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')|(?P<word>[^\s"'=;/]+(?:/[^\s"'=;/*]+)*)|(?P<mark>[=;])""",
    re.DOTALL,
)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}
_USER = "user_"


@dataclass(frozen=True, slots=True)
class LoginModule:
    """One entry: the class of the module, and its options."""

    name: str
    options: Mapping[str, str]

    def users(self) -> dict[str, str]:
        """Passwords by user: options of the form user_NAME."""
        return {key.removeprefix(_USER): value for key, value in self.options.items() if key.startswith(_USER)}


@lru_cache(maxsize=64)
def parse_jaas(text: str, setting: str) -> LoginModule:
    """The one login module of a setting. ConfigError."""
    tokens = _tokens(text, setting)
    if not tokens:
        raise ConfigError(f"{setting}: Login module not specified in JAAS config")
    name, rest = tokens[0], tokens[1:]
    if not rest or rest[0].lower() not in _FLAGS:
        raise ConfigError(f"{setting}: Login module control flag not specified in JAAS config")
    options, left = _options(rest[1:], setting)
    if left:
        raise ConfigError(f"{setting}: JAAS config property contains several login modules, should be 1 module")
    return LoginModule(name, options)


def _options(tokens: list[str], setting: str) -> tuple[dict[str, str], list[str]]:
    """NAME=VALUE … ; and what stands behind it."""
    options: dict[str, str] = {}
    at = 0
    while at < len(tokens) and tokens[at] != ";":
        if at + 2 >= len(tokens) or tokens[at + 1] != "=" or tokens[at + 2] in ("=", ";"):
            raise ConfigError(f"{setting}: Value not specified for key '{tokens[at]}' in JAAS config")
        options[tokens[at]] = tokens[at + 2].removeprefix("\0")
        at += 3
    if at == len(tokens):
        raise ConfigError(f"{setting}: JAAS config entry not terminated by semi-colon")
    return options, tokens[at + 1 :]


def _tokens(text: str, setting: str) -> list[str]:
    """Words and marks; a quoted text has a NUL in front, so that it is no mark."""
    tokens: list[str] = []
    at = 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise ConfigError(f"{setting}: JAAS config cannot be read at character {at}")
        if found["quoted"] is not None:
            tokens.append("\0" + _unescaped(found["quoted"][1:-1]))
        elif (plain := found["word"] or found["mark"]) is not None:
            tokens.append(plain)
        at = found.end()
    return tokens


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", lambda found: _ESCAPES.get(found[1], found[1]), text, flags=re.DOTALL)
