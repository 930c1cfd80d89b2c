"""Stock idempotent producers, each in a thread of its own, that write numbers until they are told to stop.

Every message says who wrote it and the how-manieth of its partition it is, so that what a broker stored can be judged
afterwards: each once, each in its place.
"""

import asyncio
import threading
import warnings
from collections.abc import Callable
from typing import Any, Protocol, TypeAlias

from aiokafka import AIOKafkaProducer
from confluent_kafka import Producer

from ..clients.with_kafka_python import KafkaPython

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    from kafka import KafkaProducer

_MENDED = KafkaPython  # its module closes the sockets of refused connections, which kafka-python forgets

PADDING = "." * 400
MOST_IN_FLIGHT = 60
FLUSH_S = 60.0


class Progress:
    """How many messages were acknowledged by now, to be waited for."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self.acknowledged = 0
        self.failures: list[str] = []

    def note(self, failure: str | None = None) -> None:
        """A message has got its answer."""
        with self._condition:
            if failure is None:
                self.acknowledged += 1
            else:
                self.failures.append(failure)
            self._condition.notify_all()

    def wait_for(self, more: int, deadline_s: float) -> None:
        """Returns once so many more were acknowledged; AssertionError if that takes too long or one fails."""
        with self._condition:
            goal = self.acknowledged + more
            self._condition.wait_for(lambda: self.acknowledged >= goal or bool(self.failures), deadline_s)
            assert not self.failures, self.failures[:3]
            assert self.acknowledged >= goal, f"{more} messages were not acknowledged in {deadline_s} s"


class Writing(Protocol):
    """Writes until `is_over` says so, then waits for all answers."""

    def __call__(self, address: str, message: Callable[[], tuple[int, bytes]], writer: "Writer") -> None: ...


class Writer:
    """One producer; `sent` counts the messages of each partition."""

    def __init__(self, name: str, address: str, topic: str, partitions: int, writing: Writing) -> None:
        self.name, self.topic = name, topic
        self.sent = [0] * partitions
        self.progress = Progress()
        self._turn = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(address, writing), name=name, daemon=True)
        self._thread.start()

    def _run(self, address: str, writing: Writing) -> None:
        try:
            writing(address, self._next, self)
        except BaseException as error:
            self.progress.note(f"{self.name} died of {error!r}")
            raise

    def _next(self) -> tuple[int, bytes]:
        """The partition and the value of the next message."""
        partition = self._turn % len(self.sent)
        self._turn += 1
        number = self.sent[partition]
        self.sent[partition] += 1
        return partition, f"{self.name} {number} {PADDING}".encode()

    @property
    def is_over(self) -> bool:
        """Whether it was told to stop."""
        return self._stop.is_set()

    def stop(self) -> None:
        """Write no more."""
        self._stop.set()

    def finish(self) -> None:
        """Wait until every message has its answer."""
        self._thread.join(FLUSH_S)
        assert not self._thread.is_alive(), f"{self.name} still waits for answers"
        assert not self.progress.failures, self.progress.failures[:3]
        assert self.progress.acknowledged == sum(self.sent)


Message: TypeAlias = Callable[[], tuple[int, bytes]]


def with_confluent_kafka(address: str, message: Message, writer: Writer) -> None:
    """librdkafka: its own queue, its own threads, up to five requests in flight."""
    producer = Producer(
        {
            "bootstrap.servers": address,
            "enable.idempotence": True,
            "log_level": 2,  # the broker is meant to be gone now and then
            "linger.ms": 1,
            "message.timeout.ms": 120_000,
            "reconnect.backoff.ms": 10,
            "reconnect.backoff.max.ms": 100,
            "retry.backoff.ms": 10,
        }
    )

    def delivered(error: Any, _: Any) -> None:
        writer.progress.note(None if error is None else str(error))

    while not writer.is_over:
        if len(producer) < MOST_IN_FLIGHT:
            partition, value = message()
            producer.produce(writer.topic, value, partition=partition, on_delivery=delivered)
            producer.poll(0)
        else:
            producer.poll(0.01)
    producer.flush(FLUSH_S)


def with_kafka_python(address: str, message: Message, writer: Writer) -> None:
    """kafka-python: one sender thread."""
    producer = KafkaProducer(
        bootstrap_servers=address,
        enable_idempotence=True,
        linger_ms=1,
        delivery_timeout_ms=120_000,
        reconnect_backoff_ms=10,
        reconnect_backoff_max_ms=100,
        retry_backoff_ms=10,
    )
    room = threading.Semaphore(MOST_IN_FLIGHT)

    def answered(failure: str | None) -> None:
        room.release()
        writer.progress.note(failure)

    while not writer.is_over:
        if room.acquire(timeout=0.1):
            partition, value = message()
            future = producer.send(writer.topic, value, partition=partition)
            future.add_callback(lambda _: answered(None))  # pyright: ignore[reportUnknownLambdaType]
            future.add_errback(lambda error: answered(repr(error)))  # pyright: ignore[reportUnknownLambdaType]
    producer.flush(FLUSH_S)
    producer.close(FLUSH_S)


def with_aiokafka(address: str, message: Message, writer: Writer) -> None:
    """aiokafka: one coroutine a node."""
    asyncio.run(_with_aiokafka(address, message, writer))


async def _with_aiokafka(address: str, message: Message, writer: Writer) -> None:
    producer = AIOKafkaProducer(
        bootstrap_servers=address, enable_idempotence=True, linger_ms=1, retry_backoff_ms=20, request_timeout_ms=120_000
    )
    waiting: set[asyncio.Future[Any]] = set()

    def answered(future: asyncio.Future[Any]) -> None:
        waiting.discard(future)
        failure = future.exception()
        writer.progress.note(None if failure is None else repr(failure))

    await producer.start()
    try:
        while not writer.is_over:
            if len(waiting) >= MOST_IN_FLIGHT:
                await asyncio.wait(waiting, timeout=0.1, return_when=asyncio.FIRST_COMPLETED)
                continue
            partition, value = message()
            future = await producer.send(writer.topic, value, partition=partition)
            waiting.add(future)
            future.add_done_callback(answered)
            await asyncio.sleep(0)  # lets the answers in
        await producer.flush()
    finally:
        await producer.stop()
