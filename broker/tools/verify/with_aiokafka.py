"""aiokafka, as the workers use it: its event loop runs in a thread, so that every library is called alike."""

import asyncio
import contextlib
import logging
from collections.abc import Coroutine, Mapping, Sequence
from typing import Any

from .call_thread import LoopThread
from .history import Isolation, Offsets, Record, TopicPartition
from .library import CLASSIC, ClientError, Consumer, Delivery, load

GRACE_S = 5.0
START_S = 20.0
CLOSE_S = 15.0


class AiokafkaProducer:
    def __init__(self, loop: LoopThread, kafka: Any, settings: Mapping[str, Any]) -> None:
        self._loop, self._kafka = loop, kafka
        self._settings = settings
        self._producer: Any = None
        if settings["transactional_id"] is None:
            self.init_transactions(START_S)

    def init_transactions(self, timeout_s: float) -> None:
        """Its start is also what Kafka calls InitTransactions."""

        async def start() -> None:
            self._producer = self._kafka.AIOKafkaProducer(**self._settings)
            await self._producer.start()

        try:
            self._loop.call(start(), timeout_s)
        except ClientError:
            self.abandon()
            raise

    def begin(self) -> None:
        self._loop.call(self._producer.begin_transaction(), GRACE_S)

    def send(self, records: Sequence[Record], timeout_s: float) -> Delivery:
        offsets: list[int | None] = [None] * len(records)
        errors: list[str] = []

        async def send() -> None:
            futures: list[Any] = []
            for record in records:
                sending = self._producer.send(record.topic, record.value.encode(), partition=record.partition)
                futures.append(await sending)
            answers = await asyncio.gather(*map(_answer, futures), return_exceptions=True)
            for place, answer in enumerate(answers):
                if isinstance(answer, int):
                    offsets[place] = answer
                else:
                    errors.append(repr(answer))

        try:
            self._loop.call(send(), timeout_s)
        except ClientError as error:
            errors.append(str(error))
        return Delivery(offsets, errors[0] if errors else "")

    def send_offsets(self, offsets: Offsets, group: str, consumer: Consumer, timeout_s: float) -> None:
        assert isinstance(consumer, AiokafkaConsumer)
        self._loop.call(self._producer.send_offsets_to_transaction(consumer.places(offsets), group), timeout_s)

    def commit(self, timeout_s: float) -> None:
        self._loop.call(self._producer.commit_transaction(), timeout_s)

    def abort(self, timeout_s: float) -> None:
        self._loop.call(self._producer.abort_transaction(), timeout_s)

    def close(self) -> None:
        self._loop.call(self._producer.stop(), CLOSE_S)

    def abandon(self) -> None:
        """Ends its sender and closes its connections, without the flush that its own `stop` begins with."""
        producer = self._producer
        if producer is None:
            return

        async def drop() -> None:
            producer._closed = True
            if producer._sender is not None and producer._sender.sender_task is not None:
                await producer._sender.close()
            await producer.client.close()

        with contextlib.suppress(ClientError):
            self._loop.call(drop(), CLOSE_S)


async def _answer(future: Any) -> int:
    return int((await future).offset)


class AiokafkaConsumer:
    def __init__(self, loop: LoopThread, kafka: Any, settings: Mapping[str, Any]) -> None:
        self.assignments = 0
        self._loop, self._kafka = loop, kafka

        async def start() -> Any:
            consumer = kafka.AIOKafkaConsumer(**settings)
            try:
                await consumer.start()
            except BaseException:
                await consumer.stop()
                raise
            return consumer

        self._consumer: Any = loop.call(start(), START_S)

    def places(self, offsets: Offsets) -> dict[Any, Any]:
        """The library's own map of partitions to offsets."""
        build = self._kafka.structs.OffsetAndMetadata
        return {self._kafka.TopicPartition(*where): build(offset, "") for where, offset in offsets.items()}

    def assign(self, starts: Offsets) -> None:
        self.resume(list(starts))
        self.seek(starts)

    def resume(self, partitions: Sequence[TopicPartition]) -> None:
        places = [self._kafka.TopicPartition(*where) for where in partitions]
        self.assignments += 1
        self._loop.call(self._now(lambda: self._consumer.assign(places)), GRACE_S)

    def subscribe(self, topic: str) -> None:
        raise ClientError("aiokafka's transactions do not name a member's generation: its copiers assign")

    def poll(self, limit: int, timeout_s: float) -> list[Record]:
        polling: Coroutine[Any, Any, Any] = self._consumer.getmany(timeout_ms=int(timeout_s * 1000), max_records=limit)
        polled = self._loop.call(polling, timeout_s + GRACE_S)
        return [_record(one) for records in polled.values() for one in records]

    def seek(self, offsets: Offsets) -> None:
        def seek() -> None:
            for where, offset in offsets.items():
                self._consumer.seek(self._kafka.TopicPartition(*where), offset)

        self.assignments += 1
        self._loop.call(self._now(seek), GRACE_S)

    def commit(self, offsets: Offsets, timeout_s: float) -> None:
        places = self.places(offsets)

        async def commit() -> None:
            if not self._consumer.assignment() >= set(places):  # this library commits only what it could read
                self._consumer.assign(list(self._consumer.assignment() | set(places)))
            await self._consumer.commit(places)

        self._loop.call(commit(), timeout_s)

    def committed(self, partitions: Sequence[TopicPartition], timeout_s: float) -> Mapping[TopicPartition, int | None]:
        """Tells only what is there: this library takes a group that is still being loaded for one without offsets."""

        async def read() -> dict[TopicPartition, int | None]:
            found = {where: await self._consumer.committed(self._kafka.TopicPartition(*where)) for where in partitions}
            return {where: offset for where, offset in found.items() if offset is not None}

        return self._loop.call(read(), timeout_s)

    def close(self) -> None:
        self._loop.call(self._consumer.stop(), CLOSE_S)

    def abandon(self) -> None:
        self.close()

    async def _now(self, function: Any) -> None:
        function()


def _record(message: Any) -> Record:
    value = str(message.value, "utf-8", "replace")
    return Record(str(message.topic), int(message.partition), value, int(message.offset))


class Aiokafka:
    name = "aiokafka"
    codecs = ("none", "gzip")
    fences_by_group = False
    group_protocols = (CLASSIC,)

    def __init__(self, bootstrap: str) -> None:
        self._kafka = load("aiokafka")
        logging.getLogger("aiokafka").setLevel(logging.CRITICAL + 1)  # it tells every lost connection
        logging.getLogger("asyncio").setLevel(logging.CRITICAL + 1)
        self._loop = LoopThread("aiokafka")
        self._settings = {"bootstrap_servers": bootstrap, "request_timeout_ms": 10000}

    def producer(self, transactional_id: str | None, transaction_timeout_s: float, codec: str) -> AiokafkaProducer:
        settings: dict[str, Any] = {
            **self._settings,
            "enable_idempotence": True,
            "transactional_id": transactional_id,
            "compression_type": None if codec == "none" else codec,
            "transaction_timeout_ms": int(transaction_timeout_s * 1000),
        }
        return AiokafkaProducer(self._loop, self._kafka, settings)

    def consumer(self, group: str | None, isolation: Isolation, protocol: str = CLASSIC) -> AiokafkaConsumer:
        settings: dict[str, Any] = {
            **self._settings,
            "group_id": group,
            "enable_auto_commit": False,
            # In a group it must never begin anew by itself, for the reason told in `committed`.
            "auto_offset_reset": "earliest" if group is None else "none",
            "isolation_level": isolation.value,
            "fetch_max_wait_ms": 100,
        }
        return AiokafkaConsumer(self._loop, self._kafka, settings)

    def close(self) -> None:
        self._loop.end()


def connect(bootstrap: str) -> Aiokafka:
    return Aiokafka(bootstrap)
