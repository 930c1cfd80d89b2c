"""The texts of settings: one for each, short, and read only when asked for."""

import importlib
from collections.abc import Mapping

import pytest

from odradek.broker.config import documentation
from odradek.broker.config.config_def import (
    ConfigKey,
    broker_config_def,
    client_metrics_config_def,
    group_config_def,
    topic_config_def,
)
from odradek.broker.config.documentation import DocumentedKind, documentation_of

DEFINITIONS: Mapping[DocumentedKind, Mapping[str, ConfigKey]] = {
    "broker": broker_config_def(),
    "topic": topic_config_def(),
    "group": group_config_def(),
    "client_metrics": client_metrics_config_def(),
}


@pytest.mark.parametrize("kind", DEFINITIONS)
def test_every_setting_has_a_text_and_every_text_a_setting(kind: DocumentedKind) -> None:
    assert set(documentation._texts()[kind]) == set(DEFINITIONS[kind])


@pytest.mark.parametrize("kind", DEFINITIONS)
def test_a_text_is_a_few_sentences_in_one_line(kind: DocumentedKind) -> None:
    for name in DEFINITIONS[kind]:
        text = documentation_of(kind, name) or ""
        assert 20 <= len(text) <= 600, name
        assert text.isascii(), name
        assert text.isprintable(), name
        assert text.endswith("."), name


def test_no_text_stands_at_two_settings() -> None:
    texts = [text for texts in documentation._texts().values() for text in texts.values()]
    assert len(set(texts)) == len(texts)


def test_a_topic_and_a_broker_have_each_their_own_text_of_one_name() -> None:
    assert documentation_of("topic", "compression.type") != documentation_of("broker", "compression.type")


def test_a_setting_that_kafka_does_not_know_has_none() -> None:
    assert documentation_of("broker", "retention.ms") is None


def test_the_texts_are_read_when_the_first_is_asked_for() -> None:
    fresh = importlib.reload(documentation)
    assert fresh._texts.cache_info().currsize == 0
    fresh.documentation_of("broker", "node.id")
    assert fresh._texts.cache_info().currsize == 1
