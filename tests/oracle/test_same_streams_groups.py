"""Streams groups in one data directory, served by Apache Kafka and by Odradek in turns, and record for record alike."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from odradek.broker.wire import Wire
from odradek.protocol.batch import whole_batches
from odradek.protocol.messages.create_topics import CreatableTopic, CreateTopicsRequest, CreateTopicsResponse
from odradek.protocol.messages.find_coordinator import FindCoordinatorRequest, FindCoordinatorResponse
from odradek.protocol.messages.streams_group_heartbeat import (
    Endpoint,
    KeyValue,
    StreamsGroupHeartbeatRequest,
    StreamsGroupHeartbeatResponse,
    Subtopology,
    TaskIds,
    TopicInfo,
    Topology,
)
from odradek.protocol.records import read_records
from odradek.protocol.state_records import decode_group_record, encode_key, encode_value
from odradek.protocol.streams_group_records import (
    StreamsGroupMetadataValue,
    StreamsGroupTargetAssignmentMetadataValue,
)

from ..brokers import BrokerProcess, OdradekBroker
from .apache_kafka import ApacheKafka, skip_without_kafka
from .directory_seen import PATIENCE_S

GROUP = "counters"
SETTINGS = {
    "group.streams.assignment.interval.ms": "0",
    "group.streams.initial.rebalance.delay.ms": "0",
    "group.streams.num.standby.replicas": "1",
}
COMPACTED = [KeyValue(key="cleanup.policy", value="compact")]
WHOLE = Topology(
    subtopologies=[
        Subtopology(subtopology_id="0", source_topics=["in"], repartition_sink_topics=["again"]),
        Subtopology(
            subtopology_id="1",
            repartition_source_topics=[TopicInfo(name="again")],
            state_changelog_topics=[TopicInfo(name="counts", replication_factor=1, topic_configs=COMPACTED)],
        ),
    ]
)
PROCESSES = {"a": "p", "b": "q"}

Tasks = dict[str, list[int]]


@pytest.fixture
def kafka(tmp_path: Path) -> Iterator[ApacheKafka]:
    skip_without_kafka()
    broker = ApacheKafka(tmp_path / "one", SETTINGS)
    yield broker
    broker.kill()


@pytest.fixture
def odradek_there(tmp_path: Path) -> Iterator[OdradekBroker]:
    """Odradek over the same data."""
    broker = OdradekBroker(tmp_path / "one", SETTINGS)
    yield broker
    broker.kill()


@pytest.fixture
def odradek_apart(tmp_path: Path) -> Iterator[OdradekBroker]:
    """Odradek over data of its own."""
    broker = OdradekBroker(tmp_path / "other", SETTINGS)
    yield broker
    broker.kill()


class Thread:
    """A thread of an application, which does what it is told."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.epoch = 0
        self.active: Tasks = {}
        self.standby: Tasks = {}
        self.status: Sequence[str] = ()

    def beat(self, wire: Wire, **how: Any) -> None:
        if self.epoch == 0:
            how |= {
                "rebalance_timeout_ms": 5000,
                "process_id": PROCESSES[self.name],
                "topology": WHOLE,
                "user_endpoint": Endpoint(host=self.name, port=7),
                "client_tags": [KeyValue(key="zone", value="z"), KeyValue(key="cluster", value="c")],
            }
        request = StreamsGroupHeartbeatRequest(
            group_id=GROUP,
            member_id=self.name,
            member_epoch=self.epoch,
            active_tasks=_wired(self.active),
            standby_tasks=_wired(self.standby),
            warmup_tasks=(),
            **how,
        )
        answer = wire.ask(request, 0, StreamsGroupHeartbeatResponse)
        if answer.error_code in (14, 15, 16, -1):  # it has yet to read its log, or to hear of the topic
            time.sleep(0.05)
            return
        assert answer.error_code == 0, answer
        self.epoch = answer.member_epoch
        self.status = [one.status_detail for one in answer.status or ()]
        if answer.active_tasks is not None:
            self.active, self.standby = _read(answer.active_tasks), _read(answer.standby_tasks)

    def has(self) -> tuple[Tasks, Tasks]:
        return self.active, self.standby


def _wired(tasks: Tasks) -> list[TaskIds]:
    return [TaskIds(subtopology_id=name, partitions=indexes) for name, indexes in tasks.items()]


def _read(tasks: Sequence[TaskIds] | None) -> Tasks:
    return {one.subtopology_id: list(one.partitions) for one in tasks or ()}


def begin(address: str) -> None:
    with Wire(address) as wire:
        topic = CreatableTopic(name="in", num_partitions=2, replication_factor=1)
        wire.ask(CreateTopicsRequest(topics=[topic]), 7, CreateTopicsResponse)
        until(lambda: coordinator_is_there(wire))


def coordinator_is_there(wire: Wire) -> bool:
    request = FindCoordinatorRequest(key_type=0, coordinator_keys=[GROUP])
    return wire.ask(request, 4, FindCoordinatorResponse).coordinators[0].error_code == 0


def until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def follow(wire: Wire, threads: Mapping[str, Thread]) -> None:
    """Heartbeats of all until nothing changes for any of them."""
    quiet, deadline = 0, time.monotonic() + PATIENCE_S
    while quiet < 4:
        assert time.monotonic() < deadline, {name: (t.epoch, t.has(), t.status) for name, t in threads.items()}
        before = [(thread.epoch, thread.has()) for thread in threads.values()]
        for thread in threads.values():
            thread.beat(wire)
        after = [(thread.epoch, thread.has()) for thread in threads.values()]
        is_quiet = before == after and not any(thread.status or thread.epoch == 0 for thread in threads.values())
        quiet = quiet + 1 if is_quiet else 0


def test_a_streams_group_goes_to_and_fro_and_its_members_keep_their_tasks(
    kafka: ApacheKafka, odradek_there: OdradekBroker
) -> None:
    threads = {name: Thread(name) for name in PROCESSES}
    turns: list[tuple[BrokerProcess, Callable[[], None]]] = [
        (odradek_there, odradek_there.stop),
        (kafka, kafka.stop),
        (odradek_there, odradek_there.kill),
        (kafka, kafka.kill),
        (odradek_there, odradek_there.stop),
    ]
    for turn, (broker, end) in enumerate(turns):
        broker.start()
        if turn == 0:
            begin(broker.address)
        before = {name: thread.has() for name, thread in threads.items()}
        with Wire(broker.address) as wire:
            follow(wire, threads)
        now = {name: thread.has() for name, thread in threads.items()}
        running = sorted((name, n) for thread in threads.values() for name, own in thread.active.items() for n in own)
        assert running == [("0", 0), ("0", 1), ("1", 0), ("1", 1)], f"turn {turn}"
        assert turn == 0 or now == before, f"turn {turn}"
        end()


def test_the_records_of_a_group_are_to_the_byte_those_of_apache_kafka(
    kafka: ApacheKafka, odradek_apart: OdradekBroker
) -> None:
    left: list[list[tuple[bytes, bytes | None]]] = []
    for broker in (kafka, odradek_apart):
        broker.start()
        begin(broker.address)
        with Wire(broker.address) as wire:
            live(wire)
        broker.stop()
        left.append(records(broker.data_dir))
    of_kafka, ours = left
    assert len(of_kafka) > 20
    assert ours == of_kafka


def live(wire: Wire) -> None:
    """The life of a group: two threads come, share the tasks, and go."""
    a, b = Thread("a"), Thread("b")
    follow(wire, {"a": a})
    follow(wire, {"a": a, "b": b})
    a.beat(wire, rack_id="r")
    follow(wire, {"b": b, "a": a})
    for thread in (b, a):
        request = StreamsGroupHeartbeatRequest(group_id=GROUP, member_id=thread.name, member_epoch=-1)
        assert wire.ask(request, 0, StreamsGroupHeartbeatResponse).error_code == 0


def records(data_dir: Path) -> list[tuple[bytes, bytes | None]]:
    """The records of the group, without what is of one broker or one moment: hashes of topics, times."""
    found: list[tuple[bytes, bytes | None]] = []
    for log in sorted(data_dir.glob("__consumer_offsets-*/*.log")):
        for batch in whole_batches(log.read_bytes()):
            if batch.is_control:
                continue
            for record in read_records(batch):
                decoded = decode_group_record(record.key or b"", record.value)
                if decoded is None:
                    continue
                key, value = decoded
                assert encode_key(key) == record.key
                assert value is None or encode_value(value) == record.value
                if isinstance(value, StreamsGroupMetadataValue):
                    value = _with(value, metadata_hash=int(value.metadata_hash != 0))
                elif isinstance(value, StreamsGroupTargetAssignmentMetadataValue):
                    value = _with(value, assignment_timestamp=0)
                found.append((encode_key(key), None if value is None else encode_value(value)))
    return found


def _with(value: Any, **changes: int) -> object:
    """The value of a record with other fields."""
    return replace(value, **changes)
