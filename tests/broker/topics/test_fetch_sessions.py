"""KIP-227: what a session remembers, and how it is refused."""

import itertools
from collections.abc import Mapping

import pytest

from odradek.broker.slices import run_to_end
from odradek.broker.topics.fetch_sessions import EVICTABLE_AFTER_S, MOST_PARTITIONS, FetchContext, FetchSessions
from odradek.protocol.errors import ErrorCode, KafkaError
from odradek.protocol.messages.fetch import FetchPartition, FetchRequest, FetchTopic, ForgottenTopic

NAMES = {b"1" * 16: "t", b"2" * 16: "u"}
BY_NAME, BY_ID = 12, 13


def sessions(slots: int = 10) -> FetchSessions:
    ids = itertools.count(100)
    return FetchSessions(slots, lambda: next(ids))


def request(
    session_id: int,
    epoch: int,
    wanted: Mapping[str, list[tuple[int, int]]] | None = None,
    forgotten: Mapping[str, list[int]] | None = None,
) -> FetchRequest:
    """`wanted` is topic -> [(partition, offset)]."""
    return FetchRequest(
        max_wait_ms=0,
        min_bytes=0,
        session_id=session_id,
        session_epoch=epoch,
        topics=[
            FetchTopic(
                topic=topic,
                topic_id=next((i for i, name in NAMES.items() if name == topic), bytes(16)),
                partitions=[
                    FetchPartition(partition=index, fetch_offset=offset, partition_max_bytes=1)
                    for index, offset in partitions
                ],
            )
            for topic, partitions in (wanted or {}).items()
        ],
        forgotten_topics_data=[
            ForgottenTopic(topic=topic, partitions=indexes) for topic, indexes in (forgotten or {}).items()
        ],
    )


def plan(held: FetchSessions, asked: FetchRequest, version: int = BY_NAME, now: float = 0.0) -> FetchContext:
    return run_to_end(held.plan(asked, version, NAMES.get, now))


def positions(planned: FetchContext) -> list[tuple[str | None, int, int]]:
    return [(w.topic, w.asked.partition, w.asked.fetch_offset) for w in planned.wanted]


def test_a_client_without_a_session_gets_none() -> None:
    held = sessions()
    planned = plan(held, request(0, -1, {"t": [(0, 5)]}))
    assert (planned.session_id, planned.is_incremental, positions(planned)) == (0, False, [("t", 0, 5)])
    assert len(held) == 0


def test_a_session_keeps_its_partitions_changes_some_and_forgets_others() -> None:
    held = sessions()
    made = plan(held, request(0, 0, {"t": [(0, 5), (1, 6)], "u": [(0, 7)]}))
    assert not made.is_incremental
    same = plan(held, request(made.session_id, 1))
    assert same.is_incremental
    assert positions(same) == [("t", 0, 5), ("t", 1, 6), ("u", 0, 7)]
    changed = plan(held, request(made.session_id, 2, {"t": [(1, 60)], "v": [(0, 1)]}, {"u": [0]}))
    assert positions(changed) == [("t", 0, 5), ("t", 1, 60), ("v", 0, 1)]


def test_a_partition_named_twice_is_read_once_with_the_later_offset() -> None:
    assert positions(plan(sessions(), request(0, -1, {"t": [(0, 5), (0, 9)]}))) == [("t", 0, 9)]


@pytest.mark.parametrize("version", [BY_NAME, BY_ID])
def test_a_partition_that_had_its_records_comes_last_the_next_time(version: int) -> None:
    held = sessions()
    made = plan(held, request(0, 0, {"t": [(0, 5), (1, 6), (2, 7)]}), version)
    asked = plan(held, request(made.session_id, 1), version)
    assert asked.session is not None
    asked.session.move_to_end(asked.wanted[0])
    assert [index for _, index, _ in positions(plan(held, request(made.session_id, 2), version))] == [1, 2, 0]


def test_a_partition_that_was_forgotten_meanwhile_does_not_come_back() -> None:
    held = sessions()
    made = plan(held, request(0, 0, {"t": [(0, 5), (1, 6)]}))
    asked = plan(held, request(made.session_id, 1))
    plan(held, request(made.session_id, 2, forgotten={"t": [0]}))
    assert asked.session is not None
    asked.session.move_to_end(asked.wanted[0])
    assert positions(plan(held, request(made.session_id, 3))) == [("t", 1, 6)]


def many(count: int, start: int = 0) -> dict[str, list[tuple[int, int]]]:
    return {"t": [(start + n, 0) for n in range(count)]}


def test_all_sessions_have_so_many_partitions_between_them_and_who_does_not_fit_in_goes_without() -> None:
    held = sessions()
    first = plan(held, request(0, 0, many(MOST_PARTITIONS - 10)))
    assert plan(held, request(0, 0, many(11))).session is None
    assert plan(held, request(0, 0, many(10))).session is not None
    plan(held, request(first.session_id, -1))
    assert plan(held, request(0, 0, many(11))).session is not None


def test_a_session_that_grows_beyond_the_bound_begins_anew() -> None:
    held = sessions()
    made = plan(held, request(0, 0, many(MOST_PARTITIONS)))
    with pytest.raises(KafkaError) as refused:
        plan(held, request(made.session_id, 1, many(1, start=MOST_PARTITIONS)))
    assert (refused.value.code, len(held)) == (ErrorCode.FETCH_SESSION_ID_NOT_FOUND, 0)
    assert plan(held, request(0, 0, many(MOST_PARTITIONS))).session is not None


def test_a_session_whose_client_goes_in_the_middle_of_a_request_ends() -> None:
    held = sessions()
    made = plan(held, request(0, 0, many(1)))
    growing = held.plan(request(made.session_id, 1, many(50, start=1)), BY_NAME, NAMES.get, 0.0)
    for _ in range(40):
        next(growing)
    growing.close()
    assert len(held) == 0
    assert plan(held, request(0, 0, many(MOST_PARTITIONS))).session is not None


def test_an_old_session_makes_room_for_as_many_partitions_as_it_had() -> None:
    held = sessions()
    plan(held, request(0, 0, many(MOST_PARTITIONS)), now=0.0)
    assert plan(held, request(0, 0, many(1)), now=EVICTABLE_AFTER_S).session is None
    assert plan(held, request(0, 0, many(1)), now=EVICTABLE_AFTER_S + 1).session is not None


@pytest.mark.parametrize("epoch", [2, 0x7FFFFFFF])
def test_a_wrong_epoch_is_refused_and_leaves_the_session_as_it_was(epoch: int) -> None:
    held = sessions()
    made = plan(held, request(0, 0, {"t": [(0, 5)]}))
    with pytest.raises(KafkaError) as refused:
        plan(held, request(made.session_id, epoch))
    assert refused.value.code == ErrorCode.INVALID_FETCH_SESSION_EPOCH
    assert positions(plan(held, request(made.session_id, 1))) == [("t", 0, 5)]


def test_an_unknown_session_is_refused() -> None:
    with pytest.raises(KafkaError) as refused:
        plan(sessions(), request(7, 1))
    assert refused.value.code == ErrorCode.FETCH_SESSION_ID_NOT_FOUND


def test_a_session_of_names_cannot_go_on_with_ids() -> None:
    held = sessions()
    made = plan(held, request(0, 0, {"t": [(0, 5)]}), BY_NAME)
    with pytest.raises(KafkaError) as refused:
        plan(held, request(made.session_id, 1), BY_ID)
    assert refused.value.code == ErrorCode.FETCH_SESSION_TOPIC_ID_ERROR


@pytest.mark.parametrize("epoch", [-1, 0])
def test_epochs_0_and_minus_1_close_the_session_they_name(epoch: int) -> None:
    held = sessions()
    made = plan(held, request(0, 0, {"t": [(0, 5)]}))
    planned = plan(held, request(made.session_id, epoch, {"t": [(0, 5)]}))
    assert planned.session_id != made.session_id
    with pytest.raises(KafkaError):
        plan(held, request(made.session_id, 1))


def test_a_session_that_forgets_everything_ends() -> None:
    held = sessions()
    made = plan(held, request(0, 0, {"t": [(0, 5)]}))
    ended = plan(held, request(made.session_id, 1, forgotten={"t": [0]}))
    assert (ended.session_id, ended.wanted, len(held)) == (0, [], 0)


def test_the_epoch_after_2147483647_is_1() -> None:
    held = sessions()
    made = plan(held, request(0, 0, {"t": [(0, 5)]}))
    assert made.session is not None
    made.session.next_epoch = 0x7FFFFFFF
    plan(held, request(made.session_id, 0x7FFFFFFF))
    plan(held, request(made.session_id, 1))


def test_without_a_free_slot_the_client_goes_on_without_a_session_until_one_is_stale() -> None:
    held = sessions(slots=1)
    first = plan(held, request(0, 0, {"t": [(0, 5)]}), now=0.0)
    assert plan(held, request(0, 0, {"u": [(0, 5)]}), now=1.0).session_id == 0
    later = plan(held, request(0, 0, {"u": [(0, 5)]}), now=EVICTABLE_AFTER_S + 1)
    assert later.session_id not in (0, first.session_id)
    assert len(held) == 1


def test_an_id_that_was_never_known_has_no_name() -> None:
    asked = FetchRequest(
        max_wait_ms=0,
        min_bytes=0,
        topics=[
            FetchTopic(
                topic_id=b"9" * 16, partitions=[FetchPartition(partition=0, fetch_offset=0, partition_max_bytes=1)]
            )
        ],
    )
    assert positions(plan(sessions(), asked, BY_ID)) == [(None, 0, 0)]


def test_a_session_that_was_to_begin_is_abandoned_and_one_that_goes_on_is_kept() -> None:
    held = sessions()
    assert held.abandon(plan(held, request(0, 0, {"t": [(0, 5)]}))) == 0
    assert len(held) == 0
    session_id = plan(held, request(0, 0, {"t": [(0, 5)]})).session_id
    assert held.abandon(plan(held, request(session_id, 1))) == session_id
    assert positions(plan(held, request(session_id, 2))) == [("t", 0, 5)]
    assert held.abandon(plan(held, request(0, -1, {"t": [(0, 5)]}))) == 0
