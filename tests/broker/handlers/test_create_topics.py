"""CreateTopics: what is made, what is refused and in which order, and what the answer tells."""

import pytest

from odradek.broker.config.config_def import topic_config_def
from odradek.broker.nodes.links import CONTROLLER
from odradek.broker.testing.disks import FULL
from odradek.broker.topics.topics import TOO_MANY_PARTITIONS
from odradek.protocol.api_keys import ApiKey
from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages.create_topics import (
    CreatableReplicaAssignment,
    CreatableTopic,
    CreatableTopicConfig,
    CreatableTopicResult,
    CreateTopicsRequest,
    CreateTopicsResponse,
)

from ..nodes.three_brokers import ThreeBrokers
from .broker_harness import AskedBroker, AskedContext, batch, limit_mutations, served


def topic(
    name: str = "t",
    partitions: int = 1,
    factor: int = 1,
    *,
    configs: dict[str, str | None] | None = None,
    assigned: dict[int, list[int]] | None = None,
) -> CreatableTopic:
    return CreatableTopic(
        name=name,
        num_partitions=partitions,
        replication_factor=factor,
        assignments=[CreatableReplicaAssignment(partition_index=i, broker_ids=b) for i, b in (assigned or {}).items()],
        configs=[CreatableTopicConfig(name=key, value=value) for key, value in (configs or {}).items()],
    )


def ask(
    broker: AskedContext, *topics: CreatableTopic, version: int = 7, timeout_ms: int = 5000, is_dry_run: bool = False
) -> list[CreatableTopicResult]:
    request = CreateTopicsRequest(topics=topics, timeout_ms=timeout_ms, validate_only=is_dry_run)
    return list(broker.ask(request, version, CreateTopicsResponse).answer.topics)


def refusal(broker: AskedBroker, asked: CreatableTopic) -> tuple[int, str | None]:
    """Error and message of a topic that must not be there afterwards."""
    before = {t.name for t in broker.topics}
    (answer,) = ask(broker, asked)
    assert (answer.topic_id, answer.num_partitions, answer.replication_factor) == (bytes(16), -1, -1)
    assert answer.configs == []
    assert {t.name for t in broker.topics} == before
    return answer.error_code, answer.error_message


@pytest.mark.parametrize("version", served(ApiKey.CREATE_TOPICS))
def test_every_version_makes_a_topic_that_can_be_used_at_once(version: int) -> None:
    broker = AskedBroker()
    (answer,) = ask(broker, topic(partitions=3), version=version)
    made = broker.topics.find("t")
    assert made is not None
    assert (answer.error_code, answer.error_message, len(made.partitions)) == (0, None, 3)
    assert answer.topic_id == (made.topic_id if version >= 7 else bytes(16))
    assert (answer.num_partitions, answer.replication_factor) == ((3, 1) if version >= 5 else (-1, -1))
    assert broker.produce("t", batch(), index=2).error_code == ErrorCode.NONE


@pytest.mark.parametrize("version", [2, 3, 4, 7])
def test_minus_1_asks_for_the_brokers_defaults(version: int) -> None:
    broker = AskedBroker({"num.partitions": "4"})
    assert [t.error_code for t in ask(broker, topic(partitions=-1, factor=-1), version=version)] == [0]
    made = broker.topics.find("t")
    assert made is not None
    assert len(made.partitions) == 4


def test_the_answer_tells_every_setting_of_the_topic_by_name() -> None:
    broker = AskedBroker({"log.segment.bytes": "2000000"})
    (answer,) = ask(broker, topic(configs={"retention.ms": "7"}))
    assert answer.configs is not None
    names = [config.name for config in answer.configs]
    assert names == sorted(name for name, setting in topic_config_def().items() if setting.is_described)
    told = {config.name: (config.value, config.config_source) for config in answer.configs}
    assert told["retention.ms"] == ("7", 1)
    assert told["segment.bytes"] == ("2000000", 4)
    assert told["cleanup.policy"] == ("delete", 5)


def test_a_value_given_twice_counts_as_the_last_one() -> None:
    broker = AskedBroker()
    asked = topic()
    asked.configs = [CreatableTopicConfig(name="retention.ms", value=value) for value in ("1", "2")]
    assert ask(broker, asked)[0].error_code == 0
    assert broker.topics.partition("t", 0).log.config.retention_ms == 2


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("", ErrorCode.INVALID_TOPIC_EXCEPTION),
        (".", ErrorCode.INVALID_TOPIC_EXCEPTION),
        ("a b", ErrorCode.INVALID_TOPIC_EXCEPTION),
        ("x" * 250, ErrorCode.INVALID_TOPIC_EXCEPTION),
        ("__cluster_metadata", ErrorCode.INVALID_REQUEST),
        ("old.name", ErrorCode.TOPIC_ALREADY_EXISTS),
        ("old_name", ErrorCode.INVALID_TOPIC_EXCEPTION),
    ],
)
def test_names_are_refused_before_numbers(name: str, code: ErrorCode) -> None:
    broker = AskedBroker()
    broker.create("old.name")
    assert refusal(broker, topic(name, partitions=0, factor=9))[0] == code


@pytest.mark.parametrize(
    ("partitions", "factor", "code"),
    [
        (0, 1, ErrorCode.INVALID_PARTITIONS),
        (-2, 1, ErrorCode.INVALID_PARTITIONS),
        (1, 0, ErrorCode.INVALID_REPLICATION_FACTOR),
        (1, -2, ErrorCode.INVALID_REPLICATION_FACTOR),
        (1, 2, ErrorCode.INVALID_REPLICATION_FACTOR),
    ],
)
def test_numbers_that_one_broker_cannot_give_are_refused(partitions: int, factor: int, code: ErrorCode) -> None:
    found, message = refusal(AskedBroker(), topic(partitions=partitions, factor=factor))
    assert found == code
    assert message


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("no.such.thing", "1", "Unknown topic config name: no.such.thing"),
        ("retention.ms", "-5", "Invalid value -5 for configuration retention.ms: Value must be at least -1"),
        ("retention.ms", None, "Null value not supported for topic configs: retention.ms"),
    ],
)
def test_a_setting_is_refused_in_kafkas_words(name: str, value: str | None, message: str) -> None:
    assert refusal(AskedBroker(), topic(configs={name: value})) == (ErrorCode.INVALID_CONFIG, message)


def test_tiered_storage_is_refused_where_there_is_none() -> None:
    assert refusal(AskedBroker(), topic(configs={"remote.storage.enable": "true"}))[0] == ErrorCode.INVALID_CONFIG


def test_partitions_can_be_assigned_to_the_one_broker_by_hand() -> None:
    broker = AskedBroker()
    (answer,) = ask(broker, topic(partitions=-1, factor=-1, assigned={1: [1], 0: [1]}))
    assert (answer.error_code, answer.num_partitions) == (0, 2)


@pytest.mark.parametrize(
    ("partitions", "factor", "assigned", "code"),
    [
        (1, -1, {0: [1]}, ErrorCode.INVALID_REQUEST),
        (-1, 1, {0: [1]}, ErrorCode.INVALID_REQUEST),
        (-1, -1, {1: [1]}, ErrorCode.INVALID_REPLICA_ASSIGNMENT),
        (-1, -1, {0: [1], 2: [1]}, ErrorCode.INVALID_REPLICA_ASSIGNMENT),
        (-1, -1, {0: []}, ErrorCode.INVALID_REPLICA_ASSIGNMENT),
        (-1, -1, {0: [2]}, ErrorCode.INVALID_REPLICA_ASSIGNMENT),
        (-1, -1, {0: [1, 1]}, ErrorCode.INVALID_REPLICA_ASSIGNMENT),
    ],
)
def test_other_assignments_are_refused(
    partitions: int, factor: int, assigned: dict[int, list[int]], code: ErrorCode
) -> None:
    assert refusal(AskedBroker(), topic(partitions=partitions, factor=factor, assigned=assigned))[0] == code


def test_a_name_given_twice_is_refused_once_and_its_neighbours_are_made_and_come_first() -> None:
    broker = AskedBroker()
    answers = ask(broker, topic("twice"), topic("a"), topic("twice"), topic("b"))
    assert [(t.name, t.error_code) for t in answers] == [("a", 0), ("b", 0), ("twice", ErrorCode.INVALID_REQUEST)]
    assert answers[-1].error_message == "Duplicate topic name."
    assert broker.topics.find("twice") is None


@pytest.mark.parametrize("partitions", [(TOO_MANY_PARTITIONS + 1,), (TOO_MANY_PARTITIONS, 1)])
def test_too_many_partitions_in_a_request_refuse_all_of_it(partitions: tuple[int, ...]) -> None:
    broker = AskedBroker()
    answers = ask(broker, *[topic(f"t{n}", count) for n, count in enumerate(partitions)])
    assert {t.error_code for t in answers} == {ErrorCode.POLICY_VIOLATION}
    assert list(broker.topics) == []


def test_a_dry_run_checks_everything_and_makes_nothing() -> None:
    broker = AskedBroker()
    broker.create("old")
    answers = ask(broker, topic("new", 2), topic("old"), topic("bad", 0), is_dry_run=True)
    assert [(t.name, t.error_code, t.num_partitions) for t in answers] == [
        ("new", 0, 2),
        ("old", ErrorCode.TOPIC_ALREADY_EXISTS, -1),
        ("bad", ErrorCode.INVALID_PARTITIONS, -1),
    ]
    assert answers[0].topic_id != bytes(16)
    assert [t.name for t in broker.topics] == ["old"]


@pytest.mark.parametrize("timeout_ms", [0, -1])
def test_without_time_nothing_is_made(timeout_ms: int) -> None:
    broker = AskedBroker()
    (answer,) = ask(broker, topic(), timeout_ms=timeout_ms)
    assert (answer.error_code, answer.error_message) == (ErrorCode.REQUEST_TIMED_OUT, None)
    assert list(broker.topics) == []


def test_a_full_disk_refuses_a_topic_and_takes_it_later() -> None:
    broker = AskedBroker()
    broker.files.write_error = FULL
    assert refusal(broker, topic())[0] == ErrorCode.KAFKA_STORAGE_ERROR
    broker.files.write_error = None
    assert ask(broker, topic())[0].error_code == ErrorCode.NONE
    broker.restart(is_clean=False)
    assert [t.name for t in broker.topics] == ["t"]


def test_more_replicas_than_brokers_are_taken_for_one_where_that_is_asked_for() -> None:
    broker = AskedBroker()
    assert ask(broker, topic(factor=3))[0].error_code == ErrorCode.INVALID_REPLICATION_FACTOR
    broker.parts.config.lower_replication_factors = True
    assert ask(broker, topic(factor=3))[0].error_code == ErrorCode.NONE


def test_a_strict_quota_refuses_what_comes_after_it_is_used_up() -> None:
    broker = AskedBroker()
    limit_mutations(broker, 0.5)  # which fills a bucket of 5.5
    assert [one.error_code for one in ask(broker, topic("a", 20), version=6)] == [0]
    request = CreateTopicsRequest(topics=[topic("b")], timeout_ms=5000, validate_only=False)
    answer = broker.ask(request, 6, CreateTopicsResponse).answer
    assert [one.error_code for one in answer.topics] == [ErrorCode.THROTTLING_QUOTA_EXCEEDED]
    assert answer.throttle_time_ms == 29_000
    broker.clock.advance(29)
    assert [one.error_code for one in ask(broker, topic("b"), version=6)] == [0]


def test_of_the_topics_of_one_request_those_are_made_that_the_quota_allows() -> None:
    broker = AskedBroker()
    limit_mutations(broker, 0.5)
    answers = ask(broker, topic("a", 3), topic("bad name"), topic("b", 3), topic("c", 1), topic("d", 1))
    assert {one.name: one.error_code for one in answers} == {
        "a": 0,
        "bad name": ErrorCode.INVALID_TOPIC_EXCEPTION,
        "b": 0,
        "c": ErrorCode.THROTTLING_QUOTA_EXCEEDED,
        "d": ErrorCode.THROTTLING_QUOTA_EXCEEDED,
    }


def test_an_older_version_makes_its_topics_and_is_throttled() -> None:
    broker = AskedBroker()
    limit_mutations(broker, 0.5)
    request = CreateTopicsRequest(topics=[topic("a", 20), topic("b")], timeout_ms=5000, validate_only=False)
    answer = broker.ask(request, 5, CreateTopicsResponse).answer
    assert [one.error_code for one in answer.topics] == [0, 0]
    assert answer.throttle_time_ms == 31_000


def test_a_dry_run_is_paid_for() -> None:
    broker = AskedBroker()
    limit_mutations(broker, 0.5)
    assert [one.error_code for one in ask(broker, topic("a", 20), is_dry_run=True)] == [0]
    assert [one.error_code for one in ask(broker, topic("b"))] == [ErrorCode.THROTTLING_QUOTA_EXCEEDED]


# Several brokers


MANUAL = "The manual partition assignment includes"


def test_as_many_replicas_are_made_as_are_asked_for_and_told_of() -> None:
    brokers = ThreeBrokers()
    asked = topic("a", 2, 3), topic("b", -1, -1), topic("c", -1, -1, assigned={0: [3, 1], 1: [2, 3]})
    answers = ask(brokers[2], *asked)
    assert [(one.num_partitions, one.replication_factor) for one in answers] == [(2, 3), (1, 1), (2, 2)]
    placed = [brokers.record("a", index) for index in range(2)]
    assert [sorted(one.replicas) for one in placed] == [[1, 2, 3]] * 2
    assert [one.leader for one in placed] == [one.replicas[0] for one in placed]
    assert [list(brokers.record("c", index).replicas) for index in range(2)] == [[3, 1], [2, 3]]


@pytest.mark.parametrize(
    ("asked", "code", "message"),
    [
        (
            topic(factor=4),
            38,
            "Unable to replicate the partition 4 time(s): The target replication factor of 4 cannot be reached because "
            "only 3 broker(s) are registered or some brokers have all their log directories cordoned.",
        ),
        (topic(factor=0), 38, "Replication factor must be larger than 0, or -1 to use the default value."),
        (topic("t", -1, -1, assigned={0: [1, 9]}), 39, f"{MANUAL} broker 9, but no such broker is registered."),
        (topic("t", -1, -1, assigned={0: [1, 1]}), 39, f"{MANUAL} the broker 1 more than once."),
        (topic("t", -1, -1, assigned={0: []}), 39, f"{MANUAL} an empty replica list."),
        (
            topic("t", -1, -1, assigned={0: [1, 2], 1: [1]}),
            39,
            f"{MANUAL} a partition with 1 replica(s), but this is not consistent with previous partitions, which have "
            "2 replica(s).",
        ),
        (
            topic("t", -1, -1, assigned={0: [1], 2: [1]}),
            39,
            "partitions should be a consecutive 0-based integer sequence",
        ),
    ],
)
def test_what_several_brokers_cannot_hold_is_refused_in_kafkas_words(
    asked: CreatableTopic, code: int, message: str
) -> None:
    (answer,) = ask(ThreeBrokers()[1], asked)
    assert (answer.error_code, answer.error_message) == (code, message)


def test_a_broker_that_is_fenced_may_hold_a_partition_and_leads_none() -> None:
    brokers = ThreeBrokers()
    brokers.kill(1)
    (made,) = ask(brokers[2], topic("t", -1, -1, assigned={0: [1, 2, 3]}))
    one = brokers.record("t")
    assert (made.error_code, one.leader, one.leader_epoch, list(one.isr)) == (0, 2, 0, [2, 3])
    (refused,) = ask(brokers[2], topic("u", -1, -1, assigned={0: [1]}))
    why = "All brokers specified in the manual partition assignment for partition 0 are fenced or in controlled"
    assert (refused.error_code, refused.error_message) == (39, f"{why} shutdown.")
    (made,) = ask(brokers[2], topic("v", 1, 3))
    one = brokers.record("v")
    assert (made.error_code, sorted(one.replicas), one.replicas[0] != 1, sorted(one.isr)) == (
        0,
        [1, 2, 3],
        True,
        [2, 3],
    )


def test_a_controller_that_cannot_be_reached_is_waited_for_as_long_as_the_client_waits() -> None:
    brokers = ThreeBrokers()
    brokers.links.set(1, CONTROLLER, is_cut=True)
    request = CreateTopicsRequest(topics=[topic("t", 1, 3)], timeout_ms=2000, validate_only=False)
    asked = brokers[1].ask(request, 7, CreateTopicsResponse)
    brokers.advance(1.9)
    assert asked.is_deferred
    brokers.advance(0.2)
    assert [(one.name, one.error_code) for one in asked.answer.topics] == [("t", ErrorCode.REQUEST_TIMED_OUT)]
    brokers.links.heal()
    brokers.settle()
    assert brokers.record("t").leader > 0, "it was on its way"
