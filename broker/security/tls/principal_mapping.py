"""`ssl.principal.mapping.rules`: what becomes of a certificate's name before it is a user's (KIP-371).

    RULE:^CN=(.*?),OU=ServiceUsers.*$/$1/L,DEFAULT

The first rule whose pattern is the whole name counts; L and U change its case; DEFAULT is the name itself. Rules are
split as Kafka's SslPrincipalMapper splits them, and its replacements are Java's: $1, and a backslash before what is
meant as it stands.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ...config.config_def import ConfigError

SETTING = "ssl.principal.mapping.rules"
_RULE = r"(DEFAULT)|RULE:((?:\\.|[^\\/])*)/((?:\\.|[^\\/])*)/([LU]?).*?|(.*?)"
_SPLITTER = re.compile(rf"\s*({_RULE})\s*(,\s*|$)", re.ASCII)
_PARSER = re.compile(_RULE, re.ASCII)
_REFERENCE = re.compile(r"\\(.)|\$([0-9])|\$\{([A-Za-z][A-Za-z0-9]*)\}|([\\$])", re.DOTALL)
_JAVAS_NAMED_GROUP = re.compile(r"\(\?<(?=[A-Za-z])")


class NoMatchingRule(Exception):
    """No rule is for this name: its owner is not let in."""


@dataclass(frozen=True, slots=True)
class _Rule:
    """Without a pattern it is DEFAULT."""

    pattern: re.Pattern[str] | None
    replacement: str = ""
    case: str = ""

    def apply(self, name: str) -> str | None:
        if self.pattern is None:
            return name
        if self.pattern.fullmatch(name) is None:
            return None
        pattern = self.pattern
        result = pattern.sub(lambda found: _replaced(self.replacement, found, pattern.groups), name)
        return {"L": result.lower(), "U": result.upper()}.get(self.case, result)


class PrincipalMapping:
    """The rules of one listener."""

    def __init__(self, text: str) -> None:
        """ConfigError for what is no rule."""
        self._text = text.strip()
        self._rules: Sequence[_Rule] = [rule for part in _split(self._text) if (rule := _parse(part)) is not None]

    def user_of(self, name: str) -> str:
        """The user whom a certificate with this distinguished name stands for. NoMatchingRule."""
        for rule in self._rules:
            user = rule.apply(name)
            if user is not None:
                return user
        raise NoMatchingRule(f"no rule of {SETTING} is for {name}")


def _split(text: str) -> Sequence[str]:
    return [found[1] for found in _SPLITTER.finditer(text)]


def _parse(rule: str) -> _Rule | None:
    """None for one that is empty: it counts for nothing."""
    found = _PARSER.match(rule)
    if found is None or found.end() != len(rule):
        rest = "" if found is None else f", unmatched substring: `{rule[found.end() :]}`"
        raise ConfigError(f"{SETTING}: Invalid rule: `{rule}`{rest}")
    if found[1] is not None:
        return _Rule(None)
    if found[2] is None:
        return None
    try:
        return _Rule(re.compile(_JAVAS_NAMED_GROUP.sub("(?P<", found[2])), found[3], found[4])
    except (re.error, RecursionError, OverflowError) as error:
        raise ConfigError(f"{SETTING}: Invalid rule: `{rule}`: {error}") from None


def _replaced(replacement: str, found: re.Match[str], groups: int) -> str:
    """What stands for a match; a reference to a group that there is not is meant as it stands, as Kafka has it."""
    result: list[str] = []
    pos = 0
    while (reference := _REFERENCE.search(replacement, pos)) is not None:
        result.append(replacement[pos : reference.start()])
        pos = reference.end()
        if reference[3] is not None and reference[3] in found.groupdict():
            result.append(found[reference[3]] or "")
            continue
        if reference[2] is None:
            result.append(reference[1] or reference[4] or reference[0])
            continue
        number = int(reference[2])
        # More digits belong to it as long as there are so many groups.
        while pos < len(replacement) and replacement[pos].isdecimal() and number * 10 + int(replacement[pos]) <= groups:
            number = number * 10 + int(replacement[pos])
            pos += 1
        result.append((found[number] or "") if number <= groups else reference[0])
    return "".join([*result, replacement[pos:]])
