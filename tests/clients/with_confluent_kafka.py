"""confluent-kafka (librdkafka), as the tests use it."""

import time
from collections.abc import Mapping
from typing import Any

from confluent_kafka import TIMESTAMP_LOG_APPEND_TIME, Consumer, KafkaException, TopicPartition
from confluent_kafka import Producer as RdKafkaProducer
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._config import ConfigResource
from confluent_kafka.cimpl import NewTopic

from .stock_client import DEADLINE_S, Cluster, Message, gather


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

        arguments: dict[str, Any] = {"partition": message.partition, "headers": list(message.headers)}
        if message.timestamp_ms is not None:
            arguments["timestamp"] = message.timestamp_ms
        for _ in range(1000):
            try:
                self._producer.produce(topic, message.value, message.key, on_delivery=delivered, **arguments)
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


class ConfluentMember:
    def __init__(self, consumer: Any) -> None:
        self._consumer = consumer

    def poll(self, timeout_s: float) -> list[Message]:
        polled = self._consumer.consume(1, timeout_s)
        if polled:  # whatever else is at hand already
            polled += self._consumer.consume(500, 0.01)
        return [_message(record) for record in polled if not _is_passing(record)]

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

    def member(self, group: str, topic: str, *, instance_id: str | None = None) -> ConfluentMember:
        settings: dict[str, Any] = {
            "group.id": group,
            "auto.offset.reset": "earliest",
            "session.timeout.ms": 10000,
            "heartbeat.interval.ms": 300,
            "topic.metadata.refresh.interval.ms": 1000,
        }
        if instance_id is not None:
            settings["group.instance.id"] = instance_id
        consumer = self._consumer(**settings)
        consumer.subscribe([topic])
        return ConfluentMember(consumer)

    def offset_range(self, topic: str, partition: int = 0) -> tuple[int, int]:
        consumer = self._consumer()
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


_PASSING = {"_ALL_BROKERS_DOWN", "_TRANSPORT", "UNKNOWN_TOPIC_OR_PART", "_RESOLVE"}


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
