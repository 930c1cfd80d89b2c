"""kafka-python, as the tests use it."""

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

with warnings.catch_warnings():
    # it reads its schemas with a function that Python 3.11 calls deprecated, while it is imported
    warnings.simplefilter("ignore", DeprecationWarning)
    from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer
    from kafka.admin import ConfigResource, ConfigResourceType, NewPartitions, NewTopic
    from kafka.errors import InvalidProducerEpochError, ProducerFencedError
    from kafka.net.inet import KafkaNetSocket
    from kafka.structs import OffsetAndMetadata, TopicPartition

from .stock_client import DEADLINE_S, Cluster, Isolation, Message, gather

_sock_connect: Any = KafkaNetSocket.sock_connect


async def _close_if_refused(self: Any, net: Any, sock: Any, sockaddr: Any, timeout_at: Any = None) -> Any:
    """kafka-python 3.0 forgets the socket of a refused connection, and pytest takes it for a leak of ours."""
    try:
        return await _sock_connect(self, net, sock, sockaddr, timeout_at=timeout_at)
    except BaseException:
        sock.close()
        raise


KafkaNetSocket.sock_connect = _close_if_refused


class KafkaPythonProducer:
    def __init__(self, producer: Any) -> None:
        self._producer = producer
        self._futures: list[Any] = []

    def send(self, topic: str, message: Message) -> None:
        self._futures.append(
            self._producer.send(
                topic,
                value=message.value,
                key=message.key,
                headers=list(message.headers),
                partition=message.partition,
                timestamp_ms=message.timestamp_ms,
            )
        )

    def flush(self, timeout_s: float = DEADLINE_S) -> list[int]:
        futures, self._futures = self._futures, []
        self._producer.flush(timeout_s)
        return [int(future.get(timeout_s).offset) for future in futures]

    def close(self) -> None:
        self._producer.close(5)


class KafkaPythonTransactional(KafkaPythonProducer):
    def begin(self) -> None:
        self._producer.begin_transaction()

    def send_offsets(self, member: Any, topic: str, offsets: Mapping[int, int]) -> None:
        places = {
            TopicPartition(topic, partition): OffsetAndMetadata(offset, "", -1) for partition, offset in offsets.items()
        }
        self._producer.send_offsets_to_transaction(places, member.group_metadata())

    def commit(self) -> None:
        self.flush()
        self._producer.commit_transaction()

    def abort(self) -> None:
        self._futures.clear()
        self._producer.abort_transaction()


class KafkaPythonMember:
    def __init__(self, consumer: Any) -> None:
        self._consumer = consumer

    def poll(self, timeout_s: float) -> list[Message]:
        polled = self._consumer.poll(timeout_ms=int(timeout_s * 1000))
        return [_message(record) for records in polled.values() for record in records]

    def assigned(self) -> set[int]:
        return {int(partition.partition) for partition in self._consumer.assignment()}

    def commit(self) -> None:
        self._consumer.commit()

    def commit_at(self, topic: str, partition: int, offset: int, metadata: str = "") -> None:
        self._consumer.commit({TopicPartition(topic, partition): OffsetAndMetadata(offset, metadata, -1)})

    def committed(self, topic: str, partition: int) -> tuple[int, str] | None:
        found = self._consumer.committed(TopicPartition(topic, partition), metadata=True)
        return None if found is None else (int(found.offset), str(found.metadata))

    def group_metadata(self) -> Any:
        return self._consumer.group_metadata()

    def position(self, partition: int) -> int:
        (topic,) = {place.topic for place in self._consumer.assignment()}
        return int(self._consumer.position(TopicPartition(topic, partition)))

    def close(self) -> None:
        self._consumer.close(autocommit=False)


class KafkaPython:
    name = "kafka-python"
    sends_null_headers = False
    waits_for_stable_offsets = True

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap
        self._admin_client: Any = None

    def producer(self, *, codec: str = "none", acks: int = -1, idempotent: bool = False) -> KafkaPythonProducer:
        compression: Any = None if codec == "none" else codec
        producer = KafkaProducer(
            bootstrap_servers=self._bootstrap,
            compression_type=compression,
            acks=acks,
            enable_idempotence=idempotent,
            linger_ms=5,
            max_request_size=4 << 20,
        )
        return KafkaPythonProducer(producer)

    def read(
        self, topic: str, count: int, *, partition: int = 0, offset: int = 0, timeout_s: float = DEADLINE_S
    ) -> list[Message]:
        consumer = self._consumer()
        try:
            consumer.assign([TopicPartition(topic, partition)])
            consumer.seek(TopicPartition(topic, partition), offset)
            return gather(KafkaPythonMember(consumer).poll, count, timeout_s)[:count]
        finally:
            consumer.close()

    def transactional(self, transactional_id: str, *, timeout_ms: int = 60000) -> KafkaPythonTransactional:
        producer = KafkaProducer(
            bootstrap_servers=self._bootstrap,
            transactional_id=transactional_id,
            transaction_timeout_ms=timeout_ms,
            linger_ms=5,
        )
        producer.init_transactions()
        return KafkaPythonTransactional(producer)

    def is_fenced(self, error: BaseException) -> bool:
        return isinstance(error, (ProducerFencedError, InvalidProducerEpochError))

    def reader(
        self, topic: str, partitions: Sequence[int], isolation: Isolation, *, max_wait_ms: int = 500
    ) -> KafkaPythonMember:
        consumer = self._consumer(
            isolation_level=isolation, fetch_max_wait_ms=max_wait_ms, auto_offset_reset="earliest"
        )
        consumer.assign([TopicPartition(topic, partition) for partition in partitions])
        return KafkaPythonMember(consumer)

    def member(
        self, group: str, topic: str, *, instance_id: str | None = None, isolation: Isolation | None = None
    ) -> KafkaPythonMember:
        return KafkaPythonMember(
            KafkaConsumer(
                topic,
                bootstrap_servers=self._bootstrap,
                group_id=group,
                group_instance_id=instance_id,
                enable_auto_commit=False,
                auto_offset_reset="earliest",
                session_timeout_ms=10000,
                heartbeat_interval_ms=300,
                metadata_max_age_ms=1000,
                **_isolation(isolation),
            )
        )

    def offset_range(self, topic: str, partition: int = 0, isolation: Isolation | None = None) -> tuple[int, int]:
        where = TopicPartition(topic, partition)
        consumer = self._consumer(**_isolation(isolation))
        try:
            return int(consumer.beginning_offsets([where])[where]), int(consumer.end_offsets([where])[where])
        finally:
            consumer.close()

    def offset_for_time(self, topic: str, timestamp_ms: int, partition: int = 0) -> int | None:
        where = TopicPartition(topic, partition)
        consumer = self._consumer()
        try:
            found = consumer.offsets_for_times({where: timestamp_ms})[where]
            return None if found is None else int(found.offset)
        finally:
            consumer.close()

    def create_topic(self, topic: str, partitions: int = 1, configs: Mapping[str, str] | None = None) -> None:
        new = NewTopic(name=topic, num_partitions=partitions, replication_factor=1, topic_configs=dict(configs or {}))
        self._admin().create_topics([new])

    def delete_topic(self, topic: str) -> None:
        self._admin().delete_topics([topic])

    def grow_topic(self, topic: str, partitions: int) -> None:
        self._admin().create_partitions({topic: NewPartitions(partitions)})

    def set_topic_config(self, topic: str, name: str, value: str | None) -> None:
        change: Any = {name: ("DELETE" if value is None else "SET", value)}
        resource = ConfigResource(ConfigResourceType.TOPIC, topic, change)
        answer = self._admin().alter_configs([resource], incremental=True)
        outcomes = [outcome for of_type in answer.values() for outcome in of_type.values()]
        assert not any("Error" in str(outcome) for outcome in outcomes), outcomes

    def delete_records(self, topic: str, before: int, partition: int = 0) -> int:
        at = TopicPartition(topic, partition)
        return int(self._admin().delete_records({at: before})[at]["low_watermark"])

    def topics(self) -> Mapping[str, int]:
        return {str(found["name"]): len(found["partitions"]) for found in self._admin().describe_topics()}

    def topic_configs(self, topic: str) -> Mapping[str, str | None]:
        resource = ConfigResource(ConfigResourceType.TOPIC, topic)
        found = self._admin().describe_configs([resource], config_filter="all")
        (configs,) = next(iter(found.values())).values() if isinstance(found, dict) else (found[0],)
        return {str(name): config["value"] for name, config in configs.items()}

    def cluster(self) -> Cluster:
        found = self._admin().describe_cluster()
        brokers = {int(one["broker_id"]): f"{one['host']}:{one['port']}" for one in found["brokers"]}
        return Cluster(str(found["cluster_id"]), int(found["controller_id"]), brokers)

    def close(self) -> None:
        if self._admin_client is not None:
            self._admin_client.close()

    def _admin(self) -> Any:
        if self._admin_client is None:
            self._admin_client = KafkaAdminClient(bootstrap_servers=self._bootstrap)
        return self._admin_client

    def _consumer(self, **settings: Any) -> Any:
        return KafkaConsumer(bootstrap_servers=self._bootstrap, group_id=None, enable_auto_commit=False, **settings)


def _isolation(isolation: Isolation | None) -> dict[str, Any]:
    return {} if isolation is None else {"isolation_level": isolation}


def _message(record: Any) -> Message:
    return Message(
        value=record.value,
        key=record.key,
        headers=tuple((str(name), value) for name, value in record.headers),
        timestamp_ms=int(record.timestamp),
        partition=int(record.partition),
        offset=int(record.offset),
        has_log_append_time=record.timestamp_type == 1,
    )
