"""What several brokers in one process cost: start and memory, replicated writes, and how long a fail-over takes."""

import asyncio
import contextlib
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError as AioKafkaError
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic
from kafka import KafkaProducer
from kafka.errors import KafkaError

from odradek.testing import ClusterHost, KafkaCluster

VALUE = b"x" * 1000
ACKED = 500
KILLS = 5
PATIENCE_S = 30.0

Send = Callable[[], None]
"""Send one record and have it acknowledged; raises what the client gives up with."""


def measure_several_brokers(records: int) -> dict[str, dict[str, str]]:
    """A column for one broker and one for three."""
    return {f"{brokers} broker{'s' * (brokers > 1)}": _served(brokers, records) for brokers in (1, 3)}


def _served(brokers: int, records: int) -> dict[str, str]:
    with _serving(brokers) as (bootstrap, process, start_s):
        resident_mb = _resident_mb(process.pid)
        admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 0})
        new = [NewTopic("writes", 3, brokers), NewTopic("acked", 1, brokers)]
        for made in admin.create_topics(new).values():
            made.result(30)
        rows = {
            "start until ready": f"{start_s * 1000:,.0f} ms",
            "resident, once ready": f"{resident_mb:,.1f} MB",
        }
        for acks in ("1", "all"):
            rows[f"produce 1 KB, acks={acks}, a replica on each"] = _produce(bootstrap, acks, records)
        rows["acked record, acks=all"] = _acked(bootstrap)
    return rows


@contextlib.contextmanager
def _serving(brokers: int) -> Iterator[tuple[str, "subprocess.Popen[str]", float]]:
    command = [sys.executable, "-m", "odradek.broker", "serve", "--ephemeral", "--listen", "127.0.0.1:0"]
    command += ["--brokers", str(brokers), "--log-level", "error"]
    began = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        ready = process.stdout.readline().split()
        try:
            yield ready[2], process, time.perf_counter() - began
        finally:
            process.terminate()


def _resident_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return float(status.partition("VmRSS:")[2].split()[0]) / 1000


def _produce(bootstrap: str, acks: str, records: int) -> str:
    producer = Producer({"bootstrap.servers": bootstrap, "acks": acks, "linger.ms": 5, "log_level": 0})
    began = time.perf_counter()
    for number in range(records):
        while True:
            try:
                producer.produce("writes", VALUE)
                break
            except BufferError:
                producer.poll(0.01)
        if number % 100 == 0:
            producer.poll(0)
    assert not producer.flush(60)
    seconds = time.perf_counter() - began
    return f"{records * len(VALUE) / seconds / 1e6:,.0f} MB/s"


def _acked(bootstrap: str) -> str:
    producer = Producer({"bootstrap.servers": bootstrap, "acks": "all", "log_level": 0})
    took: list[float] = []
    for _ in range(ACKED):
        began = time.perf_counter()
        producer.produce("acked", b"x")
        producer.flush(30)
        took.append((time.perf_counter() - began) * 1000)
    return f"p50 {statistics.median(took):.2f} ms"


def measure_fail_overs() -> dict[str, str]:
    """For each client, from the kill of a leader until a record is acknowledged by the next."""
    rows: dict[str, str] = {}
    with ClusterHost() as host:
        for name, sending in {"librdkafka": _librdkafka, "kafka-python": _kafka_python, "aiokafka": _aiokafka}.items():
            with host.cluster(brokers=3) as cluster, sending(cluster.bootstrap) as send:
                cluster.topic("orders", 1)
                rows[f"kill of the leader until the next acked record, {name}"] = _kills(cluster, send)
    return rows


def _kills(cluster: KafkaCluster, send: Send) -> str:
    took: list[float] = []
    for _ in range(KILLS):
        _until_acked(send)
        cluster.await_in_sync("orders")
        leader = cluster.leader("orders", 0)
        assert leader is not None
        began = time.perf_counter()
        cluster.brokers[leader].kill()
        _until_acked(send)
        took.append((time.perf_counter() - began) * 1000)
        cluster.brokers[leader].start()
    return f"{statistics.median(took):,.0f} ms, longest {max(took):,.0f} ms"


def _until_acked(send: Send) -> None:
    until = time.monotonic() + PATIENCE_S
    while True:
        try:
            send()
        except (KafkaError, AioKafkaError, RuntimeError):
            if time.monotonic() > until:
                raise
        else:
            return


@contextlib.contextmanager
def _librdkafka(bootstrap: str) -> Iterator[Send]:
    producer = Producer({"bootstrap.servers": bootstrap, "acks": "all", "log_level": 0})

    def send() -> None:
        producer.produce("orders", b"x")
        if producer.flush(PATIENCE_S):
            raise RuntimeError("not acknowledged")

    yield send


@contextlib.contextmanager
def _kafka_python(bootstrap: str) -> Iterator[Send]:
    producer = KafkaProducer(bootstrap_servers=bootstrap.split(","), acks="all")
    try:
        yield lambda: producer.send("orders", b"x").get(PATIENCE_S)
    finally:
        producer.close()


@contextlib.contextmanager
def _aiokafka(bootstrap: str) -> Iterator[Send]:
    with asyncio.Runner() as runner:

        async def started() -> AIOKafkaProducer:
            producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all")
            await producer.start()
            return producer

        producer = runner.run(started())
        try:
            yield lambda: runner.run(producer.send_and_wait("orders", b"x"))
        finally:
            runner.run(producer.stop())
