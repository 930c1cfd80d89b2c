"""The indexes of a segment against its batches: entries may be few, but none may be wrong."""

import struct

import pytest

from odradek.protocol.batch import RecordBatch
from odradek.storage.checking.findings import Findings
from odradek.storage.checking.indexes import AbortedIndexCheck, IndexFindings, OffsetIndexCheck, TimeIndexCheck
from odradek.storage.files.memory_files import MemoryFiles
from odradek.storage.indexes.transaction_index import AbortedTxn, encode_aborted

from ..builders import NOW_MS, batch

BASE = 100
ONE = batch().size_bytes


def _index(findings: Findings) -> IndexFindings:
    return IndexFindings(findings, "index", lambda: False)


def _files(content: bytes | None) -> MemoryFiles:
    files = MemoryFiles()
    if content is not None:
        files.write("i", [content], 0)
    return files


def _batches(*timestamps: int) -> list[tuple[int, RecordBatch]]:
    """One record each, from BASE on, with the positions they stand at."""
    found: list[tuple[int, RecordBatch]] = []
    for n, timestamp in enumerate(timestamps):
        head, tail = batch(timestamp=timestamp).stamped(BASE + n, 0)
        found.append((n * ONE, RecordBatch(head + bytes(tail))))
    return found


def _problems(findings: Findings) -> list[str]:
    return [one.problem for one in findings.finish()]


def _offset_problems(*entries: tuple[int, int], torn: bytes = b"") -> list[str]:
    findings = Findings()
    content = b"".join(struct.pack(">ii", *entry) for entry in entries) + torn
    check = OffsetIndexCheck(_files(content), "i", BASE, _index(findings))
    for position, one in _batches(NOW_MS, NOW_MS, NOW_MS, NOW_MS):
        check.see(position, one)
    check.finish()
    return _problems(findings)


@pytest.mark.parametrize("entries", [(), ((1, ONE),), ((1, ONE), (3, 3 * ONE))])
def test_an_index_of_offsets_may_have_few_entries(entries: tuple[tuple[int, int], ...]) -> None:
    assert _offset_problems(*entries) == []


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ((1, ONE + 1), f"the entry of offset 101 at position {ONE + 1} points at no batch"),
        ((2, ONE), f"the entry of offset 102 at position {ONE} points at a batch that ends at 101"),
        ((4, 4 * ONE), f"the entry of offset 104 at position {4 * ONE} points beyond the last batch"),
    ],
)
def test_an_entry_that_is_wrong_is_reported_with_what_it_points_at(entry: tuple[int, int], problem: str) -> None:
    assert _offset_problems(entry) == [problem]


def test_an_entry_that_does_not_ascend_is_reported_and_the_next_compared() -> None:
    assert _offset_problems((2, 2 * ONE), (1, ONE), (3, 3 * ONE + 5)) == [
        f"the entry of offset 101 at position {ONE} does not ascend",
        f"the entry of offset 103 at position {3 * ONE + 5} points beyond the last batch",
    ]


def test_a_torn_entry_at_the_end_is_reported() -> None:
    assert _offset_problems((1, ONE), torn=b"\1\1\1") == ["it ends with 3 bytes of an entry of 8"]


def test_beyond_damage_the_index_has_the_next_batch() -> None:
    content = struct.pack(">iiii", 1, ONE, 3, 3 * ONE)
    check = OffsetIndexCheck(_files(content), "i", BASE, _index(Findings()))
    assert [check.position_above(position) for position in (0, ONE, 3 * ONE)] == [ONE, 3 * ONE, None]


def _time_problems(*entries: tuple[int, int], is_complete: bool = True, is_missing: bool = False) -> list[str]:
    findings = Findings()
    content = b"".join(struct.pack(">qi", NOW_MS + time, offset) for time, offset in entries)
    check = TimeIndexCheck(_files(None if is_missing else content), "i", BASE, _index(findings))
    for _, one in _batches(NOW_MS, NOW_MS + 7, NOW_MS + 3, NOW_MS + 9):
        check.see(one)
    check.finish(is_complete=is_complete)
    return _problems(findings)


@pytest.mark.parametrize("entries", [((9, 3),), ((0, 0), (7, 1), (9, 3))])
def test_an_index_of_times_that_ends_with_the_latest_is_right(entries: tuple[tuple[int, int], ...]) -> None:
    assert _time_problems(*entries) == []


@pytest.mark.parametrize(
    ("entries", "problem"),
    [
        (
            ((7, 2), (9, 3)),
            f"timestamp {NOW_MS + 7} at offset 102 names a batch whose largest timestamp is {NOW_MS + 3}",
        ),
        (((3, 2), (9, 3)), f"timestamp {NOW_MS + 3} at offset 102 comes after the timestamp {NOW_MS + 7}"),
        (((9, 3), (10, 4)), f"timestamp {NOW_MS + 10} at offset 104 names an offset beyond the last batch"),
        (((9, 3), (7, 3)), f"timestamp {NOW_MS + 7} at offset 103 does not ascend"),
    ],
)
def test_an_entry_of_a_time_that_is_wrong_is_reported(entries: tuple[tuple[int, int], ...], problem: str) -> None:
    assert f"the entry of {problem}" in _time_problems(*entries)


def test_the_largest_timestamp_lacks_only_where_the_segment_was_closed() -> None:
    assert _time_problems((7, 1)) == [
        f"its last entry has the timestamp {NOW_MS + 7}, the latest record {NOW_MS + 9}",
    ]
    assert _time_problems((7, 1), is_complete=False) == []
    assert _time_problems(is_missing=True) == []  # which is reported as a missing file


def test_entries_of_batches_that_are_damaged_are_not_judged() -> None:
    findings = Findings()
    content = struct.pack(">qi", NOW_MS + 7, 1) + struct.pack(">qi", NOW_MS + 9, 3)
    check = TimeIndexCheck(_files(content), "i", BASE, _index(findings))
    batches = _batches(NOW_MS, NOW_MS + 7, NOW_MS + 3, NOW_MS + 9)
    check.see(batches[0][1])
    check.lose_sight()
    check.see(batches[3][1])
    check.finish(is_complete=False)
    assert _problems(findings) == []


FIRST, SECOND = AbortedTxn(1, 100, 102, 103), AbortedTxn(2, 101, 104, 105)


def _aborted_problems(
    *entries: AbortedTxn,
    markers: tuple[AbortedTxn, ...] = (FIRST, SECOND),
    known_from: int = 0,
    is_form_only: bool = False,
) -> list[str]:
    findings = Findings()
    content = b"".join(encode_aborted(entry) for entry in entries)
    check = AbortedIndexCheck(_files(content), "i", _index(findings), is_form_only=is_form_only)
    for marker in markers:
        check.see(marker, known_from)
    check.finish(BASE, 110, known_from)
    return _problems(findings)


def test_an_index_that_has_exactly_the_aborted_transactions_is_right() -> None:
    assert _aborted_problems(FIRST, SECOND) == []


def test_a_transaction_that_lacks_is_reported() -> None:
    (problem,) = _aborted_problems(FIRST)
    assert problem == "no entry for the transaction of producer 2, whose records read_committed must not show"


@pytest.mark.parametrize(
    "wrong", [FIRST._replace(producer_id=9), FIRST._replace(first_offset=101), FIRST._replace(last_stable_offset=9)]
)
def test_an_entry_that_says_other_things_than_the_log_is_reported_alone(wrong: AbortedTxn) -> None:
    (problem,) = _aborted_problems(wrong, SECOND)
    assert problem.endswith(f"says {tuple(wrong)} where the log says {tuple(FIRST)}")


def test_an_entry_without_a_marker_is_reported_unless_its_transaction_began_where_nothing_is_known() -> None:
    (problem,) = _aborted_problems(FIRST, SECOND, markers=(FIRST,))
    assert problem.endswith("marker at offset 104 belongs to no such marker")
    assert _aborted_problems(FIRST, SECOND, markers=(FIRST,), known_from=102) == []


def test_of_a_compacted_segment_only_the_form_is_judged() -> None:
    assert _aborted_problems(FIRST, SECOND, markers=(), is_form_only=True) == []
    (problem,) = _aborted_problems(AbortedTxn(1, 100, 200, 201), markers=(), is_form_only=True)
    assert problem.endswith("lies outside the segment")
    (problem,) = _aborted_problems(SECOND, FIRST, markers=(), is_form_only=True)
    assert problem.endswith("is of no known version, or does not ascend")


def test_a_missing_index_is_a_fault_unless_a_kill_explains_it() -> None:
    for may_be_torn in (False, True):
        findings = Findings()
        IndexFindings(findings, "index", lambda torn=may_be_torn: torn).add_missing()  # type: ignore[misc]
        (finding,) = findings.finish()
        assert (finding.problem, finding.is_explained) == ("it is missing", may_be_torn)
