"""A verdict keeps every violation, and the evidence of the first few."""

from odradek.broker.tools.verify.history import Committed, Operation, Phase
from odradek.broker.tools.verify.verdict import TOLD_IN_FULL, Verdict, showing

from .story import A

OPERATION = Operation(0, 0.0, "p", Phase.OK, Committed("g", A, 1))


def test_it_begins_with_nothing_looked_at_and_nothing_wrong() -> None:
    verdict = Verdict("duplicates", "records")
    assert (verdict.checked, verdict.violations) == (0, [])


def test_only_the_first_few_violations_are_asked_for_their_evidence() -> None:
    asked: list[str] = []

    def evidence() -> list[Operation]:
        asked.append("asked")
        return [OPERATION]

    verdict = Verdict("duplicates", "records")
    for number in range(TOLD_IN_FULL + 2):
        verdict.add(f"violation {number}", evidence)
    assert len(asked) == TOLD_IN_FULL
    assert [len(violation.operations) for violation in verdict.violations] == [1] * TOLD_IN_FULL + [0, 0]
    assert verdict.violations[-1].sentence == f"violation {TOLD_IN_FULL + 1}"


def test_evidence_at_hand_is_shown_as_it_is_and_may_be_none() -> None:
    verdict = Verdict("duplicates", "records")
    verdict.add("with", showing(OPERATION))
    verdict.add("without")
    assert [tuple(violation.operations) for violation in verdict.violations] == [(OPERATION,), ()]
