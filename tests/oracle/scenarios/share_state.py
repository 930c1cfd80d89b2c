"""The stored state of share partitions (KIP-932): five APIs that brokers ask each other, and what they leave behind."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from odradek.protocol.messages.delete_share_group_state import (
    DeleteShareGroupStateRequest,
    DeleteShareGroupStateResponse,
    DeleteStateData,
)
from odradek.protocol.messages.delete_share_group_state import PartitionData as DeletePartition
from odradek.protocol.messages.delete_topics import DeleteTopicsRequest, DeleteTopicsResponse, DeleteTopicState
from odradek.protocol.messages.find_coordinator import FindCoordinatorRequest, FindCoordinatorResponse
from odradek.protocol.messages.initialize_share_group_state import (
    InitializeShareGroupStateRequest,
    InitializeShareGroupStateResponse,
    InitializeStateData,
)
from odradek.protocol.messages.initialize_share_group_state import PartitionData as InitializePartition
from odradek.protocol.messages.read_share_group_state import PartitionData as ReadPartition
from odradek.protocol.messages.read_share_group_state import (
    ReadShareGroupStateRequest,
    ReadShareGroupStateResponse,
    ReadStateData,
)
from odradek.protocol.messages.read_share_group_state_summary import PartitionData as SummaryPartition
from odradek.protocol.messages.read_share_group_state_summary import (
    ReadShareGroupStateSummaryRequest,
    ReadShareGroupStateSummaryResponse,
    ReadStateSummaryData,
)
from odradek.protocol.messages.write_share_group_state import PartitionData as WritePartition
from odradek.protocol.messages.write_share_group_state import (
    StateBatch,
    WriteShareGroupStateRequest,
    WriteShareGroupStateResponse,
    WriteStateData,
)
from odradek.protocol.share_group_records import ShareSnapshotValue
from odradek.protocol.state_records import decode_share_state_record
from odradek.protocol.uuid_text import encode_uuid

from ..observe import records_in
from ..wire_session import Dialogue, scenario

SHARE = 2
STATE_TOPIC = "__share_group_state"
AVAILABLE, ACKNOWLEDGED, ARCHIVED = 0, 2, 4


class Keeper:
    """Asks about the share partitions of one group, whose coordinator is there."""

    def __init__(self, d: Dialogue, group: str) -> None:
        self.d = d
        self.group = group
        key = f"{group}:{encode_uuid(bytes(15) + b'1')}:0"
        asked = FindCoordinatorRequest(key_type=SHARE, coordinator_keys=[key])

        def is_there() -> bool:
            return d.wire.ask(asked, 6, FindCoordinatorResponse).coordinators[0].error_code == 0

        d.wait_for(is_there, "there is a coordinator")

        def is_loaded() -> bool:
            request = ReadShareGroupStateSummaryRequest(
                group_id=group,
                topics=[ReadStateSummaryData(topic_id=topic, partitions=[SummaryPartition(partition=0)])],
            )
            answer = d.wire.ask(request, 1, ReadShareGroupStateSummaryResponse)
            return answer.results[0].partitions[0].error_code not in (14, 15, 16)

        for number in range(256):  # wherever they fall
            topic = bytes(15) + bytes([number])
            d.wait_for(is_loaded, "the coordinator has read its log")

    def initialize(self, label: str, topic: bytes, state_epoch: int, start: int, *partitions: int) -> None:
        data = [
            InitializePartition(partition=p, state_epoch=state_epoch, start_offset=start) for p in partitions or (0,)
        ]
        request = InitializeShareGroupStateRequest(
            group_id=self.group, topics=[InitializeStateData(topic_id=topic, partitions=data)]
        )
        self.d.ask(label, request, 0, InitializeShareGroupStateResponse)

    def write(
        self,
        label: str,
        topic: bytes,
        *batches: tuple[int, int, int, int],
        epochs: tuple[int, int] = (0, 0),
        start: int = -1,
        done: int = 0,
        partition: int = 0,
        version: int = 1,
    ) -> None:
        data = WritePartition(
            partition=partition,
            state_epoch=epochs[0],
            leader_epoch=epochs[1],
            start_offset=start,
            delivery_complete_count=done if version else -1,
            state_batches=[
                StateBatch(first_offset=first, last_offset=last, delivery_state=state, delivery_count=count)
                for first, last, state, count in batches
            ],
        )
        request = WriteShareGroupStateRequest(
            group_id=self.group, topics=[WriteStateData(topic_id=topic, partitions=[data])]
        )
        self.d.ask(label, request, version, WriteShareGroupStateResponse)

    def read(self, label: str, topic: bytes, leader_epoch: int = 0, partition: int = 0) -> None:
        data = [ReadPartition(partition=partition, leader_epoch=leader_epoch)]
        request = ReadShareGroupStateRequest(
            group_id=self.group, topics=[ReadStateData(topic_id=topic, partitions=data)]
        )
        self.d.ask(label, request, 0, ReadShareGroupStateResponse)

    def summary(self, label: str, topic: bytes, leader_epoch: int = 0, partition: int = 0) -> None:
        data = [SummaryPartition(partition=partition, leader_epoch=leader_epoch)]
        request = ReadShareGroupStateSummaryRequest(
            group_id=self.group, topics=[ReadStateSummaryData(topic_id=topic, partitions=data)]
        )
        for version in (0, 1):
            self.d.ask(f"{label} v{version}", request, version, ReadShareGroupStateSummaryResponse)

    def delete(self, label: str, topic: bytes, *partitions: int) -> None:
        data = [DeletePartition(partition=p) for p in partitions or (0,)]
        request = DeleteShareGroupStateRequest(
            group_id=self.group, topics=[DeleteStateData(topic_id=topic, partitions=data)]
        )
        self.d.ask(label, request, 0, DeleteShareGroupStateResponse)

    def records(self) -> Sequence[Any]:
        """What the group has in the topic, partition by partition in the order of the log."""
        found: list[Any] = []
        for record in records_in(self.d, STATE_TOPIC):
            key, value = decode_share_state_record(record.key or b"", record.value) or (None, None)
            if getattr(key, "group_id", None) == self.group:
                found.append((key, _without_times(value)))
        return found


def _without_times(value: object) -> object:
    """A snapshot has the time now; what counts is whether it has it twice."""
    if not isinstance(value, ShareSnapshotValue):
        return value
    return replace(value, create_timestamp=0, write_timestamp=value.write_timestamp - value.create_timestamp)


@scenario
def a_share_partition_from_its_beginning_to_its_end(d: Dialogue) -> None:
    _, topic = d.create_topic("t", 2)
    keeper = Keeper(d, d.name("g"))
    keeper.summary("of nothing", topic)
    keeper.read("of nothing", topic)
    keeper.write("to nothing", topic, (0, 9, ACKNOWLEDGED, 1))
    keeper.delete("nothing", topic)
    keeper.initialize("begins nowhere", topic, 0, -1)
    keeper.summary("nowhere", topic)
    keeper.read("nowhere", topic)
    keeper.write("the first", topic, (5, 9, ACKNOWLEDGED, 1), (10, 12, AVAILABLE, 1), start=5)
    keeper.read("the first read", topic)
    keeper.write("the first again by version 0", topic, (5, 9, ACKNOWLEDGED, 1), version=0)
    keeper.write("overlaps", topic, (8, 11, ARCHIVED, 2), (6, 7, AVAILABLE, 1), (20, 20, ACKNOWLEDGED, 1), done=5)
    keeper.read("overlaps read", topic)
    keeper.write("moves on", topic, start=9, done=2)
    keeper.read("moved on", topic)
    keeper.summary("moved on", topic)
    keeper.read("a new leader", topic, 3)
    keeper.read("the same leader", topic, 3)
    keeper.read("no leader", topic, -1)
    keeper.read("an older leader", topic, 2)
    keeper.write("by an older leader", topic, epochs=(0, 2))
    keeper.write("by the leader", topic, (11, 13, ACKNOWLEDGED, 2), epochs=(0, 3), done=3)
    keeper.write("by a later leader", topic, epochs=(0, 4))
    keeper.summary("its leader epoch", topic)
    keeper.read("by the leader it had", topic, 3)
    keeper.write("by any leader", topic, epochs=(-1, -1), done=4)
    keeper.initialize("an older state", topic, -2, 50)
    keeper.initialize("a newer state", topic, 2, 50)
    keeper.summary("a newer state", topic)
    keeper.read("a newer state read", topic, 3)
    keeper.read("its leader was never forgotten", topic, 0)
    keeper.write("of the older state", topic, epochs=(1, 3))
    keeper.write("of the state", topic, (50, 50, ACKNOWLEDGED, 1), epochs=(2, 3), start=51)
    keeper.initialize("of no state", topic, -1, 0, 0, 1)
    keeper.delete("it", topic, 0, 1)
    keeper.delete("it again", topic)
    keeper.summary("gone", topic)
    keeper.read("gone", topic)
    keeper.initialize("begins again", topic, 0, 7)
    keeper.read("begun again", topic, 0)
    d.note("what is left behind", sorted(keeper.records(), key=lambda record: record[0].partition))


@scenario
def what_is_refused(d: Dialogue) -> None:
    _, topic = d.create_topic("t", 1)
    keeper = Keeper(d, d.name("g"))
    keeper.initialize("begins", topic, 1, 0)
    unknown = bytes(range(16))
    for name, at, partition in (
        ("an unknown topic", unknown, 0),
        ("no topic id", bytes(16), 0),
        ("a partition too many", topic, 1),
        ("a negative partition", topic, -1),
    ):
        keeper.initialize(f"initialize {name}", at, 0, 0, partition)
        keeper.write(f"write {name}", at, partition=partition)
        keeper.read(f"read {name}", at, partition=partition)
        keeper.summary(f"summary {name}", at, partition=partition)
        keeper.delete(f"delete {name}", at, partition)
    for name, group, topics in (
        ("no group", "", [topic]),
        ("no topics", keeper.group, []),
        ("no partitions", keeper.group, [topic]),
    ):
        indexes = () if name == "no partitions" else (0,)
        initialize = [
            InitializeStateData(topic_id=one, partitions=[InitializePartition(partition=p) for p in indexes])
            for one in topics
        ]
        write = [
            WriteStateData(topic_id=one, partitions=[WritePartition(partition=p) for p in indexes]) for one in topics
        ]
        read = [ReadStateData(topic_id=one, partitions=[ReadPartition(partition=p) for p in indexes]) for one in topics]
        summary = [
            ReadStateSummaryData(topic_id=one, partitions=[SummaryPartition(partition=p) for p in indexes])
            for one in topics
        ]
        delete = [
            DeleteStateData(topic_id=one, partitions=[DeletePartition(partition=p) for p in indexes]) for one in topics
        ]
        d.ask(
            f"initialize {name}",
            InitializeShareGroupStateRequest(group_id=group, topics=initialize),
            0,
            InitializeShareGroupStateResponse,
        )
        d.ask(
            f"write {name}", WriteShareGroupStateRequest(group_id=group, topics=write), 1, WriteShareGroupStateResponse
        )
        d.ask(f"read {name}", ReadShareGroupStateRequest(group_id=group, topics=read), 0, ReadShareGroupStateResponse)
        d.ask(
            f"summary {name}",
            ReadShareGroupStateSummaryRequest(group_id=group, topics=summary),
            1,
            ReadShareGroupStateSummaryResponse,
        )
        d.ask(
            f"delete {name}",
            DeleteShareGroupStateRequest(group_id=group, topics=delete),
            0,
            DeleteShareGroupStateResponse,
        )
    keeper.read("as it was", topic, 0)


@scenario
def batches_that_overlap(d: Dialogue) -> None:
    _, topic = d.create_topic("t", 1)
    keeper = Keeper(d, d.name("g"))
    stories: dict[str, Sequence[Sequence[tuple[int, int, int, int]]]] = {
        "alike and apart": [[(0, 1, 2, 1), (3, 4, 2, 1)], [(6, 7, 2, 1)]],
        "alike and touching": [[(0, 1, 2, 1), (2, 4, 2, 1)], [(5, 7, 2, 1)]],
        "alike and over each other": [[(0, 5, 2, 1), (2, 4, 2, 1)], [(3, 9, 2, 1)]],
        "a higher state": [[(0, 9, 0, 1)], [(3, 5, 2, 1)]],
        "a lower state": [[(0, 9, 2, 1)], [(3, 5, 0, 1)]],
        "a higher count": [[(0, 9, 2, 1)], [(3, 5, 0, 2)]],
        "a lower count": [[(0, 9, 0, 2)], [(3, 5, 4, 1)]],
        "from the same offset": [[(0, 9, 0, 1)], [(0, 5, 2, 1)], [(0, 12, 0, 2)]],
        "to the same offset": [[(0, 9, 0, 1)], [(5, 9, 2, 1)], [(3, 9, 0, 1)]],
        "one after the other": [[(0, 9, 0, 1)], [(5, 14, 2, 1)], [(10, 19, 4, 1)], [(0, 30, 0, 1)]],
        "in no order": [[(20, 29, 0, 1), (0, 9, 0, 1), (10, 19, 2, 1)], [(5, 25, 0, 3)]],
        "left apart though alike": [[(0, 4, 2, 1), (5, 9, 0, 1)], [(5, 9, 2, 1)]],
        "the same twice": [[(0, 4, 2, 1), (0, 4, 2, 1)], [(0, 4, 2, 1)]],
        "one inside many": [[(0, 99, 0, 1)], [(10, 19, 0, 2), (15, 30, 0, 3), (18, 20, 4, 3)], [(0, 99, 2, 2)]],
    }
    for state_epoch, (name, writes) in enumerate(stories.items()):
        keeper.initialize(f"{name}: begins", topic, state_epoch, 0)
        for number, batches in enumerate(writes):
            keeper.write(f"{name}: {number}", topic, *batches, epochs=(state_epoch, 0))
            keeper.read(f"{name}: after {number}", topic)
        keeper.write(f"{name}: moves", topic, epochs=(state_epoch, 0), start=4)
        keeper.read(f"{name}: moved", topic)
    d.note("what is left behind", keeper.records())


@scenario
def topics_that_go_take_their_state_with_them(d: Dialogue) -> None:
    name, topic = d.create_topic("t", 2)
    keeper = Keeper(d, d.name("g"))
    keeper.initialize("begins", topic, 0, 0, 0, 1)
    gone = DeleteTopicsRequest(topics=[DeleteTopicState(name=name, topic_id=bytes(16))], timeout_ms=10_000)
    assert d.wire.ask(gone, 6, DeleteTopicsResponse).responses[0].error_code == 0
    d.wait_for(lambda: len(keeper.records()) == 4, "the state is gone")
    d.note("what is left behind", sorted(keeper.records(), key=lambda record: record[0].partition))
    keeper.read("gone", topic)
    keeper.summary("gone", topic)
    keeper.initialize("begins again", topic, 0, 0)
    keeper.delete("gone without a trace", topic)


@scenario
def coordinators_of_share_partitions(d: Dialogue) -> None:
    topic = encode_uuid(bytes(15) + b"1")
    Keeper(d, d.name("g"))
    keys = [
        f"g:{topic}:0",
        f"a:b:{topic}:12",
        f" g :{topic}:+1",
        f"g:{topic}:-1",
        f"g:{topic}:0:",
        f"g:{topic}:2147483648",
        f"g:{topic}: 1",
        f"g:{topic}:x",
        f"g:{topic}:",
        f"g:{topic}",
        f":{topic}:0",
        f"  :{topic}:0",
        "g:short:0",
        f"g:{topic}x:0",
        f"g:{topic}==:0",
        "g",
        "",
        "::",
        f"g::{topic}:0",
    ]
    for key in keys:
        request = FindCoordinatorRequest(key_type=SHARE, coordinator_keys=[key])
        d.ask(f"{key!r}", request, 6, FindCoordinatorResponse)
    both = FindCoordinatorRequest(key_type=SHARE, coordinator_keys=[keys[0], "g"])
    d.ask("a good one and a bad one", both, 6, FindCoordinatorResponse)
    for version in (4, 5):
        request = FindCoordinatorRequest(key_type=SHARE, coordinator_keys=[keys[0]])
        d.ask(f"before its time v{version}", request, version, FindCoordinatorResponse)
    for version in (1, 2, 3):
        request = FindCoordinatorRequest(key_type=SHARE, key=keys[0])
        d.ask(f"before its time v{version}", request, version, FindCoordinatorResponse)
