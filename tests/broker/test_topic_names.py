"""Legal names, and names that collide."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from odradek.broker.topic_names import MAX_LENGTH, TopicNames, check_topic_name
from odradek.protocol.errors import ErrorCode, KafkaError


@pytest.mark.parametrize("name", ["t", "a.b", "a_b", "a-b", "A0", "...", "x" * MAX_LENGTH, "__anything"])
def test_a_legal_name_passes(name: str) -> None:
    check_topic_name(name)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("", "the empty string is not allowed"),
        (".", "'.' is not allowed"),
        ("..", "'..' is not allowed"),
        ("x" * (MAX_LENGTH + 1), "is longer than the max allowed length 249"),
        ("a b", "contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'"),
        ("é", "contains one or more characters"),
        ("a/b", "contains one or more characters"),
        ("a\n", "contains one or more characters"),
    ],
)
def test_any_other_name_is_refused_in_kafkas_words(name: str, why: str) -> None:
    with pytest.raises(KafkaError, match=re.escape(why)) as refused:
        check_topic_name(name)
    assert refused.value.code == ErrorCode.INVALID_TOPIC_EXCEPTION


@settings(max_examples=100)
@given(st.text(max_size=20))
def test_no_name_leads_out_of_the_data_directory(name: str) -> None:
    try:
        check_topic_name(name)
    except KafkaError:
        return
    assert set(name).isdisjoint("/\\\0")
    assert name not in ("", ".", "..")


def test_a_dot_and_an_underscore_are_one_in_the_names_of_metrics() -> None:
    with pytest.raises(KafkaError, match=re.escape("Topic 'a.b' collides with existing topic: a_b")):
        names_in_use("x", "a_b").check_no_collision("a.b")
    names_in_use("a.b", "ab", "a-b").check_no_collision("a.b")


def test_a_name_that_is_given_up_collides_no_more() -> None:
    names = names_in_use("a_b")
    names.remove("a_b")
    names.check_no_collision("a.b")


def names_in_use(*names: str) -> TopicNames:
    in_use = TopicNames()
    for name in names:
        in_use.add(name)
    return in_use
