"""A group whose members go from the classic protocol to the new one, one after the other, and back (KIP-848)."""

import time
from collections import Counter
from collections.abc import Callable
from functools import partial

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient

from .stock_client import Message, StockClient, create, send_all

DEADLINE_S = 60.0
PARTITIONS = 4


class Rolling:
    """Members of one group that read, and commit what they have read, while more is written."""

    def __init__(self, bootstrap: str, admin: StockClient, topic: str, group: str) -> None:
        self._bootstrap, self._admin, self._topic, self._group = bootstrap, admin, topic, group
        self._tools = AdminClient({"bootstrap.servers": bootstrap})
        self.members: list[Consumer] = []
        self.written = 0
        self.seen: Counter[bytes] = Counter()

    def join(self, protocol: str, **settings: str) -> Consumer:
        member = Consumer(
            {
                "bootstrap.servers": self._bootstrap,
                "group.id": self._group,
                "group.protocol": protocol,
                "auto.offset.reset": "earliest",
                "enable.auto.commit": False,
                "topic.metadata.refresh.interval.ms": 500,
                **({"heartbeat.interval.ms": 300} if protocol == "classic" else {}),
                **{name.replace("_", "."): value for name, value in settings.items()},
            }
        )
        member.subscribe([self._topic], on_revoke=self._commit)
        self.members.append(member)
        return member

    def leave(self, member: Consumer) -> None:
        self.members.remove(member)
        member.close()

    def write(self, count: int) -> None:
        numbers = range(self.written, self.written + count)
        send_all(self._admin, self._topic, [Message(b"%d" % n, partition=n % PARTITIONS) for n in numbers])
        self.written += count

    def read_until(self, is_done: Callable[[], bool], why: str) -> None:
        deadline = time.monotonic() + DEADLINE_S
        while not is_done():
            for member in self.members:
                message = member.poll(0.02)
                if message is not None and message.error() is None:
                    self.seen[message.value() or b""] += 1
            assert time.monotonic() < deadline, (why, [len(member.assignment()) for member in self.members])

    def settle(self) -> None:
        """All are equal members of the group, and have read everything."""

        def is_settled() -> bool:
            shares = [len(member.assignment()) for member in self.members]
            return sum(shares) == PARTITIONS and max(shares) - min(shares) <= 1 and len(self.seen) == self.written

        self.read_until(is_settled, "settled")
        for member in self.members:
            self.read_until(partial(self._has_committed, member), "committed")

    def _has_committed(self, member: Consumer) -> bool:
        """Not while it is to join again for a later epoch, though it may keep what it has: then it has to poll."""
        try:
            self._commit(member, [])
        except KafkaException as refused:
            if refused.args[0].code() not in (KafkaError.ILLEGAL_GENERATION, KafkaError.REBALANCE_IN_PROGRESS):
                raise
            return False
        return True

    def kind(self) -> str:
        return str(self._tools.describe_consumer_groups([self._group])[self._group].result().type.name)

    def committed(self) -> int:
        positions = [TopicPartition(self._topic, index) for index in range(PARTITIONS)]
        return sum(one.offset for one in self.members[0].committed(positions, timeout=10))

    @staticmethod
    def _commit(member: Consumer, partitions: list[TopicPartition]) -> None:
        read = [one for one in member.position(member.assignment()) if one.offset >= 0]
        if read:
            member.commit(offsets=read, asynchronous=False)

    def close(self) -> None:
        for member in self.members:
            member.close()


def test_members_change_to_the_new_protocol_one_by_one_and_back_while_they_read(
    bootstrap: str, admin: StockClient, topic: str, group: str
) -> None:
    create(admin, topic, PARTITIONS)
    rolling = Rolling(bootstrap, admin, topic, group)
    try:
        classic = {"partition_assignment_strategy": "cooperative-sticky"}
        old = [rolling.join("classic", **classic) for _ in range(2)]
        rolling.write(40)
        rolling.settle()
        assert rolling.kind() == "CLASSIC"
        for member in old:
            rolling.join("consumer")
            rolling.write(40)
            rolling.settle()
            assert rolling.kind() == "CONSUMER"
            rolling.leave(member)
            rolling.write(40)
            rolling.settle()
        for member in list(rolling.members):
            rolling.leave(member)
            rolling.join("classic", **classic)
            rolling.write(40)
            rolling.settle()
        assert rolling.kind() == "CLASSIC"
        assert rolling.committed() == rolling.written
        assert set(rolling.seen.values()) == {1}
    finally:
        rolling.close()
