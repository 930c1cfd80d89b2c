"""The journal as it is asked: by API, client, topic and group, bounded whatever happens."""

import pytest

from odradek.broker.journal.entries import JournalRequest
from odradek.broker.journal.journal import Journal
from odradek.broker.journal.ring import Ring
from odradek.broker.testing.clock import ManualClock
from odradek.broker.testing.kafka_cluster import KafkaCluster
from odradek.broker.wire import Wire
from odradek.protocol.messages.api_versions import ApiVersionsRequest, ApiVersionsResponse
from odradek.protocol.messages.heartbeat import HeartbeatRequest, HeartbeatResponse
from odradek.protocol.messages.metadata import MetadataRequest, MetadataRequestTopic, MetadataResponse


@pytest.fixture
def asked(cluster: KafkaCluster) -> KafkaCluster:
    with Wire(cluster.bootstrap, client_id="one") as one, Wire(cluster.bootstrap, client_id="two") as two:
        for wire, group in ((one, "g"), (two, "h")):
            wire.ask(HeartbeatRequest(group_id=group, generation_id=1, member_id="m"), 4, HeartbeatResponse)
        metadata = MetadataRequest(topics=[MetadataRequestTopic(name="t")], allow_auto_topic_creation=False)
        two.ask(metadata, 8, MetadataResponse)
        two.ask(ApiVersionsRequest(), 3, ApiVersionsResponse)
    return cluster


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({}, ["Heartbeat", "Heartbeat", "Metadata", "ApiVersions"]),
        ({"api": "Heartbeat"}, ["Heartbeat", "Heartbeat"]),
        ({"api": "HEART_BEAT", "client_id": "two"}, ["Heartbeat"]),
        ({"client_id": "two"}, ["Heartbeat", "Metadata", "ApiVersions"]),
        ({"topic": "t"}, ["Metadata"]),
        ({"group": "g"}, ["Heartbeat"]),
        ({"client_id": "three"}, []),
    ],
)
def test_requests_are_found_by_what_they_are(asked: KafkaCluster, wanted: dict[str, str], found: list[str]) -> None:
    assert [one.api for one in asked.requests(**wanted)] == found


def test_an_api_that_there_is_not_is_an_error_that_names_the_nearest(cluster: KafkaCluster) -> None:
    with pytest.raises(ValueError, match="there is no API 'Prodcue'; did you mean 'Produce'"):
        cluster.requests("Prodcue")


def test_times_are_those_of_the_clusters_clock(cluster: KafkaCluster) -> None:
    cluster.clock.freeze()
    cluster.faults.add(api="Heartbeat", action="delay", ms=5000)
    with Wire(cluster.bootstrap, client_id="one") as wire:
        beat = HeartbeatRequest(group_id="g", generation_id=1, member_id="m")
        wire.send(beat, 4)
        while not cluster.requests("Heartbeat"):
            pass
        began_ms = cluster.clock.now_ms
        cluster.clock.advance(seconds=5)
        wire.answer(type(beat), 4, HeartbeatResponse)
    (seen,) = cluster.requests("Heartbeat")
    assert seen.at_ms == began_ms
    assert seen.took_ms == pytest.approx(5000)


def test_entries_are_numbered_in_one_order_and_bounded() -> None:
    journal = Journal(ManualClock(), Ring(most_entries=10))
    for number in range(25):
        journal.decide("group", "g", f"decision {number}")
    assert [one.number for one in journal.entries()] == list(range(16, 26))
    assert journal.requests() == []


def test_the_oldest_decision_that_shut_a_producer_out_is_found() -> None:
    journal = Journal(ManualClock())
    journal.decide("transaction", "x", "begins")
    for epoch in (0, 1, 3):
        journal.decide("transaction", "x", f"epoch {epoch} fenced", fenced=(7, epoch))
    found = [journal.find_fencing("x", epoch) for epoch in (0, 1, 2, 3, 4)]
    assert [one and one.what for one in found] == [
        "epoch 0 fenced",
        "epoch 1 fenced",
        "epoch 3 fenced",
        "epoch 3 fenced",
        None,
    ]
    assert journal.find_fencing("y", 0) is None


def test_a_decision_has_the_request_that_caused_it() -> None:
    journal = Journal(ManualClock())
    cause = JournalRequest(9, 0, "JoinGroup", 9, "c", "h:1", {})
    journal.decide("group", "g", "rebalances", cause)
    journal.decide("group", "g", "rebalances")
    assert [one.cause for one in journal.decisions(lambda one: one.name == "g")] == [9, 0]


def test_what_fenced_a_producer_of_a_state_that_is_gone_is_not_found() -> None:
    journal = Journal(ManualClock())
    journal.decide("transaction", "x", "a new producer", fenced=(0, 3))
    journal.decide("cluster", "id", "reset")
    assert journal.find_fencing("x", 3) is None
    journal.decide("transaction", "x", "another", fenced=(9, 3))
    found = journal.find_fencing("x", 3)
    assert found is not None
    assert found.what == "another"


def test_brokers_write_in_one_order_and_know_of_each_others_requests() -> None:
    journal = Journal(ManualClock())
    first, second = journal.at(1), journal.at(2)
    first.decide("group", "g", "is empty")
    first.cause = JournalRequest(7, 0, "JoinGroup", 9, "c", "127.0.0.1:1", {})
    second.decide("group", "h", "rebalances", second.cause)
    journal.decide("broker", "1", "is fenced")
    assert [(one.number, one.broker) for one in first.entries()] == [(1, 1), (2, 2), (3, None)]
    assert [one.text.split(" ")[2] for one in journal.entries()] == ["@1", "@2", "broker"]
    assert [one.cause for one in journal.decisions(lambda one: one.broker == 2)] == [7]
