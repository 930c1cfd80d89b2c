"""Leaders and followers among three brokers: roles come from the metadata, who is in sync is the controller's word."""

from collections.abc import Callable

import pytest

from odradek.broker.metadata.image import config_record
from odradek.broker.nodes.links import CONTROLLER
from odradek.broker.replication.replica_fetch import Follower, ReplicaFetch
from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages.produce import PartitionProduceResponse, ProduceResponse
from odradek.protocol.metadata_records import ConfigResourceType

from ..handlers.broker_harness import batch
from ..handlers.group_context import Asked
from ..several_brokers.brokers_in_trouble import BrokersInTrouble

LAG_S = 30.0
PLENTY = 1 << 20


def in_trouble(*replicas: int, **configs: str) -> BrokersInTrouble:
    """Three brokers and a topic t with one partition, on these brokers or on all."""
    brokers = BrokersInTrouble()
    brokers.create("t", list(replicas or (1, 2, 3)), **configs)  # type: ignore[arg-type]
    brokers.advance(0)
    return brokers


def produced(asked: Asked[ProduceResponse]) -> PartitionProduceResponse:
    (found,) = asked.answer.responses
    (answer,) = found.partition_responses
    return answer


def write(brokers: BrokersInTrouble, *values: bytes, acks: int = -1) -> PartitionProduceResponse:
    """To the leader, and its answer once everything has settled."""
    asked = brokers[brokers.record().leader].send(batch(*values), acks=acks)
    brokers.advance(0)
    return produced(asked)


def isr(brokers: BrokersInTrouble) -> set[int]:
    return set(brokers.record().isr)


def end(brokers: BrokersInTrouble, node_id: int) -> tuple[int, int]:
    """Where the log of a broker ends, and how far it is replicated as far as that broker knows."""
    log = brokers[node_id].partition().replica_log
    return log.log_end_offset, log.high_watermark


# Leading and following


def test_what_all_in_sync_have_is_committed_everywhere() -> None:
    brokers = in_trouble()
    assert write(brokers, b"a", b"b").base_offset == 0
    assert [end(brokers, node_id) for node_id in (1, 2, 3)] == [(2, 2)] * 3


def test_slow_links_delay_what_is_to_reach_all_and_nothing_else() -> None:
    brokers = in_trouble()
    for way in ((2, 1), (1, 2)):
        brokers.links.set(*way, delay_s=1.0)
    one, all_of_them = brokers[1].send(batch(b"a"), acks=1), brokers[1].send(batch(b"b"), timeout_ms=60_000)
    brokers.advance(0)
    assert produced(one).error_code == ErrorCode.NONE
    assert all_of_them.is_deferred
    brokers.advance(4)
    assert produced(all_of_them).error_code == ErrorCode.NONE


def test_a_leader_that_others_have_replaced_commits_nothing_any_more() -> None:
    """It does not know: the controller does not reach it. What was only written there is lost."""
    brokers = in_trouble()
    write(brokers, b"a")
    for other in (CONTROLLER, 2, 3):
        brokers.links.set(other, 1, is_cut=True)
        brokers.links.set(1, other, is_cut=True)
    brokers.advance(9)
    assert brokers.record().leader == 2
    old = brokers[1].send(batch(b"old"), timeout_ms=60_000)
    assert write(brokers, b"new").error_code == ErrorCode.NONE
    brokers.advance(40)
    assert old.is_deferred
    assert end(brokers, 1) == (2, 1)
    brokers.links.heal()
    brokers.advance(0)
    assert produced(old).error_code == ErrorCode.NOT_LEADER_OR_FOLLOWER
    assert [end(brokers, node_id) for node_id in (1, 2, 3)] == [(2, 2)] * 3
    assert isr(brokers) == {1, 2, 3}


def test_a_leader_that_was_frozen_for_too_long_follows_when_it_goes_on() -> None:
    brokers = in_trouble()
    waiting = brokers[1].send(batch(b"a"), timeout_ms=60_000)
    brokers.freeze(1)
    brokers.advance(9)
    assert brokers.record().leader == 2
    brokers.resume(1)
    brokers.advance(0)
    assert produced(waiting).error_code == ErrorCode.NOT_LEADER_OR_FOLLOWER
    assert not brokers[1].partition().is_leader
    assert write(brokers, b"b").base_offset == 0


def test_a_leader_whose_epoch_is_new_goes_on_with_those_who_wait() -> None:
    brokers = in_trouble()
    brokers.freeze(2)
    waiting = brokers[1].send(batch(b"a"), timeout_ms=60_000)
    brokers.advance(0)
    brokers.reassign("t", 0, [1, 3])
    brokers.advance(0)
    assert brokers.record().leader_epoch == 1
    assert produced(waiting).error_code == ErrorCode.NONE


def test_who_has_the_only_replica_that_is_left_answers_what_waits() -> None:
    brokers = in_trouble(min_insync_replicas="2")
    for node_id in (2, 3):
        brokers.freeze(node_id)
    waiting = brokers[1].send(batch(b"a"), timeout_ms=60_000)
    brokers.reassign("t", 0, [1])
    brokers.advance(0)
    assert produced(waiting).error_code == ErrorCode.NONE
    assert write(brokers, b"b").base_offset == 1
    assert end(brokers, 1) == (2, 2)


def test_a_partition_gets_more_replicas_and_all_of_what_it_has_stays_committed() -> None:
    brokers = in_trouble(1)
    write(brokers, b"a")
    brokers.reassign("t", 0, [1, 2, 3])
    brokers.advance(0)
    assert isr(brokers) == {1, 2, 3}
    assert [end(brokers, node_id) for node_id in (1, 2, 3)] == [(1, 1)] * 3
    assert write(brokers, b"b").error_code == ErrorCode.NONE


def test_a_new_replica_is_in_sync_though_compaction_has_left_nothing_of_the_end_of_the_log() -> None:
    brokers = in_trouble(1)
    write(brokers, b"a")
    log = brokers[1].partition().replica_log
    log.append_replicated(b"", brokers.clock.now_ms(), next_offset=5)
    brokers.reassign("t", 0, [1, 2, 3])
    brokers.advance(0)
    assert isr(brokers) == {1, 2, 3}
    assert [end(brokers, node_id) for node_id in (1, 2, 3)] == [(5, 5)] * 3
    assert write(brokers, b"b").base_offset == 5


def test_a_gap_that_is_of_another_epoch_is_gone_over_with_the_next_batch() -> None:
    """The follower would have nothing to show for that epoch, and be cut back again and again."""
    brokers = in_trouble(1)
    write(brokers, b"a")
    brokers.kill(1)
    brokers.start(1)
    brokers.advance(0)
    brokers[1].partition().replica_log.append_replicated(b"", brokers.clock.now_ms(), next_offset=5)
    brokers.reassign("t", 0, [1, 2])
    brokers.advance(0)
    assert isr(brokers) == {1}
    assert write(brokers, b"b").base_offset == 5
    assert isr(brokers) == {1, 2}
    assert [end(brokers, node_id) for node_id in (1, 2)] == [(6, 6)] * 2


def test_a_replica_that_was_taken_away_comes_back_with_nothing() -> None:
    brokers = in_trouble()
    write(brokers, b"a")
    brokers.reassign("t", 0, [1, 2])
    brokers.advance(0)
    assert brokers[3].partition().opened_log is None
    brokers.links.set(3, 1, is_cut=True)
    brokers.reassign("t", 0, [1, 2, 3])
    brokers.advance(0)
    assert end(brokers, 3) == (0, 0)
    assert isr(brokers) == {1, 2}
    brokers.links.heal()
    brokers.advance(0)
    assert end(brokers, 3) == (1, 1)
    assert isr(brokers) == {1, 2, 3}


def test_a_topic_that_was_made_anew_while_a_broker_was_away_is_copied_from_the_beginning() -> None:
    brokers = in_trouble()
    write(brokers, b"old", b"old")
    brokers.kill(3)
    topic_id = brokers[1].topic().topic_id
    brokers.around.log.remove_topics(lambda: [topic_id], lambda error: None)
    brokers.create("t", [1, 2, 3])
    write(brokers, b"new")
    brokers.start(3)
    brokers.advance(0)
    assert end(brokers, 3) == (1, 1)
    assert isr(brokers) == {1, 2, 3}


# Who is in sync


def test_a_follower_that_cannot_reach_its_leader_is_in_sync_until_it_has_lagged_too_long() -> None:
    brokers = in_trouble()
    brokers.advance(100)
    brokers.links.set(2, 1, is_cut=True)
    waiting = brokers[1].send(batch(b"a"), timeout_ms=600_000)
    brokers.advance(LAG_S)
    assert isr(brokers) == {1, 2, 3}
    assert waiting.is_deferred
    brokers.advance(LAG_S / 2)
    assert isr(brokers) == {1, 3}
    assert produced(waiting).error_code == ErrorCode.NONE
    brokers.links.heal()
    brokers.advance(0)
    assert isr(brokers) == {1, 2, 3}


def test_a_follower_that_had_nothing_to_ask_for_does_not_lag_while_what_is_new_is_on_its_way() -> None:
    """Kafka's would have asked twice a second, and been caught up until now."""
    brokers = in_trouble()
    write(brokers, b"a")
    brokers.advance(10 * LAG_S - 0.5)
    brokers.links.set(2, 1, delay_s=1.0)
    write(brokers, b"b", acks=1)
    brokers.advance(0.9)  # in which the leader looks for those who lag
    assert isr(brokers) == {1, 2, 3}


def test_a_broker_that_lost_what_it_had_is_in_sync_only_once_it_has_it_again() -> None:
    """KIP-903: the leader remembers how far it had got in its life before."""
    brokers = in_trouble()
    write(brokers, b"a", b"b")
    brokers.kill(2, keeps_page_cache=False)
    brokers.links.set(2, 1, is_cut=True)
    brokers.start(2)
    brokers.advance(0)
    assert end(brokers, 2) == (0, 0)
    assert isr(brokers) == {1, 3}
    brokers.links.heal()
    brokers.advance(0)
    assert end(brokers, 2) == (2, 2)
    assert isr(brokers) == {1, 2, 3}


def test_a_leader_that_has_died_unheard_and_comes_back_with_less_leads_nothing_any_more() -> None:
    """In its old epoch it would have its followers throw away what was committed."""
    brokers = in_trouble()
    write(brokers, b"a")
    brokers.kill(1, is_noticed=False, keeps_page_cache=False)
    brokers.start(1)
    brokers.advance(0)
    assert (brokers.record().leader, brokers.record().leader_epoch) == (2, 1)
    assert [end(brokers, node_id) for node_id in (1, 2, 3)] == [(1, 1)] * 3


@pytest.mark.parametrize(("way", "cut_after_s"), [((1, CONTROLLER), 0.5), ((CONTROLLER, 1), 1.0)])
def test_what_a_leader_has_asked_of_the_controller_is_asked_again_when_it_was_lost(
    way: tuple[int, int], cut_after_s: float
) -> None:
    """The question, or the answer and the metadata with it."""
    brokers = in_trouble()
    brokers.kill(3)
    brokers.links.set(*way, delay_s=1.0)
    brokers.start(3)
    brokers.advance(cut_after_s)
    brokers.links.set(*way, is_cut=True)
    brokers.advance(1)
    leading = brokers.around.replicas[1].leading(brokers[1].partition())
    assert leading is not None
    assert leading.pending is not None
    brokers.links.heal()
    brokers.advance(0)
    assert isr(brokers) == {1, 2, 3}
    assert not brokers.around.replicas[1].is_waiting


def test_a_follower_is_not_waited_for_once_fewer_have_to_be_in_sync() -> None:
    """As soon as the setting is another, though nothing else happens."""
    brokers = in_trouble(min_insync_replicas="3")
    brokers.kill(3)
    write(brokers, b"a", acks=1)
    assert end(brokers, 1) == (1, 0)
    lower = config_record((ConfigResourceType.TOPIC, "t"), "min.insync.replicas", "2")
    brokers.around.log.change(lambda image: [lower], lambda error: None)
    brokers.advance(0)
    assert [end(brokers, node_id) for node_id in (1, 2)] == [(1, 1)] * 2


# What followers are told


def asked_for(brokers: BrokersInTrouble, **changes: int) -> ReplicaFetch:
    key = brokers[1].topic().topic_id, 0
    values = {"leader_epoch": 0, "fetch_offset": 0, "last_fetched_epoch": -1, "log_start_offset": 0} | changes
    return ReplicaFetch(key=key, max_bytes=PLENTY, **values)


Change = Callable[[BrokersInTrouble], None]


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({}, ErrorCode.NONE),
        ({"leader_epoch": 1}, ErrorCode.UNKNOWN_LEADER_EPOCH),
        ({"fetch_offset": 3}, ErrorCode.OFFSET_OUT_OF_RANGE),
        ({"last_fetched_epoch": 7}, ErrorCode.OFFSET_OUT_OF_RANGE),
    ],
)
def test_a_follower_is_refused_what_it_cannot_have(changes: dict[str, int], error: ErrorCode) -> None:
    brokers = in_trouble()
    write(brokers, b"a")
    (answer,) = brokers.around.replicas[1].serve_fetch(Follower(2, 9), [asked_for(brokers, **changes)], PLENTY)
    assert (answer.error, bool(answer.data)) == (error, error == ErrorCode.NONE)


def test_who_does_not_lead_tells_nothing() -> None:
    brokers = in_trouble()
    (answer,) = brokers.around.replicas[2].serve_fetch(Follower(3, 9), [asked_for(brokers)], PLENTY)
    assert answer.error == ErrorCode.NOT_LEADER_OR_FOLLOWER


def test_an_answer_ends_with_the_partition_that_fills_it() -> None:
    brokers = BrokersInTrouble()
    brokers.create("t", [1, 2, 3], [1, 2, 3], [1, 2, 3])
    for index in range(3):
        brokers[1].send(batch(b"x" * 1000), index=index, acks=1)
    key = brokers[1].topic().topic_id
    asked = [ReplicaFetch((key, index), 0, 0, -1, 0, PLENTY) for index in range(3)]
    answers = brokers.around.replicas[1].serve_fetch(Follower(2, 9), asked, 1500)
    assert [answer.key[1] for answer in answers] == [0, 1]


# Their end


def test_a_broker_that_is_gone_is_told_nothing_and_nobody_keeps_it() -> None:
    brokers = in_trouble()
    listeners = len(brokers.links._listeners)
    for _ in range(3):
        brokers.kill(2)
        brokers.start(2)
    assert len(brokers.links._listeners) == listeners
