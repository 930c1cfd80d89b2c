"""What a test asks a cluster about the past."""

from collections.abc import Callable

import pytest
from confluent_kafka import Producer

from odradek.broker.testing.cluster_host import ClusterHost
from odradek.testing import Decision, JournalRequest


def test_a_cluster_tells_what_it_saw_and_why() -> None:
    with ClusterHost() as host, host.cluster() as cluster:
        producer = Producer({"bootstrap.servers": cluster.bootstrap, "client.id": "shop", "transactional.id": "x"})
        producer.init_transactions(20)
        producer.begin_transaction()
        producer.produce("orders", b"one")
        producer.commit_transaction(20)
        assert {type(one) for one in cluster.journal()} == {JournalRequest, Decision}
        assert [one.client_id for one in cluster.requests("Produce", topic="orders")] == ["shop"]
        assert "automatically" in cluster.explain_partition("orders")
        assert "CompleteCommit" in cluster.explain_transaction("x")
        assert "client shop from " in cluster.explain_client("shop")
        lines = cluster.journal_text(5).splitlines()
        assert len(lines) == 6
        assert lines[-1].endswith(cluster.journal()[-1].text[-30:])


def test_a_cluster_without_a_journal_says_so() -> None:
    with ClusterHost() as host, host.cluster(journal=False) as cluster:
        asked: list[Callable[[], object]] = [
            cluster.journal,
            cluster.requests,
            cluster.journal_text,
            lambda: cluster.explain_group("g"),
        ]
        for ask in asked:
            with pytest.raises(RuntimeError, match="journal=False"):
                ask()
