"""What a test hands over: right types go on, wrong ones are named."""

from collections.abc import Callable

import pytest

from odradek.broker.testing.given import (
    check_count,
    check_many,
    check_name,
    check_partition,
    check_topic,
    setting_text,
    setting_texts,
)


def test_settings_are_as_kafka_writes_them() -> None:
    assert setting_texts({"a": True, "b": False, "c": 3, "d": 0.5, "e": "x"}) == {
        **{"a": "true", "b": "false", "c": "3", "d": "0.5", "e": "x"}
    }
    assert setting_texts(None) == {}


def test_what_may_be_goes_on() -> None:
    check_topic("orders")
    for count in (None, 0, 1, 2**31 - 1):
        check_count(count)
    check_partition(None)
    check_partition(-1)
    check_many(iter([b"one"]))
    check_many([])


@pytest.mark.parametrize(
    ("check", "why"),
    [
        (lambda: setting_text("retention.ms", None), "retention.ms: a setting is a text, a number, true or false, not"),
        (lambda: setting_texts({"retention.ms": [5]}), r"retention.ms: .* not \[5\]"),
        (lambda: setting_texts({5: "x"}), "a text for a name, not 5"),
        (lambda: setting_texts("retention.ms=5"), "a mapping of names and values, not 'retention.ms=5'"),
        (lambda: check_topic(5), "a topic's name is a text, not 5"),
        (lambda: check_topic(b"t"), "a topic's name is a text, not b't'"),
        (lambda: check_count("2"), "the number of partitions is an int, not '2'"),
        (lambda: check_count(1.5), "the number of partitions is an int, not 1.5"),
        (lambda: check_count(True), "the number of partitions is an int, not True"),
        (lambda: check_partition("0"), "a partition is an int, not '0'"),
        (lambda: check_many(b"one"), "records are given as a list, not as b'one'"),
        (lambda: check_many(5), "records are given as a list, not as 5"),
    ],
)
def test_what_cannot_be_is_named(check: Callable[[], object], why: str) -> None:
    with pytest.raises(TypeError, match=why):
        check()


def test_a_topic_has_no_more_partitions_than_kafka_can_say() -> None:
    with pytest.raises(ValueError, match="2147483647 partitions at most, not 2147483648"):
        check_count(2**31)


@pytest.mark.parametrize("name", ["", "a/b", "a b", "x" * 101, 5, None])
def test_a_name_goes_well_into_a_path(name: object) -> None:
    check_name("a.B_9-", "a snapshot")
    with pytest.raises(ValueError, match="is no name of a snapshot: 1 to 100 of a-z"):
        check_name(name, "a snapshot")
