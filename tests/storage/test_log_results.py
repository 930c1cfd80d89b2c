"""What a log answers: facts that unpack in the order in which they are named."""

from odradek.storage.log_results import AppendInfo, FetchedBatches, Range

from .builders import NOW_MS, batch, open_log


def test_an_append_is_answered_with_where_the_batch_stands_and_what_it_took() -> None:
    log = open_log()
    one = batch(3, pid=1, sequence=0)
    assert log.append([one], NOW_MS, leader_epoch=0) == AppendInfo(0, 2, -1, 0, False, one.size_bytes)
    assert log.append([one], NOW_MS, leader_epoch=0) == AppendInfo(0, 2, NOW_MS, 0, True, 0)


def test_a_read_is_answered_with_whole_batches_and_the_offset_to_go_on_from() -> None:
    log = open_log()
    log.append([batch(3)], NOW_MS, leader_epoch=0)
    found = log.read(1, 1 << 20, upper_offset=3)
    assert isinstance(found, FetchedBatches)
    assert (len(found.data), found.first_offset, found.next_offset) == (log.size_bytes, 0, 3)


def test_a_range_of_a_segment_has_the_position_to_go_on_from_besides() -> None:
    assert Range._fields == (*FetchedBatches._fields, "next_position")
