"""A cluster as a test sees it: what stock clients did to it, and what it is made to do."""

from collections.abc import Callable, Iterator

import pytest
from confluent_kafka import Consumer, KafkaError, Producer

from odradek.broker.cluster import NotRunning
from odradek.broker.testing.cluster_host import ClusterHost
from odradek.broker.testing.inspection import GivenRecord, SeenOffsets, topic_named
from odradek.broker.testing.kafka_cluster import KafkaCluster
from odradek.protocol.errors import ErrorCode
from odradek.protocol.errors import KafkaError as BrokerError


@pytest.fixture(scope="module")
def host() -> Iterator[ClusterHost]:
    with ClusterHost() as host:
        yield host


@pytest.fixture
def cluster(host: ClusterHost) -> Iterator[KafkaCluster]:
    with host.cluster() as cluster:
        yield cluster


def consumer(cluster: KafkaCluster, group: str, **settings: object) -> Consumer:
    return Consumer(
        {
            "bootstrap.servers": cluster.bootstrap,
            "group.id": group,
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
            "log_level": 0,
            **settings,
        }
    )


# Topics and records


def test_what_is_produced_lies_where_it_was_put(cluster: KafkaCluster) -> None:
    cluster.topic("t", partitions=2)
    assert cluster.produce("t", [b"a", b"b", b"c"]) == [(0, 0), (1, 0), (0, 1)]
    assert cluster.produce("t", [GivenRecord(b"d", b"k", [("h", None)], 77)], partition=1) == [(1, 1)]
    assert [(one.partition, one.offset, one.value) for one in cluster.records("t")] == [
        (0, 0, b"a"),
        (0, 1, b"c"),
        (1, 0, b"b"),
        (1, 1, b"d"),
    ]
    last = cluster.records("t", 1)[-1]
    assert (last.key, list(last.headers), last.timestamp_ms) == (b"k", [("h", None)], 77)
    assert cluster.offsets("t", 1) == SeenOffsets(0, 2, 2)


def test_a_consumer_is_woken_by_what_is_produced(cluster: KafkaCluster) -> None:
    cluster.topic("t")
    reader = consumer(cluster, "g")
    reader.subscribe(["t"])
    cluster.produce("t", [b"v"])
    message = reader.poll(20)
    assert message is not None
    assert message.value() == b"v"
    reader.close()


def test_a_topic_that_is_missing_is_created_as_a_client_would_have_it(host: ClusterHost) -> None:
    with host.cluster({"num.partitions": "3"}) as cluster:
        assert cluster.produce("auto", [b"v"] * 3) == [(0, 0), (1, 0), (2, 0)]
    with (
        host.cluster({"auto.create.topics.enable": "false"}) as cluster,
        pytest.raises(BrokerError, match="there is no topic 'auto'; there are: none"),
    ):
        cluster.produce("auto", [b"v"])


def test_what_is_wrong_is_said(cluster: KafkaCluster) -> None:
    cluster.topic("t")
    for refused, code in (
        (lambda: cluster.topic("t"), ErrorCode.TOPIC_ALREADY_EXISTS),
        (lambda: cluster.topic("a b"), ErrorCode.INVALID_TOPIC_EXCEPTION),
        (lambda: cluster.topic("u", 0), ErrorCode.INVALID_PARTITIONS),
        (lambda: cluster.topic("u", config={"retention.ms": "soon"}), ErrorCode.INVALID_CONFIG),
        (lambda: cluster.records("nix"), ErrorCode.UNKNOWN_TOPIC_OR_PARTITION),
        (lambda: cluster.records("t", 1), ErrorCode.UNKNOWN_TOPIC_OR_PARTITION),
        (lambda: cluster.offsets("t", 1), ErrorCode.UNKNOWN_TOPIC_OR_PARTITION),
        (lambda: cluster.produce("t", [b"v"], partition=1), ErrorCode.UNKNOWN_TOPIC_OR_PARTITION),
    ):
        with pytest.raises(BrokerError) as error:
            refused()
        assert error.value.code is code
    with pytest.raises(ValueError, match="isolation is"):
        cluster.records("t", isolation="committed")


def test_settings_may_be_numbers_and_truths(host: ClusterHost) -> None:
    with host.cluster({"num.partitions": 3, "auto.create.topics.enable": True}) as cluster:
        cluster.topic("t", config={"retention.ms": 5, "preallocate": False})
        configs = cluster.look(lambda running: topic_named(running.contexts, "t").configs)
        assert dict(configs) == {"retention.ms": "5", "preallocate": "false"}
        assert len(cluster.produce("u", [b"v"] * 3)) == len(set(cluster.produce("u", [b"v"] * 3)))


def test_what_is_of_a_wrong_type_is_named_and_asked_of_nobody(
    cluster: KafkaCluster, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    cluster.topic("t", 1)
    wrong: list[tuple[Callable[..., object], tuple[object, ...], str]] = [
        (cluster.topic, ("a", "2"), "the number of partitions is an int, not '2'"),
        (cluster.topic, ("a", 1.5), "the number of partitions is an int, not 1.5"),
        (cluster.topic, (5,), "a topic's name is a text, not 5"),
        (cluster.topic, ("a", 1, {"retention.ms": None}), "retention.ms: a setting is a text, a number"),
        (cluster.produce, (5, [b"v"]), "a topic's name is a text, not 5"),
        (cluster.produce, ("a", b"v"), "records are given as a list, not as b'v'"),
        (cluster.produce, ("a", ["v"]), "a record's value is bytes or None, not 'v'"),
    ]
    for call, given, why in wrong:
        with pytest.raises(TypeError, match=why):
            call(*given)
    with pytest.raises(TypeError, match="a partition is an int, not '0'"):
        cluster.produce("t", [b"v"], partition="0")  # type: ignore[arg-type]
    assert cluster.records("t") == []
    with pytest.raises(BrokerError, match="there is no topic 'a'"):
        cluster.records("a")
    assert "Traceback" not in caplog.text + "".join(capfd.readouterr())


def test_transactions_are_seen_with_what_became_of_them(cluster: KafkaCluster) -> None:
    cluster.topic("t")
    producer = Producer({"bootstrap.servers": cluster.bootstrap, "transactional.id": "x", "log_level": 0})
    producer.init_transactions(20)
    for value, end in ((b"kept", producer.commit_transaction), (b"gone", producer.abort_transaction)):
        producer.begin_transaction()
        producer.produce("t", value)
        producer.flush(20)
        assert cluster.records("t", isolation="read_uncommitted")[-1].transaction == "open"
        assert cluster.offsets("t").last_stable < cluster.offsets("t").high_watermark
        end(20)
    assert [one.value for one in cluster.records("t")] == [b"kept"]
    states = [one.transaction for one in cluster.records("t", isolation="read_uncommitted")]
    assert states == ["committed", "aborted"]


# Groups and time


@pytest.mark.parametrize("protocol", ["classic", "consumer"])
def test_the_clock_ends_the_session_of_a_member_that_is_silent(cluster: KafkaCluster, protocol: str) -> None:
    cluster.topic("t")
    cluster.produce("t", [b"v"])
    reader = consumer(cluster, "g", **{"group.protocol": protocol})
    reader.subscribe(["t"])
    assert reader.poll(20) is not None
    reader.commit(asynchronous=False)
    assert cluster.await_committed("g", {("t", 0): 1}) == {("t", 0): 1}
    group = cluster.groups()["g"]
    assert (group.group_type, group.state, len(group.members)) == (protocol, "Stable", 1)
    cluster.clock.freeze()
    cluster.clock.advance(minutes=1)
    assert cluster.groups()["g"].members == []
    reader.close()


def test_the_clock_ends_transactions_that_last_too_long(cluster: KafkaCluster) -> None:
    cluster.topic("t")
    producer = Producer(
        {
            "bootstrap.servers": cluster.bootstrap,
            "transactional.id": "x",
            "transaction.timeout.ms": 60_000,
            "log_level": 0,
        }
    )
    producer.init_transactions(20)
    producer.begin_transaction()
    producer.produce("t", b"v")
    producer.flush(20)
    cluster.clock.advance(minutes=2)
    assert cluster.records("t", isolation="read_uncommitted")[0].transaction == "aborted"
    with pytest.raises(Exception, match=r"(?i)epoch|fenced|timed out|invalid"):
        producer.commit_transaction(20)


def test_old_records_go_when_their_time_is_over_and_the_time_of_new_ones_is_the_clocks(cluster: KafkaCluster) -> None:
    cluster.topic("t", config={"retention.ms": "604800000", "segment.ms": "3600000"})
    cluster.produce("t", [b"old"])
    began = cluster.clock.now_ms
    cluster.clock.advance(days=9)
    assert cluster.records("t") == []
    cluster.produce("t", [b"new"])
    (new,) = cluster.records("t")
    assert new.timestamp_ms >= began + 9 * 86_400_000
    assert new.offset == 1


def test_a_long_poll_is_answered_when_the_clock_ends_it(cluster: KafkaCluster) -> None:
    cluster.topic("t")
    cluster.clock.freeze()
    reader = consumer(cluster, "g", **{"fetch.wait.max.ms": 10_000})
    reader.subscribe(["t"])
    assert reader.poll(0.5) is None
    cluster.clock.run()
    reader.close()


# Waiting


def test_who_waits_in_vain_is_told_what_was_there_instead(cluster: KafkaCluster) -> None:
    cluster.produce("t", [b"v"])
    assert [one.value for one in cluster.await_records("t", 1)] == [b"v"]
    with pytest.raises(AssertionError, match=r"not 2 records in 't', but \[b'v'\]"):
        cluster.await_records("t", 2, timeout_s=0.01)
    with pytest.raises(AssertionError, match=r"not 1 records in 'nix', but \[\]"):
        cluster.await_records("nix", 1, timeout_s=0.01)
    with pytest.raises(AssertionError, match=r"group 'g' at .*, but \{\}"):
        cluster.await_committed("g", {("t", 0): 1}, timeout_s=0.01)


# Faults


def test_an_error_reaches_the_client_and_is_counted(cluster: KafkaCluster) -> None:
    cluster.topic("t")
    fault = cluster.faults.add(api="Produce", topic="t", error="TOPIC_AUTHORIZATION_FAILED")
    errors: list[KafkaError | None] = []
    producer = Producer({"bootstrap.servers": cluster.bootstrap, "log_level": 0})
    producer.produce("t", b"v", on_delivery=lambda error, message: errors.append(error))
    producer.flush(20)
    assert [error.code() for error in errors if error is not None] == [KafkaError.TOPIC_AUTHORIZATION_FAILED]
    assert (fault.await_hits(), cluster.records("t")) == (1, [])
    fault.remove()
    again = Producer({"bootstrap.servers": cluster.bootstrap, "log_level": 0})
    again.produce("t", b"v")
    assert again.flush(20) == 0
    assert len(cluster.records("t")) == 1


def test_rules_that_were_never_hit_are_named_and_all_can_be_taken_away(cluster: KafkaCluster) -> None:
    fault = cluster.faults.add(api="Fetch", action="blackhole")
    assert [rule.api for rule in cluster.faults.never_hit()] == ["Fetch"]
    with pytest.raises(AssertionError, match=r"not 1 hits of .*, but 0"):
        fault.await_hits(timeout_s=0.01)
    cluster.faults.clear()
    assert cluster.faults.never_hit() == []


def test_a_cluster_that_is_closed_says_so_whatever_it_is_asked(host: ClusterHost) -> None:
    with host.cluster() as cluster:
        fault = cluster.faults.add(api="Produce", action="blackhole")
    asked: list[Callable[[], object]] = [
        lambda: cluster.clock.now_ms,
        cluster.clock.freeze,
        cluster.clock.run,
        lambda: cluster.clock.advance(ms=1),
        lambda: cluster.faults.add(api="Produce", action="blackhole"),
        cluster.faults.clear,
        cluster.faults.never_hit,
        cluster.journal,
        cluster.requests,
        cluster.journal_text,
        lambda: cluster.explain_partition("t"),
        lambda: cluster.topic("t"),
    ]
    for ask in asked:
        with pytest.raises(NotRunning, match="the cluster does not run"):
            ask()
    assert fault.hits == 0
