"""Entries of a journal as lines."""

from odradek.broker.journal.entries import Decision, JournalRequest, at_text, rendered


def request(**fields: object) -> JournalRequest:
    return JournalRequest(7, 1_700_000_000_123, "Produce", 9, "shop", "10.0.0.1:99", {"acks": -1}, **fields)  # type: ignore[arg-type]


def test_a_request_is_one_line_with_its_answer() -> None:
    answered = request(answer={"responses": [{"name": "t", "errorCode": "NONE"}]}, took_ms=1.25)
    assert answered.text == (
        "#7 22:13:20.123 shop 10.0.0.1:99 Produce v9 acks=-1 -> responses=[{name=t errorCode=NONE}] in 1.2 ms"
    )
    assert request(answer={}, outcome="damaged", took_ms=0.0).text.endswith("-> answered in 0.0 ms, damaged")
    assert request(outcome="disconnected: why").text.endswith("-> disconnected: why")
    assert request().text.endswith("-> no answer yet")
    assert request().title == "Produce of shop (#7)"


def test_a_user_who_has_logged_in_is_named() -> None:
    assert " shop 10.0.0.1:99 User:al Produce v9 " in request(principal="User:al").text


def test_a_decision_is_one_line() -> None:
    assert Decision(8, 0, "group", "g", "rebalances").text == "#8 00:00:00.000 group g: rebalances"


def test_fields_are_rendered_as_a_person_reads_them() -> None:
    fields = {"a": True, "b": None, "c": ["x y", "z", ""], "d": {"e": 1.5}}
    assert rendered(fields) == "a=true b=None c=['x y', z, ''] d={e=1.5}"
    assert at_text(86_399_999) == "23:59:59.999"


def test_a_time_has_a_text_however_far_away_it_is() -> None:
    assert [at_text(at_ms) for at_ms in (-1, 253_402_300_799_999, 2**63)] == [
        "23:59:59.999",
        "23:59:59.999",
        "07:12:55.808",
    ]
