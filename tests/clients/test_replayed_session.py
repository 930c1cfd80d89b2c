"""With a seed and a clock that stands still the bytes of clients decide everything: answers and files are the same.

A session of stock clients is taken down and given to new clusters, in processes whose hashes differ. Its clusters
advertise the address of the recorder, whatever port is their own, so that the port in answers is the same as well.
"""

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Consumer, Producer
from confluent_kafka import admin as administration
from kafka import KafkaAdminClient, KafkaConsumer

from odradek.broker.testing.cluster_host import ClusterHost

from ..brokers import free_port
from .client_session import Outcome, Recorder, Session, replay
from .share_client import configure, share_consumer, take_all

ROOT = Path(__file__).parents[2]
SEED = 7
PATIENCE_S = 30.0
TOPICS = [f"t{number}" for number in range(8)]
SETTINGS = {
    "offsets.topic.num.partitions": "3",
    "transaction.state.log.num.partitions": "3",
    "share.coordinator.state.topic.num.partitions": "3",
    "connections.max.idle.ms": "9223372036854775807",  # a day goes by for clients that are there
    # Nothing is due while the clock stands still, and librdkafka asks as often as it is told to.
    "group.consumer.assignment.interval.ms": "0",
    "group.consumer.min.heartbeat.interval.ms": "100",
    "group.consumer.heartbeat.interval.ms": "100",
    "group.share.assignment.interval.ms": "0",
    "group.share.min.heartbeat.interval.ms": "100",
    "group.share.heartbeat.interval.ms": "100",
}
exported: Any = administration  # it exports less by its types than it documents


def work(address: str, move_clock: Callable[[int], None]) -> None:
    """What clients do with a broker in a day: nothing in it may wait for the clock."""
    admin = exported.AdminClient({"bootstrap.servers": address})
    _all_done(admin.create_topics([exported.NewTopic(name, 3) for name in ["a", *TOPICS]]))
    _produce(address)
    writer = Producer({"bootstrap.servers": address, "transactional.id": "tx"})
    writer.init_transactions(20)
    for commit in (True, False, True):
        writer.begin_transaction()
        for topic in TOPICS:
            for partition in range(3):
                writer.produce(topic, b"x", partition=partition)
        if commit:
            writer.commit_transaction(20)
        else:
            writer.flush(20)
            writer.abort_transaction(20)
    for protocol in ("classic", "consumer"):
        _consume_as_group(address, protocol)
    _consume_with_sessions(address)
    configure(address, "shares", share_auto_offset_reset="earliest")
    with contextlib.closing(share_consumer(address, "shares", "a")) as member:
        assert len(take_all(member, 6)) == 6
    writer.begin_transaction()
    writer.produce("a", b"left open", partition=0)
    writer.flush(20)
    move_clock(90)  # the transaction is aborted
    _describe(address, admin)
    move_clock(86400 * 9)  # records, offsets and members are gone
    _all_done(admin.delete_topics(TOPICS[:3]))
    move_clock(120)


def _produce(address: str) -> None:
    producer = Producer({"bootstrap.servers": address, "enable.idempotence": True, "linger.ms": 0})
    for number in range(6):
        producer.produce("a", b"%d" % number, partition=number % 3)
        assert producer.flush(20) == 0


def _consume_as_group(address: str, protocol: str) -> None:
    """Three members that come together, read, commit, and leave one by one."""
    common = {"bootstrap.servers": address, "group.id": protocol, "group.protocol": protocol}
    more = {"heartbeat.interval.ms": 100} if protocol == "classic" else {}
    reads = {"auto.offset.reset": "earliest", "enable.auto.commit": False}
    members = [Consumer({**common, **more, **reads, "client.id": f"member-{number}"}) for number in range(3)]
    for member in members:
        member.subscribe(TOPICS if protocol == "classic" else [f"^{TOPICS[0][0]}[0-9]$"])
    seen, deadline = 0, time.monotonic() + PATIENCE_S
    while seen < 20 or not all(member.assignment() for member in members):
        assert time.monotonic() < deadline, f"{protocol}: {seen} records"
        for member in members:
            message = member.poll(0.02)
            seen += message is not None and message.error() is None
    for member in members:
        with contextlib.suppress(Exception):  # one that has read nothing has nothing to commit
            member.commit(asynchronous=False)
        member.close()


def _consume_with_sessions(address: str) -> None:
    """kafka-python fetches in sessions (KIP-227)."""
    reader = KafkaConsumer(
        "a", bootstrap_servers=address, group_id="sessions", auto_offset_reset="earliest", enable_auto_commit=False
    )
    for _ in range(6):
        next(reader)
    reader.commit()
    reader.close(autocommit=False)


def _describe(address: str, admin: Any) -> None:
    _all_done(admin.describe_consumer_groups(["classic", "consumer"]))
    _all_done(admin.describe_configs([exported.ConfigResource(exported.ResourceType.TOPIC, "a")]))
    admin.list_consumer_groups().result(20)
    admin.describe_cluster().result(20)
    with contextlib.closing(KafkaAdminClient(bootstrap_servers=address)) as other:
        other.describe_log_dirs()
        other.list_topics()


def _all_done(futures: dict[Any, Any]) -> None:
    for future in futures.values():
        future.result(20)


@pytest.fixture(scope="module")
def recorded() -> tuple[Session, Outcome]:
    port, now_ms = free_port(), time.time_ns() // 1_000_000  # the clients' own time, which is in their records
    settings = {**SETTINGS, "advertised.listeners": f"PLAINTEXT://127.0.0.1:{port}"}
    with (
        ClusterHost() as host,
        host.cluster(settings, seed=SEED, frozen_at_ms=now_ms) as cluster,
        Recorder(port, cluster) as recorder,
    ):
        work(f"127.0.0.1:{port}", recorder.move_clock)
    return Session(settings, SEED, now_ms, recorder.steps), recorder.outcome


def in_a_process(session: Path, hash_seed: int) -> Outcome:
    command = [sys.executable, "-m", "tests.clients.client_session", str(session)]
    environment = {**os.environ, "PYTHONHASHSEED": str(hash_seed)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return Outcome(*json.loads(done.stdout))


def test_the_same_bytes_give_the_same_answers_and_the_same_files(
    recorded: tuple[Session, Outcome], tmp_path: Path
) -> None:
    session, outcome = recorded
    session.save(tmp_path / "session.json")
    assert all(len(disk) > 50 for disk in outcome.disks)
    for hash_seed in (1, 2):
        again = in_a_process(tmp_path / "session.json", hash_seed)
        assert again.answers == outcome.answers
        for then, now in zip(outcome.disks, again.disks, strict=True):
            assert {path for path in {**then, **now} if then.get(path) != now.get(path)} == set()


def test_another_seed_gives_other_ids(recorded: tuple[Session, Outcome]) -> None:
    session, outcome = recorded
    other = replay(session, seed=SEED + 1)
    assert other.disks[0]["memory/meta.properties"] != outcome.disks[0]["memory/meta.properties"]
    assert other.answers != outcome.answers
    assert replay(session, seed=SEED + 1) == other
