"""Topics asked for at the start, as they are written in flags, files and the environment."""

import pytest

from odradek.broker.config.config_def import ConfigError
from odradek.broker.config.start_topics import (
    StartTopic,
    merged,
    parse_create_topics,
    parse_start_topic,
    parse_start_topics,
)


@pytest.mark.parametrize(
    ("text", "name", "partitions", "configs"),
    [
        ("t", "t", None, {}),
        ("t:3", "t", 3, {}),
        (" t : 3 ", "t ", None, None),
        ("t::retention.ms=5", "t", None, {"retention.ms": "5"}),
        (
            "t:3:cleanup.policy=compact,delete,retention.ms=5",
            "t",
            3,
            {"cleanup.policy": "compact,delete", "retention.ms": "5"},
        ),
        (
            "t:1:leader.replication.throttled.replicas=0:1,1:1",
            "t",
            1,
            {"leader.replication.throttled.replicas": "0:1,1:1"},
        ),
    ],
)
def test_a_topic_is_a_name_then_partitions_then_settings(
    text: str, name: str, partitions: int | None, configs: dict[str, str] | None
) -> None:
    if configs is None:
        with pytest.raises(ConfigError, match="Topic name is invalid"):
            parse_start_topic(text, "--topic")
    else:
        assert parse_start_topic(text, "--topic") == StartTopic(name, partitions, configs, None, "--topic")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "Topic name is invalid: the empty string is not allowed"),
        ("a b", "contains one or more characters other than"),
        ("t:x", "'x' is no number of partitions"),
        ("t:0", "'0' is no number of partitions"),
        ("t:-1", "'-1' is no number of partitions"),
        ("t:1:compact", "'compact' is not SETTING=VALUE"),
        ("t:1:retention.mss=5", "unknown topic setting 'retention.mss'; did you mean 'retention.ms'?"),
        ("t:1:retention.ms=x", "Invalid value x for configuration retention.ms"),
        ("__consumer_offsets:3", "the broker creates this topic itself"),
    ],
)
def test_what_cannot_be_a_topic_is_refused_and_the_flag_is_named(text: str, why: str) -> None:
    with pytest.raises(ConfigError) as refused:
        parse_start_topic(text, "--topic")
    assert str(refused.value).startswith(f"--topic {text!r}: ")
    assert why in str(refused.value)


def test_a_setting_holds_several_with_semicolons_between() -> None:
    found = parse_start_topics("a; b:2 ;;c:1:cleanup.policy=compact", "odradek.topics")
    assert [(topic.name, topic.partitions) for topic in found] == [("a", None), ("b", 2), ("c", 1)]
    assert parse_start_topics("", "odradek.topics") == []


def test_the_variable_of_an_image_has_partitions_replicas_and_a_policy() -> None:
    found = parse_create_topics("Topic1:1:3, Topic2:2:1:compact,Topic3:4", "")
    assert [(topic.name, topic.partitions, topic.replication_factor, topic.configs) for topic in found] == [
        ("Topic1", 1, 3, {}),
        ("Topic2", 2, 1, {"cleanup.policy": "compact"}),
        ("Topic3", 4, None, {}),
    ]
    assert [topic.name for topic in parse_create_topics("a:1:1\n b:1:1\n", "\n")] == ["a", "b"]


@pytest.mark.parametrize("text", ["t", "t:1:1:compact:more", "t:1:x", "t:1:1:squeeze"])
def test_a_variable_that_is_wrong_is_refused_by_its_name(text: str) -> None:
    with pytest.raises(ConfigError, match="KAFKA_CREATE_TOPICS"):
        parse_create_topics(text, ",")


def test_of_a_topic_that_two_sources_name_the_later_counts() -> None:
    found = merged(parse_start_topics("a:1;b:2", "odradek.topics"), [parse_start_topic("a:3", "--topic")])
    assert [(topic.name, topic.partitions, topic.source) for topic in found] == [
        ("a", 3, "--topic"),
        ("b", 2, "odradek.topics"),
    ]


def test_a_topic_that_one_source_names_twice_is_refused() -> None:
    with pytest.raises(ConfigError, match="--topic names the topic 'a' twice"):
        merged([parse_start_topic("a:1", "--topic"), parse_start_topic("a:2", "--topic")])
