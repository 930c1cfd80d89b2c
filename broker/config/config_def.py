"""Kafka's settings by their own names: what exists, of which type, with which default, within which bounds.

The tables beside this file list every setting of Apache Kafka 4.3, the ones without effect here included,
so that an existing server.properties is valid input and DescribeConfigs answers as Kafka does.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from .java_values import parse_double, parse_integer, spell_double, split_list, trim

_PROPERTY = re.compile(r"((?:\\.|[^\\=:])*)([=:])")
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)")
_CONTROLS = {"t": "\t", "n": "\n", "r": "\r", "f": "\f"}
SASL_MECHANISMS = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER", "GSSAPI")
_BITS = {"INT": 32, "LONG": 64, "SHORT": 16}


class ConfigError(ValueError):
    """A name that Kafka does not know, or a value that it would refuse."""


@dataclass(frozen=True, slots=True)
class ConfigKey:
    """One setting. `type` is Kafka's own word: BOOLEAN, INT, LONG, STRING, LIST, …; `valid` its bounds as text."""

    name: str
    type: str
    default: str | None
    valid: str | None
    update_mode: str
    is_sensitive: bool
    is_described: bool
    synonyms: tuple[str, ...]

    @property
    def is_read_only(self) -> bool:
        return self.update_mode == "read-only"

    def check(self, value: str) -> str:
        """The value in Kafka's spelling; ConfigError in Kafka's words where it would be refused."""
        text = trim(value)
        if self.type in ("INT", "LONG", "SHORT", "DOUBLE"):
            return _spelled(self._check_number(value, text))
        elif self.type == "BOOLEAN":
            if text.lower() not in ("true", "false"):
                raise self._refused(value, "Expected value to be either true or false")
            return text.lower()
        elif self.type == "LIST":
            parts = split_list(text)
            if self.name.endswith("replication.throttled.replicas"):
                self._check_replicas([part for part in parts if part])
            else:
                parts = list(dict.fromkeys(parts))
            self._check_choices(value, parts)
            return ",".join(parts)
        elif self.type == "STRING":
            self._check_choices(value, [text])
        return text

    def _check_number(self, value: str, text: str) -> int | float:
        try:
            number = parse_number(self.type, text)
        except ValueError:
            raise self._refused(value, f"Not a number of type {self.type}") from None
        bounds = re.fullmatch(r"\[(-?[\d.]+),\.\.\.(?:,(-?[\d.]+))?\]( or -1)?", self.valid or "")
        if bounds is None:
            return number
        low, high, or_none = bounds[1], bounds[2], bounds[3]
        is_low, is_high = number < float(low), high is not None and number > float(high)
        if or_none and number != -1 and (is_low or is_high):
            raise self._refused(value, f"Value must be between {low} and {high} or equal to -1")
        if is_low and not or_none:
            raise self._refused(value, f"Value must be at least {low}")
        if is_high:
            raise self._refused(value, f"Value must be no more than {high}")
        return number

    def _check_choices(self, value: str, parts: list[str]) -> None:
        listed = re.fullmatch(r"(\(case insensitive\) )?\[([\w, ]+)\]", self.valid or "")
        if listed is None:
            return
        choices = listed[2].split(", ")
        if "" in parts:
            raise ConfigError(f"Configuration '{self.name}' values must not be empty.")
        folded = [choice.lower() for choice in choices] if listed[1] else choices
        for part in parts:
            if (part.lower() if listed[1] else part) not in folded:
                refused = part if self.type == "LIST" else value
                raise self._refused(refused, f"String must be one of: {', '.join(choices)}")

    def _check_replicas(self, parts: list[str]) -> None:
        if parts != ["*"] and not all(re.fullmatch(r"[0-9]+:[0-9]+", part) for part in parts):
            why = (
                f"{self.name} must be the literal '*' or a list of replicas in the following format: "
                "[partitionId]:[brokerId],[partitionId]:[brokerId],..."
            )
            raise self._refused(f"[{', '.join(parts)}]", why)

    def _refused(self, value: str, why: str) -> ConfigError:
        return ConfigError(f"Invalid value {value} for configuration {self.name}: {why}")


def _spelled(number: int | float) -> str:
    return str(number) if isinstance(number, int) else spell_double(number)


def parse_number(kind: str, text: str) -> int | float:
    """A value of one of Kafka's types of numbers; ValueError."""
    return parse_double(text) if kind == "DOUBLE" else parse_integer(text, _BITS[kind])


# What Kafka's authorizer reads beside the table: a value of no known type, and so one that is not shown to clients.
OF_AUTHORIZER: Mapping[str, ConfigKey] = {
    name: ConfigKey(name, "STRING", None, None, "read-only", is_sensitive=True, is_described=False, synonyms=())
    for name in ("super.users", "allow.everyone.if.no.acl.found")
}


@cache
def broker_config_def() -> Mapping[str, ConfigKey]:
    """Every broker setting of Kafka 4.3, by name."""
    return _load("configs-broker.json")


@cache
def topic_config_def() -> Mapping[str, ConfigKey]:
    """Every topic setting of Kafka 4.3, by name; `synonyms` are the broker settings that give its default."""
    return _load("configs-topic.json")


@cache
def group_config_def() -> Mapping[str, ConfigKey]:
    """Every group setting of Kafka 4.3, by name; `synonyms` are the broker settings that give its default."""
    return _load("configs-group.json")


@cache
def client_metrics_config_def() -> Mapping[str, ConfigKey]:
    """Every setting of a client metrics subscription (KIP-714), by name."""
    return _load("configs-client-metrics.json")


def _load(file_name: str) -> Mapping[str, ConfigKey]:
    rows = json.loads(Path(__file__).with_name(file_name).read_text())
    return {
        row["name"]: ConfigKey(
            row["name"],
            row["type"],
            row["default"],
            row["valid"],
            row["update_mode"],
            bool(row.get("sensitive")),
            not row.get("not_in_describe_configs"),
            tuple(row.get("broker_synonyms", ())),
        )
        for row in rows
    }


def check_broker_config(name: str, value: str) -> str:
    """The value in Kafka's spelling; ConfigError names the setting and, for an unknown one, the nearest known."""
    setting = find_broker_config(name)
    if setting is None:
        raise ConfigError(f"unknown setting {name!r}{nearest(name, (*broker_config_def(), *OF_AUTHORIZER))}")
    return setting.check(value)


def find_broker_config(name: str) -> ConfigKey | None:
    """A broker setting of Kafka, be it that of one listener (listener.name.NAME.SETTING); None if there is none."""
    return broker_config_def().get(without_listener(name)) or OF_AUTHORIZER.get(name)


def is_known(name: str) -> bool:
    """Whether it is a broker setting of Kafka, perhaps of one listener."""
    return find_broker_config(name) is not None


def without_listener(name: str) -> str:
    """The setting itself. Of SASL mechanisms there is one more part: listener.name.NAME.plain.sasl.jaas.config."""
    own = name.split(".", 3)[-1] if name.startswith("listener.name.") else name
    mechanism, _, of_mechanism = own.partition(".")
    is_of_mechanism = own not in broker_config_def() and mechanism.upper() in SASL_MECHANISMS
    return of_mechanism if is_of_mechanism else own


def nearest(name: str, known: Iterable[str]) -> str:
    """A hint at the known name that looks most alike, or nothing."""
    import difflib  # for a mistake only

    close = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    return f"; did you mean {close[0]!r}?" if close else ""


def parse_properties(text: str) -> dict[str, str]:
    r"""A Java properties file: name=value or name: value, # and ! comments, a backslash to go on in the next line.

    \n is the end of a line, \u00e4 a character by its number; any other character after a backslash is itself.
    """
    found: dict[str, str] = {}
    joined = re.sub(r"\\\r?\n[ \t]*", "", text)
    for number, line in enumerate(joined.splitlines(), 1):
        stripped = line.strip()
        if not stripped or stripped[0] in "#!":
            continue
        name, separator, value = _split_property(stripped)
        if not separator:
            raise ConfigError(f"line {number} is not name=value: {stripped.split()[0]!r}")  # the rest may be a secret
        found[_unescaped(name.strip())] = _unescaped(value.strip())
    return found


def _split_property(line: str) -> tuple[str, str, str]:
    found = _PROPERTY.match(line)
    return (line, "", "") if found is None else (found[1], found[2], line[found.end() :])


def _unescaped(text: str) -> str:
    def meant(found: re.Match[str]) -> str:
        return chr(int(found[1][1:], 16)) if len(found[1]) > 1 else _CONTROLS.get(found[1], found[1])

    return _ESCAPE.sub(meant, text)
