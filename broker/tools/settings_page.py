"""Writes docs/settings.md: `python -m odradek.broker.tools.settings_page > docs/settings.md`.

The rule: nothing about a setting is written here. Names, types and bounds are those of the tables that the broker
reads, our defaults and their reasons those of BrokerConfig, and what has an effect shows in what the code asks for.
"""

import inspect
import re
from collections.abc import Mapping

import click

from ..config.broker_config import BrokerConfig
from ..config.config_def import (
    ConfigKey,
    broker_config_def,
    client_metrics_config_def,
    group_config_def,
    topic_config_def,
)
from ..config.documentation import DocumentedKind, documentation_of
from ..config.effects import broker_settings_in_effect, topic_settings_in_effect
from ..config.replication_config import OF_SEVERAL_BROKERS
from ..share.share_config import OF_GROUPS_ALONE

YES, SEVERAL, NONE = "yes", "with several brokers", "kept, no effect"

INTRODUCTION = """\
# Settings

Written from the tables in the code by `python -m odradek.broker.tools.settings_page > docs/settings.md`; a test keeps
this page true. Every setting of Apache Kafka 4.3 is known by its own name, so that a `server.properties` written for it
can be given to this broker: each setting is checked as Kafka checks it, kept, and shown to clients. {in_effect} of
{total} have an effect here, some of them *{several}* alone (`--brokers`). The others are for what is not served yet, or
for what brokers of one process do not have, and are marked: *{none}*.

A default with a note is another one than Kafka's; the note has the reason.
"""

BROKERS = """\
## Brokers

Given in a file (`--config`) or one by one (`--set`) at the start. The update mode is Kafka's, and says what clients may
alter while the broker runs: *read-only* nothing, *per-broker* the setting of one broker, *cluster-wide* that of all
brokers as well. A name in brackets is internal to Kafka; DescribeConfigs does not show it.
"""

TOPICS = """\
## Topics

Given when a topic is created, and altered later. A topic without a value of its own has its broker's, of the setting
behind it. `remote.storage.enable=true` is refused, as it is by every broker without tiered storage.
"""

GROUPS = """\
## Groups

For groups of the newer protocols: consumer (KIP-848), share (KIP-932) and streams (KIP-1071). A group without a value
of its own has its broker's, of the setting behind it.
"""

CLIENT_METRICS = """\
## Client metrics

For subscriptions to the metrics that clients push (KIP-714).
"""

TABLES: tuple[tuple[DocumentedKind, str], ...] = (
    ("broker", BROKERS),
    ("topic", TOPICS),
    ("group", GROUPS),
    ("client_metrics", CLIENT_METRICS),
)


def effect_of(kind: DocumentedKind, key: ConfigKey) -> str:
    """The word of the page. A setting of a group has an effect if the setting of the broker behind it has one."""
    in_effect = topic_settings_in_effect() if kind == "topic" else broker_settings_in_effect()
    if kind in ("broker", "topic"):
        return YES if key.name in in_effect else SEVERAL if key.name in OF_SEVERAL_BROKERS else NONE
    return YES if in_effect.intersection(key.synonyms) or key.name in OF_GROUPS_ALONE else NONE


def reasons() -> dict[str, str]:
    """Why a default of ours is another than Kafka's, from the comments in BrokerConfig, by Kafka's names."""
    found = re.findall(r"^    (\w+): [^\n]*?  # (.+)$", inspect.getsource(BrokerConfig), re.MULTILINE)
    return {field.replace("_", "."): reason for field, reason in found}


def own_default(kind: DocumentedKind, key: ConfigKey) -> str | None:
    """Our default where it is another than Kafka's."""
    if kind != "broker":
        return None
    ours = BrokerConfig().effective(key.name)
    return ours if (ours or "") != (key.default or "") else None


def row(kind: DocumentedKind, key: ConfigKey) -> str:
    """One line of a table."""
    ours = own_default(kind, key)
    default = _code(key.default) if ours is None else f"{_code(ours)} [^{key.name}]"
    name = _code(key.name) if key.is_described else f"({_code(key.name)})"
    bounds = _code(key.valid) if key.valid else ""
    text = documentation_of(kind, key.name) or ""
    cells = (name, key.type, default, bounds, key.update_mode, effect_of(kind, key), text)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _code(value: str | None) -> str:
    if value is None:
        return "none"
    return f"`{value}`" if value else "empty"


def table(kind: DocumentedKind) -> str:
    """All settings of one kind, by name."""
    head = [
        "| name | type | default | bounds | update mode | effect here | what it does |",
        "|---|---|---|---|---|---|---|",
    ]
    return "\n".join([*head, *(row(kind, key) for key in _keys(kind).values()), ""])


def footnotes() -> str:
    """Kafka's defaults where ours are others, with the reason if there is one."""
    known = reasons()
    notes: list[str] = []
    for name, key in broker_config_def().items():
        if own_default("broker", key) is not None:
            kafka = "Kafka has none" if key.default is None else f"Kafka: {_code(key.default)}"
            notes.append(f"[^{name}]: {known.get(name, kafka)}.")
    return "\n".join([*notes, ""])


def page() -> str:
    """The whole page."""
    effects = [effect_of(kind, key) for kind, _ in TABLES for key in _keys(kind).values()]
    parts = [
        INTRODUCTION.format(
            in_effect=len(effects) - effects.count(NONE), total=len(effects), several=SEVERAL, none=NONE
        )
    ]
    for kind, introduction in TABLES:
        parts += [introduction, table(kind)]
    return "\n".join([*parts, footnotes()])


def _keys(kind: DocumentedKind) -> Mapping[str, ConfigKey]:
    definitions = {
        "broker": broker_config_def,
        "topic": topic_config_def,
        "group": group_config_def,
        "client_metrics": client_metrics_config_def,
    }
    return definitions[kind]()


if __name__ == "__main__":
    click.echo(page(), nl=False)
