"""aiokafka, as the tests use it: its event loop runs in a thread, so that every client is called alike."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from typing import Any, TypeVar

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.admin.records_to_delete import RecordsToDelete
from aiokafka.errors import ProducerFenced
from aiokafka.structs import OffsetAndMetadata

from .stock_client import DEADLINE_S, Cluster, Isolation, Message, gather

T = TypeVar("T")


class LoopThread:
    """An event loop in a thread of its own; `run` waits for a coroutine there."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def run(self, coroutine: Coroutine[Any, Any, T], timeout_s: float = 2 * DEADLINE_S) -> T:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(timeout_s)

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(DEADLINE_S)
        self._loop.close()


class AiokafkaProducer:
    def __init__(self, loop: LoopThread, producer: Any) -> None:
        self._loop, self._producer = loop, producer
        self._unsent: list[tuple[str, Message]] = []

    def send(self, topic: str, message: Message) -> None:
        self._unsent.append((topic, message))

    def flush(self, timeout_s: float = DEADLINE_S) -> list[int]:
        unsent, self._unsent = self._unsent, []
        return self._loop.run(self._send_all(unsent), timeout_s)

    def close(self) -> None:
        self._loop.run(self._producer.stop())

    async def _send_all(self, unsent: list[tuple[str, Message]]) -> list[int]:
        futures: list[Any] = []
        for topic, message in unsent:
            future = await self._producer.send(
                topic,
                value=message.value,
                key=message.key,
                headers=list(message.headers),
                partition=message.partition,
                timestamp_ms=message.timestamp_ms,
            )
            futures.append(future)
        answers = await asyncio.gather(*futures)
        return [-1 if answer is None else int(answer.offset) for answer in answers]


class AiokafkaTransactional(AiokafkaProducer):
    def begin(self) -> None:
        self._loop.run(self._producer.begin_transaction())

    def send_offsets(self, member: Any, topic: str, offsets: Mapping[int, int]) -> None:
        """It names the group alone, not the member."""
        places = {
            TopicPartition(topic, partition): OffsetAndMetadata(offset, "") for partition, offset in offsets.items()
        }
        self._loop.run(self._producer.send_offsets_to_transaction(places, member.group))

    def commit(self) -> None:
        self.flush()
        self._loop.run(self._producer.commit_transaction())

    def abort(self) -> None:
        self._unsent.clear()
        self._loop.run(self._producer.abort_transaction())


class AiokafkaMember:
    def __init__(self, loop: LoopThread, consumer: Any, group: str = "") -> None:
        self._loop, self._consumer = loop, consumer
        self.group = group

    def poll(self, timeout_s: float) -> list[Message]:
        polled = self._loop.run(self._consumer.getmany(timeout_ms=int(timeout_s * 1000)))
        return [_message(record) for records in polled.values() for record in records]

    def assigned(self) -> set[int]:
        return {int(partition.partition) for partition in self._consumer.assignment()}

    def commit(self) -> None:
        self._loop.run(self._consumer.commit())

    def commit_at(self, topic: str, partition: int, offset: int, metadata: str = "") -> None:
        where = TopicPartition(topic, partition)
        self._loop.run(self._consumer.commit({where: OffsetAndMetadata(offset, metadata)}))

    def committed(self, topic: str, partition: int) -> tuple[int, str] | None:
        offset = self._loop.run(self._consumer.committed(TopicPartition(topic, partition)))
        return None if offset is None else (int(offset), "")

    def position(self, partition: int) -> int:
        (topic,) = {place.topic for place in self._consumer.assignment()}
        return int(self._loop.run(self._consumer.position(TopicPartition(topic, partition))))

    def close(self) -> None:
        self._loop.run(self._consumer.stop())


class Aiokafka:
    name = "aiokafka"
    sends_null_headers = True
    waits_for_stable_offsets = False

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap
        self._loop = LoopThread()

    def producer(self, *, codec: str = "none", acks: int = -1, idempotent: bool = False) -> AiokafkaProducer:
        async def start() -> Any:
            producer = AIOKafkaProducer(
                bootstrap_servers=self._bootstrap,
                compression_type=None if codec == "none" else codec,
                acks=acks,
                enable_idempotence=idempotent,
                linger_ms=5,
                max_request_size=4 << 20,
            )
            await producer.start()
            return producer

        return AiokafkaProducer(self._loop, self._loop.run(start()))

    def read(
        self, topic: str, count: int, *, partition: int = 0, offset: int = 0, timeout_s: float = DEADLINE_S
    ) -> list[Message]:
        reader = AiokafkaMember(self._loop, self._loop.run(self._reader()))
        try:
            self._loop.run(self._seek(reader, TopicPartition(topic, partition), offset))
            return gather(reader.poll, count, timeout_s)[:count]
        finally:
            reader.close()

    def transactional(self, transactional_id: str, *, timeout_ms: int = 60000) -> AiokafkaTransactional:
        async def start() -> Any:
            producer = AIOKafkaProducer(
                bootstrap_servers=self._bootstrap,
                transactional_id=transactional_id,
                transaction_timeout_ms=timeout_ms,
                linger_ms=5,
            )
            await producer.start()
            return producer

        return AiokafkaTransactional(self._loop, self._loop.run(start()))

    def is_fenced(self, error: BaseException) -> bool:
        return isinstance(error, ProducerFenced)

    def reader(
        self, topic: str, partitions: Sequence[int], isolation: Isolation, *, max_wait_ms: int = 500
    ) -> AiokafkaMember:
        async def start() -> Any:
            settings = {"fetch_max_wait_ms": max_wait_ms, "auto_offset_reset": "earliest"}
            consumer = await self._reader(isolation_level=isolation, **settings)
            consumer.assign([TopicPartition(topic, partition) for partition in partitions])
            return consumer

        return AiokafkaMember(self._loop, self._loop.run(start()))

    def member(
        self, group: str, topic: str, *, instance_id: str | None = None, isolation: Isolation | None = None
    ) -> AiokafkaMember:
        async def start() -> Any:
            consumer = AIOKafkaConsumer(
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
            await consumer.start()
            return consumer

        return AiokafkaMember(self._loop, self._loop.run(start()), group)

    def offset_range(self, topic: str, partition: int = 0, isolation: Isolation | None = None) -> tuple[int, int]:
        where = TopicPartition(topic, partition)

        async def ask() -> tuple[int, int]:
            consumer = await self._reader(**_isolation(isolation))
            try:
                beginning = await consumer.beginning_offsets([where])
                end = await consumer.end_offsets([where])
            finally:
                await consumer.stop()
            return int(beginning[where]), int(end[where])

        return self._loop.run(ask())

    def offset_for_time(self, topic: str, timestamp_ms: int, partition: int = 0) -> int | None:
        where = TopicPartition(topic, partition)

        async def ask() -> int | None:
            consumer = await self._reader()
            try:
                found = (await consumer.offsets_for_times({where: timestamp_ms}))[where]
            finally:
                await consumer.stop()
            return None if found is None else int(found.offset)

        return self._loop.run(ask())

    def create_topic(self, topic: str, partitions: int = 1, configs: Mapping[str, str] | None = None) -> None:
        new = NewTopic(name=topic, num_partitions=partitions, replication_factor=1, topic_configs=dict(configs or {}))

        async def ask(admin: Any) -> None:
            answer = await admin.create_topics([new])
            errors = [tuple(error) for error in answer.topic_errors if error[1] != 0]
            assert not errors, errors

        self._loop.run(self._with_admin(ask))

    def delete_topic(self, topic: str) -> None:
        async def ask(admin: Any) -> None:
            answer = await admin.delete_topics([topic])
            errors = [tuple(error) for error in answer.topic_error_codes if error[1] != 0]
            assert not errors, errors

        self._loop.run(self._with_admin(ask))

    def grow_topic(self, topic: str, partitions: int) -> None:
        async def ask(admin: Any) -> None:
            await admin.create_partitions({topic: NewPartitions(partitions)})

        self._loop.run(self._with_admin(ask))

    def set_topic_config(self, topic: str, name: str, value: str | None) -> None:
        configs = {} if value is None else {name: value}

        async def ask(admin: Any) -> None:
            (answer,) = await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, configs)])
            errors = [tuple(error) for error in answer.resources if error[0] != 0]
            assert not errors, errors

        self._loop.run(self._with_admin(ask))

    def delete_records(self, topic: str, before: int, partition: int = 0) -> int:
        at = TopicPartition(topic, partition)

        async def ask(admin: Any) -> int:
            return int((await admin.delete_records({at: RecordsToDelete(before_offset=before)}))[at])

        return self._loop.run(self._with_admin(ask))

    def topics(self) -> Mapping[str, int]:
        async def ask(admin: Any) -> dict[str, int]:
            # describe_topics() with no argument asks for none (an empty list) at the version it speaks
            names = await admin.list_topics()
            return {str(one["topic"]): len(one["partitions"]) for one in await admin.describe_topics(names)}

        return self._loop.run(self._with_admin(ask))

    def topic_configs(self, topic: str) -> Mapping[str, str | None]:
        async def ask(admin: Any) -> dict[str, str | None]:
            (answer,) = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)])
            entries = answer.resources[0][4]
            return {str(entry[0]): entry[1] for entry in entries}

        return self._loop.run(self._with_admin(ask))

    def cluster(self) -> Cluster:
        async def ask(admin: Any) -> Cluster:
            found = await admin.describe_cluster()
            brokers = {int(one["node_id"]): f"{one['host']}:{one['port']}" for one in found["brokers"]}
            return Cluster(str(found["cluster_id"]), int(found["controller_id"]), brokers)

        return self._loop.run(self._with_admin(ask))

    def close(self) -> None:
        self._loop.close()

    async def _reader(self, **settings: Any) -> Any:
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self._bootstrap, group_id=None, enable_auto_commit=False, **settings
        )
        await consumer.start()
        return consumer

    async def _seek(self, reader: AiokafkaMember, where: Any, offset: int) -> None:
        reader._consumer.assign([where])
        reader._consumer.seek(where, offset)

    async def _with_admin(self, ask: Callable[[Any], Awaitable[T]]) -> T:
        admin = AIOKafkaAdminClient(bootstrap_servers=self._bootstrap)
        await admin.start()
        try:
            return await ask(admin)
        finally:
            await admin.close()


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
