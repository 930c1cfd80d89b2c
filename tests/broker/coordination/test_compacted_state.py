"""A coordinator that replays its compacted log knows what it knew before."""

from collections.abc import Iterable

import pytest

from odradek.broker.topic_names import OFFSETS_TOPIC, TRANSACTION_TOPIC
from odradek.protocol.batch import RecordBatch
from odradek.protocol.messages.delete_groups import DeleteGroupsRequest, DeleteGroupsResponse
from odradek.protocol.messages.streams_group_heartbeat import TaskIds, TopicInfo
from odradek.protocol.records import read_records

from ...storage.compaction.compacting import PLENTY
from ..handlers.broker_harness import AskedBroker
from ..handlers.consumer_broker import ConsumerBroker
from ..handlers.streams_broker import StreamsBroker, stateful, topology
from ..handlers.transaction_harness import TransactingBroker

NAMES = [f"name {n}" for n in range(12)]


def compact(broker: AskedBroker, name: str, *, passes: int = 3) -> tuple[int, int]:
    """Everything of a topic that can be; how many records there were and are."""
    topic = broker.topics.find(name)
    assert topic is not None
    counts = [0, 0]
    for partition in topic.partitions:
        log = partition.open_log()
        assert log.config.is_compacted
        counts[0] += _records(log.batches())
        for turn in range(passes):
            broker.clock.advance(turn * (log.config.delete_retention_ms / 1000 + 1))  # tombstones had their time
            now_ms = broker.clock.now_ms()
            log.roll(now_ms)
            for step in log.begin_cleaning(log.find_cleanable(None, now_ms), now_ms, PLENTY).steps():
                if step is not None:
                    step()
        counts[1] += _records(log.batches())
    return counts[0], counts[1]


def _records(batches: Iterable[RecordBatch]) -> int:
    return sum(len(list(read_records(batch))) for batch in batches)


@pytest.mark.parametrize("is_clean", [True, False])
def test_transactions_outlive_the_compaction_of_their_log(is_clean: bool) -> None:
    broker = TransactingBroker({"transactional.id.expiration.ms": "2000000000"})
    producers = {}
    for name in NAMES:
        for turn in range(3):
            who = producers[name] = broker.begin(name)
            assert broker.add(who, name=name) == [0]
            if turn < 2 or name != NAMES[0]:
                assert broker.end(who, commit=turn == 1, name=name)[0] == 0
    states = {name: broker.describe(name) for name in NAMES}
    assert states[NAMES[0]].transaction_state == "Ongoing"
    before, after = compact(broker, TRANSACTION_TOPIC, passes=1)
    assert after == len(NAMES) < before
    broker.restart(is_clean=is_clean)
    assert {name: broker.describe(name) for name in NAMES} == states
    assert broker.end(producers[NAMES[0]], commit=True, name=NAMES[0])[0] == 0


@pytest.mark.parametrize("is_clean", [True, False])
def test_groups_and_their_offsets_outlive_the_compaction_of_their_log(is_clean: bool) -> None:
    broker = TransactingBroker({"offsets.retention.minutes": "999999", "transactional.id.expiration.ms": "2000000000"})
    who = broker.begin()
    for offset in range(4):
        for group in NAMES:
            assert broker.add_offsets(who, group) == 0
            assert broker.commit_offset(who, offset, group=group) == 0
        assert broker.end(who, commit=offset != 3)[0] == 0  # the last ones are aborted
    deleted = broker.ask(DeleteGroupsRequest(groups_names=NAMES[:3]), 2, DeleteGroupsResponse).answer
    assert [one.error_code for one in deleted.results] == [0, 0, 0]
    expected = [None] * 3 + [2] * (len(NAMES) - 3)
    assert [broker.offset(group) for group in NAMES] == expected
    before, after = compact(broker, OFFSETS_TOPIC)
    assert after < before / 3
    broker.restart(is_clean=is_clean)
    assert [broker.offset(group) for group in NAMES] == expected
    who = broker.begin()
    assert broker.add_offsets(who, NAMES[5]) == 0
    assert broker.commit_offset(who, 77, group=NAMES[5]) == 0
    assert broker.end(who, commit=True)[0] == 0
    assert broker.offset(NAMES[5]) == 77


@pytest.mark.parametrize("is_clean", [True, False])
def test_consumer_groups_outlive_the_compaction_of_their_log(is_clean: bool) -> None:
    broker = ConsumerBroker()
    broker.create("t", 4)
    for group in NAMES:
        for member in ("a", "b", "gone"):
            broker.beat(member, group_id=group)
        broker.beat("gone", -1, group_id=group)
        for _ in range(2):
            owned = {"t": [0, 1]}
            for epoch in (2, 3, 4, 5):
                for member in ("a", "b"):
                    broker.beat(member, epoch, group_id=group, owned=owned if member == "a" else {})
    described = [broker.describe(group) for group in NAMES]
    assert {group.group_state for group in described} == {"Stable"}
    before, after = compact(broker, OFFSETS_TOPIC, passes=1)
    assert after < before / 2
    broker.restart(is_clean=is_clean)
    assert [broker.describe(group) for group in NAMES] == described
    (one, _) = described[0].members
    assert broker.beat(one.member_id, one.member_epoch, group_id=NAMES[0]).error_code == 0


@pytest.mark.parametrize("is_clean", [True, False])
def test_streams_groups_outlive_the_compaction_of_their_log(is_clean: bool) -> None:
    broker = StreamsBroker({"group.streams.num.standby.replicas": "1"})
    for name in ("t", "c"):
        broker.create(name, 4)
    whole = topology(stateful("t", TopicInfo(name="c")))
    for group in NAMES:
        for member in ("a", "b", "gone"):
            broker.beat(member, group_id=group, topology=whole)
        broker.beat("gone", -1, group_id=group)
        for epoch in (2, 3, 4, 5, 5):
            for member in ("a", "b"):
                own = [TaskIds(subtopology_id="0", partitions=[0, 1])] if member == "a" else []
                broker.beat(member, epoch, group_id=group, active_tasks=own, standby_tasks=[], warmup_tasks=[])
    described = [broker.describe(group) for group in NAMES]
    assert {group.group_state for group in described} == {"Stable"}
    before, after = compact(broker, OFFSETS_TOPIC, passes=1)
    assert after < before / 2
    broker.restart(is_clean=is_clean)
    for known in described:  # how the topology stands to the topics is found out anew, as in Kafka
        (one, _) = known.members
        assert broker.beat(one.member_id, one.member_epoch, group_id=known.group_id).error_code == 0
    assert [broker.describe(group) for group in NAMES] == described
