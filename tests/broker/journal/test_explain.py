"""What became of things, as a person reads it: how they stand first, what happened then, the newest last."""

from collections.abc import Callable

import pytest

from odradek.broker.journal.entries import Decision, JournalEntry, JournalRequest, at_text
from odradek.broker.journal.explain import MOST_LINES, MOST_TEXT, journal_lines
from odradek.broker.testing.kafka_cluster import KafkaCluster
from odradek.broker.wire import Wire
from odradek.protocol.errors import KafkaError
from odradek.protocol.messages.heartbeat import HeartbeatRequest, HeartbeatResponse

from .conftest import Clients, decided

BEAT = HeartbeatRequest(group_id="g", generation_id=1, member_id="m")


def test_an_open_transaction_is_why_the_last_stable_offset_stands_still(
    cluster: KafkaCluster, clients: Clients
) -> None:
    cluster.topic("t", 1)
    cluster.produce("t", [b"before"])
    assert "stands still" not in cluster.explain_partition("t", 0)
    writer = clients.producer("writer", **{"transactional.id": "x"})
    writer.begin_transaction()
    writer.produce("t", b"open")
    writer.flush(20)
    cluster.produce("t", [b"after"])
    reader = clients.consumer("reader", "g", "t", **{"isolation.level": "read_committed"})
    first = reader.poll(20)
    assert first is not None
    assert first.value() == b"before"
    assert reader.poll(0.3) is None

    head, why, *_ = cluster.explain_partition("t", 0).splitlines()
    assert head == "partition t-0: log start 0, high watermark 3, last stable offset 1"
    assert why.startswith("  the last stable offset stands still at 1: producer ")
    assert "transactional id x, has a transaction open here since offset 1 (Ongoing, open for " in why
    assert "last used by " in why
    assert " of writer (#" in why
    assert "x is Ongoing with producer " in cluster.explain_transaction("x")

    writer.abort_transaction(20)
    after = reader.poll(20)
    assert after is not None
    assert after.value() == b"after"
    explained = cluster.explain_partition("t", 0)
    assert "stands still" not in explained
    assert "aborted: last stable offset 4, high watermark 4" in explained.splitlines()[-1]


def test_unknown_names_say_what_is_there(cluster: KafkaCluster) -> None:
    cluster.topic("orders", 2)
    with Wire(cluster.bootstrap, client_id="shop") as wire:
        wire.ask(HeartbeatRequest(group_id="g", generation_id=1, member_id="m"), 4, HeartbeatResponse)
    unknown: list[tuple[Callable[[], str], str]] = [
        (lambda: cluster.explain_group("nix"), "there is no group 'nix'; there are: none"),
        (lambda: cluster.explain_transaction("nix"), "there is no transactional id 'nix'; there are: none"),
        (lambda: cluster.explain_partition("order"), "there is no topic 'order'; there are: orders; did you mean"),
        (lambda: cluster.explain_partition("orders", 2), "orders has no partition 2; it has 2, from 0 on"),
    ]
    for explain, why in unknown:
        with pytest.raises(KafkaError, match=why):
            explain()
    with pytest.raises(ValueError, match="there is no client 'shp'; there are: shop; did you mean 'shop'"):
        cluster.explain_client("shp")


def test_what_went_wrong_with_a_group_that_is_not_there_is_told(cluster: KafkaCluster) -> None:
    with Wire(cluster.bootstrap, client_id="shop") as wire:
        wire.ask(BEAT, 4, HeartbeatResponse)
    head, told = cluster.explain_group("g").splitlines()
    assert head == "group g is not there any more"
    assert told.endswith("Heartbeat of shop: UNKNOWN_MEMBER_ID")


def test_a_client_is_told_with_its_requests_and_mishaps(cluster: KafkaCluster) -> None:
    with Wire(cluster.bootstrap, client_id="shop") as wire:
        for _ in range(MOST_LINES + 5):
            wire.ask(BEAT, 4, HeartbeatResponse)
    head, earlier, *told = cluster.explain_client("shop").splitlines()
    assert head.startswith("client shop from 127.0.0.1:")
    assert head.endswith(f"{MOST_LINES + 5} Heartbeat v4")
    assert earlier == "… 5 earlier"
    assert len(told) == MOST_LINES


def test_what_was_before_another_state_came_is_told_as_such(cluster: KafkaCluster, clients: Clients) -> None:
    cluster.clock.freeze()
    cluster.topic("t", 1)
    cluster.snapshot("s")
    taken = f"snapshot 's' of {at_text(cluster.clock.now_ms)}"
    assert decided(cluster, "snapshot", "s") == ["taken"]
    writer = clients.producer("writer", **{"transactional.id": "x"})
    writer.begin_transaction()
    writer.produce("t", b"gone")
    writer.commit_transaction(20)
    del writer
    cluster.restore("s")
    *before, last = cluster.explain_partition("t").splitlines()
    assert last.endswith(f"[cluster] as in {taken}: what came after it is gone")
    assert "committed" in before[-1]
    *_, last = cluster.explain_transaction("x").splitlines()
    assert last.endswith(f"[cluster] as in {taken}: what came after it is gone")
    *_, last = cluster.explain_client("writer").splitlines()
    assert last.endswith("what came after it is gone")
    cluster.reset()
    cluster.topic("new", 1)
    assert "[cluster]" not in cluster.explain_partition("new")
    assert "[cluster] reset: all that it had is gone" in cluster.explain_transaction("x")
    with pytest.raises(KafkaError, match="there is no group 'g'; there are: none"):
        cluster.explain_group("g")
    cluster.topic("t", 1)
    with cluster.fork() as branch, cluster.fork("s") as older:
        assert ["begun as another one was" in one.text for one in branch.journal()] == [True]
        assert [f"begun as in {taken} of another one" in one.text for one in older.journal()] == [True]


def test_the_lines_of_a_journal_are_the_newest_and_repeat_nothing() -> None:
    def fetch(number: int, client: str = "a", **how: object) -> JournalRequest:
        return JournalRequest(number, 0, "Fetch", 12, client, "h:1", {}, answer={}, **how)  # type: ignore[arg-type]

    repeated: list[JournalEntry] = [fetch(number) for number in range(1, 6)]
    lines = journal_lines([*repeated, Decision(6, 0, "group", "g", "x"), fetch(7), fetch(8, "b")], 10)
    assert [line.split()[0] for line in lines] == ["#5", "#6", "#7", "#8"]
    assert lines[0].endswith("(the last of 5 like it)")
    failed = [fetch(number, errors=("NOT_LEADER_OR_FOLLOWER",)) for number in range(3)]
    assert len(journal_lines(failed, 10)) == 3
    decided = [Decision(number, 0, "group", "g", "x" * 5000) for number in range(30)]
    first, *rest = journal_lines(decided, 10)
    assert first == "… 20 earlier lines"
    assert [line.split()[0] for line in rest] == [f"#{number}" for number in range(20, 30)]
    assert max(map(len, rest)) == MOST_TEXT + 1
