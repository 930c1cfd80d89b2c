"""A request past every client and fault gets what the handler answers, at once or later."""

from odradek.broker.testing.asking import ask
from odradek.broker.testing.cluster_host import ClusterHost
from odradek.protocol.messages.create_topics import CreatableTopic, CreateTopicsRequest, CreateTopicsResponse
from odradek.protocol.messages.metadata import MetadataRequest, MetadataResponse


def test_answers_come_at_once_or_when_the_work_is_done() -> None:
    with ClusterHost() as host, host.cluster() as cluster:
        cluster.faults.add(api="Metadata", error="UNKNOWN_SERVER_ERROR")
        topic = CreatableTopic(name="t", num_partitions=2, replication_factor=1)
        made = host.run(lambda: ask(cluster._context, CreateTopicsRequest(topics=[topic]), CreateTopicsResponse))
        assert [(one.name, one.error_code) for one in made.topics] == [("t", 0)]
        found = host.run(lambda: ask(cluster._context, MetadataRequest(topics=None), MetadataResponse))
        assert [(one.name, len(one.partitions)) for one in found.topics] == [("t", 2)]
