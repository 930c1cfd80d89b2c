"""`odradek verify` finds nothing while brokers of a cluster die, freeze, are cut off, and come back, one at a time."""

import random
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager

import pytest

from odradek.broker.testing.cluster_host import ClusterHost
from odradek.broker.testing.kafka_brokers import KafkaBroker
from odradek.broker.testing.kafka_cluster import KafkaCluster
from odradek.broker.topic_names import TRANSACTION_TOPIC

from ..broker.tools.verify.running import GRACE_S, Outcome, run_verify
from ..brokers import TEST_SETTINGS

BROKERS = 3
# With two in sync at any time, what all of them have acknowledged stays, whoever loses what it had not synced.
SETTINGS = {
    **{name: value for name, value in TEST_SETTINGS.items() if not name.endswith("replication.factor")},
    "transaction.abort.timed.out.transaction.cleanup.interval.ms": "500",
    "min.insync.replicas": "2",
    "broker.session.timeout.ms": "3000",
    "replica.lag.time.max.ms": "4000",
}
LONG_S = 5.0  # enough to be fenced, or to fall behind
IN_SYNC_S = 60.0


class Troubles:
    """What comes over one broker after the other; `told` is what has happened so far."""

    def __init__(self, cluster: KafkaCluster, seed: int) -> None:
        self._cluster = cluster
        self._chance = random.Random(seed)
        self.told: list[str] = []

    def next(self) -> None:
        """Some broker gets into some trouble, and out of it again; then all replicas are in sync."""
        broker = self._cluster.brokers[self._chance.randrange(BROKERS) + 1]
        kind = self._chance.choice((self.killed, self.stopped, self.frozen, self.cut_off, self.slow, self.unseen))
        with kind(broker):
            time.sleep(self._chance.choice((0.2, 1.0, LONG_S)))
        self._await_in_sync()

    @property
    def topics(self) -> list[str]:
        return self._cluster.look(lambda running: sorted(running.contexts.image.topics))

    def _await_in_sync(self) -> None:
        for topic in self.topics:
            self._cluster.await_in_sync(topic, timeout_s=IN_SYNC_S)

    @contextmanager
    def killed(self, broker: KafkaBroker) -> Iterator[None]:
        is_noticed, keeps_page_cache = self._chance.random() < 0.5, self._chance.random() < 0.5
        self._tell(f"{broker.broker_id} is killed, {is_noticed=}, {keeps_page_cache=}")
        broker.kill(is_noticed=is_noticed, keeps_page_cache=keeps_page_cache)
        yield
        broker.start()

    @contextmanager
    def stopped(self, broker: KafkaBroker) -> Iterator[None]:
        self._tell(f"{broker.broker_id} is stopped")
        broker.stop()
        yield
        broker.start()

    @contextmanager
    def frozen(self, broker: KafkaBroker) -> Iterator[None]:
        self._tell(f"{broker.broker_id} is frozen")
        broker.freeze()
        yield
        broker.resume()

    def cut_off(self, broker: KafkaBroker) -> AbstractContextManager[None]:
        """From the others and the controller, or some of them, in one direction or both; clients still reach it."""
        others: list[int | str] = [one for one in self._cluster.brokers if one != broker.broker_id]
        ends = self._chance.choice(([*others, "controller"], others, ["controller"]))
        return self._cut(broker, ends, both_ways=self._chance.random() < 0.5)

    def unseen(self, broker: KafkaBroker) -> AbstractContextManager[None]:
        """By clients."""
        return self._cut(broker, ["clients"], both_ways=self._chance.random() < 0.5)

    @contextmanager
    def _cut(self, broker: KafkaBroker, ends: Sequence[int | str], *, both_ways: bool) -> Iterator[None]:
        self._tell(f"{broker.broker_id} is cut off from {ends}, {both_ways=}")
        for end in ends:
            one, other = (broker.broker_id, end) if self._chance.random() < 0.5 else (end, broker.broker_id)
            self._cluster.links.cut(one, other, both_ways=both_ways)
        yield
        self._cluster.links.heal()

    @contextmanager
    def slow(self, broker: KafkaBroker) -> Iterator[None]:
        seconds = self._chance.choice((0.05, 0.3))
        self._tell(f"{broker.broker_id} is {seconds} s away")
        for end in [*(one for one in self._cluster.brokers if one != broker.broker_id), "controller"]:
            self._cluster.links.slow(broker.broker_id, end, seconds=seconds)  # type: ignore[arg-type]
        yield
        self._cluster.links.heal()

    def _tell(self, what: str) -> None:
        self.told.append(f"{time.strftime('%H:%M:%S')} {what}")


def verify_in_trouble(cluster: KafkaCluster, seed: int, *options: str, minutes: float) -> tuple[Outcome, Sequence[str]]:
    """Has brokers get into trouble for as long as the verifier works; its outcome, and what has happened."""
    outcomes: list[Outcome] = []

    def verify() -> None:
        replicas = ("--replication-factor", str(BROKERS))
        timeout_s = minutes * 60 + GRACE_S
        asked = ("--minutes", str(minutes), "--seed", str(seed), *replicas, *options)
        outcomes.append(run_verify(cluster.bootstrap, *asked, timeout_s=timeout_s))

    troubles = Troubles(cluster, seed)
    verifier = threading.Thread(target=verify)
    verifier.start()
    try:
        while verifier.is_alive() and TRANSACTION_TOPIC not in troubles.topics:
            verifier.join(0.5)
        until = time.monotonic() + minutes * 60
        while verifier.is_alive() and time.monotonic() < until:
            verifier.join(1.0)
            troubles.next()
    finally:
        verifier.join()
    (outcome,) = outcomes
    return outcome, troubles.told


@pytest.fixture
def three_brokers() -> Iterator[KafkaCluster]:
    with ClusterHost() as host:
        yield host.cluster(SETTINGS, brokers=BROKERS, journal=False)


@pytest.mark.timeout(420)
def test_what_a_cluster_promises_holds_while_its_brokers_are_in_trouble(
    three_brokers: KafkaCluster, is_oracle: bool
) -> None:
    if is_oracle:
        pytest.skip("it is about our own brokers")
    outcome, told = verify_in_trouble(three_brokers, 15, minutes=0.6)
    assert outcome.code == 0, "\n".join([outcome.output, outcome.progress, *told])
    for partitions in three_brokers.look(lambda running: running.contexts.image.topics).values():
        assert all(len(one.record.replicas) == BROKERS for one in partitions.partitions.values())


@pytest.mark.soak
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("protocol", ["classic", "mixed"])
def test_what_a_cluster_promises_holds_for_ten_minutes(three_brokers: KafkaCluster, protocol: str) -> None:
    options = ("--group-protocol", protocol)
    outcome, told = verify_in_trouble(three_brokers, random.SystemRandom().randrange(1 << 31), *options, minutes=10)
    print(outcome.output)
    assert outcome.code == 0, "\n".join([outcome.output, outcome.progress, *told])
