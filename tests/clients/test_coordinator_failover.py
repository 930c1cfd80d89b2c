"""Exactly once, with a stock client, while the brokers that lead and coordinate die and come back in turn.

With aiokafka: librdkafka 2.16 waits for ever for the coordinator of a group that was on a broker which its metadata
does not list any more, whoever the coordinator is by now.
"""

import asyncio
import itertools
from collections import Counter
from contextlib import suppress

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from odradek.broker.broker import Broker
from odradek.broker.config.start_topics import StartTopic

SETTINGS = {
    "listeners": "PLAINTEXT://127.0.0.1:0",
    "offsets.topic.num.partitions": "4",
    "transaction.state.log.num.partitions": "4",
    "min.insync.replicas": "1",
    "group.initial.rebalance.delay.ms": "0",
}
SOURCE, TARGET, GROUP = "source", "target", "copiers"
PARTITIONS = 4
RECORDS = 300
IN_A_TRANSACTION = 12
TRANSACTIONS = RECORDS // IN_A_TRANSACTION
DEADLINE_S = 60.0


class Deaths:
    """One broker is dead at each time, from a transaction's midst until that of the next: each in its turn."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._turns = itertools.cycle((1, 2, 3))
        self._dead: int | None = None
        self.count = 0

    async def next(self) -> None:
        """The one that is dead comes back, and another dies."""
        await self.end()
        self._dead = next(self._turns)
        self.count += 1
        await self._broker.several.kill_broker(self._dead)

    async def end(self) -> None:
        """All of them run."""
        if self._dead is not None:
            await self._broker.several.start_broker(self._dead)
            self._dead = None


class Copier:
    """Consumes, and produces the same, in transactions that have the offsets in them."""

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap

    async def start(self) -> None:
        """A session of its transactional id begins, and reads from what is committed."""
        self._producer = AIOKafkaProducer(
            bootstrap_servers=self._bootstrap, transactional_id="copier", transaction_timeout_ms=10_000
        )
        self._consumer = AIOKafkaConsumer(
            bootstrap_servers=self._bootstrap,
            group_id=GROUP,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
        )
        self._consumer.assign([TopicPartition(SOURCE, index) for index in range(PARTITIONS)])
        await self._producer.start()
        await self._consumer.start()

    async def stop(self) -> None:
        """It ends, whatever it was about to do."""
        with suppress(asyncio.CancelledError):  # of a fetch that waits before it is tried again
            await self._consumer.stop()
        await self._producer.stop()

    async def copied(self) -> int:
        """How many records are copied, as far as the group knows."""
        places = [TopicPartition(SOURCE, index) for index in range(PARTITIONS)]
        return sum([await self._consumer.committed(place) or 0 for place in places])

    async def copy(self, deaths: Deaths) -> None:
        """Copy some records in one transaction, in the midst of which a broker dies."""
        found: list[ConsumerRecord] = []
        for records in (await self._consumer.getmany(timeout_ms=200, max_records=IN_A_TRANSACTION)).values():
            found += records
        if not found:
            return
        try:
            async with self._producer.transaction():
                sent = [await self._producer.send(TARGET, one.value, partition=one.partition) for one in found]
                death = asyncio.ensure_future(deaths.next())
                await asyncio.gather(*sent)
                ends = {TopicPartition(SOURCE, one.partition): one.offset + 1 for one in found}
                await self._producer.send_offsets_to_transaction(ends, GROUP)
                await death
        except KafkaError:
            await death
            await self.stop()
            await self.start()


async def fill(bootstrap: str) -> None:
    async with AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all") as producer:
        for number in range(RECORDS):
            await producer.send(SOURCE, b"%d" % number, partition=number % PARTITIONS)


async def read_all(bootstrap: str) -> Counter[bytes]:
    """What a consumer that reads committed records sees of the target, to its end."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, isolation_level="read_committed")
    places = [TopicPartition(TARGET, index) for index in range(PARTITIONS)]
    consumer.assign(places)
    await consumer.start()
    try:
        await consumer.seek_to_beginning(*places)
        ends = await consumer.end_offsets(places)
        seen: Counter[bytes] = Counter()
        while any([await consumer.position(place) < ends[place] for place in places]):
            for records in (await consumer.getmany(timeout_ms=500)).values():
                seen.update(one.value for one in records if one.value is not None)
        return seen
    finally:
        await consumer.stop()


@pytest.mark.timeout(240)
async def test_what_is_copied_in_transactions_is_there_once_though_every_broker_dies_in_turn() -> None:
    topics = [StartTopic(name, PARTITIONS, {}, 3, "test") for name in (SOURCE, TARGET)]
    broker = Broker(SETTINGS, is_ephemeral=True, brokers=3, topics=topics)
    await broker.start()
    try:
        await fill(broker.bootstrap)
        copier, deaths = Copier(broker.bootstrap), Deaths(broker)
        await copier.start()
        while await asyncio.wait_for(copier.copied(), DEADLINE_S) < RECORDS:
            await asyncio.wait_for(copier.copy(deaths), DEADLINE_S)
        await copier.stop()
        assert deaths.count >= TRANSACTIONS
        await deaths.end()
        seen = await asyncio.wait_for(read_all(broker.bootstrap), DEADLINE_S)
        assert seen == Counter({b"%d" % number: 1 for number in range(RECORDS)})
    finally:
        await broker.stop()
