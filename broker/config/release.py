"""Release: the Apache Kafka that a broker shows itself as: what it lists, its features, its settings and defaults.

The rule: a release is data. releases.json has for each what it did otherwise than the next one; what is read here is
laid over the tables of 4.3, release by release, from the newest back. Nothing that serves a request knows of it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from .config_def import (
    OF_AUTHORIZER,
    ConfigError,
    ConfigKey,
    broker_config_def,
    find_broker_config,
    group_config_def,
    is_known,
    nearest,
    topic_config_def,
    without_listener,
)

# Not one of Kafka's: the release that a broker shows itself as.
AS_VERSION = "odradek.as.version"
NEWEST = "4.3"

_UPDATE_MODES = {"broker": "read-only", "topic": "per-topic", "group": "per-group"}

Versions = tuple[int, int]
Levels = tuple[int, int, int]
"""The levels of a feature that are supported, and the one that a new cluster has."""


@dataclass(frozen=True, slots=True)
class Release:
    """One release. `apis` and `features` have what differs from 4.3, None for what is not there."""

    name: str
    broker: Mapping[str, ConfigKey]
    topic: Mapping[str, ConfigKey]
    group: Mapping[str, ConfigKey]
    apis: Mapping[str, Versions | None] = field(default_factory=dict[str, Versions | None])
    features: Mapping[str, Levels | None] = field(default_factory=dict[str, Levels | None])
    # Defaults of brokers that differ from 4.3's.
    defaults: Mapping[str, str] = field(default_factory=dict[str, str])
    # Settings of topics that came later, as they were at first.
    later_topic: Mapping[str, ConfigKey] = field(default_factory=dict[str, ConfigKey])

    def find_broker_config(self, name: str) -> ConfigKey | None:
        """A broker setting of this release, or of 4.3: what came later has an effect here all the same."""
        return self.broker.get(without_listener(name)) or find_broker_config(name)

    def check_broker_config(self, name: str, value: str) -> str:
        """The value in Kafka's spelling; ConfigError names the setting and, for an unknown one, the nearest known."""
        setting = self.find_broker_config(name)
        if setting is None:
            raise ConfigError(
                f"unknown setting {name!r}{nearest(name, [*broker_config_def(), *self.broker, *OF_AUTHORIZER])}"
            )
        return setting.check(value)

    def is_known(self, name: str) -> bool:
        """Whether it is a broker setting, perhaps of one listener."""
        return name in self.broker or is_known(name)

    def topic_setting(self, name: str) -> ConfigKey:
        """A topic's setting that is needed whatever the release: where it has none, the first that there was counts."""
        return self.topic.get(name) or self.later_topic.get(name) or topic_config_def()[name]


@cache
def newest() -> Release:
    """4.3: what the broker is."""
    return Release(NEWEST, broker_config_def(), topic_config_def(), group_config_def())


@cache
def find_release(name: str) -> Release:
    """A release by its name, as 3.9. ConfigError names the nearest."""
    if name == NEWEST:
        return newest()
    differences = _differences()
    if name not in differences:
        there = [NEWEST, *differences]
        hint = f"did you mean {_nearest(name, there)!r}? There are: {', '.join(there)}"
        raise ConfigError(f"no release {name!r} of Apache Kafka can be shown; {hint}")
    return _before(differences, name)


def _before(differences: Mapping[str, Any], name: str) -> Release:
    """4.3, less what each release from there back to this one did otherwise."""
    apis: dict[str, Versions | None] = {}
    features: dict[str, Levels | None] = {}
    keys: dict[str, dict[str, ConfigKey]] = {
        "broker": dict(broker_config_def()),
        "topic": dict(topic_config_def()),
        "group": dict(group_config_def()),
    }
    later_topic: dict[str, ConfigKey] = {}
    for release, difference in differences.items():
        apis |= {api: _tuple(versions) for api, versions in difference["apis"].items()}
        features |= {feature: _tuple(levels) for feature, levels in difference["features"].items()}
        gone = (key for key, row in difference["configs"]["topic"].items() if row is None)
        later_topic |= {key: keys["topic"][key] for key in gone if key in keys["topic"]}
        for kind, rows in difference["configs"].items():
            _lay_over(keys[kind], rows, kind)
        if release == name:
            break
    now, then = broker_config_def(), keys["broker"]
    defaults = {
        key: then[key].default or ""
        for key in now
        if key in then and then[key].default is not None and then[key].default != now[key].default
    }
    return Release(name, keys["broker"], keys["topic"], keys["group"], apis, features, defaults, later_topic)


def _lay_over(keys: dict[str, ConfigKey], rows: Mapping[str, Any], kind: str) -> None:
    for name, row in rows.items():
        if row is None:
            keys.pop(name, None)
            continue
        known = keys.get(name)
        keys[name] = ConfigKey(
            name,
            row["type"],
            row["default"],
            row["valid"] or None,
            _UPDATE_MODES[kind] if known is None else known.update_mode,
            row["type"] == "PASSWORD",
            not row.get("internal"),
            known.synonyms if known is not None else (f"log.{name}",) if kind == "topic" else (),
        )


def _tuple(numbers: list[int] | None) -> Any:
    return None if numbers is None else tuple(numbers)


def _nearest(name: str, there: list[str]) -> str:
    """The release whose number is nearest, so that 3.9.1 is 3.9; the newest for what has no number."""
    major, _, rest = name.strip().removeprefix("v").partition(".")
    minor = rest.partition(".")[0]
    if not (major.isdecimal() and major.isascii()) or (minor and not (minor.isdecimal() and minor.isascii())):
        return there[0]
    asked = int(major[:6]) * 1000 + int(minor[:3] or 0)

    def distance(one: str) -> int:
        first, _, second = one.partition(".")
        return abs(int(first) * 1000 + int(second) - asked)

    return min(there, key=distance)


@cache
def _differences() -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads(Path(__file__).with_name("releases.json").read_text("utf-8"))
    return found
