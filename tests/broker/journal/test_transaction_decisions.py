"""What became of transactional ids, and who shut out whom."""

import contextlib

import pytest
from confluent_kafka import KafkaException

from odradek.broker.testing.kafka_cluster import KafkaCluster

from .conftest import Clients, decided


def told(cluster: KafkaCluster) -> list[str]:
    return decided(cluster, "transaction", "x")


def test_a_transaction_is_told_from_its_begin_to_its_end(cluster: KafkaCluster, clients: Clients) -> None:
    cluster.topic("t", 1)
    producer = clients.producer("shop", **{"transactional.id": "x"})
    producer.begin_transaction()
    producer.produce("t", b"v")
    producer.commit_transaction(20)
    first, begins, decided, over = told(cluster)
    assert first.endswith("the first one of this id")
    assert begins.startswith("begins with ")
    assert begins.endswith("in t-0")
    assert decided.startswith("commit decided by EndTxn of shop (#")
    assert over.startswith("CompleteCommit: every marker is written")


def test_a_fenced_producer_is_told_who_fenced_it_and_how(cluster: KafkaCluster, clients: Clients) -> None:
    cluster.topic("t", 1)
    old = clients.producer("old", **{"transactional.id": "x"})
    old.begin_transaction()
    old.produce("t", b"v")
    old.flush(20)
    clients.producer("new", **{"transactional.id": "x"})
    with pytest.raises(KafkaException):
        old.commit_transaction(20)
    fencing = next(one for one in told(cluster) if "is fenced" in one)
    assert fencing.startswith("InitProducerId of new (#")
    assert fencing.endswith("epoch 0 is fenced, its transaction in t-0 aborted")
    refused = next(one for one in told(cluster) if "refused" in one)
    assert refused.startswith("EndTxn of old (#")
    assert refused.endswith(fencing)
    explained = cluster.explain_transaction("x")
    assert refused in explained
    assert "EndTxn of old: " in explained


def test_a_transaction_that_lasts_too_long_is_ended_by_the_clock(cluster: KafkaCluster, clients: Clients) -> None:
    cluster.topic("t", 1)
    producer = clients.producer("slow", **{"transactional.id": "x", "transaction.timeout.ms": 30_000})
    producer.begin_transaction()
    producer.produce("t", b"v")
    producer.flush(20)
    cluster.clock.freeze()
    cluster.clock.advance(minutes=1)
    (timed_out,) = [one for one in told(cluster) if "is fenced" in one]
    assert timed_out.startswith("open for ")
    assert "longer than its transaction.timeout.ms of 30000: producer " in timed_out
    assert timed_out in cluster.explain_transaction("x")
    cluster.clock.run()
    with contextlib.suppress(KafkaException):
        producer.abort_transaction(20)


def test_an_id_that_nobody_uses_is_forgotten(cluster: KafkaCluster, clients: Clients) -> None:
    clients.producer("shop", **{"transactional.id": "x"})
    cluster.clock.advance(days=8)
    assert told(cluster)[-1] == "forgotten: unused for transactional.id.expiration.ms"
    assert cluster.explain_transaction("x").startswith("transactional id x is not there any more")
