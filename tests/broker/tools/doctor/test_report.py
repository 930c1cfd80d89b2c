"""The examination on paper."""

import json

from odradek.broker.tools.doctor.findings import Finding, cannot_tell, ok, wrong
from odradek.broker.tools.doctor.report import as_json, is_wrong, line_of, summary_of

PROBLEM = Finding("kind", "Something is wrong.", ("Mend it.", "Or leave it."))
NOTE = Finding("note", "Something else.", (), is_note=True)
STEPS = [
    ok("a", "fine", (NOTE,)),
    wrong("b", "not fine", PROBLEM),
    cannot_tell("c", "dark"),
    wrong("d", "same", PROBLEM),
]


def test_a_step_is_a_line_and_what_mends_it_comes_once_after_them() -> None:
    assert [line_of(step) for step in STEPS] == [
        "ok          a: fine",
        "wrong       b: not fine",
        "cannot tell c: dark",
        "wrong       d: same",
    ]
    assert summary_of(STEPS) == [
        "",
        "What is wrong and what mends it:",
        "1. Something is wrong.",
        "   - Mend it.",
        "   - Or leave it.",
        "",
        "Worth knowing:",
        "1. Something else.",
    ]
    assert summary_of([ok("a", "fine")]) == []


def test_json_says_the_same_on_one_line() -> None:
    text = as_json(STEPS)
    assert "\n" not in text
    said = json.loads(text)
    assert said["isWrong"] is True
    assert said["steps"][2] == {"name": "c", "status": "cannot tell", "text": "dark"}
    assert [one["kind"] for one in said["findings"]] == ["kind", "note"]
    assert said["findings"][0] == {
        "kind": "kind",
        "isNote": False,
        "problem": "Something is wrong.",
        "remedies": ["Mend it.", "Or leave it."],
    }


def test_what_cannot_be_told_is_not_wrong() -> None:
    assert is_wrong(STEPS)
    assert not is_wrong([ok("a", "b"), cannot_tell("c", "d")])


def test_words_of_an_unknown_server_cannot_move_the_cursor() -> None:
    assert line_of(ok("a", "\x1b[2J")) == "ok          a: \\x1b[2J"
    assert "\x1b" not in "".join(summary_of([wrong("a", "b", Finding("k", "\x1b[2J", ("\x1b",)))]))
