"""The state of three brokers: kept, brought back, branched off, emptied, and written to a file and read from it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition

from odradek.broker.testing.cluster_host import ClusterHost
from odradek.broker.testing.exchange_lines import ImportRefused
from odradek.broker.testing.kafka_cluster import KafkaCluster


@pytest.fixture(scope="module")
def host() -> Iterator[ClusterHost]:
    with ClusterHost() as host:
        yield host


@pytest.fixture
def kafka(host: ClusterHost) -> Iterator[KafkaCluster]:
    with host.cluster({"offsets.topic.num.partitions": 3}, brokers=3, racks=["a", "b", "c"]) as kafka:
        kafka.topic("orders", 2, {"retention.ms": "-1"})
        kafka.produce("orders", [b"one", b"two", b"three"])
        yield kafka


def commit(kafka: KafkaCluster, group: str, offset: int) -> None:
    consumer = Consumer({"bootstrap.servers": kafka.bootstrap, "group.id": group, "log_level": 0})
    consumer.commit(offsets=[TopicPartition("orders", 0, offset)], asynchronous=False)
    consumer.close()


def write_transactions(kafka: KafkaCluster) -> None:
    """One that is committed, one that is aborted; the producer ends with it, and asks for the topic no more."""
    writer = Producer({"bootstrap.servers": kafka.bootstrap, "transactional.id": "x", "log_level": 0})
    writer.init_transactions(20)
    for ends in (writer.commit_transaction, writer.abort_transaction):
        writer.begin_transaction()
        writer.produce("orders", b"in it", partition=0)
        writer.flush(20)
        ends(20)


def values(kafka: KafkaCluster) -> list[bytes | None]:
    return [record.value for record in kafka.records("orders")]


def copies(kafka: KafkaCluster) -> list[list[bytes | None]]:
    """What each broker has."""
    return [
        [record.value for index in range(2) for record in broker.records("orders", index)]
        for broker in kafka.brokers.values()
    ]


BEFORE = [b"one", b"three", b"two"]


def test_a_snapshot_comes_back_on_all_brokers_at_the_addresses_they_had(kafka: KafkaCluster) -> None:
    addresses = kafka.bootstrap
    commit(kafka, "g", 1)
    kafka.snapshot("s")
    kafka.produce("orders", [b"four"])
    commit(kafka, "g", 2)
    kafka.restore("s")
    kafka.await_in_sync("orders")
    assert (values(kafka), copies(kafka)) == (BEFORE, [BEFORE] * 3)
    assert (kafka.committed("g"), kafka.groups()["g"].state) == ({("orders", 0): 1}, "Empty")
    producer = Producer({"bootstrap.servers": addresses, "acks": "all", "log_level": 0})
    producer.produce("orders", b"five", partition=1)
    assert producer.flush(20) == 0
    assert [one[-1] for one in copies(kafka)] == [b"five"] * 3


def test_after_a_restore_every_broker_runs_and_every_link_is_whole(kafka: KafkaCluster) -> None:
    kafka.brokers[1].kill()
    kafka.brokers[2].freeze()
    kafka.links.cut(3, "clients")
    kafka.snapshot("in trouble".replace(" ", "-"))
    kafka.restore("in-trouble")
    assert {one.state for one in kafka.brokers.values()} == {"running"}
    assert kafka.links.troubled() == []
    kafka.await_in_sync("orders")
    assert copies(kafka) == [BEFORE] * 3


def test_a_fork_has_brokers_racks_and_records_of_its_own(kafka: KafkaCluster) -> None:
    kafka.snapshot("s")
    kafka.produce("orders", [b"four"], partition=1)
    with kafka.fork("s") as fork:
        assert set(fork.bootstrap.split(",")).isdisjoint(kafka.bootstrap.split(","))
        assert [one.rack for one in fork.brokers.look().values()] == ["a", "b", "c"]
        fork.await_in_sync("orders")
        fork.brokers[fork.leader("orders") or 0].kill()
        assert (values(fork), values(kafka)) == (BEFORE, [*BEFORE, b"four"])
    assert {one.state for one in kafka.brokers.values()} == {"running"}


def test_a_reset_leaves_brokers_with_nothing(kafka: KafkaCluster) -> None:
    addresses = kafka.bootstrap
    kafka.brokers[2].stop()
    kafka.reset()
    assert [(one.state, one.replicas) for one in kafka.brokers.look().values()] == [("running", 0)] * 3
    assert kafka.bootstrap == addresses
    kafka.topic("orders", 2)
    kafka.produce("orders", [b"new"])
    assert copies(kafka) == [[b"new"]] * 3


def test_the_journal_goes_on_and_tells_of_brokers_after_a_restore(kafka: KafkaCluster) -> None:
    kafka.snapshot("s")
    kafka.restore("s")
    kafka.brokers[3].kill()
    lines = kafka.journal_text().splitlines()
    (at,) = [number for number, line in enumerate(lines) if "as in snapshot 's'" in line]
    assert any("broker 3: is fenced" in line for line in lines[at:])
    assert any("partition orders-0: led by broker" in line and "for broker 3 is fenced" in line for line in lines[at:])


def test_what_is_exported_comes_in_again_at_its_offsets_and_on_all_replicas(
    kafka: KafkaCluster, tmp_path: Path
) -> None:
    path = tmp_path / "all.jsonl"
    commit(kafka, "g", 1)
    write_transactions(kafka)
    before = kafka.records("orders", isolation="read_uncommitted")
    kafka.export(path)
    kafka.reset()
    kafka.import_(path)
    assert kafka.records("orders", isolation="read_uncommitted") == before
    assert (kafka.committed("g"), kafka.partitions("orders")[1].is_in_sync) == ({("orders", 0): 1}, True)
    assert copies(kafka)[0] == copies(kafka)[1] == copies(kafka)[2]
    again = tmp_path / "again.jsonl"
    kafka.export(again)
    assert again.read_text() == path.read_text()
    kafka.brokers[kafka.leader("orders") or 0].kill()
    assert kafka.records("orders", isolation="read_uncommitted") == before


def test_a_log_that_begins_later_and_has_gaps_comes_in_as_it_was(kafka: KafkaCluster, tmp_path: Path) -> None:
    path = tmp_path / "gaps.jsonl"
    path.write_text(
        '{"topic": "old", "partitions": 1}\n'
        '{"topic": "old", "partition": 0, "start": 5}\n'
        '{"topic": "old", "partition": 0, "offset": 7, "value": "seven"}\n'
        '{"topic": "old", "partition": 0, "offset": 11, "value": "eleven"}\n'
    )
    kafka.import_(path)
    assert kafka.offsets("old").log_start == 5
    for broker in kafka.brokers.values():
        assert [(one.offset, one.value) for one in broker.records("old")] == [(7, b"seven"), (11, b"eleven")]
    assert [(one.log_start, one.log_end) for one in kafka.partition("old").replicas.values()] == [(5, 12)] * 3
    assert kafka.produce("old", [b"next"]) == [(0, 12)]


def test_an_import_that_is_refused_changes_nothing(kafka: KafkaCluster, tmp_path: Path) -> None:
    path = tmp_path / "wrong.jsonl"
    path.write_text('{"topic": "more", "partitions": 1}\n{"topic": "more", "partition": 3, "value": "x"}\n')
    with pytest.raises(ImportRefused, match="'more' has the partitions 0 to 0, not 3"):
        kafka.import_(path)
    assert (values(kafka), copies(kafka)) == (BEFORE, [BEFORE] * 3)


def test_what_has_no_leader_cannot_be_exported_and_no_file_is_left(kafka: KafkaCluster, tmp_path: Path) -> None:
    kafka.topic("alone", 1, replication_factor=1)
    kafka.brokers[kafka.leader("alone") or 0].kill()
    with pytest.raises(Exception, match="alone-0 has no leader"):
        kafka.export(tmp_path / "all.jsonl")
    assert list(tmp_path.iterdir()) == []
