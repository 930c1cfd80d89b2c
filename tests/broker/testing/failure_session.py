"""Commands to three brokers, one after the other, and what came of them: run in processes whose hashes differ.

The rule: a cluster has one thing at a time. The next is done when all has been done that came of the last.
"""

import json
import sys
from collections.abc import Callable, Sequence
from typing import Any

from odradek.broker.testing.cluster_host import ClusterHost
from odradek.broker.testing.given import Setting
from odradek.broker.testing.kafka_cluster import KafkaCluster

from ...clients.client_session import hashes_of

FROZEN_AT_MS = 1_700_000_000_000
TOPICS = {"orders": 5, "stock": 3}


def run(seed: int, port: int) -> dict[str, Any]:
    """Who led what after each command, the lines of the journal, and a hash of every file at the end."""
    settings: dict[str, Setting] = {
        "listeners": f"PLAINTEXT://127.0.0.1:{port}",
        "offsets.topic.num.partitions": 3,
        "min.insync.replicas": 2,
    }
    with (
        ClusterHost() as host,
        host.cluster(settings, brokers=3, racks=["a", "b", "a"], seed=seed, frozen_at_ms=FROZEN_AT_MS) as kafka,
    ):
        led: list[Any] = []
        for command in COMMANDS:
            command(kafka)
            kafka.clock.advance()  # by nothing: all that the command has begun is done
            led.append([str(one) for name in TOPICS for one in kafka.partitions(name).values()])
        return {"led": led, "journal": kafka.journal_text(10_000), "files": hashes_of(kafka)}


def write(kafka: KafkaCluster) -> None:
    for name in TOPICS:
        kafka.produce(name, [b"%d" % number for number in range(10)])


def create(kafka: KafkaCluster) -> None:
    for name, partitions in TOPICS.items():
        kafka.topic(name, partitions)


COMMANDS: Sequence[Callable[[KafkaCluster], object]] = [
    create,
    write,
    lambda kafka: kafka.brokers[1].kill(),
    write,
    lambda kafka: kafka.brokers[1].start(),
    lambda kafka: kafka.brokers[2].freeze(),
    lambda kafka: kafka.clock.advance(seconds=10),
    write,
    lambda kafka: kafka.brokers[2].resume(),
    lambda kafka: kafka.links.cut(1, 3),
    lambda kafka: kafka.links.slow(2, 3, seconds=0.5),
    lambda kafka: kafka.produce("orders", [b"late"] * 10, acks=1),
    lambda kafka: kafka.clock.advance(seconds=45),
    lambda kafka: kafka.links.heal(),
    lambda kafka: kafka.elect_leaders(),
    lambda kafka: kafka.brokers[3].kill(is_noticed=False, keeps_page_cache=False),
    lambda kafka: kafka.clock.advance(seconds=10),
    write,
    lambda kafka: kafka.brokers[3].start(),
    lambda kafka: kafka.clock.advance(hours=1),
    lambda kafka: kafka.brokers[1].stop(),
    write,
]


if __name__ == "__main__":
    print(json.dumps(run(int(sys.argv[1]), int(sys.argv[2]))))
