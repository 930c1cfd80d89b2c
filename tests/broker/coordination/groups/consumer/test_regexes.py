import pytest

from odradek.broker.coordination.groups.consumer.member import ConsumerMember
from odradek.broker.coordination.groups.consumer.records import ResolvedRegex
from odradek.broker.coordination.groups.consumer.regexes import Round, check_regex, resolve
from odradek.broker.coordination.result import Instant
from odradek.protocol.errors import ErrorCode, KafkaError

from .consumer_driver import ConsumerDriver, Topics, named


@pytest.fixture
def groups() -> ConsumerDriver:
    return ConsumerDriver(topics=Topics(ta=1, tb=1, u=1))


def look_again(groups: ConsumerDriver, new_topic: str | None = None) -> None:
    """Some time later, with another topic: a member heartbeats, and patterns are resolved if they are to be."""
    if new_topic is not None:
        groups.topics.partitions[new_topic] = 1
        groups.topics.at += 1
        groups.topics.newest = groups.topics.at
    groups.follow("a", 1)
    groups.sleep(0.01)


def test_a_pattern_is_resolved_apart_from_the_heartbeat_that_brought_it(groups: ConsumerDriver) -> None:
    joined = groups.beat("a", subscribed_topic_regex="t.*")
    assert (joined.epoch, named(joined.assignment)) == (1, {})
    groups.sleep(0.01)
    assert groups.consumer_group.state_name == "Assigning"
    resolved = groups.beat("a", 1)
    assert (resolved.epoch, named(resolved.assignment)) == (2, {"ta": [0], "tb": [0]})
    assert groups.keys() == [5, 8, 16, 3, 7, 6, 8]


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ("[", "missing closing ]"),
        ("(", "missing closing )"),
        ("*", "missing argument to repetition operator"),
        ("a**", "invalid nested repetition operator"),
        ("\\", "trailing backslash at end of expression"),
        ("a{2000}", "invalid repeat count"),
        ("[z-a]", "invalid character class range"),
        (")", "regexp/syntax: internal error"),
        ("(?P<n", "invalid named capture"),
        ("(?i", "invalid or unsupported Perl syntax"),
        ("\\8", "invalid escape sequence"),
    ],
)
def test_a_pattern_that_is_none_is_refused_in_the_words_of_kafka(groups: ConsumerDriver, wrong: str, why: str) -> None:
    refused = groups.beat("a", subscribed_topic_regex=wrong)
    assert refused.error is ErrorCode.INVALID_REGULAR_EXPRESSION
    assert refused.message == f"SubscribedTopicRegex `{wrong}` is not a valid regular expression: {why}."
    with pytest.raises(KafkaError):
        check_regex(wrong)
    assert groups.service.find_group("g") is None


def test_a_topic_that_comes_later_is_found_after_ten_seconds(groups: ConsumerDriver) -> None:
    groups.beat("a", subscribed_topic_regex="t.*")
    groups.sleep(0.01)
    groups.follow("a")
    groups.sleep(5)
    look_again(groups, "tc")
    assert groups.consumer_group.state_name == "Stable"
    groups.sleep(5)
    look_again(groups)
    assert groups.consumer_group.state_name == "Assigning"
    groups.follow("a")
    assert groups.assigned()["a"] == {"ta": [0], "tb": [0], "tc": [0]}


def test_a_topic_that_no_pattern_matches_changes_nothing(groups: ConsumerDriver) -> None:
    groups.beat("a", subscribed_topic_regex="t.*")
    groups.sleep(0.01)
    epoch = groups.follow("a")
    groups.sleep(11)
    look_again(groups, "v")
    assert groups.follow("a") == epoch


def test_a_pattern_that_is_resolved_already_counts_at_once(groups: ConsumerDriver) -> None:
    groups.beat("a", subscribed_topic_regex="t.*")
    groups.sleep(0.01)
    groups.follow("a")
    assert groups.beat("b", subscribed_topic_regex="t.*").epoch == 3


def test_the_last_subscriber_takes_the_pattern_with_it(groups: ConsumerDriver) -> None:
    for member_id in ("a", "b"):
        groups.beat(member_id, subscribed_topic_regex="t.*")
        groups.sleep(0.01)
    groups.beat("b", -1)
    assert list(groups.consumer_group.regexes) == ["t.*"]
    changed = groups.beat("a", groups.follow("a"), subscribed_topic_names=["u"], subscribed_topic_regex="")
    assert changed.error is ErrorCode.NONE
    assert list(groups.consumer_group.regexes) == []
    groups.follow("a")
    assert groups.assigned() == {"a": {"u": [0]}}


def test_many_patterns_over_many_topics_are_resolved_a_few_at_a_time() -> None:
    names = {f"t{number}": 1 for number in range(3000)}
    groups = ConsumerDriver(topics=Topics(**names))
    for number in range(4):
        groups.beat(f"m{number}", subscribed_topic_regex=f"t{number}")
    turns = groups.clock.turns
    groups.sleep(0.01)
    assert groups.clock.turns - turns >= 4
    assert {regex: len(found.topics) for regex, found in groups.consumer_group.regexes.items()} == {
        f"t{number}": 1 for number in range(4)
    }
    groups.settle()


def test_a_round_comes_to_its_end_though_the_wall_clock_goes_back(groups: ConsumerDriver) -> None:
    groups.beat("a", subscribed_topic_regex="t.*")
    records, going_on = resolve(groups.consumer_group, groups.topics, Round(1000), Instant(0, 500))
    assert going_on is None
    assert len(records) == 2
    (resolved,) = [value for key, value in records if key[1] == 16]
    assert resolved is not None
    assert (1000).to_bytes(8, "big") in resolved  # not before the round began


def test_the_epoch_rises_once_with_the_last_pattern_of_a_round_whichever_has_changed() -> None:
    groups = ConsumerDriver(topics=Topics(**{f"t{number}": 1 for number in range(5001)}))
    for number in (1, 2):
        groups.beat(f"m{number}", subscribed_topic_regex=f"t{number}")
    group, topics = groups.consumer_group, groups.topics
    first, going_on = resolve(group, topics, Round(1000), Instant(0, 1000))
    assert [key[1] for key, _ in first] == [16]
    assert going_on is not None
    assert going_on == Round(1000, has_changed=True)
    group.put_regex("t1", ResolvedRegex(frozenset({"t1"}), 1, 1000))
    last, end = resolve(group, topics, going_on, Instant(0, 1001))
    assert ([key[1] for key, _ in last], end) == ([16, 3], None)
    # Whoever was last to subscribe has gone meanwhile.
    group.remove("m2")
    assert [key[1] for key, _ in resolve(group, topics, going_on, Instant(0, 1001))[0]] == [3]


def test_a_pattern_that_another_broker_took_and_that_is_none_here_matches_nothing(groups: ConsumerDriver) -> None:
    groups.beat("a", subscribed_topic_regex="t.*")
    groups.consumer_group.put_metadata(ConsumerMember("a", subscribed_topic_regex="["))
    groups.sleep(0.01)
    assert groups.consumer_group.regexes["["].topics == frozenset()


def test_a_group_that_goes_while_its_patterns_are_resolved_can_come_again(groups: ConsumerDriver) -> None:
    groups.beat("a", subscribed_topic_regex="t.*")
    groups.beat("a", -1)
    groups.delete_group()
    groups.beat("a", subscribed_topic_regex="t.*")
    groups.sleep(0.01)
    groups.follow("a")
    assert groups.assigned() == {"a": {"ta": [0], "tb": [0]}}


def test_names_and_a_pattern_are_both_read(groups: ConsumerDriver) -> None:
    groups.beat("a", subscribed_topic_names=["u"], subscribed_topic_regex="ta")
    groups.sleep(0.01)
    groups.follow("a")
    assert groups.assigned() == {"a": {"ta": [0], "u": [0]}}
