"""DescribeLogDirs and AlterReplicaLogDirs: what lies in the one directory, and what cannot be moved anywhere."""

from collections.abc import Sequence

from odradek.protocol.messages.alter_replica_log_dirs import (
    AlterReplicaLogDir,
    AlterReplicaLogDirsRequest,
    AlterReplicaLogDirsResponse,
    AlterReplicaLogDirTopic,
)
from odradek.protocol.messages.describe_log_dirs import (
    DescribableLogDirTopic,
    DescribeLogDirsRequest,
    DescribeLogDirsResponse,
)
from odradek.protocol.messages.produce import ProduceResponse

from ..batches import batch
from ..wire_session import Dialogue, scenario
from .produce import produce

Asked = Sequence[tuple[str, Sequence[int]]]
Moves = Sequence[tuple[str, Asked]]


def filled(d: Dialogue, base: str) -> str:
    """Three partitions, the first one with two batches."""
    name, _ = d.create_topic(base, 3)
    for _ in range(2):
        d.wire.ask(produce(name, batch([b"a", b"b"])), 9, ProduceResponse)
    return name


def note_sizes(d: Dialogue, label: str, asked: Asked | None, version: int, mine: Sequence[str]) -> None:
    """Sizes by topic, of the topics that are this scenario's own: Apache Kafka walks a hash map."""
    topics = None if asked is None else [DescribableLogDirTopic(topic=name, partitions=ids) for name, ids in asked]
    answer = d.wire.ask(DescribeLogDirsRequest(topics=topics), version, DescribeLogDirsResponse)
    (one,) = answer.results
    found = sorted(
        [
            topic.name,
            sorted((p.partition_index, p.partition_size, p.offset_lag, p.is_future_key) for p in topic.partitions),
        ]
        for topic in one.topics
        if topic.name in mine or asked is not None
    )
    d.note(
        label,
        [
            answer.error_code,
            one.error_code,
            bool(one.log_dir),
            one.total_bytes >= one.usable_bytes >= -1,
            one.is_cordoned,
            found,
        ],
    )


@scenario
def sizes_at_every_version(d: Dialogue) -> None:
    one, other = filled(d, "one"), filled(d, "other")
    for version in range(1, 6):
        note_sizes(d, f"all v{version}", None, version, (one, other))
        note_sizes(d, f"some v{version}", [(one, [0, 2]), (other, [1])], version, ())


@scenario
def sizes_of_what_does_not_exist_are_left_out(d: Dialogue) -> None:
    name = filled(d, "one")
    cases: dict[str, Asked] = {
        "no topics": [],
        "no partitions": [(name, [])],
        "an unknown topic": [(d.name("nobody"), [0])],
        "an unknown partition": [(name, [9, -1])],
        "an illegal name": [("a b", [0]), ("", [0])],
        "the cluster's log": [("__cluster_metadata", [0])],
        "one that exists beside them": [(name, [9, 1]), (d.name("nobody"), [0])],
        "named twice": [(name, [1, 1]), (name, [2]), (name, [1])],
    }
    for label, asked in cases.items():
        note_sizes(d, label, asked, 5, ())


def note_moves(d: Dialogue, label: str, moves: Moves) -> None:
    """Outcomes by topic and partition."""
    request = AlterReplicaLogDirsRequest(
        dirs=[
            AlterReplicaLogDir(
                path=path, topics=[AlterReplicaLogDirTopic(name=name, partitions=ids) for name, ids in topics]
            )
            for path, topics in moves
        ]
    )
    for version in (1, 2):
        answer = d.wire.ask(request, version, AlterReplicaLogDirsResponse)
        d.note(
            f"{label} v{version}",
            sorted(
                [topic.topic_name, sorted((one.partition_index, one.error_code) for one in topic.partitions)]
                for topic in answer.results
            ),
        )


@scenario
def partitions_stay_in_the_one_directory(d: Dialogue) -> None:
    one, other = filled(d, "one"), filled(d, "other")
    request = DescribeLogDirsRequest(topics=[])
    here = d.wire.ask(request, 5, DescribeLogDirsResponse).results[0].log_dir
    away, nobody = "/no/such/directory", d.name("nobody")
    cases: dict[str, Moves] = {
        "none": [],
        "no partitions": [(here, [(one, [])])],
        "to where it is": [(here, [(one, [0, 2])])],
        "to an unknown directory": [(away, [(one, [0, 1])])],
        "to a directory with a slash": [(here + "/", [(one, [0])])],
        "to a relative directory": [("data", [(one, [0])])],
        "to an empty name": [("", [(one, [0])])],
        "an unknown topic": [(here, [(nobody, [0])])],
        "an unknown topic to an unknown directory": [(away, [(nobody, [0])])],
        "an unknown partition": [(here, [(one, [9, -1])])],
        "an illegal name": [(here, [("a b", [0]), ("", [0])])],
        "the cluster's log": [(here, [("__cluster_metadata", [0])])],
        "twice": [(here, [(one, [0, 0]), (one, [0])])],
        "here, then away": [(here, [(one, [0])]), (away, [(one, [0])])],
        "away, then here": [(away, [(one, [0])]), (here, [(one, [0])])],
        "right and wrong": [(here, [(one, [0, 9]), (other, [1])]), (away, [(other, [2])])],
    }
    for label, moves in cases.items():
        note_moves(d, label, moves)
