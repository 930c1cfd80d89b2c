"""confluent-kafka (librdkafka): the client that every run needs, because it makes the topics and reads the end."""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .call_thread import CallThread
from .history import Isolation, Offsets, Record, TopicPartition
from .library import CLASSIC, GROUP_PROTOCOLS, ClientError, Consumer, Delivery, load
from .share_process import ShareProcess

GRACE_S = 5.0  # a call gets that much more than the timeout it was told
CLOSE_S = 15.0
SOCKET_TIMEOUT_MS = 10000


def _quiet(settings: Mapping[str, Any]) -> dict[str, Any]:
    """librdkafka tells every lost connection; a run that kills its broker has many."""
    logger = logging.getLogger("odradek.verify.librdkafka")
    logger.setLevel(logging.CRITICAL + 1)
    return {**settings, "logger": logger}


class ConfluentProducer:
    def __init__(self, kafka: Any, settings: Mapping[str, Any]) -> None:
        self._kafka = kafka
        self._thread = CallThread("confluent-producer")
        self._producer: Any = self._thread.build(lambda: kafka.Producer(_quiet(settings)), GRACE_S)

    def init_transactions(self, timeout_s: float) -> None:
        self._until_final(lambda left_s: self._producer.init_transactions(left_s), timeout_s)

    def begin(self) -> None:
        self._thread.call(self._producer.begin_transaction, GRACE_S)

    def send(self, records: Sequence[Record], timeout_s: float) -> Delivery:
        offsets: list[int | None] = [None] * len(records)
        errors: list[str] = []

        def answered(place: int) -> Callable[[Any, Any], None]:
            def note(error: Any, message: Any) -> None:
                if error is not None:
                    errors.append(str(error))
                else:
                    offsets[place] = int(message.offset())

            return note

        def send() -> None:
            for place, record in enumerate(records):
                self._producer.produce(
                    record.topic, record.value.encode(), partition=record.partition, on_delivery=answered(place)
                )
                self._producer.poll(0)
            self._producer.flush(timeout_s)

        try:
            self._thread.call(send, timeout_s + GRACE_S)
        except ClientError as error:
            errors.append(str(error))
        return Delivery(list(offsets), errors[0] if errors else "" if None not in offsets else "no answer in time")

    def send_offsets(self, offsets: Offsets, group: str, consumer: Consumer, timeout_s: float) -> None:
        assert isinstance(consumer, ConfluentConsumer)
        positions = consumer.places(offsets)
        member = consumer.group_metadata()
        self._until_final(
            lambda left_s: self._producer.send_offsets_to_transaction(positions, member, left_s), timeout_s
        )

    def commit(self, timeout_s: float) -> None:
        self._until_final(lambda left_s: self._producer.commit_transaction(left_s), timeout_s)

    def abort(self, timeout_s: float) -> None:
        self._until_final(lambda left_s: self._producer.abort_transaction(left_s), timeout_s)

    def close(self) -> None:
        self.abandon()

    def abandon(self) -> None:
        producer, self._producer = self._producer, None
        try:
            self._thread.call(lambda: producer.purge(), CLOSE_S)
        finally:
            self._thread.end()

    def _until_final(self, call: Callable[[float], None], timeout_s: float) -> None:
        """librdkafka says of some errors that the same call must be made again."""

        def repeat() -> None:
            deadline = time.monotonic() + timeout_s
            while True:
                try:
                    return call(max(0.1, deadline - time.monotonic()))
                except self._kafka.KafkaException as error:
                    if not error.args[0].retriable() or time.monotonic() >= deadline:
                        raise
                    time.sleep(0.05)

        self._thread.call(repeat, timeout_s + GRACE_S)


class ConfluentConsumer:
    def __init__(self, kafka: Any, settings: Mapping[str, Any]) -> None:
        self.assignments = 0
        self._kafka = kafka
        self._thread = CallThread("confluent-consumer")
        self._consumer: Any = self._thread.build(lambda: kafka.Consumer(_quiet(settings)), GRACE_S)

    def places(self, offsets: Mapping[TopicPartition, int | None]) -> list[Any]:
        """The library's own list of partitions with offsets."""
        stored = self._kafka.OFFSET_STORED
        return [
            self._kafka.TopicPartition(where.topic, where.partition, stored if offset is None else offset)
            for where, offset in offsets.items()
        ]

    def group_metadata(self) -> Any:
        """What names this member and its generation."""
        return self._thread.call(self._consumer.consumer_group_metadata, GRACE_S)

    def assign(self, starts: Offsets) -> None:
        self.assignments += 1
        self._thread.call(lambda: self._consumer.assign(self.places(starts)), GRACE_S)

    def resume(self, partitions: Sequence[TopicPartition]) -> None:
        self.assignments += 1
        places = self.places(dict.fromkeys(partitions))
        self._thread.call(lambda: self._consumer.assign(places), GRACE_S)

    def subscribe(self, topic: str) -> None:
        # Losing partitions counts too: the next generation, of which we are, may have given them to another member.
        on = self._reassigned
        self._thread.call(lambda: self._consumer.subscribe([topic], on_assign=on, on_revoke=on, on_lost=on), GRACE_S)

    def _reassigned(self, consumer: Any, partitions: Any) -> None:
        self.assignments += 1

    def poll(self, limit: int, timeout_s: float) -> list[Record]:
        return self._thread.call(lambda: self._gather(limit, timeout_s)[0], timeout_s + GRACE_S)

    def _gather(self, limit: int, timeout_s: float) -> tuple[list[Record], dict[TopicPartition, int]]:
        """One message after another, because a rebalance between two takes back what came before it."""
        found: list[Record] = []
        ends: dict[TopicPartition, int] = {}
        while len(found) < limit:
            assignments = self.assignments
            message = self._consumer.poll(0.0 if found else timeout_s)
            if assignments != self.assignments:
                found.clear()
            if message is None:
                break
            error = message.error()
            if error is None:
                value = str(message.value(), "utf-8", "replace")
                found.append(Record(str(message.topic()), int(message.partition()), value, int(message.offset())))
            elif error.code() == self._kafka.KafkaError._PARTITION_EOF:
                ends[TopicPartition(str(message.topic()), int(message.partition()))] = int(message.offset())
                if not found:
                    break
            elif error.fatal():
                raise ClientError(str(error))
        return found, ends

    def poll_with_ends(self, limit: int, timeout_s: float) -> tuple[list[Record], dict[TopicPartition, int]]:
        return self._thread.call(lambda: self._gather(limit, timeout_s), timeout_s + GRACE_S)

    def seek(self, offsets: Offsets) -> None:
        def seek() -> None:
            for place in self.places(offsets):
                self._consumer.seek(place)

        self.assignments += 1
        self._thread.call(seek, GRACE_S)

    def commit(self, offsets: Offsets, timeout_s: float) -> None:
        places = self.places(offsets)
        answer: Any = self._thread.call(lambda: self._consumer.commit(offsets=places, asynchronous=False), timeout_s)
        for place in answer:
            if place.error is not None:
                raise ClientError(str(place.error))

    def committed(self, partitions: Sequence[TopicPartition], timeout_s: float) -> Mapping[TopicPartition, int | None]:
        places = self.places(dict.fromkeys(partitions))
        found: Any = self._thread.call(lambda: self._consumer.committed(places, timeout_s), timeout_s + GRACE_S)
        for place in found:
            if place.error is not None:
                raise ClientError(str(place.error))
        return {
            TopicPartition(str(place.topic), int(place.partition)): None if place.offset < 0 else int(place.offset)
            for place in found
        }

    def close(self) -> None:
        consumer, self._consumer = self._consumer, None
        try:
            self._thread.call(lambda: consumer.close(), CLOSE_S)
        finally:
            self._thread.end()

    def abandon(self) -> None:
        """librdkafka can only leave; what it polled and did not commit is lost all the same."""
        self.close()


class ConfluentKafka:
    name = "confluent-kafka"
    codecs = ("none", "gzip", "snappy", "lz4", "zstd")
    fences_by_group = True
    group_protocols = GROUP_PROTOCOLS

    def __init__(self, bootstrap: str) -> None:
        self._kafka = load("confluent_kafka")
        self._admin = load("confluent_kafka.admin")
        self._settings: dict[str, Any] = {
            "bootstrap.servers": bootstrap,
            "reconnect.backoff.max.ms": 500,
            "socket.timeout.ms": SOCKET_TIMEOUT_MS,
        }

    def producer(self, transactional_id: str | None, transaction_timeout_s: float, codec: str) -> ConfluentProducer:
        settings: dict[str, Any] = {
            **self._settings,
            "enable.idempotence": True,
            "compression.type": codec,
            "linger.ms": 1,
            "batch.num.messages": 20,  # several batches in flight, even of few records
        }
        if transactional_id is None:
            settings["message.timeout.ms"] = 20000
        else:
            settings["transactional.id"] = transactional_id
            settings["transaction.timeout.ms"] = int(transaction_timeout_s * 1000)
            # librdkafka wants neither to be longer.
            settings["message.timeout.ms"] = int(transaction_timeout_s * 1000)
            settings["socket.timeout.ms"] = min(SOCKET_TIMEOUT_MS, int(transaction_timeout_s * 1000))
        return ConfluentProducer(self._kafka, settings)

    def consumer(self, group: str | None, isolation: Isolation, protocol: str = CLASSIC) -> ConfluentConsumer:
        settings: dict[str, Any] = {
            **self._settings,
            "group.id": group or "odradek-verify-without-group",
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
            "isolation.level": isolation.value,
            "enable.partition.eof": True,
            "fetch.wait.max.ms": 100,
            "group.protocol": protocol,
        }
        if protocol == CLASSIC:  # in the other one the broker decides
            settings |= {"session.timeout.ms": 6000, "heartbeat.interval.ms": 500}
        return ConfluentConsumer(self._kafka, settings)

    def close(self) -> None:
        """Nothing is held."""

    def create_topics(self, topics: Mapping[str, int], timeout_s: float, replicas: int = 1) -> None:
        admin = self._admin.AdminClient(_quiet(self._settings))
        made = [
            self._admin.NewTopic(name, num_partitions=count, replication_factor=replicas)
            for name, count in topics.items()
        ]
        try:
            for future in admin.create_topics(made, request_timeout=timeout_s).values():
                future.result(timeout_s + GRACE_S)
        except Exception as error:
            raise ClientError(f"{type(error).__name__}: {error}") from None

    def end_offsets(
        self, partitions: Sequence[TopicPartition], isolation: Isolation, timeout_s: float
    ) -> dict[TopicPartition, int]:
        admin = self._admin.AdminClient(_quiet(self._settings))
        latest = self._admin.OffsetSpec.latest()
        asked = {self._kafka.TopicPartition(where.topic, where.partition): latest for where in partitions}
        level = self._kafka.IsolationLevel[isolation.name]
        try:
            answers = admin.list_offsets(asked, isolation_level=level, request_timeout=timeout_s)
            return {
                TopicPartition(str(place.topic), int(place.partition)): int(future.result(timeout_s + GRACE_S).offset)
                for place, future in answers.items()
            }
        except Exception as error:
            raise ClientError(f"{type(error).__name__}: {error}") from None

    @property
    def has_share_groups(self) -> bool:
        return hasattr(self._kafka, "ShareConsumer")

    def share_consumer(self, group: str, topic: str) -> ShareProcess:
        return ShareProcess(self._settings["bootstrap.servers"], group, topic)

    def configure_group(self, group: str, settings: Mapping[str, str], timeout_s: float) -> None:
        to_set = self._admin.AlterConfigOpType.SET
        entries = [
            self._admin.ConfigEntry(name, value, incremental_operation=to_set) for name, value in settings.items()
        ]
        resource = self._admin.ConfigResource(self._admin.ResourceType.GROUP, group, incremental_configs=entries)
        admin = self._admin.AdminClient(_quiet(self._settings))
        try:
            for future in admin.incremental_alter_configs([resource], request_timeout=timeout_s).values():
                future.result(timeout_s + GRACE_S)
        except Exception as error:
            raise ClientError(f"{type(error).__name__}: {error}") from None

    def brokers(self, timeout_s: float) -> Sequence[tuple[str, int]]:
        try:
            found = self._admin.AdminClient(_quiet(self._settings)).list_topics(timeout=timeout_s).brokers
        except Exception as error:
            raise ClientError(f"{type(error).__name__}: {error}") from None
        return [(str(broker.host), int(broker.port)) for broker in found.values()]


def connect(bootstrap: str) -> ConfluentKafka:
    return ConfluentKafka(bootstrap)
