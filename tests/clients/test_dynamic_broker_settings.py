"""Each setting of brokers that has an effect and stands behind none of a topic, changed while the broker runs."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import kafka
import pytest
from kafka import admin as kafka_admin

from odradek.broker.config.config_def import broker_config_def, topic_config_def
from odradek.broker.config.effects import broker_settings_in_effect, topic_settings_in_effect
from odradek.broker.config.listeners import TLS_AT_THE_START, TLS_RELOADED
from odradek.broker.dynamic_config.brokers import AT_THE_START
from odradek.broker.wire import ClosedByPeer, Wire
from odradek.protocol import metadata_records
from odradek.protocol.messages.api_versions import ApiVersionsRequest, ApiVersionsResponse
from odradek.protocol.messages.consumer_group_heartbeat import (
    ConsumerGroupHeartbeatRequest,
    ConsumerGroupHeartbeatResponse,
)
from odradek.protocol.messages.find_coordinator import FindCoordinatorRequest, FindCoordinatorResponse
from odradek.protocol.messages.init_producer_id import InitProducerIdRequest, InitProducerIdResponse
from odradek.protocol.messages.produce import (
    PartitionProduceData,
    ProduceRequest,
    ProduceResponse,
    TopicProduceData,
)
from odradek.protocol.messages.share_group_heartbeat import (
    ShareGroupHeartbeatRequest,
    ShareGroupHeartbeatResponse,
)
from odradek.protocol.messages.streams_group_heartbeat import (
    StreamsGroupHeartbeatRequest,
    StreamsGroupHeartbeatResponse,
)
from odradek.protocol.records import NewRecord, ProducerStamp, build_batch

from ..brokers import OdradekBroker
from ..oracle.scenarios import streams_groups
from .changed_settings import ChangeableBroker, ChangedTopic, Level, until_seen
from .raw_questions import producers_of
from .stock_client import Message, until

BROKER = metadata_records.ConfigResourceType.BROKER
SETTINGS: Mapping[str, str] = {
    "producer.id.expiration.check.interval.ms": "50",
    "log.cleaner.dedupe.buffer.size": "1048576",
    "log.cleaner.backoff.ms": "20",
    "group.streams.initial.rebalance.delay.ms": "0",
}
EAGER = {
    "segment.ms": "1000",
    "cleanup.policy": "compact",
    "min.cleanable.dirty.ratio": "0.01",
    "min.compaction.lag.ms": "0",
}
SLOWEST = "0.001"
TRANSACTION_ABORTABLE = 120


class Change:
    """A setting to be changed, at this broker or at all of them."""

    def __init__(self, broker: ChangeableBroker, name: str, node: str, topic: str) -> None:
        self.broker, self.address = broker, broker.address
        self._name, self._node = name, node
        self._topics: list[ChangedTopic] = []
        self._topic = topic

    def set(self, value: str | None) -> None:
        self.broker.change(BROKER, self._node, self._name, value)

    def topic(self, configs: Mapping[str, str] | None = None) -> ChangedTopic:
        level: Level = "topic"
        name = f"{self._topic}-{len(self._topics)}"
        made = ChangedTopic(self.broker, name, level, "retention.ms", "retention.ms")
        made.create(configs or {})
        self._topics.append(made)
        return made

    def close(self) -> None:
        self.set(None)
        for one in self._topics:
            one.close()


def _is_let_in(address: str) -> bool:
    """Whether a new connection is served."""
    request = ApiVersionsRequest(client_software_name="t", client_software_version="1")
    try:
        with Wire(address) as wire:
            return wire.ask(request, 3, ApiVersionsResponse).error_code == 0
    except (ClosedByPeer, ConnectionError):
        return False


def _only_for(full: str, room: str) -> Callable[[Change], None]:
    def run(change: Change) -> None:
        assert _is_let_in(change.address)
        change.set(full)
        assert not _is_let_in(change.address)
        change.set(room)
        assert _is_let_in(change.address)
        change.set(None)
        assert _is_let_in(change.address)

    return run


def connections_are_held_back(change: Change) -> None:
    def is_served_soon() -> bool:
        request = ApiVersionsRequest(client_software_name="t", client_software_version="1")
        try:
            with Wire(change.address, timeout_s=0.2) as wire:
                return wire.ask(request, 3, ApiVersionsResponse).error_code == 0
        except TimeoutError:
            return False

    change.set("1")
    assert not all(is_served_soon() for _ in range(15)), "eleven are what the whole window allows"
    change.set(None)
    until(is_served_soon, "a connection is let in at once again")


def consumer_beat(group: str, topic: str, member_id: str, epoch: int) -> ConsumerGroupHeartbeatRequest:
    return ConsumerGroupHeartbeatRequest(
        group_id=group,
        member_id=member_id,
        member_epoch=epoch,
        rebalance_timeout_ms=60_000,
        subscribed_topic_names=[topic],
        topic_partitions=[],
    )


def share_beat(group: str, topic: str, member_id: str, epoch: int) -> ShareGroupHeartbeatRequest:
    return ShareGroupHeartbeatRequest(
        group_id=group, member_id=member_id, member_epoch=epoch, subscribed_topic_names=[topic]
    )


def streams_beat(group: str, topic: str, member_id: str, epoch: int) -> StreamsGroupHeartbeatRequest:
    if epoch:
        return streams_groups.heartbeat(group, member_id, epoch, owned={})
    application = streams_groups.topology(streams_groups.reads(topic))
    return streams_groups.heartbeat(group, member_id, owned={}, topology=application)


def members_are_assigned_at_once(
    request_of: Callable[[str, str, str, int], object], version: int, response: type[Any]
) -> Callable[[Change], None]:
    def check(change: Change) -> None:
        topic = change.topic().topic
        change.set("15000")
        with Wire(change.address) as wire:

            def beat(member_id: str, epoch: int) -> int:
                answer = wire.ask(request_of(f"of-{topic}", topic, member_id, epoch), version, response)
                assert answer.error_code == 0, answer.error_message
                return int(answer.member_epoch)

            until(lambda: is_coordinated(wire), "the coordinator is there")
            beat("first", 0)
            epoch = beat("second", 0)
            assert beat("second", epoch) == epoch, "the next assignment is made in a while"
            change.set("0")
            assert beat("second", epoch) > epoch

    return check


def is_coordinated(wire: Wire) -> bool:
    request = FindCoordinatorRequest(key_type=0, coordinator_keys=["any"])
    return wire.ask(request, 4, FindCoordinatorResponse).coordinators[0].error_code == 0


def producers_are_forgotten(change: Change) -> None:
    topic = change.topic()
    producer = change.broker.client.producer(idempotent=True)
    producer.send(topic.topic, Message(b"v"))
    producer.flush()
    producer.close()
    assert len(producers_of(change.address, topic.topic)) == 1
    change.set("1")
    until(lambda: producers_of(change.address, topic.topic) == [], "the producer is forgotten")


def writes_outside_a_transaction_are_taken(change: Change) -> None:
    topic = change.topic()
    assert _write_unasked(change.address, topic.topic) == TRANSACTION_ABORTABLE
    change.set("false")
    assert _write_unasked(change.address, topic.topic) == 0


def _write_unasked(address: str, topic: str) -> int:
    """The error code of a transactional batch for a partition that was not added to the transaction."""
    with Wire(address) as wire:
        init = InitProducerIdRequest(transactional_id=f"x-{topic}", transaction_timeout_ms=60000)
        made = wire.ask(init, 4, InitProducerIdResponse)
        assert made.error_code == 0
        stamp = ProducerStamp(made.producer_id, made.producer_epoch, 0, is_transactional=True)
        batch = build_batch([NewRecord(None, b"v", 1)], producer=stamp)
        data = [PartitionProduceData(index=0, records=batch)]
        request = ProduceRequest(
            transactional_id=f"x-{topic}",
            acks=-1,
            timeout_ms=1000,
            topic_data=[TopicProduceData(name=topic, partition_data=data)],
        )
        answer = wire.ask(request, 11, ProduceResponse)
    return answer.responses[0].partition_responses[0].error_code


def _write_dirt(topic: ChangedTopic) -> None:
    for age in range(2):
        topic.write(b"%d" % age, age=age)
    topic.write(b"last", key=b"last", age=2)


def the_cleaner_looks_again_sooner(change: Change) -> None:
    change.set("3600000")
    topic = change.topic(EAGER)
    _write_dirt(topic)
    assert topic.first().offset == 0
    change.set("10")
    until_seen(lambda: topic.first().offset == 1, "the topic is compacted")


def the_cleaner_is_let_go(change: Change) -> None:
    change.set(SLOWEST)
    topic = change.topic(EAGER)
    _write_dirt(topic)
    assert {topic.first().offset for _ in range(20)} == {0}
    change.set("1000000000")
    until_seen(lambda: topic.first().offset == 1, "the pass has ended")


def _passes_over(change: Change, keys: int) -> int:
    """How many passes it takes to compact a topic of so many keys, each of about 180 bytes in the cleaner's memory."""
    topic = change.topic(EAGER)
    producer = change.broker.client.producer()
    for number in range(keys):
        producer.send(topic.topic, Message(b"", b"%060d" % number, timestamp_ms=topic.began_ms))
        if number % 500 == 0:
            producer.flush()
    producer.flush()
    producer.close()
    end = topic.write(b"last", key=b"last", age=1)
    line = re.compile(rf"log compacted  partition={topic.topic}-0 .*clean_below=(\d+)")
    until(lambda: str(end) in line.findall(change.broker.process.log()), "the topic is compacted to its end")
    return len(line.findall(change.broker.process.log()))


def more_keys_fit_into_a_pass(change: Change) -> None:
    assert _passes_over(change, 6500) > 1
    change.set("4194304")
    assert _passes_over(change, 6500) == 1


def fewer_keys_fit_into_a_pass(change: Change) -> None:
    assert _passes_over(change, 3000) == 1
    change.set("0.3")
    assert _passes_over(change, 3000) > 1


EFFECTS: Mapping[str, Callable[[Change], None]] = {
    "group.consumer.assignment.interval.ms": members_are_assigned_at_once(
        consumer_beat, 1, ConsumerGroupHeartbeatResponse
    ),
    "group.share.assignment.interval.ms": members_are_assigned_at_once(share_beat, 1, ShareGroupHeartbeatResponse),
    "group.streams.assignment.interval.ms": members_are_assigned_at_once(
        streams_beat, 0, StreamsGroupHeartbeatResponse
    ),
    "log.cleaner.backoff.ms": the_cleaner_looks_again_sooner,
    "log.cleaner.dedupe.buffer.size": more_keys_fit_into_a_pass,
    "log.cleaner.io.buffer.load.factor": fewer_keys_fit_into_a_pass,
    "log.cleaner.io.max.bytes.per.second": the_cleaner_is_let_go,
    "max.connection.creation.rate": connections_are_held_back,
    "max.connections": _only_for("1", "1000"),
    "max.connections.per.ip": _only_for("1", "1000"),
    "max.connections.per.ip.overrides": _only_for("127.0.0.1:0", "127.0.0.1:1000,127.0.0.9:0"),
    "producer.id.expiration.ms": producers_are_forgotten,
    "transaction.partition.verification.enable": writes_outside_a_transaction_are_taken,
}


def test_every_setting_of_brokers_that_can_be_changed_and_has_an_effect_is_in_a_table() -> None:
    behind = {synonym for name in topic_settings_in_effect() for synonym in topic_config_def()[name].synonyms}
    dynamic = {name for name in broker_settings_in_effect() if not broker_config_def()[name].is_read_only}
    of_tls = TLS_RELOADED | TLS_AT_THE_START  # test_tls.py has those that count while the broker runs
    of_logins = {"sasl.jaas.config", "sasl.enabled.mechanisms", "principal.builder.class"}  # and test_sasl.py these
    assert set(EFFECTS) == dynamic - behind - set(AT_THE_START) - of_tls - of_logins


@pytest.fixture(scope="module")
def changeable(tmp_path_factory: pytest.TempPathFactory, is_oracle: bool) -> Iterator[ChangeableBroker]:
    if is_oracle:
        pytest.skip("how a limit of connections or of memory shows is not the same in Apache Kafka")
    process = OdradekBroker(tmp_path_factory.mktemp("changeable"), SETTINGS)
    process.start()
    broker = ChangeableBroker(process)
    yield broker
    broker.close()
    process.kill()


@pytest.mark.parametrize("node", ["1", ""], ids=["own", "default"])
@pytest.mark.parametrize("name", list(EFFECTS))
def test_a_change_takes_effect_while_the_broker_runs(
    changeable: ChangeableBroker, topic: str, name: str, node: str
) -> None:
    change = Change(changeable, name, node, topic)
    try:
        EFFECTS[name](change)
    finally:
        change.close()


@pytest.mark.parametrize("name", AT_THE_START)
def test_where_it_listens_is_not_changed_while_the_broker_runs(changeable: ChangeableBroker, name: str) -> None:
    with pytest.raises(AssertionError, match="This broker listens where it was told to at its start"):
        changeable.change(
            BROKER, "1", name, "PLAINTEXT://127.0.0.1:1" if name == "listeners" else "PLAINTEXT:PLAINTEXT"
        )


def test_levels_of_loggers_decide_what_is_logged_and_are_taken_back(changeable: ChangeableBroker) -> None:
    of: Any = kafka_admin
    admin: Any = kafka.KafkaAdminClient(bootstrap_servers=changeable.address)

    def level(value: str | None) -> None:
        change: object = {"server": ("DELETE" if value is None else "SET", value)}
        resource = of.ConfigResource(of.ConfigResourceType.BROKER_LOGGER, "1", change)
        assert admin.alter_configs([resource], incremental=True, raise_on_unknown=False) == {
            "broker_logger": {"1": "OK"}
        }

    def refuse() -> None:
        changeable.change(BROKER, "1", "max.connections.per.ip.overrides", "127.0.0.1:0")
        assert not _is_let_in(changeable.address)
        changeable.change(BROKER, "1", "max.connections.per.ip.overrides", None)

    def lines() -> int:
        return changeable.process.log().count("connection refused")

    try:
        level("ERROR")
        before = lines()
        refuse()
        level(None)
        assert lines() == before
        refuse()
        until(lambda: lines() > before, "the refusal is logged")
    finally:
        admin.close()
