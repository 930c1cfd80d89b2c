"""Many clusters in one process: apart from each other, and nothing is left of them."""

import gc
import os
import threading
from pathlib import Path

import pytest
from confluent_kafka import Consumer, Producer

from odradek.broker.config.config_def import ConfigError
from odradek.broker.log_output import LEVELS, thresholds
from odradek.broker.testing.cluster_clock import ClockError
from odradek.broker.testing.cluster_host import ClusterHost


def open_files() -> int:
    gc.collect()
    return len(list(Path(f"/proc/{os.getpid()}/fd").iterdir()))


def test_clusters_know_nothing_of_each_other() -> None:
    with ClusterHost() as host:
        one, other = host.cluster(), host.cluster()
        assert one.bootstrap != other.bootstrap
        one.topic("t")
        one.produce("t", [b"v"])
        other.topic("t")
        assert (len(one.records("t")), other.records("t")) == (1, [])
        one.clock.freeze()
        before = one.clock.now_ms
        other.clock.advance(days=1)
        assert one.clock.now_ms == before


def test_nothing_is_left_when_the_host_closes() -> None:
    threads, files = set(threading.enumerate()), open_files()
    host = ClusterHost()
    for _ in range(3):
        cluster = host.cluster()
        cluster.produce("t", [b"v"])
    assert any(thread.name == "odradek-clusters" for thread in threading.enumerate())
    host.close()
    host.close()
    assert set(threading.enumerate()) == threads
    assert open_files() == files


def test_a_host_keeps_the_brokers_lines_to_itself_as_long_as_it_lives() -> None:
    before = thresholds()[""]
    with ClusterHost(log_level="error") as host:
        host.cluster()
        assert thresholds()[""] == LEVELS["error"]
    assert thresholds()[""] == before


def test_a_host_that_was_never_used_has_nothing_to_end() -> None:
    with ClusterHost():
        assert "odradek-clusters" not in {thread.name for thread in threading.enumerate()}


def test_a_host_begins_again_after_its_end() -> None:
    host = ClusterHost()
    host.cluster().close()
    host.close()
    with host, host.cluster() as cluster:
        cluster.topic("t")


def test_a_setting_that_kafka_refuses_is_refused() -> None:
    with ClusterHost() as host, pytest.raises(ConfigError, match="retention"):
        host.cluster({"log.retention.ms": "soon"})


def test_a_closed_cluster_is_gone_for_its_clients() -> None:
    with ClusterHost() as host:
        cluster = host.cluster()
        producer = Producer({"bootstrap.servers": cluster.bootstrap, "log_level": 0, "message.timeout.ms": 500})
        cluster.close()
        cluster.close()
        producer.produce("t", b"v")
        assert producer.flush(0.2) == 1
        with pytest.raises(RuntimeError, match="does not run"):
            cluster.records("t")
        producer.purge()


def test_from_the_same_seed_the_same_ids_follow() -> None:
    with ClusterHost() as host:
        found: list[list[str]] = []
        for seed in (1, 1, 2):
            with host.cluster(seed=seed) as cluster:
                cluster.topic("t")
                consumer = Consumer({"bootstrap.servers": cluster.bootstrap, "group.id": "g", "log_level": 0})
                topics = consumer.list_topics(timeout=10)
                found.append([topics.cluster_id])
                consumer.close()
        assert found[0] == found[1] != found[2]


def test_the_clock_of_a_cluster_may_stand_still_from_its_start_on() -> None:
    with ClusterHost() as host:
        with host.cluster(seed=1, frozen_at_ms=1_700_000_000_000) as cluster:
            cluster.topic("t", partitions=1)
            cluster.produce("t", [b"v"])
            (record,) = cluster.records("t")
            assert (record.timestamp_ms, cluster.clock.now_ms) == (1_700_000_000_000, 1_700_000_000_000)
        with pytest.raises(ClockError, match="milliseconds since 1970"):
            host.cluster(frozen_at_ms=-5)
