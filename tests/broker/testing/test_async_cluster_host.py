"""Clusters on the loop of a test: apart from each other, and nothing is left of them."""

import gc
import os
import threading
from pathlib import Path

import pytest

from odradek.broker.config.config_def import ConfigError
from odradek.broker.testing.async_cluster_host import AsyncClusterHost


def open_files() -> int:
    gc.collect()
    return len(list(Path(f"/proc/{os.getpid()}/fd").iterdir()))


async def test_nothing_is_left_of_clusters_and_their_forks_when_the_host_closes() -> None:
    threads, files = set(threading.enumerate()), open_files()
    async with AsyncClusterHost() as host:
        one, other = await host.cluster(), await host.cluster({"num.partitions": "3"}, seed=1)
        await one.produce("t", [b"v"])
        await other.produce("t", [b"v"])
        assert (await (await one.fork()).records("t"))[0].value == b"v"
        await other.close()
        await other.close()
    await one.close()
    assert set(threading.enumerate()) == threads
    assert open_files() == files


async def test_a_setting_that_kafka_refuses_is_refused() -> None:
    async with AsyncClusterHost() as host:
        with pytest.raises(ConfigError, match="retention"):
            await host.cluster({"log.retention.ms": "soon"})
