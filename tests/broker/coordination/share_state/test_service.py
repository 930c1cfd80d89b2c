"""What the service does around the coordinator: the log, the answers, and what happens by the clock."""

import pytest

from odradek.broker.coordination.share_state.requests import ReadState, StateBatch, StateError
from odradek.broker.metadata.delta import MetadataDelta
from odradek.broker.metadata.image import MetadataImage
from odradek.broker.testing.topics import delete_topics, internal_topic
from odradek.protocol.errors import ErrorCode
from odradek.protocol.share_group_records import ShareSnapshotKey, ShareUpdateKey

from ...clusters import Changes
from .share_state_broker import STATE_TOPIC, ShareStateBroker

FIRST = StateBatch(0, 4, 2, 1)


def log_start(broker: ShareStateBroker) -> int:
    (partition,) = internal_topic(broker.topics, STATE_TOPIC).partitions
    return partition.open_log().log_start_offset


def test_what_was_written_is_there_after_a_restart() -> None:
    broker = ShareStateBroker()
    assert broker.topics.find(STATE_TOPIC) is None
    assert broker.initialize(start=3) == [StateError()]
    assert broker.write(FIRST) == [StateError()]
    broker.restart()
    assert broker.read() == [ReadState(start_offset=3, batches=(StateBatch(3, 4, 2, 1),))]


def test_a_refusal_is_an_answer_with_a_message() -> None:
    broker = ShareStateBroker()
    assert broker.write(FIRST) == [
        StateError(ErrorCode.INVALID_REQUEST, "Write operation on uninitialized share partition not allowed.")
    ]
    broker.initialize()
    broker.read(leader_epoch=2)
    assert broker.write(FIRST, leader_epoch=1) == [
        StateError(ErrorCode.FENCED_LEADER_EPOCH, ErrorCode.FENCED_LEADER_EPOCH.message)
    ]


def test_an_answer_waits_for_the_disk_where_the_settings_say_so() -> None:
    broker = ShareStateBroker({"log.flush.interval.messages": "1"})
    broker.initialize()
    broker.holds_fsyncs = True
    written = broker.write(FIRST)
    assert not written
    broker.finish_fsync()
    assert written == [StateError()]


def test_a_disk_that_refuses_changes_nothing() -> None:
    broker = ShareStateBroker()
    broker.initialize()
    broker.files.failing_writes = 1
    assert broker.write(FIRST) == [StateError(ErrorCode.NOT_COORDINATOR, ErrorCode.NOT_COORDINATOR.message)]
    assert broker.read() == [ReadState()]


def test_what_is_not_needed_any_more_is_pruned_every_five_minutes() -> None:
    broker = ShareStateBroker({"share.coordinator.cold.partition.snapshot.interval.ms": "1000000"})
    broker.initialize()
    broker.initialize(state_epoch=1)
    broker.write(FIRST)
    broker.clock.advance(299)
    assert log_start(broker) == 0
    broker.clock.advance(1)
    assert log_start(broker) == 1
    broker.restart()
    assert broker.read()[0].batches == (FIRST,)


def test_nothing_is_pruned_or_written_anew_while_the_feature_is_off() -> None:
    broker = ShareStateBroker()
    broker.initialize()
    broker.initialize(state_epoch=1)
    Changes(broker.context.metadata).set_features({"share.version": 0})
    broker.clock.advance(1000)
    assert (log_start(broker), len(broker.stored())) == (0, 2)


def test_cold_partitions_are_written_anew_so_that_the_log_can_be_pruned() -> None:
    broker = ShareStateBroker()
    broker.initialize(0)
    for _ in range(3):
        broker.write(FIRST)
    broker.initialize(1)
    broker.clock.advance(300)
    broker.clock.advance(300)
    assert log_start(broker) > 4
    assert {kind for _, kind, _ in broker.stored()} == {ShareSnapshotKey}
    assert broker.read()[0].batches == (FIRST,)


def test_the_states_of_a_deleted_topic_are_removed() -> None:
    broker = ShareStateBroker()
    broker.initialize(0)
    broker.initialize(1)
    topic = broker.topics.find("t")
    assert topic is not None
    delete_topics(broker.topics, [topic])
    assert [has_value for _, _, has_value in broker.stored()] == [True, True, False, False]
    assert broker.read()[0].error is ErrorCode.INVALID_REQUEST


def test_the_states_of_a_topic_that_a_crash_left_are_removed_by_the_next_start(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    broker = ShareStateBroker()
    broker.initialize(0)
    broker.create("u")
    topic = broker.topics.find("t")
    assert topic is not None

    def hear_nothing(delta: MetadataDelta, image: MetadataImage) -> None:
        """It is not told any more."""

    monkeypatch.setattr(broker.context.share_state, "on_delta", hear_nothing)
    delete_topics(broker.topics, [topic])
    assert len(broker.stored()) == 1
    broker.restart(is_clean=False)
    assert [has_value for _, _, has_value in broker.stored()] == [True, False]


def test_updates_stand_between_snapshots() -> None:
    broker = ShareStateBroker({"share.coordinator.snapshot.update.records.per.snapshot": "1"})
    broker.initialize()
    broker.write(FIRST)
    broker.write(FIRST)
    assert [kind for _, kind, _ in broker.stored()] == [ShareSnapshotKey, ShareUpdateKey, ShareSnapshotKey]
    broker.delete()
    assert broker.delete() == [StateError(ErrorCode.NONE, None)]
