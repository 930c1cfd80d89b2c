"""Groups: how soon a consumer reads, how soon ten share, and what a thousand groups that do nothing cost."""

import statistics
import threading
import time
import uuid
from collections.abc import Sequence
from typing import Any

from confluent_kafka import Consumer, Producer

from odradek.broker.wire import Wire
from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages.consumer_group_heartbeat import (
    ConsumerGroupHeartbeatRequest,
    ConsumerGroupHeartbeatResponse,
    TopicPartitions,
)
from tests.brokers import BrokerProcess, cpu_seconds, resident_bytes
from tests.hostile.bystander import Bystander, Waits

from .workloads import new_topic

PROTOCOLS = ("classic", "consumer")
PATIENCE_S = 90.0
MEMBERS, SHARED_PARTITIONS = 10, 20
NOT_YET = (ErrorCode.COORDINATOR_LOAD_IN_PROGRESS, ErrorCode.COORDINATOR_NOT_AVAILABLE, ErrorCode.NOT_COORDINATOR)
HEARTBEAT_S = 5.0  # Kafka's default, and the least it takes


def measure_groups(broker: BrokerProcess, groups: int, seconds: float) -> dict[str, str]:
    """Every row for one broker."""
    broker.start()
    try:
        address = broker.address
        found: dict[str, str] = {}
        for protocol in PROTOCOLS:
            _first_record(address, _filled_topic(address, 1), protocol)  # warm: coordinator, code, a JVM's first run
            topic = _filled_topic(address, 1)
            took = sorted(_first_record(address, topic, protocol) for _ in range(11))
            found[f"subscribe to first record, {protocol}"] = (
                f"p50 {statistics.median(took) * 1000:>7,.0f} ms   longest {took[-1] * 1000:>7,.0f} ms"
            )
        for protocol in PROTOCOLS:
            took = sorted(_stable(address, protocol) for _ in range(3))
            found[f"ten members at once to stable, {protocol}"] = f"p50 {took[1] * 1000:>7,.0f} ms"
        return found | _many_groups(broker, groups, seconds)
    finally:
        broker.stop()


def _filled_topic(address: str, partitions: int) -> str:
    topic = new_topic(address, partitions)
    producer = Producer({"bootstrap.servers": address})
    producer.produce(topic, b"first", partition=0)
    assert producer.flush(PATIENCE_S) == 0
    return topic


def _consumer(address: str, group: str, protocol: str) -> Any:
    return Consumer(
        {
            "bootstrap.servers": address,
            "group.id": group,
            "group.protocol": protocol,
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
        }
    )


def _first_record(address: str, topic: str, protocol: str) -> float:
    """Seconds from a new consumer in a new group to its first record."""
    began = time.perf_counter()
    consumer = _consumer(address, uuid.uuid4().hex, protocol)
    consumer.subscribe([topic])
    while (record := consumer.poll(PATIENCE_S)) is None or record.error() is not None:
        assert time.perf_counter() < began + PATIENCE_S
    took_s = time.perf_counter() - began
    consumer.close()
    return took_s


def _stable(address: str, protocol: str) -> float:
    """Seconds until ten consumers that join at the same time have two partitions each."""
    topic, group = new_topic(address, SHARED_PARTITIONS), uuid.uuid4().hex
    shares = [0] * MEMBERS
    is_over = threading.Event()
    consumers = [_consumer(address, group, protocol) for _ in range(MEMBERS)]
    all_ready = threading.Barrier(MEMBERS + 1)

    def consume(number: int) -> None:
        all_ready.wait()
        consumers[number].subscribe([topic])
        while not is_over.is_set():
            consumers[number].poll(0.02)
            shares[number] = len(consumers[number].assignment())
        consumers[number].close()

    threads = [threading.Thread(target=consume, args=[number]) for number in range(MEMBERS)]
    for thread in threads:
        thread.start()
    all_ready.wait()
    began = time.perf_counter()
    while shares != [SHARED_PARTITIONS // MEMBERS] * MEMBERS:
        assert time.perf_counter() < began + PATIENCE_S, shares
        is_over.wait(0.005)
    took_s = time.perf_counter() - began
    is_over.set()
    for thread in threads:
        thread.join()
    return took_s


def _many_groups(broker: BrokerProcess, count: int, seconds: float) -> dict[str, str]:
    """So many groups of one member, each over a connection of its own, that heartbeat as often as they should."""
    topic = new_topic(broker.address, 2)
    bystander = Bystander(broker.address)
    try:
        before = resident_bytes(broker.pid())
        bystander.go()
        began = time.perf_counter()
        members = [_LonelyMember(broker.address, f"bench-{number}", topic) for number in range(count)]
        for member in members:
            member.settle()
        joined_s = time.perf_counter() - began
        joining = bystander.stop()
        memory = resident_bytes(broker.pid()) - before
        busy_s = cpu_seconds(broker.pid())
        took_s = _heartbeat(members, seconds)
        busy_s = cpu_seconds(broker.pid()) - busy_s
        bystander.go()
        _heartbeat(members, seconds)
        meanwhile = bystander.stop()
        bystander.go()
        _heartbeat([], seconds)
        alone = bystander.stop()
        for member in members:
            member.close()
    finally:
        bystander.close()
    label = f"{count:,} groups of one member"
    return {
        f"{label}, joining": f"{joined_s / count * 1000:>7.2f} ms each   {_waits(joining)}",
        f"{label}, memory": f"{memory / 1e6:>7,.1f} MB more",
        f"{label}, heartbeats": f"{busy_s / took_s * 100:>7.1f} % of a processor",
        f"{label}, beside them": _waits(meanwhile),
        f"{label}, without them": _waits(alone),
    }


def _waits(waits: Waits) -> str:
    return f"one acked record meanwhile p99 {waits.p99_ms:>7.2f} ms, longest {waits.longest_ms:>7.2f} ms"


def _heartbeat(members: Sequence["_LonelyMember"], seconds: float) -> float:
    """Every member heartbeats as often as it should, one after the other; how long that took."""
    pause, began = threading.Event(), time.perf_counter()
    rounds = max(1, round(seconds / HEARTBEAT_S))
    for number in range(rounds * len(members)):
        pause.wait(max(0.0, began + number * HEARTBEAT_S / len(members) - time.perf_counter()))
        members[number % len(members)].beat()
    pause.wait(max(0.0, began + rounds * HEARTBEAT_S - time.perf_counter()))
    return time.perf_counter() - began


class _LonelyMember:
    """The only member of its group."""

    def __init__(self, address: str, group: str, topic: str) -> None:
        self._wire = Wire(address, timeout_s=PATIENCE_S)
        self._member_id = uuid.uuid4().hex
        self._group = group
        self._epoch = 0
        self._owned: Sequence[TopicPartitions] | None = None
        self._ask(rebalance_timeout_ms=60_000, subscribed_topic_names=[topic], topic_partitions=[])

    def settle(self) -> None:
        """Heartbeats until it has its partitions."""
        while not self._owned:
            self.beat()

    def beat(self) -> None:
        self._ask()

    def close(self) -> None:
        self._wire.close()

    def _ask(self, **changed: Any) -> None:
        request = ConsumerGroupHeartbeatRequest(
            group_id=self._group, member_id=self._member_id, member_epoch=self._epoch, **changed
        )
        while True:
            answer = self._wire.ask(request, 1, ConsumerGroupHeartbeatResponse)
            if answer.error_code not in NOT_YET:
                break
        assert answer.error_code == 0, answer
        self._epoch = answer.member_epoch
        if answer.assignment is not None:
            self._owned = answer.assignment.topic_partitions
