"""A member of a share group as librdkafka has it, and how a group is told where to begin."""

import time
from typing import Any

import confluent_kafka.admin as confluent_admin
from confluent_kafka import AcknowledgeType, ShareConsumer
from confluent_kafka import Message as Delivered
from confluent_kafka.admin import AdminClient

from .stock_client import Message

confluent_of: Any = confluent_admin
DEADLINE_S = 60.0
SHARE_SETTINGS = {
    "share.coordinator.state.topic.num.partitions": "4",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "group.share.min.record.lock.duration.ms": "1000",
}


def share_consumer(address: str, group: str, topic: str, mode: str = "explicit") -> ShareConsumer:
    """One member, which is to be closed."""
    one = ShareConsumer(
        {"bootstrap.servers": address, "group.id": group, "share.acknowledgement.mode": mode, "log_level": 0}
    )
    one.subscribe([topic])
    return one


def configure(address: str, group: str, **settings: str) -> None:
    entries = [
        confluent_of.ConfigEntry(
            name.replace("_", "."), value, incremental_operation=confluent_of.AlterConfigOpType.SET
        )
        for name, value in settings.items()
    ]
    resource = confluent_of.ConfigResource(confluent_of.ResourceType.GROUP, group, incremental_configs=entries)
    client = AdminClient({"bootstrap.servers": address})
    for done in client.incremental_alter_configs([resource]).values():
        done.result(10)


def numbered(first: int, count: int) -> list[Message]:
    return [Message(b"%d" % number) for number in range(first, first + count)]


def poll(member: ShareConsumer, count: int, deadline_s: float = DEADLINE_S) -> list[Delivered]:
    """Records until there are so many; the member must acknowledge those of one poll before it polls again."""
    deadline = time.monotonic() + deadline_s
    while True:
        found = [message for message in member.poll(0.5) if message.error() is None]
        if len(found) >= count or time.monotonic() > deadline:
            return found
        assert not found, f"{len(found)} of {count}"


def values(messages: list[Delivered]) -> list[bytes]:
    return [message.value() or b"" for message in messages]


def take_all(member: ShareConsumer, count: int) -> list[bytes]:
    """Accepts records until there were so many."""
    seen: list[bytes] = []
    deadline = time.monotonic() + DEADLINE_S
    while len(seen) < count and time.monotonic() < deadline:
        for message in member.poll(0.5):
            assert message.error() is None
            seen.append(message.value() or b"")
            member.acknowledge(message, AcknowledgeType.ACCEPT)
        member.commit_sync(10)
    return seen
