"""Where the journal looks, and that it is nowhere where it is off."""

import tracemalloc
from pathlib import Path

import pytest

import odradek.broker.journal.watching
from odradek.broker.cluster import Cluster
from odradek.broker.faults.fault_stage import FaultStage
from odradek.broker.journal.log_stage import LogStage
from odradek.broker.journal.request_stage import RequestStage
from odradek.broker.journal.watching import JournalWatch
from odradek.broker.testing.clock import ManualClock
from odradek.broker.testing.cluster_host import ClusterHost
from odradek.broker.testing.kafka_cluster import KafkaCluster
from odradek.broker.testing.running_cluster import RunningCluster
from odradek.broker.wire import Wire
from odradek.protocol.messages.heartbeat import HeartbeatRequest, HeartbeatResponse
from odradek.protocol.messages.produce import ProduceResponse

from ..handlers.broker_harness import batch, produce_request

ROOM = str(Path(odradek.broker.journal.watching.__file__).parent / "*")
BEAT = HeartbeatRequest(group_id="g", generation_id=1, member_id="m")


def stages_of(running: RunningCluster) -> list[type]:
    assert isinstance(running.cluster, Cluster)
    return [type(stage) for stage in running.cluster._stages]


def allocated(cluster: KafkaCluster) -> int:
    """Bytes that the journal's room has allocated while a hundred requests were served, and still holds."""
    with Wire(cluster.bootstrap, client_id="c") as wire:
        wire.ask(produce_request({"t": {0: batch(b"v")}}), 9, ProduceResponse)
        tracemalloc.start()
        try:
            for _ in range(50):
                wire.ask(produce_request({"t": {0: batch(b"v")}}), 9, ProduceResponse)
                wire.ask(BEAT, 4, HeartbeatResponse)
            taken = tracemalloc.take_snapshot().filter_traces([tracemalloc.Filter(True, ROOM)])
        finally:
            tracemalloc.stop()
    return sum(one.size for one in taken.statistics("filename"))


def test_a_journal_that_is_off_is_nowhere(host: ClusterHost) -> None:
    with host.cluster(journal=False) as cluster:
        cluster.topic("t", 1)
        assert cluster.look(stages_of) == [FaultStage]
        context = cluster.look(lambda running: running.cluster.context)
        assert context.groups._runtime.watcher is None
        assert context.transactions._runtime.watcher is None
        assert allocated(cluster) == 0
        with pytest.raises(RuntimeError, match="keeps no journal"):
            cluster.requests()


def test_a_journal_stands_around_the_faults(cluster: KafkaCluster) -> None:
    cluster.topic("t", 1)
    assert cluster.look(stages_of) == [RequestStage, FaultStage, LogStage]
    assert allocated(cluster) > 0


def test_it_goes_on_where_a_cluster_is_started_anew(cluster: KafkaCluster) -> None:
    watch = cluster.look(lambda running: running.watch)
    assert watch is not None
    cluster.topic("t", 1)
    before = len(cluster.journal())
    cluster.look(lambda running: watch.attach(running.cluster.context))
    with Wire(cluster.bootstrap, client_id="c") as wire:
        wire.ask(BEAT, 4, HeartbeatResponse)
    assert len(cluster.journal()) == before + 1


def test_its_stages_are_those_given_between_its_own() -> None:
    watch = JournalWatch(ManualClock())
    kinds = [type(stage) for stage in watch.around([])]
    assert kinds == [RequestStage, LogStage]
