"""confluent-kafka (librdkafka), as the tests use it."""

import contextlib
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from confluent_kafka import (
    OFFSET_BEGINNING,
    TIMESTAMP_LOG_APPEND_TIME,
    Consumer,
    KafkaError,
    KafkaException,
    TopicPartition,
)
from confluent_kafka import Producer as RdKafkaProducer
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._config import AlterConfigOpType, ConfigEntry, ConfigResource
from confluent_kafka.cimpl import NewPartitions, NewTopic

from .stock_client import DEADLINE_S, Cluster, Isolation, Message, gather

# When its only broker dies, librdkafka 2.16 forgets it, bootstraps anew, and may lose a transaction's requests with it:
# the call that waits for them never returns.
STAY = {"metadata.recovery.strategy": "none"}


class ConfluentProducer:
    def __init__(self, producer: Any) -> None:
        self._producer = producer
        self._offsets: dict[int, int] = {}
        self._errors: list[Any] = []
        self._sent = 0

    def send(self, topic: str, message: Message) -> None:
        number = self._sent
        self._sent += 1

        def delivered(error: Any, answered: Any) -> None:
            if error is not None:
                self._errors.append(error)
            else:
                offset = answered.offset()
                self._offsets[number] = -1 if offset is None else int(offset)

        self._produce(topic, message, on_delivery=delivered)

    def _produce(self, topic: str, message: Message, **arguments: Any) -> None:
        arguments |= {"partition": message.partition, "headers": list(message.headers)}
        if message.timestamp_ms is not None:
            arguments["timestamp"] = message.timestamp_ms
        for _ in range(1000):
            try:
                self._producer.produce(topic, message.value, message.key, **arguments)
                return
            except BufferError:
                self._producer.poll(0.1)
        raise AssertionError("the producer's queue stays full")

    def flush(self, timeout_s: float = DEADLINE_S) -> list[int]:
        left = self._producer.flush(timeout_s)
        if self._errors:
            raise KafkaException(self._errors[0])
        assert left == 0, f"{left} messages are not delivered after {timeout_s} s"
        offsets = [self._offsets[number] for number in sorted(self._offsets)]
        self._offsets.clear()
        return offsets

    def close(self) -> None:
        self._producer.purge()
        self._producer.flush(5)


class ConfluentTransactional(ConfluentProducer):
    """Its flush tells no offsets: a fatal error is raised amid a delivery report, and would break it."""

    def send(self, topic: str, message: Message) -> None:
        self._produce(topic, message)

    def begin(self) -> None:
        self._producer.begin_transaction()

    def send_offsets(self, member: Any, topic: str, offsets: Mapping[int, int]) -> None:
        places = [TopicPartition(topic, partition, offset) for partition, offset in offsets.items()]
        _until_final(lambda left_s: self._producer.send_offsets_to_transaction(places, member.group_metadata(), left_s))

    def commit(self) -> None:
        _until_final(self._producer.commit_transaction)

    def abort(self) -> None:
        _until_final(self._producer.abort_transaction)

    def close(self) -> None:
        with contextlib.suppress(KafkaException):  # whoever was fenced says so once more
            super().close()


def _until_final(call: Callable[[float], None]) -> None:
    """librdkafka says of some errors that the same call is to be made again, and its users do so."""
    deadline = time.monotonic() + DEADLINE_S
    while True:
        try:
            return call(max(0.1, deadline - time.monotonic()))
        except KafkaException as error:
            if not error.args[0].retriable() or time.monotonic() >= deadline:
                raise


class ConfluentMember:
    def __init__(self, consumer: Any) -> None:
        self._consumer = consumer
        self._ends: dict[int, int] = {}

    def poll(self, timeout_s: float) -> list[Message]:
        polled = self._consumer.consume(1, timeout_s)
        if polled:  # whatever else is at hand already
            polled += self._consumer.consume(500, 0.01)
        for record in polled:
            if record.error() is not None and record.error().code() == KafkaError._PARTITION_EOF:
                self._ends[int(record.partition())] = int(record.offset())
        return [_message(record) for record in polled if not _is_passing(record)]

    def position(self, partition: int) -> int:
        """Its own idea of a position leaves out what it skipped; the ends that it was told of do not."""
        (topic,) = {place.topic for place in self._consumer.assignment()}
        (found,) = self._consumer.position([TopicPartition(topic, partition)])
        return max(int(found.offset), self._ends.get(partition, 0))

    def group_metadata(self) -> Any:
        return self._consumer.consumer_group_metadata()

    def assigned(self) -> set[int]:
        return {int(partition.partition) for partition in self._consumer.assignment()}

    def commit(self) -> None:
        self._consumer.commit(asynchronous=False)

    def commit_at(self, topic: str, partition: int, offset: int, metadata: str = "") -> None:
        where = TopicPartition(topic, partition, offset, metadata=metadata)
        self._consumer.commit(offsets=[where], asynchronous=False)

    def committed(self, topic: str, partition: int) -> tuple[int, str] | None:
        (found,) = self._consumer.committed([TopicPartition(topic, partition)], DEADLINE_S)
        return None if found.offset < 0 else (int(found.offset), str(found.metadata or ""))

    def close(self) -> None:
        self._consumer.close()


class ConfluentKafka:
    name = "confluent-kafka"
    sends_null_headers = True
    waits_for_stable_offsets = True

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap
        self._admin_client: Any = None

    def producer(self, *, codec: str = "none", acks: int = -1, idempotent: bool = False) -> ConfluentProducer:
        settings = {
            "bootstrap.servers": self._bootstrap,
            "compression.type": codec,
            "acks": acks,
            "enable.idempotence": idempotent,
            "message.max.bytes": 4 << 20,
            "reconnect.backoff.max.ms": 500,
        }
        return ConfluentProducer(RdKafkaProducer(settings))

    def read(
        self, topic: str, count: int, *, partition: int = 0, offset: int = 0, timeout_s: float = DEADLINE_S
    ) -> list[Message]:
        consumer = self._consumer()
        try:
            consumer.assign([TopicPartition(topic, partition, offset)])
            return gather(ConfluentMember(consumer).poll, count, timeout_s)[:count]
        finally:
            consumer.close()

    def transactional(self, transactional_id: str, *, timeout_ms: int = 60000) -> ConfluentTransactional:
        settings: dict[str, Any] = {
            "bootstrap.servers": self._bootstrap,
            "transactional.id": transactional_id,
            "transaction.timeout.ms": timeout_ms,
            "socket.timeout.ms": min(60000, timeout_ms),  # librdkafka wants it no longer than that
            "reconnect.backoff.max.ms": 500,
            **STAY,
        }
        producer = RdKafkaProducer(settings)
        _until_final(producer.init_transactions)
        return ConfluentTransactional(producer)

    def is_fenced(self, error: BaseException) -> bool:
        return isinstance(error, KafkaException) and error.args[0].code() == KafkaError._FENCED

    def reader(
        self, topic: str, partitions: Sequence[int], isolation: Isolation, *, max_wait_ms: int = 500
    ) -> ConfluentMember:
        consumer = self._consumer(
            **{"isolation.level": isolation, "fetch.wait.max.ms": max_wait_ms, "enable.partition.eof": True}
        )
        consumer.assign([TopicPartition(topic, partition, OFFSET_BEGINNING) for partition in partitions])
        return ConfluentMember(consumer)

    def member(
        self, group: str, topic: str, *, instance_id: str | None = None, isolation: Isolation | None = None
    ) -> ConfluentMember:
        settings: dict[str, Any] = {
            "group.id": group,
            "auto.offset.reset": "earliest",
            "session.timeout.ms": 10000,
            "heartbeat.interval.ms": 300,
            "topic.metadata.refresh.interval.ms": 1000,
            **_isolation(isolation),
        }
        if instance_id is not None:
            settings["group.instance.id"] = instance_id
        consumer = self._consumer(**settings)
        consumer.subscribe([topic])
        return ConfluentMember(consumer)

    def offset_range(self, topic: str, partition: int = 0, isolation: Isolation | None = None) -> tuple[int, int]:
        consumer = self._consumer(**_isolation(isolation))
        try:
            low, high = consumer.get_watermark_offsets(TopicPartition(topic, partition), DEADLINE_S)
            return int(low), int(high)
        finally:
            consumer.close()

    def offset_for_time(self, topic: str, timestamp_ms: int, partition: int = 0) -> int | None:
        consumer = self._consumer()
        try:
            (found,) = consumer.offsets_for_times([TopicPartition(topic, partition, timestamp_ms)], DEADLINE_S)
            return None if found.offset < 0 else int(found.offset)
        finally:
            consumer.close()

    def create_topic(self, topic: str, partitions: int = 1, configs: Mapping[str, str] | None = None) -> None:
        new = NewTopic(topic, num_partitions=partitions, replication_factor=1, config=dict(configs or {}))
        self._admin().create_topics([new])[topic].result(DEADLINE_S)

    def delete_topic(self, topic: str) -> None:
        self._admin().delete_topics([topic])[topic].result(DEADLINE_S)

    def grow_topic(self, topic: str, partitions: int) -> None:
        self._admin().create_partitions([NewPartitions(topic, partitions)])[topic].result(DEADLINE_S)

    def set_topic_config(self, topic: str, name: str, value: str | None) -> None:
        operation = AlterConfigOpType.DELETE if value is None else AlterConfigOpType.SET
        entry = ConfigEntry(name, value, incremental_operation=operation)
        resource = ConfigResource(ConfigResource.Type.TOPIC, topic, incremental_configs=[entry])
        self._admin().incremental_alter_configs([resource])[resource].result(DEADLINE_S)

    def delete_records(self, topic: str, before: int, partition: int = 0) -> int:
        (answer,) = self._admin().delete_records([TopicPartition(topic, partition, before)]).values()
        return int(answer.result(DEADLINE_S).low_watermark)

    def topics(self) -> Mapping[str, int]:
        found = self._admin().list_topics(timeout=DEADLINE_S).topics
        return {str(name): len(one.partitions) for name, one in found.items()}

    def topic_configs(self, topic: str) -> Mapping[str, str | None]:
        resource = ConfigResource(ConfigResource.Type.TOPIC, topic)
        found = self._admin().describe_configs([resource])[resource].result(DEADLINE_S)
        return {str(name): entry.value for name, entry in found.items()}

    def cluster(self) -> Cluster:
        found = self._admin().describe_cluster().result(DEADLINE_S)
        brokers = {int(node.id): f"{node.host}:{node.port}" for node in found.nodes}
        return Cluster(str(found.cluster_id), int(found.controller.id), brokers)

    def close(self) -> None:
        self._admin_client = None

    def _admin(self) -> Any:
        if self._admin_client is None:
            self._admin_client = AdminClient({"bootstrap.servers": self._bootstrap})
        return self._admin_client

    def _consumer(self, **settings: Any) -> Any:
        return Consumer(
            {
                "bootstrap.servers": self._bootstrap,
                "group.id": f"unused-{time.monotonic_ns()}",
                "enable.auto.commit": False,
                **STAY,
                **settings,
            }
        )


def _is_passing(record: Any) -> bool:
    """An error that librdkafka reports and gets over by itself, such as a topic that is not there yet."""
    error = record.error()
    if error is None:
        return False
    if error.fatal() or (not error.retriable() and error.name() not in _PASSING):
        raise KafkaException(error)
    return True


_PASSING = {"_ALL_BROKERS_DOWN", "_TRANSPORT", "UNKNOWN_TOPIC_OR_PART", "_RESOLVE", "_PARTITION_EOF"}


def _isolation(isolation: Isolation | None) -> dict[str, Any]:
    return {} if isolation is None else {"isolation.level": isolation}


def _message(record: Any) -> Message:
    kind, timestamp_ms = record.timestamp()
    return Message(
        value=record.value(),
        key=record.key(),
        headers=tuple((str(name), value) for name, value in record.headers() or ()),
        timestamp_ms=int(timestamp_ms),
        partition=int(record.partition()),
        offset=int(record.offset()),
        has_log_append_time=kind == TIMESTAMP_LOG_APPEND_TIME,
    )
