"""What a person sees: a table, and of each violation the sentence and the operations behind it."""

from collections.abc import Sequence

from odradek.broker.tools.verify.history import Commit, Kind, Operation, Phase, Poll
from odradek.broker.tools.verify.report import SHOWN_OPERATIONS, SHOWN_VIOLATIONS, lines_of
from odradek.broker.tools.verify.run import Report
from odradek.broker.tools.verify.verdict import Verdict

from .share_story import ShareStory
from .story import COMMITTED, A, Story, at

ONE = at(A, 0, "one")


def report(*verdicts: Verdict, failures: Sequence[str] = (), stuck: Sequence[str] = ()) -> list[str]:
    story = Story().init("p").transaction("t", ONE).begin("p", "u").abort("p", "u").poll("r", ONE)
    return list(lines_of(Report(verdicts, story.history, failures, stuck)))


def clean() -> Verdict:
    return Verdict("duplicates", "records", checked=1234)


def test_it_begins_with_what_was_done() -> None:
    first, second, *_ = report(clean())
    assert first == "13 operations: 1 records written, 1 read"
    assert second == "2 transactions: 1 aborted, 1 committed; 0 fenced by a newer producer"


def test_a_run_of_share_groups_tells_its_deliveries() -> None:
    story = ShareStory().wrote(ONE).gets("m", ONE).says("m", Kind.RELEASE, ONE).gets("m", ONE, 2).goes("m").loses()
    written, delivered, went, *_ = lines_of(Report([clean()], story.history, []))
    assert written == "12 operations: 1 records written"
    assert delivered == "2 deliveries, 1 not the first; confirmed: 1 release"
    assert went == "1 members died, 1 times a broker was lost"


def test_every_property_is_a_line_of_the_table_with_what_was_looked_at() -> None:
    lines = report(clean(), Verdict("torn transactions", "transactions"))
    assert [line.split() for line in lines[3:]] == [
        ["property", "checked", "of", "violations"],
        ["duplicates", "1,234", "records", "0"],
        ["torn", "transactions", "0", "transactions", "0"],
    ]
    assert len({len(line) for line in lines[3:]}) == 1


def test_failures_of_clients_and_workers_that_did_not_stop_are_told() -> None:
    lines = report(clean(), failures=["first", "last" + "x" * 500], stuck=["reader"])
    assert lines[2].startswith("2 client errors, then new clients; the last: lastxxx")
    assert len(lines[2]) < 220
    assert lines[3] == "workers that did not stop in time: reader"


def test_a_violation_is_told_with_its_operations_in_their_order_and_once() -> None:
    verdict = clean()
    operations = [Operation(at, 0.0, "p", Phase.OK, Commit("g", A, at)) for at in (5, 3, 5, 4)]
    verdict.add("it is in the log twice", lambda: operations)
    lines = report(verdict)
    start = lines.index("VIOLATION  duplicates: it is in the log twice")
    assert [line.split()[0] for line in lines[start + 1 :]] == ["3", "4", "5"]


def test_of_many_violations_and_operations_only_some_are_shown_and_the_rest_is_counted() -> None:
    verdict = clean()
    deeds = [Operation(at, 0.0, "p", Phase.OK, Commit("g", A, at)) for at in range(SHOWN_OPERATIONS + 5)]
    polls = [Operation(1000 + at, 0.0, "r", Phase.OK, Poll("r", COMMITTED, (ONE,))) for at in range(20)]
    for number in range(SHOWN_VIOLATIONS + 2):
        verdict.add(f"number {number}", lambda: [*polls, *deeds])
    lines = report(verdict)
    assert sum(line.startswith("VIOLATION") for line in lines) == SHOWN_VIOLATIONS
    assert lines[-1] == "… and 2 more of duplicates"
    assert lines.count("  … 15 more operations") == 3
    first = lines[lines.index("VIOLATION  duplicates: number 0") :]
    assert sum(" poll " in line for line in first[: SHOWN_OPERATIONS + 12]) == SHOWN_OPERATIONS // 4
