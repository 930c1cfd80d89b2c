"""odradek.Broker: for the length of a block, in memory and on disk, and nothing is left."""

import gc
import os
import threading
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer
from confluent_kafka import Producer

import odradek
from odradek import BrokerConfig
from odradek.broker.broker import StartError
from odradek.broker.config.config_def import ConfigError
from odradek.broker.testing.public_broker import Broker

LISTEN = {"listeners": "PLAINTEXT://127.0.0.1:0"}


def kept_in(directory: Path) -> Broker:
    return Broker(BrokerConfig.from_settings({**LISTEN, "log.dirs": str(directory)}))


def in_memory() -> Broker:
    return Broker(BrokerConfig.from_settings(LISTEN), is_ephemeral=True)


def open_files() -> int:
    gc.collect()
    return len(list(Path(f"/proc/{os.getpid()}/fd").iterdir()))


def produce(bootstrap: str, value: bytes) -> None:
    producer = Producer({"bootstrap.servers": bootstrap, "log_level": 0})
    producer.produce("t", value)
    assert producer.flush(20) == 0


def test_it_is_what_the_package_calls_a_broker() -> None:
    assert odradek.Broker is Broker


def test_what_clients_wrote_is_looked_at_without_one_and_is_there_for_the_next(tmp_path: Path) -> None:
    for number, value in enumerate([b"one", b"two"], start=1):
        with kept_in(tmp_path / "data") as kafka:
            produce(kafka.bootstrap, value)
            assert len(kafka.await_records("t", number)) == number
    with kept_in(tmp_path / "data") as kafka:
        assert [one.value for one in kafka.records("t")] == [b"one", b"two"]


async def test_it_serves_on_the_loop_of_a_test_beside_its_clients(tmp_path: Path) -> None:
    async with kept_in(tmp_path / "data") as kafka, AIOKafkaProducer(bootstrap_servers=kafka.bootstrap) as producer:
        fault = await kafka.faults.add(api="Produce", error="NOT_LEADER_OR_FOLLOWER", times=1)
        await producer.send_and_wait("t", b"one")
        assert (fault.hits, [one.value for one in await kafka.records("t")]) == (1, [b"one"])


async def test_its_state_in_memory_is_under_the_control_of_the_test() -> None:
    with in_memory() as kafka:
        kafka.produce("t", [b"one"])
        kafka.snapshot("s")
        kafka.reset()
        kafka.restore("s")
        assert [one.value for one in kafka.records("t")] == [b"one"]
    async with in_memory() as other:
        await other.produce("t", [b"one"])
        await other.clock.advance(days=1)
        async with await other.fork() as branch:
            assert len(await branch.records("t")) == 1


def test_it_is_used_again_after_its_end() -> None:
    broker = in_memory()
    for _ in range(2):
        with broker as kafka:
            assert broker.bootstrap == kafka.bootstrap
            kafka.topic("t")


async def test_nothing_is_left_when_it_ends_or_cannot_begin(tmp_path: Path) -> None:
    threads, files = set(threading.enumerate()), open_files()
    with kept_in(tmp_path / "data"):
        with pytest.raises(StartError), kept_in(tmp_path / "data"):
            pass
        with pytest.raises(StartError):
            async with kept_in(tmp_path / "data"):
                pass
    async with in_memory():
        pass
    assert set(threading.enumerate()) == threads
    assert open_files() == files


def test_who_enters_a_running_one_again_is_refused_and_it_goes_on() -> None:
    broker = in_memory()
    with broker as kafka:
        with pytest.raises(StartError, match="runs already"):
            broker.__enter__()
        kafka.topic("t", 1)
        produce(kafka.bootstrap, b"one")
        assert len(kafka.records("t")) == 1
    with broker as kafka:
        kafka.topic("t")


async def test_who_enters_a_running_one_again_on_its_loop_is_refused_and_it_goes_on() -> None:
    broker = in_memory()
    async with broker as kafka:
        with pytest.raises(StartError, match="runs already"):
            await broker.__aenter__()
        with pytest.raises(StartError, match="runs already"):
            broker.__enter__()
        await kafka.topic("t", 1)


def test_it_listens_on_a_free_port_of_the_loopback_unless_its_settings_name_one() -> None:
    with Broker(is_ephemeral=True) as one, Broker({"num.partitions": "3"}, is_ephemeral=True) as other:
        assert {kafka.bootstrap.partition(":")[0] for kafka in (one, other)} == {"127.0.0.1"}
        assert one.bootstrap != other.bootstrap
        other.topic("t")
        assert {placed[0] for placed in other.produce("t", [b""] * 3)} == {0, 1, 2}


def test_settings_that_name_where_it_listens_count() -> None:
    with Broker({"listeners": "PLAINTEXT://127.0.0.2:0"}, is_ephemeral=True) as kafka:
        assert kafka.bootstrap.startswith("127.0.0.2:")


def test_a_setting_that_kafka_has_not_is_refused_at_once() -> None:
    with pytest.raises(ConfigError, match=r"num\.partitions"):
        Broker({"num.partition": "3"})


def test_three_brokers_on_disk_die_come_back_and_are_there_for_the_next(tmp_path: Path) -> None:
    settings = {**LISTEN, "log.dirs": str(tmp_path / "data"), "min.insync.replicas": "2"}
    before = open_files()
    with odradek.Broker(settings, brokers=3, racks=["a", "b", "c"]) as kafka:
        produce(kafka.bootstrap, b"one")
        leader = kafka.leader("t")
        assert leader is not None
        kafka.brokers[leader].kill(keeps_page_cache=False)
        produce(kafka.bootstrap, b"two")
        kafka.brokers[leader].start()
        kafka.await_in_sync("t")
        with pytest.raises(RuntimeError, match="only a cluster in memory can do this"):
            kafka.snapshot("s")
    with odradek.Broker(settings, brokers=3) as kafka:
        kafka.await_in_sync("t")
        assert [[one.value for one in broker.records("t")] for broker in kafka.brokers.values()] == [
            [b"one", b"two"]
        ] * 3
    assert open_files() <= before


async def test_three_brokers_on_the_loop_of_a_test_serve_while_one_is_away() -> None:
    async with odradek.Broker(is_ephemeral=True, brokers=3) as kafka:
        await kafka.topic("t", 1)
        async with AIOKafkaProducer(bootstrap_servers=kafka.bootstrap, acks="all") as producer:
            await producer.send_and_wait("t", b"one")
            await kafka.brokers[await kafka.leader("t") or 0].stop()
            await producer.send_and_wait("t", b"two")
        assert [one.value for one in await kafka.records("t")] == [b"one", b"two"]
