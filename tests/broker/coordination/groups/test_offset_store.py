from odradek.broker.coordination.groups.offset_records import CommittedOffset, LoggedOffset
from odradek.broker.coordination.groups.offset_store import OffsetStore


def logged(offset: int, at: int, topic: str = "t", group_id: str = "g") -> LoggedOffset:
    return LoggedOffset(group_id, topic, 0, CommittedOffset(offset, 0, "", 0, log_offset=at))


def found(table: OffsetStore, topic: str = "t", group_id: str = "g") -> int | None:
    committed = table.find(group_id, topic, 0)
    return None if committed is None else committed.offset


def everywhere(group_id: str) -> bool:
    return True


def test_the_last_writer_wins_even_backwards() -> None:
    table = OffsetStore()
    table.replay(logged(9, 0))
    table.replay(logged(3, 1))
    assert found(table) == 3


def test_a_transactions_offset_shows_when_its_commit_marker_comes() -> None:
    table = OffsetStore()
    table.replay(logged(9, 0), producer_id=7)
    assert found(table) is None
    assert table.is_pending("g", "t", 0)
    table.end_transaction(7, True, everywhere)
    assert found(table) == 9
    assert not table.is_pending("g", "t", 0)
    assert not table.has_pending("g")


def test_an_aborted_transaction_leaves_nothing() -> None:
    table = OffsetStore()
    table.replay(logged(9, 0), producer_id=7)
    table.end_transaction(7, False, everywhere)
    assert found(table) is None
    assert not table.has_pending("g")


def test_a_commit_that_stands_later_in_the_log_outlives_the_marker() -> None:
    table = OffsetStore()
    table.replay(logged(9, 0), producer_id=7)
    table.replay(logged(4, 1))
    table.end_transaction(7, True, everywhere)
    assert found(table) == 4


def test_of_two_transactions_the_later_record_wins_whichever_ends_first() -> None:
    table = OffsetStore()
    table.replay(logged(1, 0), producer_id=7)
    table.replay(logged(2, 1), producer_id=8)
    table.end_transaction(8, True, everywhere)
    table.end_transaction(7, True, everywhere)
    assert found(table) == 2


def test_a_marker_ends_the_transaction_only_where_it_was_written() -> None:
    table = OffsetStore()
    table.replay(logged(1, 0, group_id="here"), producer_id=7)
    table.replay(logged(1, 0, group_id="there"), producer_id=7)
    table.end_transaction(7, True, lambda group_id: group_id == "here")
    assert found(table, group_id="here") == 1
    assert table.has_pending("there")
    table.end_transaction(7, True, lambda group_id: group_id == "there")
    assert found(table, group_id="there") == 1


def test_a_marker_of_an_unknown_producer_does_nothing() -> None:
    table = OffsetStore()
    table.replay(logged(1, 0))
    table.end_transaction(7, True, everywhere)
    assert found(table) == 1


def test_a_deletion_also_drops_what_is_pending() -> None:
    table = OffsetStore()
    table.replay(logged(1, 0))
    table.replay(logged(2, 1), producer_id=7)
    table.replay(logged(2, 1, topic="u"), producer_id=7)
    assert sorted(table.partitions_to_delete("g")) == [("t", 0), ("u", 0)]
    table.replay(LoggedOffset("g", "t", 0, None))
    table.end_transaction(7, True, everywhere)
    assert found(table) is None
    assert found(table, "u") == 2


def test_removing_the_last_offset_leaves_no_trace() -> None:
    table = OffsetStore()
    table.replay(logged(1, 0))
    table.replay(logged(1, 0), producer_id=7)
    table.replay(logged(1, 0, group_id="another"), producer_id=8)
    assert table.has_offsets("g")
    assert table.topics_of("g") == [("t", [0])]
    table.replay(LoggedOffset("g", "t", 0, None))
    table.replay(LoggedOffset("g", "never", 0, None))
    assert not table.has_offsets("g")
    assert not table.has_pending("g")
    assert table.topics_of("g") == []


def test_groups_are_found_by_topic_pending_offsets_included() -> None:
    table = OffsetStore()
    table.replay(logged(1, 0, group_id="a"))
    table.replay(logged(1, 0, group_id="b"), producer_id=7)
    table.replay(logged(1, 0, topic="u", group_id="c"))
    assert table.groups_with({"t"}) == ["a", "b"]


def test_a_commit_is_taken_over_as_its_records_would_be_one_by_one() -> None:
    records = [logged(offset, 0, topic=topic) for offset, topic in ((1, "t"), (2, "u"), (3, "t"))]
    for producer_id in (-1, 7):
        at_once, one_by_one = OffsetStore(), OffsetStore()
        at_once.replay_commit(records, producer_id, 40)
        for number, record in enumerate(records):
            assert record.committed is not None
            placed = record.committed._replace(log_offset=40 + number)
            one_by_one.replay(record._replace(committed=placed), producer_id)
        for store in (at_once, one_by_one):
            store.end_transaction(7, True, lambda group_id: True)
        assert list(at_once.entries("g")) == list(one_by_one.entries("g"))
        assert [offset.log_offset for _, _, offset in at_once.entries("g")] == [42, 41]
