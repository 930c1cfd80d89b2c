"""A broker at work does every fsync on a thread: whoever waits for a disk keeps nobody else waiting."""

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic  # type: ignore[attr-defined]

from odradek.broker.testing.embedded import BrokerThread, running_broker

DEADLINE_S = 60.0

# Everything that a broker does by the clock, several times a second, and every acknowledgement after its fsync.
SETTINGS = {
    "log.flush.interval.messages": "1",
    "log.retention.check.interval.ms": "200",
    "log.flush.offset.checkpoint.interval.ms": "200",
    "metadata.log.max.snapshot.interval.ms": "300",
    "log.segment.delete.delay.ms": "100",
    "offsets.topic.num.partitions": "1",
    "transaction.state.log.num.partitions": "1",
}


class Fsyncs:
    """Where os.fsync and os.fdatasync were called from, while it watches."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.is_watching = False
        self.by_thread: dict[str, int] = {}
        for name in ("fsync", "fdatasync"):
            monkeypatch.setattr(os, name, self._watched(getattr(os, name)))

    def _watched(self, sync: Callable[[int], None]) -> Callable[[int], None]:
        def run(descriptor: int) -> None:
            if self.is_watching:
                thread = threading.current_thread().name
                self.by_thread[thread] = self.by_thread.get(thread, 0) + 1
            sync(descriptor)

        return run


def until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not come"
        threading.Event().wait(0.02)


def use(broker: BrokerThread, data: Path) -> None:
    """Topics that come and go, records, groups, transactions, deletions, retention, idle logs, snapshots."""
    admin = AdminClient({"bootstrap.servers": broker.bootstrap})
    small = {"segment.bytes": "1048576", "retention.bytes": "1048576", "file.delete.delay.ms": "50"}
    for future in admin.create_topics([NewTopic("t", 2, 1, config=small), NewTopic("gone", 1, 1)]).values():
        future.result()
    producer = Producer({"bootstrap.servers": broker.bootstrap, "transactional.id": "id", "linger.ms": 0})
    producer.init_transactions()
    for _ in range(5):
        producer.begin_transaction()
        for _ in range(20):
            producer.produce("t", b"v" * 40_000, partition=0)
            producer.flush()
        producer.commit_transaction()
    group = {"bootstrap.servers": broker.bootstrap, "group.id": "g", "enable.auto.commit": False}
    consumer = Consumer(group)
    consumer.commit(offsets=[TopicPartition("t", 0, 1)], asynchronous=False)
    consumer.close()
    (deleted,) = admin.delete_records([TopicPartition("t", 0, 3)]).values()
    assert deleted.result().low_watermark >= 3
    for future in admin.delete_topics(["gone"]).values():
        future.result()
    metadata = data / "__cluster_metadata-0"
    until(lambda: bool(list(metadata.glob("*.checkpoint"))), "a snapshot of the metadata")
    until(lambda: not list(data.glob("gone*")), "the removal of a deleted topic")
    until(lambda: not (data / "t-0" / f"{0:020d}.log").exists(), "retention")
    until(lambda: "t 0 " in (data / "recovery-point-offset-checkpoint").read_text(), "a checkpoint")


def test_no_fsync_of_a_broker_at_work_runs_on_the_thread_of_its_loop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = {**SETTINGS, "log.dirs": str(tmp_path / "data")}
    fsyncs = Fsyncs(monkeypatch)
    with running_broker(settings, is_ephemeral=False) as broker:
        fsyncs.is_watching = True
        use(broker, tmp_path / "data")
        fsyncs.is_watching = False
    assert sum(fsyncs.by_thread.values()) > 50
    assert all(name.startswith("odradek_") for name in fsyncs.by_thread), fsyncs.by_thread
