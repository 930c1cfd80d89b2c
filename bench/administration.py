"""What an admin client asks of a thousand topics, and how long a bystander's acked records take meanwhile."""

import time
from collections.abc import Callable
from concurrent.futures import Future, wait

from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewTopic,
    ResourceType,
)

from tests.hostile.bystander import Bystander

TOPICS, PARTITIONS = 1_000, 10
PATIENCE_S = 120.0


def administration(bootstrap: str) -> dict[str, str]:
    """A row for each thing asked, each asked in one request; Apache Kafka creates 10,000 partitions in two at least."""
    admin = AdminClient({"bootstrap.servers": bootstrap})
    names = [f"bench-many-{number}" for number in range(TOPICS)]
    bystander = Bystander(bootstrap)

    def measured(ask: Callable[[], dict[object, Future[object]]]) -> str:
        bystander.go()
        began = time.perf_counter()
        answers = ask()
        wait(answers.values(), PATIENCE_S)
        took_s = time.perf_counter() - began
        waits = bystander.stop()
        for answer in answers.values():
            answer.result(0)
        return (
            f"{took_s * 1000:>8,.0f} ms   one acked record meanwhile p99 {waits.p99_ms:>7.2f} ms, "
            f"longest {waits.longest_ms:>7.2f} ms"
        )

    topics = [NewTopic(name, PARTITIONS, 1) for name in names]
    retention = ConfigEntry("retention.ms", "86400000", incremental_operation=AlterConfigOpType.SET)
    asked = [ConfigResource(ResourceType.TOPIC, name) for name in names]
    changed = [ConfigResource(ResourceType.TOPIC, name, incremental_configs=[retention]) for name in names]

    def create() -> dict[object, Future[object]]:
        answers: dict[object, Future[object]] = {}
        for half in (topics[::2], topics[1::2]):
            answers |= admin.create_topics(half, operation_timeout=PATIENCE_S, request_timeout=PATIENCE_S)
        return answers

    try:
        created = measured(create)
        while not admin.list_topics(timeout=10).topics.keys() >= set(names):
            pass  # Apache Kafka has created them before all of it knows them
        return {
            f"create {TOPICS * PARTITIONS:,} partitions": created,
            f"describe {TOPICS:,} topics' settings": measured(
                lambda: admin.describe_configs(asked, request_timeout=PATIENCE_S)
            ),
            f"alter {TOPICS:,} topics' settings": measured(
                lambda: admin.incremental_alter_configs(changed, request_timeout=PATIENCE_S)
            ),
            f"delete {TOPICS * PARTITIONS:,} partitions": measured(
                lambda: admin.delete_topics(names, operation_timeout=PATIENCE_S, request_timeout=PATIENCE_S)
            ),
        }
    finally:
        bystander.close()
