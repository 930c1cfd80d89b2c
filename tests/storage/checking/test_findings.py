"""What a check reports: each fault once, and of a thousand a few."""

from odradek.storage.checking.findings import MOST_PER_FILE, REMOVED, Finding, Findings


def test_faults_are_kept_in_the_order_in_which_they_were_found() -> None:
    findings = Findings()
    findings.add("b", "wrong", REMOVED, position=5, offset=7, is_explained=True)
    findings.add("a", "worse", REMOVED)
    assert findings.finish() == [Finding("b", "wrong", REMOVED, 5, 7, True), Finding("a", "worse", REMOVED)]


def test_of_a_file_with_many_faults_a_few_are_kept_and_the_others_counted() -> None:
    findings = Findings()
    for number in range(MOST_PER_FILE + 5):
        findings.add("a", f"fault {number}", REMOVED)
    findings.add("b", "wrong", REMOVED)
    found = findings.finish()
    assert [one.path for one in found].count("a") == MOST_PER_FILE + 1
    assert found[-1] == Finding("a", "5 more faults like these", "see above")
    assert len(findings.found) == MOST_PER_FILE + 1


def test_as_many_faults_as_are_kept_need_no_count() -> None:
    findings = Findings()
    for number in range(MOST_PER_FILE):
        findings.add("a", f"fault {number}", REMOVED)
    assert len(findings.finish()) == MOST_PER_FILE


def test_what_is_found_in_a_directory_below_has_its_name_and_counts_with_the_rest() -> None:
    findings, below = Findings(partitions=1, size_bytes=5), Findings(partitions=2, segments=3, batches=4, size_bytes=6)
    below.add("a", "wrong", REMOVED, position=5)
    for number in range(MOST_PER_FILE + 1):
        below.add("b", f"fault {number}", REMOVED)
    findings.include("node-1", below)
    found = findings.finish()
    assert found[0] == Finding("node-1/a", "wrong", REMOVED, 5)
    assert found[-1] == Finding("node-1/b", "1 more faults like these", "see above")
    assert (findings.partitions, findings.segments, findings.batches, findings.size_bytes) == (3, 3, 4, 11)
