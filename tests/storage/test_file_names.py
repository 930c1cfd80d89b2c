"""The names of a segment's files."""

from odradek.storage.file_names import SEGMENT_SUFFIXES, offset_name


def test_an_offset_takes_twenty_digits_so_that_names_sort_as_offsets_do() -> None:
    offsets = [0, 9, 10, (1 << 63) - 1]
    names = [offset_name(offset) for offset in offsets]
    assert names[0] == "00000000000000000000"
    assert {len(name) for name in names} == {20}
    assert sorted(names) == names
    assert [int(name) for name in names] == offsets


def test_the_log_is_the_first_of_a_segments_files_for_it_marks_the_segments_existence() -> None:
    assert SEGMENT_SUFFIXES == (".log", ".index", ".timeindex", ".txnindex")
