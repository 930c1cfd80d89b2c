"""The page of settings is the one that the code writes, and what it says of effects is so."""

import dataclasses
import re
from pathlib import Path

import pytest

from odradek.broker.config.broker_config import BrokerConfig
from odradek.broker.config.config_def import (
    broker_config_def,
    client_metrics_config_def,
    group_config_def,
    topic_config_def,
)
from odradek.broker.config.documentation import DocumentedKind
from odradek.broker.config.effects import broker_settings_in_effect, topic_settings_in_effect
from odradek.broker.tools.settings_page import (
    NONE,
    SEVERAL,
    YES,
    effect_of,
    footnotes,
    own_default,
    page,
    reasons,
    row,
)
from odradek.storage.log_config import LogConfig

FILE = Path(__file__).parents[3] / "docs" / "settings.md"
# BrokerConfig keeps beside its settings where each was given.
NO_SETTINGS = {"given", "dynamic", "dynamic.default", "written", "lower.replication.factors", "release", "brokers"}


def names_of(fields: type) -> set[str]:
    assert dataclasses.is_dataclass(fields)
    return {field.name.replace("_", ".") for field in dataclasses.fields(fields)}


def test_the_page_is_what_the_code_writes() -> None:
    assert FILE.read_text() == page(), "run `python -m odradek.broker.tools.settings_page > docs/settings.md`"


def test_every_setting_has_a_row_of_seven_cells() -> None:
    rows = [line for line in page().splitlines() if line.startswith(("| `", "| (`"))]
    definitions = (broker_config_def(), topic_config_def(), group_config_def(), client_metrics_config_def())
    assert len(rows) == sum(map(len, definitions))
    assert {len(re.split(r"(?<!\\)\|", line)) for line in rows} == {9}


def test_a_topics_setting_has_an_effect_if_its_log_has_it() -> None:
    of_the_broker = {"producer.id.expiration.ms"}
    assert topic_settings_in_effect() == names_of(LogConfig) - of_the_broker | {"internal.segment.bytes"}


def test_each_field_of_the_brokers_settings_has_an_effect() -> None:
    assert names_of(BrokerConfig) - broker_settings_in_effect() == NO_SETTINGS


@pytest.mark.parametrize(
    ("kind", "name", "effect"),
    [
        ("broker", "num.partitions", YES),
        ("broker", "log.retention.hours", YES),  # behind a topic's retention.ms, the last of three
        ("broker", "message.max.bytes", YES),
        ("broker", "num.io.threads", NONE),
        ("broker", "log.preallocate", NONE),
        ("broker", "group.share.min.session.timeout.ms", YES),
        ("broker", "group.share.persister.class.name", NONE),
        ("broker", "group.streams.session.timeout.ms", YES),
        ("broker", "group.consumer.session.timeout.ms", YES),
        ("broker", "group.consumer.migration.policy", YES),
        ("broker", "replica.lag.time.max.ms", SEVERAL),
        ("broker", "min.insync.replicas", SEVERAL),
        ("topic", "min.insync.replicas", SEVERAL),
        ("topic", "unclean.leader.election.enable", SEVERAL),
        ("topic", "retention.ms", YES),
        ("topic", "preallocate", NONE),
        ("group", "consumer.session.timeout.ms", YES),
        ("group", "share.session.timeout.ms", YES),
        ("group", "streams.session.timeout.ms", YES),
        ("client_metrics", "interval.ms", NONE),
    ],
)
def test_the_effect_of_a_setting_shows_in_what_the_code_asks_for(kind: DocumentedKind, name: str, effect: str) -> None:
    definitions = {
        "broker": broker_config_def,
        "topic": topic_config_def,
        "group": group_config_def,
        "client_metrics": client_metrics_config_def,
    }
    assert effect_of(kind, definitions[kind]()[name]) == effect


def test_a_default_of_ours_has_a_note_with_its_reason() -> None:
    notes = footnotes()
    key = broker_config_def()["offsets.topic.replication.factor"]
    assert own_default("broker", key) == "1"
    assert "| `1` [^offsets.topic.replication.factor] |" in row("broker", key)
    assert f"[^offsets.topic.replication.factor]: {reasons()[key.name]}.\n" in notes
    referred = set(re.findall(r"\[\^([\w.]+)\] \|", page()))
    assert referred == set(re.findall(r"^\[\^([\w.]+)\]:", notes, re.MULTILINE))


def test_a_default_of_kafkas_has_none() -> None:
    key = broker_config_def()["fetch.max.bytes"]
    assert own_default("broker", key) is None
    assert row("broker", key).startswith("| `fetch.max.bytes` | INT | `57671680` | `[1024,...]` | read-only | yes | ")


def test_an_internal_name_stands_in_brackets() -> None:
    assert row("topic", topic_config_def()["internal.segment.bytes"]).startswith("| (`internal.segment.bytes`) | ")
