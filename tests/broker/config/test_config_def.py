"""Kafka's settings: names, bounds, files."""

import pytest

from odradek.broker.config.config_def import (
    ConfigError,
    broker_config_def,
    check_broker_config,
    find_broker_config,
    parse_properties,
    topic_config_def,
)


def test_every_setting_of_kafka_is_known() -> None:
    assert len(broker_config_def()) == 360 + 3  # that Kafka keeps beside its table: bytes a second of replicas
    assert len([s for s in topic_config_def().values() if s.is_described]) == 33


@pytest.mark.parametrize(
    ("name", "value", "kept"),
    [
        ("log.segment.bytes", " 1048576 ", "1048576"),
        ("auto.create.topics.enable", "FALSE", "false"),
        ("compression.gzip.level", "-1", "-1"),
        ("log.cleanup.policy", "compact,delete", "compact,delete"),
        ("log.retention.ms", "-1", "-1"),
    ],
)
def test_a_good_value_is_kept_in_kafkas_spelling(name: str, value: str, kept: str) -> None:
    assert check_broker_config(name, value) == kept


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("log.segment.bytes", "10", "Value must be at least 1048576"),
        ("log.segment.bytes", "99999999999", "Not a number of type INT"),
        ("num.partitions", "many", "Not a number of type INT"),
        ("auto.create.topics.enable", "yes", "Expected value to be either true or false"),
        ("compression.gzip.level", "12", "Value must be between 1 and 9 or equal to -1"),
        ("log.cleanup.policy", "shred", "String must be one of: compact, delete"),
        ("log.cleaner.min.cleanable.ratio", "1.5", "Value must be no more than 1"),
    ],
)
def test_a_bad_value_is_refused_in_kafkas_words(name: str, value: str, why: str) -> None:
    with pytest.raises(ConfigError, match=why) as refused:
        check_broker_config(name, value)
    assert f"Invalid value {value} for configuration {name}: " in str(refused.value)


def test_an_unknown_setting_is_refused_with_the_nearest_known_one() -> None:
    with pytest.raises(ConfigError, match=r"unknown setting 'log.segment.byte'; did you mean 'log.segment.bytes'\?"):
        check_broker_config("log.segment.byte", "1")


def test_a_properties_file_is_read_as_java_reads_it() -> None:
    text = "# a comment\n! another\n\nnum.partitions = 3\nlog.dirs:/tmp/a=b\nlisteners=PLAINTEXT://\\\n   127.0.0.1:9\n"
    assert parse_properties(text) == {
        "num.partitions": "3",
        "log.dirs": "/tmp/a=b",
        "listeners": "PLAINTEXT://127.0.0.1:9",
    }


def test_a_line_that_is_no_assignment_is_named() -> None:
    with pytest.raises(ConfigError, match="line 2 is not name=value: 'nonsense'"):
        parse_properties("num.partitions=1\nnonsense\n")


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("retention.ms", "1_000", "Not a number of type LONG"),
        ("retention.ms", "\xa01000", "Not a number of type LONG"),
        ("segment.bytes", "2147483648", "Not a number of type INT"),
        ("min.cleanable.dirty.ratio", "inf", "Not a number of type DOUBLE"),
        ("min.cleanable.dirty.ratio", "0_5", "Not a number of type DOUBLE"),
        ("preallocate", "\xa0true", "Expected value to be either true or false"),
        ("cleanup.policy", "compact,,delete", "values must not be empty"),
        ("cleanup.policy", "compact,\xa0delete", "String must be one of: compact, delete"),
    ],
)
def test_what_java_does_not_read_is_refused(name: str, value: str, why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        topic_config_def()[name].check(value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("retention.ms", "+1000"),
        ("retention.ms", "１０００"),
        ("retention.ms", "1000\x01"),
        ("min.cleanable.dirty.ratio", "0.5f"),
        ("preallocate", " TRUE "),
        ("cleanup.policy", " compact , delete "),
    ],
)
def test_what_java_reads_is_taken(name: str, value: str) -> None:
    topic_config_def()[name].check(value)


def test_a_properties_file_has_javas_escapes() -> None:
    file = "a=-----BEGIN-----\\n\\\n   AAAA\nb\\:c:\\u00e4\\t\\\\d\\e\n"
    assert parse_properties(file) == {"a": "-----BEGIN-----\nAAAA", "b:c": "ä\t\\de"}


def test_passwords_and_keys_are_secrets_also_of_one_listener() -> None:
    secrets = ["ssl.key.password", "listener.name.a.ssl.keystore.key", "listener.name.a.plain.sasl.jaas.config"]
    found = [find_broker_config(name) for name in (*secrets, "ssl.keystore.location")]
    assert [one is not None and one.is_sensitive for one in found] == [True, True, True, False]
