"""What acks=-1 promises: replicas that are too few, and replicas that do not answer."""

from collections.abc import Sequence

from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages.produce import ProduceRequest, ProduceResponse

from ..batches import BASE_MS
from ..node_dialogue import NodeDialogue, Topic, story
from ..node_requests import (
    DEBUGGER,
    EARLIEST,
    LATEST,
    MAX_TIMESTAMP,
    delete_records,
    epoch_end,
    list_offsets,
    partitions,
    produce_request,
    read,
    write,
)
from ..three_nodes import NODE_IDS


def look(d: NodeDialogue, label: str, node_id: int, topic: Topic) -> None:
    """What can be read, and where it ends."""
    read(d, f"{label}: read {d.plain_name(topic.name)}", node_id, topic)
    list_offsets(d, f"{label}: end of {d.plain_name(topic.name)}", node_id, topic)


class Ledger:
    """Topics of three replicas, each with another min.insync.replicas, and how many records each has taken."""

    def __init__(self, d: NodeDialogue) -> None:
        self._d = d
        self.taken = {
            d.create_topic(f"min{least}", [[1, 2, 3]], {"min.insync.replicas": f"{least}"}): 0 for least in (1, 2, 3, 4)
        }

    def write(self, label: str, values: Sequence[bytes], *, acks: int = -1, version: int = 10) -> None:
        """To each at broker 1, which leads them."""
        for topic in self.taken:
            answer = write(self._d, f"{label}: {self._base(topic)}", 1, topic, values, acks=acks, version=version)
            if answer.responses[0].partition_responses[0].error_code == 0:
                self.taken[topic] += len(values)

    def look(self, label: str) -> None:
        """What a consumer finds in each."""
        for topic in self.taken:
            look(self._d, label, 1, topic)

    def settle(self, isr: Sequence[int]) -> None:
        """Until these are in sync, and what can be committed is."""
        for least, topic in enumerate(self.taken, 1):
            self._d.wait_for_isr(topic.name, isr)
            if len(isr) >= least:
                self._d.wait_for_high_watermark(1, topic.name, self.taken[topic])

    def _base(self, topic: Topic) -> str:
        return self._d.plain_name(topic.name)


@story
def too_few_replicas_are_in_sync(d: NodeDialogue) -> None:
    ledger = Ledger(d)
    ledger.write("all up", [b"a"])
    ledger.look("all up")
    for dead, isr in ((3, [1, 2]), (2, [1])):
        d.kill(dead)
        ledger.settle(isr)
        ledger.write(f"{len(isr)} in sync, acks -1", [b"b"])
        ledger.write(f"{len(isr)} in sync, acks -1, v9", [b"c"], version=9)
        ledger.write(f"{len(isr)} in sync, acks 1", [b"d", b"e"], acks=1)
        ledger.settle(isr)
        ledger.look(f"{len(isr)} in sync")
        partitions(d, f"{len(isr)} in sync", 1, *ledger.taken)
    for back, isr in ((2, [1, 2]), (3, [1, 2, 3])):
        d.start(back)
        ledger.settle(isr)
        ledger.look(f"{back} is back")
        ledger.write(f"{back} is back", [b"f"])


@story
def a_follower_stalls(d: NodeDialogue) -> None:
    """What is not on every replica in sync is read by nobody, until the replica is out of sync."""
    topic = d.create_topic("min2", [[1, 2, 3]], {"min.insync.replicas": "2"})
    other = d.create_topic("deleted", [[1, 2, 3]], {"min.insync.replicas": "2"})
    for one in (topic, other):
        write(d, f"all up: {d.plain_name(one.name)}", 1, one, (b"a", b"b"))
        for node_id in NODE_IDS:
            d.wait_for_high_watermark(node_id, one.name, 2)
    d.freeze(3)
    write(d, "acks -1", 1, topic, (b"c",), timeout_ms=300)
    write(d, "acks 1", 1, topic, (b"d",), acks=1)
    delete_records(d, "delete records", 1, other, 1, timeout_ms=300)
    d.wait_for_end(2, topic.name, 4)
    for node_id in (1, 2):
        for offset in (0, 2, 3, 4, 5):
            read(d, f"from {offset}", node_id, topic, offset)
    read(d, "from the stalled rack", 1, topic, rack="c")
    for timestamp in (LATEST, EARLIEST, MAX_TIMESTAMP):
        list_offsets(d, f"offset of {timestamp}", 1, topic, timestamp)
    list_offsets(d, "the earliest of what was deleted", 1, other, EARLIEST)
    epoch_end(d, "end of epoch 0", 1, topic, 0)
    delete_records(d, "delete records beyond the high watermark", 1, topic, 3, timeout_ms=300)
    partitions(d, "still in sync", 1, topic, other)
    d.wait_until_fenced(3)
    d.settle(topic.name, other.name)
    d.wait_for_high_watermark(1, topic.name, 4)
    d.wait_for_high_watermark(2, topic.name, 4)
    look(d, "out of sync", 1, topic)
    look(d, "out of sync", 2, topic)
    write(d, "out of sync", 1, topic, (b"e",))
    d.resume(3)
    d.wait_for_isr(topic.name, [1, 2, 3])
    d.wait_for_high_watermark(3, topic.name, 5)
    read(d, "back", 3, topic)


@story
def a_producer_waits_while_the_replicas_become_too_few(d: NodeDialogue) -> None:
    """The high watermark stands still with too few in sync (KIP-966), so a waiting producer runs out of time."""
    enough = d.create_topic("min2", [[1, 2, 3]], {"min.insync.replicas": "2"})
    few = d.create_topic("min3", [[1, 2, 3]], {"min.insync.replicas": "3"})
    d.freeze(3)
    with d.connect(1) as one, d.connect(1) as other:
        one.send(produce_request(enough, [b"a"], version=10, acks=-1, timeout_ms=60_000), 10)
        other.send(produce_request(few, [b"a"], version=10, acks=-1, timeout_ms=12_000), 10)
        d.wait_until_fenced(3)
        d.note("enough are left", one.answer(ProduceRequest, 10, ProduceResponse))
        d.settle(few.name, enough.name)
        write(d, "too few are left: another", 1, few)
        read(d, "too few are left: read", 1, few)
        d.note("too few are left", other.answer(ProduceRequest, 10, ProduceResponse))
    d.resume(3)
    d.wait_for_isr(few.name, [1, 2, 3])
    d.wait_for_high_watermark(1, few.name, 1)
    read(d, "all are back", 1, few)


@story
def a_leader_stalls_with_a_producer_waiting(d: NodeDialogue) -> None:
    """Who led and does not know yet that another leads lets its producers wait, then sends them there."""
    topic = d.create_topic("three", [[1, 2, 3]])
    write(d, "all up", 1, topic)
    d.freeze(1)
    with d.connect(1) as wire:
        wire.send(produce_request(topic, [b"lost"], version=10, acks=-1, timeout_ms=60_000), 10)
        d.wait_until_fenced(1)
        d.wait_for_leader(topic.name, 2)
        write(d, "at the new leader", 2, topic, (b"b",))
        d.resume(1)
        d.settle(topic.name)
        answer = wire.answer(ProduceRequest, 10, ProduceResponse)
        (found,) = answer.responses[0].partition_responses
        d.note("at the old leader, once it knows", ErrorCode(found.error_code).name)
    write(d, "at the old leader, later", 1, topic)
    d.wait_for_isr(topic.name, [1, 2, 3])
    for node_id in NODE_IDS:
        d.wait_for_high_watermark(node_id, topic.name, 2)
        read(d, "what is there", node_id, topic)


@story
def a_new_leader_does_not_know_yet_what_is_committed(d: NodeDialogue) -> None:
    """Whose high watermark is before its own epoch tells no consumer where the log ends (KIP-207)."""
    topic = d.create_topic("min3", [[1, 2, 3]], {"min.insync.replicas": "3"})
    write(d, "all up", 1, topic)
    for node_id in NODE_IDS:
        d.wait_for_high_watermark(node_id, topic.name, 1)
    d.kill(3)
    d.settle(topic.name)
    write(d, "not committed", 1, topic, (b"b", b"c"), acks=1)
    d.wait_for_end(2, topic.name, 3)
    d.kill(1)
    d.wait_for_leader(topic.name, 2)
    for version in (1, 4, 5, 7, 10):
        list_offsets(d, f"latest v{version}", 2, topic, version=version)
    for timestamp in (EARLIEST, MAX_TIMESTAMP, BASE_MS, BASE_MS + 1, BASE_MS + 2):
        list_offsets(d, f"offset of {timestamp}", 2, topic, timestamp)
    list_offsets(d, "latest that is committed", 2, topic, isolation=1)
    list_offsets(d, "latest, a debugger", 2, topic, replica_id=DEBUGGER)
    for offset in (0, 1, 2, 3, 4):
        read(d, f"from {offset}", 2, topic, offset)
    epoch_end(d, "end of epoch 0", 2, topic, 0)
    epoch_end(d, "end of epoch 1", 2, topic, 1)
    delete_records(d, "delete records", 2, topic, 1, timeout_ms=300)
    partitions(d, "2 alone", 2, topic)
    d.start(1)
    d.start(3)
    d.wait_for_isr(topic.name, NODE_IDS)
    d.wait_for_high_watermark(2, topic.name, 3)
    list_offsets(d, "all are back: latest", 2, topic)
    read(d, "all are back", 2, topic, 1)
