"""ListOffsets and OffsetForLeaderEpoch: offsets by time, by name and by epoch."""

from odradek.protocol.messages.delete_records import (
    DeleteRecordsPartition,
    DeleteRecordsRequest,
    DeleteRecordsResponse,
    DeleteRecordsTopic,
)
from odradek.protocol.messages.list_offsets import (
    ListOffsetsPartition,
    ListOffsetsRequest,
    ListOffsetsResponse,
    ListOffsetsTopic,
)
from odradek.protocol.messages.offset_for_leader_epoch import (
    OffsetForLeaderEpochRequest,
    OffsetForLeaderEpochResponse,
    OffsetForLeaderPartition,
    OffsetForLeaderTopic,
)
from odradek.protocol.messages.produce import ProduceResponse

from ..batches import BASE_MS, batch
from ..wire_session import Dialogue, scenario
from .produce import produce


def at(
    topic: str, *times: int, epoch: int = -1, partition: int = 0, isolation: int = 0, replica: int = -1
) -> ListOffsetsRequest:
    asked = [
        ListOffsetsPartition(partition_index=partition, current_leader_epoch=epoch, timestamp=time) for time in times
    ]
    return ListOffsetsRequest(
        replica_id=replica, isolation_level=isolation, topics=[ListOffsetsTopic(name=topic, partitions=asked)]
    )


def filled(d: Dialogue) -> str:
    name, _ = d.create_topic("orders")
    for delta in (0, 100, 50, 200):
        d.wire.ask(produce(name, batch([b"a", b"b", b"c"], base_ms=BASE_MS + delta)), 9, ProduceResponse)
    return name


@scenario
def special_times_at_every_version(d: Dialogue) -> None:
    name = filled(d)
    for version in range(1, 12):
        for time in (-1, -2, -3, -4, -5, -6, -7, -100):
            d.ask(f"{time} v{version}", at(name, time), version, ListOffsetsResponse)


@scenario
def an_empty_topic(d: Dialogue) -> None:
    name, _ = d.create_topic("empty")
    for time in (-1, -2, -3, -4, -5, -6, 0, BASE_MS):
        d.ask("a time" if time == BASE_MS else str(time), at(name, time), 11, ListOffsetsResponse)


@scenario
def offsets_by_time(d: Dialogue) -> None:
    name = filled(d)
    for delta in (-1, 0, 1, 2, 3, 49, 50, 51, 53, 99, 100, 101, 102, 103, 199, 200, 202, 203):
        d.ask(f"base {delta:+}", at(name, BASE_MS + delta), 7, ListOffsetsResponse)
    d.ask("zero", at(name, 0), 7, ListOffsetsResponse)
    d.ask("v1", at(name, BASE_MS + 51), 1, ListOffsetsResponse)
    for isolation in (0, 1):
        d.ask(f"isolation {isolation}", at(name, -1, isolation=isolation), 7, ListOffsetsResponse)


@scenario
def times_of_a_log_append_time_topic(d: Dialogue) -> None:
    name, _ = d.create_topic("stamped", configs={"message.timestamp.type": "LogAppendTime"})
    for _ in range(2):
        d.wire.ask(produce(name, batch([b"a", b"b"], base_ms=5)), 9, ProduceResponse)
    for time in (0, 6, 4_000_000_000_000):
        answer = d.wire.ask(at(name, time), 7, ListOffsetsResponse).topics[0].partitions[0]
        d.note(str(time), [answer.offset, answer.error_code, answer.timestamp > 1_700_000_000_000])
    newest = d.wire.ask(at(name, -3), 7, ListOffsetsResponse).topics[0].partitions[0]
    d.note("the largest", newest.offset % 2)


@scenario
def refused_lookups(d: Dialogue) -> None:
    name = filled(d)
    for version in (1, 5, 7, 11):
        d.ask(f"topic v{version}", at(d.name("nobody"), -1), version, ListOffsetsResponse)
        d.ask(f"partition v{version}", at(name, -1, partition=9), version, ListOffsetsResponse)
    for epoch in (0, 1, -1, -2):
        d.ask(f"epoch {epoch}", at(name, -1, epoch=epoch), 7, ListOffsetsResponse)
    d.ask("twice the same", at(name, -1, -2), 7, ListOffsetsResponse)
    d.ask("a replica", at(name, -1, replica=5), 7, ListOffsetsResponse)
    d.ask("an empty name", at("", -1), 7, ListOffsetsResponse)
    d.ask("nothing", ListOffsetsRequest(replica_id=-1), 7, ListOffsetsResponse)


@scenario
def ends_of_epochs(d: Dialogue) -> None:
    name = filled(d)

    def ask(label: str, topic: str, epoch: int, *, current: int = -1, partition: int = 0, version: int = 4) -> None:
        asked = OffsetForLeaderPartition(partition=partition, current_leader_epoch=current, leader_epoch=epoch)
        request = OffsetForLeaderEpochRequest(topics=[OffsetForLeaderTopic(topic=topic, partitions=[asked])])
        d.ask(label, request, version, OffsetForLeaderEpochResponse)

    for version in (2, 3, 4):
        ask(f"now v{version}", name, 0, version=version)
    for epoch in (1, 7, -1, -5):
        ask(f"epoch {epoch}", name, epoch)
    for current in (0, 1, 5, -2):
        ask(f"current {current}", name, 0, current=current)
    ask("an unknown topic", d.name("nobody"), 0)
    ask("an unknown partition", name, 0, partition=9)
    empty, _ = d.create_topic("empty")
    for epoch in (0, 1, -1):
        ask(f"an empty log, epoch {epoch}", empty, epoch)


def deletion(name: str, *offsets: int, partition: int = 0) -> DeleteRecordsRequest:
    asked = [DeleteRecordsPartition(partition_index=partition, offset=offset) for offset in offsets]
    return DeleteRecordsRequest(topics=[DeleteRecordsTopic(name=name, partitions=asked)], timeout_ms=10_000)


@scenario
def records_are_deleted_at_every_version(d: Dialogue) -> None:
    name = filled(d)
    for version in range(3):
        for offset in (-2, 13, version + 2, 1, 0):
            d.ask(f"{offset} v{version}", deletion(name, offset), version, DeleteRecordsResponse)
        d.ask(f"earliest v{version}", at(name, -2), 7, ListOffsetsResponse)
        d.ask(f"base v{version}", at(name, BASE_MS), 7, ListOffsetsResponse)
    d.ask("all of them", deletion(name, -1), 2, DeleteRecordsResponse)
    d.ask("earliest", at(name, -2), 7, ListOffsetsResponse)
    d.ask("after it", produce(name, batch([b"d"])), 9, ProduceResponse)


@scenario
def the_latest_of_the_records_that_a_deletion_leaves(d: Dialogue) -> None:
    name, _ = d.create_topic("orders")
    for delta in (100, 300, 200, 200, 0):
        d.wire.ask(produce(name, batch([b"a", b"b"], base_ms=BASE_MS + delta)), 9, ProduceResponse)
    for offset in range(11):
        d.wire.ask(deletion(name, offset), 2, DeleteRecordsResponse)
        d.ask(f"from {offset} on", at(name, -3), 7, ListOffsetsResponse)


@scenario
def records_that_may_not_be_deleted(d: Dialogue) -> None:
    compacted, _ = d.create_topic("compacted", configs={"cleanup.policy": "compact"})
    both, _ = d.create_topic("both", configs={"cleanup.policy": "compact,delete"})
    for name in (compacted, both, "no-such-topic", "__consumer_offsets"):
        d.ask(d.plain_name(name), deletion(name, 0), 2, DeleteRecordsResponse)
    d.ask("no such partition", deletion(both, 0, partition=9), 2, DeleteRecordsResponse)
    d.ask("none", DeleteRecordsRequest(topics=[], timeout_ms=10_000), 2, DeleteRecordsResponse)
