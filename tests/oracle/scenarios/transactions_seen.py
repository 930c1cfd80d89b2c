"""What others see of transactions: readers amid several of them, tools, and markers written by hand."""

from collections.abc import Sequence

from odradek.protocol.messages.delete_topics import DeleteTopicsRequest, DeleteTopicsResponse
from odradek.protocol.messages.describe_transactions import DescribeTransactionsRequest, DescribeTransactionsResponse
from odradek.protocol.messages.list_transactions import ListTransactionsRequest, ListTransactionsResponse
from odradek.protocol.messages.write_txn_markers import (
    WritableTxnMarker,
    WritableTxnMarkerTopic,
    WriteTxnMarkersRequest,
    WriteTxnMarkersResponse,
)

from ..observe import fetch_from, look, producers
from ..transaction_harness import Transactor, transaction_version
from ..wire_session import Dialogue, scenario


@scenario
def a_topic_is_deleted_amid_a_transaction(d: Dialogue) -> None:
    gone, _ = d.create_topic("gone")
    kept, _ = d.create_topic("kept")
    with transaction_version(d, 1):
        one = Transactor(d)
        one.init("init")
        one.add("add", gone)
        one.add("add the other", kept)
        one.produce("write", gone, 0)
        one.produce("write to the other", kept, 0)
        answer = d.wire.ask(DeleteTopicsRequest(topic_names=[gone], timeout_ms=5000), 3, DeleteTopicsResponse)
        d.note("delete", [one.error_code for one in answer.responses])
        one.end("commit", commit=True)
        one.describe("committed")
        look(d, "kept", kept)


@scenario
def interleaved_transactions(d: Dialogue) -> None:
    topic, _ = d.create_topic("orders")
    with transaction_version(d, 1):
        writers = [Transactor(d, f"writer {number}") for number in range(4)]
        for number, one in enumerate(writers):
            one.init(f"init {number}")
            one.add(f"add {number}", topic)
        story = ["0a", "1a", "2a", "0b", "3a", "!1", "0c", "2b", "?0", "3b", "!3", "2c", "!2"]
        sequences = [0, 0, 0, 0]
        for step, word in enumerate(story):
            who = int(word[1] if word[0] in "!?" else word[0])
            if word[0] in "!?":
                writers[who].end(f"{step}: {word}", commit=word[0] == "?")
            else:
                writers[who].produce(f"{step}: {word}", topic, sequences[who])
                sequences[who] += 1
            fetch_from(d, f"{step}: stable so far", topic, 0)
        for offset in range(14):
            fetch_from(d, f"from {offset}", topic, offset)
            fetch_from(d, f"a little from {offset}", topic, offset, max_bytes=80)
        look(d, "at last", topic)


@scenario
def markers_by_hand(d: Dialogue) -> None:
    topic, _ = d.create_topic("orders")
    with transaction_version(d, 1):
        one = Transactor(d)
        one.init("init")
        one.init("init again")
        one.add("add", topic)
        one.produce("write", topic, 0)

        def mark(
            label: str, version: int, epoch: int, *, coordinator: int = 0, name: str = topic, index: int = 0,
            pid: int = one.producer_id, commit: bool = False, transaction_version: int = 0,
        ) -> None:  # fmt: skip
            marker = WritableTxnMarker(
                producer_id=pid,
                producer_epoch=epoch,
                transaction_result=commit,
                topics=[WritableTxnMarkerTopic(name=name, partition_indexes=[index])],
                coordinator_epoch=coordinator,
                transaction_version=transaction_version,
            )
            d.ask(label, WriteTxnMarkersRequest(markers=[marker]), version, WriteTxnMarkersResponse)

        for version in (1, 2):
            mark(f"an unknown topic v{version}", version, 1, name=d.name("nope"))
            mark(f"an unknown partition v{version}", version, 1, index=5)
            mark(f"an old epoch v{version}", version, 0)
        mark("the same epoch for V2", 2, 1, transaction_version=2)
        mark("an old epoch for V2", 2, 0, transaction_version=2)
        mark("rightly", 1, 1, coordinator=3)
        mark("an old coordinator", 1, 1, coordinator=2)
        mark("the same epoch for V2 with nothing open", 2, 1, coordinator=3, transaction_version=2)
        mark("of nobody", 1, 0, pid=one.producer_id + 5000)
        for transaction_version_given in (0, 1, 3):
            label = f"transaction version {transaction_version_given}"
            mark(label, 2, 1, coordinator=3, transaction_version=transaction_version_given)
        one.produce("write after the marker", topic, 1, version=10)
        one.describe("the coordinator knows nothing of it")
        look(d, "at last", topic)


@scenario
def what_tools_ask(d: Dialogue) -> None:
    topic, _ = d.create_topic("orders")
    with transaction_version(d, 1):
        idle, ongoing = Transactor(d, "idle"), Transactor(d, "ongoing")
        idle.init("init")
        ongoing.init("init the other")
        ongoing.add("add", topic)
        asked = DescribeTransactionsRequest(transactional_ids=[idle.id, "", d.name("nobody")])
        answer = d.wire.ask(asked, 0, DescribeTransactionsResponse)
        d.note("describe", answer)
        producers(d, "producers of an unknown topic", d.name("nope"))
        producers(d, "producers of an unknown partition", topic, 0, 7)

        def listed(
            label: str,
            version: int,
            states: Sequence[str] = (),
            producer_ids: Sequence[int] = (),
            duration_ms: int = -1,
            pattern: str | None = None,
        ) -> None:
            request = ListTransactionsRequest(
                state_filters=states,
                producer_id_filters=producer_ids,
                duration_filter=duration_ms,
                transactional_id_pattern=pattern,
            )
            answer = d.wire.ask(request, version, ListTransactionsResponse)
            ours = [one for one in answer.transaction_states if one.transactional_id in (idle.id, ongoing.id)]
            answer.transaction_states = sorted(ours, key=lambda one: one.transactional_id)
            d.note(label, answer)

        for version in range(3):
            listed(f"all v{version}", version)
            listed(f"Empty v{version}", version, states=["Empty"])
            listed(f"unknown states v{version}", version, states=["empty", "Nonsense", "Ongoing"])
            listed(f"one unknown state v{version}", version, states=["Nonsense"])
            listed(f"Dead v{version}", version, states=["Dead", "PrepareEpochFence"])
            listed(f"of a producer v{version}", version, producer_ids=[ongoing.producer_id])
        listed("running", 1, duration_ms=0)
        listed("running for long", 1, duration_ms=3_600_000)
        listed("any duration", 1, duration_ms=-1)
        for pattern in ("idle.*", "idle", ".*oing-.*", "", None, "(", "[", "*", "a{2", "(?i)IDLE.*", ".*$"):
            listed(f"like {pattern!r}", 2, pattern=pattern)
