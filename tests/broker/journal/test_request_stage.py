"""Requests as they came, and answers as clients got them, faults included."""

import socket
import struct

import pytest

from odradek.broker.testing.kafka_cluster import KafkaCluster
from odradek.broker.wire import ClosedByPeer, Wire, host_and_port
from odradek.protocol.messages.heartbeat import HeartbeatRequest, HeartbeatResponse
from odradek.protocol.messages.produce import ProduceResponse

from ..handlers.broker_harness import batch, produce_request

BEAT = HeartbeatRequest(group_id="g", generation_id=1, member_id="m")


def test_a_request_is_there_with_its_answer(cluster: KafkaCluster) -> None:
    cluster.topic("t")
    connection = socket.create_connection(host_and_port(cluster.bootstrap))
    with Wire(cluster.bootstrap, client_id="shop", connection=connection) as wire:
        wire.ask(produce_request({"t": {0: batch(b"one", b"two")}}), 9, ProduceResponse)
        address = "{}:{}".format(*connection.getsockname())
    (seen,) = cluster.requests("Produce", client_id="shop", topic="t")
    assert (seen.api, seen.version, seen.client_id, seen.errors, seen.outcome) == ("Produce", 9, "shop", (), "")
    assert seen.connection == address
    assert seen.partitions == {("t", 0)}
    assert "records=2" in seen.text
    answered = {"index": 0, "baseOffset": 0, "logStartOffset": 0}
    assert seen.answer == {"responses": [{"name": "t", "partitionResponses": [answered]}]}
    assert seen.took_ms is not None
    assert seen.took_ms >= 0


def test_errors_are_taken_down_by_name(cluster: KafkaCluster) -> None:
    with Wire(cluster.bootstrap, client_id="shop") as wire:
        wire.ask(BEAT, 4, HeartbeatResponse)
    (seen,) = cluster.requests("heartbeat", group="g")
    assert seen.errors == ("UNKNOWN_MEMBER_ID",)
    assert seen.request == {"groupId": "g", "generationId": 1, "memberId": "m"}


@pytest.mark.parametrize(
    ("action", "outcome"),
    [
        ("disconnect_before", "disconnected: fault-1: disconnected before the request was applied"),
        ("disconnect_after", "disconnected: fault-1: disconnected before the answer"),
        ("truncate_answer", "and the answer's bytes damaged by a fault"),
    ],
)
def test_an_answer_that_is_lost_to_a_fault_is_said_to_be(cluster: KafkaCluster, action: str, outcome: str) -> None:
    cluster.faults.add(api="Heartbeat", action=action)
    with Wire(cluster.bootstrap, client_id="shop") as wire, pytest.raises(ClosedByPeer):
        wire.ask(BEAT, 4, HeartbeatResponse)
    (seen,) = cluster.requests("Heartbeat")
    assert seen.outcome == outcome


def test_a_request_without_an_answer_is_there_until_its_client_goes(cluster: KafkaCluster) -> None:
    cluster.faults.add(api="Heartbeat", action="blackhole")
    connection = socket.create_connection(host_and_port(cluster.bootstrap), 0.2)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # it ends at once, with a reset
    wire = Wire(cluster.bootstrap, client_id="shop", connection=connection)
    with pytest.raises(TimeoutError):
        wire.ask(BEAT, 4, HeartbeatResponse)
    (seen,) = cluster.requests("Heartbeat")
    assert seen.text.endswith("-> no answer yet")
    assert "still waits for: Heartbeat of shop" in cluster.explain_client("shop")
    wire.close()
    for _ in range(10_000):  # as long as the loop needs to hear of it
        if seen.outcome:
            break
        cluster.journal()
    assert seen.outcome == "the client went away before the answer"
    assert cluster.journal()[-1] is seen


def test_acks_0_are_due_no_answer_and_a_dropped_one_is_told_apart(cluster: KafkaCluster) -> None:
    cluster.topic("t")
    cluster.faults.add(api="Heartbeat", action="drop_answer")
    with Wire(cluster.bootstrap, client_id="shop", timeout_s=0.2) as wire:
        wire.send(produce_request({"t": {0: batch(b"v")}}, acks=0), 9)
        with pytest.raises(TimeoutError):
            wire.ask(BEAT, 4, HeartbeatResponse)
    (produced,), (beaten,) = cluster.requests("Produce"), cluster.requests("Heartbeat")
    assert produced.outcome == "no answer is due"
    assert beaten.outcome == "applied, and the answer dropped by a fault"
