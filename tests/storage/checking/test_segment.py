"""One segment: its batches in order, and what becomes of damage, by where it stands."""

import pytest

from odradek.protocol.crc32c import crc32c
from odradek.storage.checking.epochs import EpochsCheck
from odradek.storage.checking.findings import CUT, REFUSED, Finding, Findings
from odradek.storage.checking.producers import ProducersCheck
from odradek.storage.checking.segment import LogFacts, SegmentCheck
from odradek.storage.files.memory_files import MemoryFiles

from ..builders import DIRECTORY, NOW_MS, append, batch, file_of, open_log

ONE = batch().size_bytes
LOG = file_of(0, ".log")


@pytest.fixture
def files() -> MemoryFiles:
    files = MemoryFiles()
    log = open_log(files)
    append(log, *[batch(timestamp=NOW_MS + n) for n in range(4)])
    log.close()
    return files


def _check(
    files: MemoryFiles,
    *,
    base_offset: int = 0,
    next_offset: int = 0,
    recovery_point: int = 0,
    is_clean: bool = False,
    may_skip: bool = False,
    is_last: bool = True,
) -> tuple[list[Finding], LogFacts, Findings]:
    findings = Findings()
    facts = LogFacts("t", is_clean, recovery_point, may_skip, is_deep=False, next_offset=next_offset)
    check = SegmentCheck(files, DIRECTORY, "t-0/", base_offset, facts, findings, is_last=is_last, was_compacted=False)
    producers = ProducersCheck(files, DIRECTORY, "t-0/", [], findings, synced_to=0)
    check.run(EpochsCheck(files, DIRECTORY, "t-0/", findings), producers)
    return findings.finish(), facts, findings


def test_a_sound_segment_is_passed_to_its_end_and_counted(files: MemoryFiles) -> None:
    found, facts, counts = _check(files, is_clean=True)
    assert found == []
    assert (facts.next_offset, facts.is_certain) == (4, True)
    assert (counts.segments, counts.batches, counts.size_bytes) == (1, 4, 4 * ONE)


def test_a_wrong_checksum_is_one_fault_and_the_batches_behind_it_are_compared(files: MemoryFiles) -> None:
    files.write(LOG, [b"\xff"], ONE + 70)
    found, facts, counts = _check(files)
    (finding,) = found
    assert (finding.path, finding.problem) == (f"t-0/{0:020d}.log", "the checksum of the batch is wrong")
    assert (finding.position, finding.offset) == (ONE, 1)
    assert (facts.next_offset, counts.batches) == (4, 4)


@pytest.mark.parametrize(
    ("recovery_point", "is_clean", "fate"), [(0, False, CUT), (3, False, REFUSED), (0, True, REFUSED)]
)
def test_what_becomes_of_damage_depends_on_what_had_to_be_on_the_disk(
    files: MemoryFiles, recovery_point: int, is_clean: bool, fate: str
) -> None:
    files.write(LOG, [b"\xff"], ONE + 70)
    (finding,) = _check(files, recovery_point=recovery_point, is_clean=is_clean)[0]
    assert (finding.consequence, finding.is_explained) == (fate, fate == CUT)


def test_a_torn_tail_is_cut_also_behind_a_clean_stop_but_only_of_the_last_segment(files: MemoryFiles) -> None:
    files.write(LOG, [b"torn"], 4 * ONE)
    (finding,) = _check(files)[0]
    assert (finding.problem, finding.consequence) == (
        "a torn tail of 4 bytes: 4 bytes are less than a batch header",
        CUT,
    )
    (finding,) = _check(files, is_clean=True)[0]
    assert (finding.problem.partition(":")[0], finding.consequence) == ("damage of 4 bytes", CUT)
    (finding,) = _check(files, is_clean=True, is_last=False)[0]
    assert finding.consequence == REFUSED


def test_a_segment_that_begins_too_early_or_too_late_is_reported(files: MemoryFiles) -> None:
    files.rename(LOG, file_of(2, ".log"))
    for suffix in (".index", ".timeindex"):
        files.remove(file_of(0, suffix))
    early, _, _ = _check(files, base_offset=2, next_offset=3)
    assert early[0].problem == "the segment begins at 2, before the one in front of it ends at 3"
    late, _, _ = _check(files, base_offset=2, next_offset=1)
    assert late[0].problem == "offsets 1 to 1 are missing, and nothing was compacted"
    allowed, _, _ = _check(files, base_offset=2, next_offset=1, may_skip=True)
    assert all("are missing" not in finding.problem for finding in allowed)


def test_a_gap_between_batches_is_reported_unless_compaction_has_been_there(files: MemoryFiles) -> None:
    log = files.read(LOG, 0, 4 * ONE)
    files.truncate(LOG, 0)
    files.write(LOG, [log[:ONE], log[2 * ONE :]], 0)
    for suffix in (".index", ".timeindex"):
        files.remove(file_of(0, suffix))
    (finding,) = _check(files)[0]
    assert (finding.problem, finding.position) == ("offsets 1 to 1 are missing, and nothing was compacted", ONE)
    assert _check(files, may_skip=True)[0] == []


def test_counts_that_cannot_be_are_reported(files: MemoryFiles) -> None:
    one = bytearray(batch().view)
    one[57:61] = (5).to_bytes(4, "big")
    one[17:21] = _checksum(one)
    files.truncate(LOG, 0)
    files.write(LOG, [one], 0)
    found, _, _ = _check(files)
    assert found[0].problem == "a batch of 5 records over 1 offsets"


def _checksum(data: bytearray) -> bytes:

    return crc32c(bytes(data[21:])).to_bytes(4, "big")


def test_indexes_lack_only_where_the_segment_was_closed(files: MemoryFiles) -> None:
    files.remove(file_of(0, ".index"))
    assert _check(files)[0] == []
    (finding,) = _check(files, is_last=False)[0]
    assert (finding.path, finding.problem) == (f"t-0/{0:020d}.index", "it is missing")
