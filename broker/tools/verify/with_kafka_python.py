"""kafka-python, as the workers use it. Its calls know few timeouts: they all run in threads that may be left behind."""

import contextlib
import logging
from collections.abc import Mapping, Sequence
from typing import Any

from .call_thread import CallThread
from .history import Isolation, Offsets, Record, TopicPartition
from .library import CLASSIC, ClientError, Consumer, Delivery, load

GRACE_S = 5.0
START_S = 20.0
CLOSE_S = 15.0


class KafkaPythonProducer:
    def __init__(self, kafka: Any, settings: Mapping[str, Any]) -> None:
        self._kafka = kafka
        self._thread = CallThread("kafka-python-producer")
        self._producer: Any = self._thread.build(lambda: kafka.KafkaProducer(**settings), START_S)

    def init_transactions(self, timeout_s: float) -> None:
        self._thread.call(self._producer.init_transactions, timeout_s)

    def begin(self) -> None:
        self._thread.call(self._producer.begin_transaction, GRACE_S)

    def send(self, records: Sequence[Record], timeout_s: float) -> Delivery:
        offsets: list[int | None] = [None] * len(records)
        errors: list[str] = []
        futures: list[Any] = []

        def send() -> None:
            for record in records:
                value = record.value.encode()
                futures.append(self._producer.send(record.topic, value, partition=record.partition))
            self._producer.flush(timeout_s)

        try:
            self._thread.call(send, timeout_s + GRACE_S)
        except ClientError as error:
            errors.append(str(error))
        for place, future in enumerate(futures):
            if future.is_done and future.succeeded():
                offsets[place] = int(future.value.offset)
            elif future.is_done:
                errors.append(repr(future.exception))
        return Delivery(offsets, errors[0] if errors else "" if None not in offsets else "no answer in time")

    def send_offsets(self, offsets: Offsets, group: str, consumer: Consumer, timeout_s: float) -> None:
        assert isinstance(consumer, KafkaPythonConsumer)
        member = consumer.group_metadata()
        places = consumer.places(offsets)
        self._thread.call(lambda: self._producer.send_offsets_to_transaction(places, member), timeout_s)

    def commit(self, timeout_s: float) -> None:
        self._thread.call(self._producer.commit_transaction, timeout_s)

    def abort(self, timeout_s: float) -> None:
        self._thread.call(self._producer.abort_transaction, timeout_s)

    def close(self) -> None:
        try:
            self._thread.call(lambda: self._producer.close(timeout=CLOSE_S - GRACE_S), CLOSE_S)
        finally:
            self._thread.end()

    def abandon(self) -> None:
        with contextlib.suppress(AttributeError):  # its network thread; a newer library may name it differently
            self._producer._unregister_cleanup()
            self._producer._sender.force_close()
        self._thread.end()


class KafkaPythonConsumer:
    def __init__(self, kafka: Any, settings: Mapping[str, Any]) -> None:
        self.assignments = 0
        self._kafka = kafka
        self._thread = CallThread("kafka-python-consumer")
        self._consumer: Any = self._thread.build(lambda: kafka.KafkaConsumer(**settings), START_S)

    def places(self, offsets: Offsets) -> dict[Any, Any]:
        """The library's own map of partitions to offsets."""
        return {
            self._kafka.TopicPartition(*where): self._kafka.OffsetAndMetadata(offset, "", -1)
            for where, offset in offsets.items()
        }

    def group_metadata(self) -> Any:
        """What names this member and its generation."""
        return self._thread.call(self._consumer.group_metadata, GRACE_S)

    def assign(self, starts: Offsets) -> None:
        self.assignments += 1
        self._thread.call(lambda: self._consumer.assign(list(self.places(starts))), GRACE_S)
        self.seek(starts)

    def resume(self, partitions: Sequence[TopicPartition]) -> None:
        self.assignments += 1
        places = [self._kafka.TopicPartition(*where) for where in partitions]
        self._thread.call(lambda: self._consumer.assign(places), GRACE_S)

    def subscribe(self, topic: str) -> None:
        def assigned(listener: Any, partitions: Any) -> None:
            self.assignments += 1

        def revoked(listener: Any, partitions: Any) -> None:
            """What was polled before is void; `assignments` moves when the next ones are there."""

        methods: dict[str, Any] = {"on_partitions_assigned": assigned, "on_partitions_revoked": revoked}
        listener: Any = type("Listener", (self._kafka.ConsumerRebalanceListener,), methods)
        self._thread.call(lambda: self._consumer.subscribe([topic], listener=listener()), GRACE_S)

    def poll(self, limit: int, timeout_s: float) -> list[Record]:
        def poll() -> Any:
            return self._consumer.poll(timeout_ms=int(timeout_s * 1000), max_records=limit)

        polled: Any = self._thread.call(poll, timeout_s + CLOSE_S)
        return [_record(one) for records in polled.values() for one in records]

    def seek(self, offsets: Offsets) -> None:
        def seek() -> None:
            for where, offset in offsets.items():
                self._consumer.seek(self._kafka.TopicPartition(*where), offset)

        self.assignments += 1
        self._thread.call(seek, GRACE_S)

    def commit(self, offsets: Offsets, timeout_s: float) -> None:
        places = self.places(offsets)
        self._thread.call(lambda: self._consumer.commit(places), timeout_s)

    def committed(self, partitions: Sequence[TopicPartition], timeout_s: float) -> Mapping[TopicPartition, int | None]:
        def read() -> dict[TopicPartition, int | None]:
            found: dict[TopicPartition, int | None] = {}
            for where in partitions:
                found[where] = self._consumer.committed(self._kafka.TopicPartition(*where))
            return found

        return self._thread.call(read, timeout_s)

    def close(self) -> None:
        try:
            self._thread.call(lambda: self._consumer.close(autocommit=False), CLOSE_S)
        finally:
            self._thread.end()

    def abandon(self) -> None:
        """The library always leaves its group; what it polled and did not commit is lost all the same."""
        self.close()


def _record(message: Any) -> Record:
    value = str(message.value, "utf-8", "replace")
    return Record(str(message.topic), int(message.partition), value, int(message.offset))


class KafkaPython:
    name = "kafka-python"
    codecs = ("none", "gzip")
    fences_by_group = True
    group_protocols = (CLASSIC,)

    def __init__(self, bootstrap: str) -> None:
        self._kafka = load("kafka")
        logging.getLogger("kafka").setLevel(logging.CRITICAL + 1)  # it tells every lost connection
        self._settings = {
            "bootstrap_servers": bootstrap,
            "reconnect_backoff_max_ms": 500,
            "request_timeout_ms": 10000,
            "bootstrap_timeout_ms": 15000,
        }

    def producer(self, transactional_id: str | None, transaction_timeout_s: float, codec: str) -> KafkaPythonProducer:
        settings: dict[str, Any] = {
            **self._settings,
            "enable_idempotence": True,
            "transactional_id": transactional_id,
            "compression_type": None if codec == "none" else codec,
            "linger_ms": 1,
            "delivery_timeout_ms": 20000,
            "max_block_ms": 20000,
            # After a crash a broker may know only the last batch of a producer; this client then
            # numbers what it sends again afresh, and could double it.
            "max_in_flight_requests_per_connection": 1,
        }
        if transactional_id is not None:
            settings["transaction_timeout_ms"] = int(transaction_timeout_s * 1000)
        return KafkaPythonProducer(self._kafka, settings)

    def consumer(self, group: str | None, isolation: Isolation, protocol: str = CLASSIC) -> KafkaPythonConsumer:
        settings: dict[str, Any] = {
            **self._settings,
            "group_id": group,
            "enable_auto_commit": False,
            "auto_offset_reset": "earliest",
            "isolation_level": isolation.value,
            "session_timeout_ms": 6000,
            "heartbeat_interval_ms": 500,
            "fetch_max_wait_ms": 100,
        }
        return KafkaPythonConsumer(self._kafka, settings)

    def close(self) -> None:
        """Nothing is held."""


def connect(bootstrap: str) -> KafkaPython:
    return KafkaPython(bootstrap)
