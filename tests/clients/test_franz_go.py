"""franz-go, where Go is there: its consumer of the new protocol (KIP-848)."""

import shutil
import subprocess
from pathlib import Path

import pytest
from confluent_kafka import ConsumerGroupTopicPartitions
from confluent_kafka.admin import AdminClient

from .stock_client import Message, StockClient, create, send_all

SOURCE = Path(__file__).with_name("franz_go")
BUILD_S, RUN_S = 300, 60


@pytest.fixture(scope="module")
def consumer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program, built; the modules come from where Go is told to take them."""
    if shutil.which("go") is None:
        pytest.skip("go is not installed")
    built = tmp_path_factory.mktemp("franz-go") / "consumer"
    command = ["go", "build", "-mod=readonly", "-o", str(built), "."]
    done = subprocess.run(command, cwd=SOURCE, capture_output=True, text=True, timeout=BUILD_S, check=False)
    if done.returncode != 0 and ("dial tcp" in done.stderr or "proxyconnect" in done.stderr):
        pytest.skip(f"the modules of franz-go cannot be had: {done.stderr[-300:]}")
    assert done.returncode == 0, done.stderr
    return built


def test_it_reads_and_commits_and_leaves_an_empty_group_of_the_new_kind(
    consumer: Path, bootstrap: str, admin: StockClient, topic: str, group: str
) -> None:
    create(admin, topic, 2)
    send_all(admin, topic, [Message(b"%d" % number, partition=number % 2) for number in range(40)])
    command = [str(consumer), bootstrap, topic, group, "40"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=RUN_S, check=False)
    assert done.returncode == 0, done.stderr
    assert sorted(map(int, done.stdout.split())) == list(range(40))
    tools = AdminClient({"bootstrap.servers": bootstrap})
    described = tools.describe_consumer_groups([group])[group].result()
    assert (described.type.name, described.state.name, list(described.members)) == ("CONSUMER", "EMPTY", [])
    asked = ConsumerGroupTopicPartitions(group)
    committed = tools.list_consumer_group_offsets([asked])[group].result().topic_partitions
    assert sorted((one.partition, one.offset) for one in committed) == [(0, 20), (1, 20)]
