"""Steps by how they ended."""

from odradek.broker.tools.doctor.findings import Finding, Status, cannot_tell, ok, wrong


def test_a_step_carries_what_was_found_in_it() -> None:
    finding = Finding("kind", "A problem.", ("A remedy.",))
    assert wrong("name", "text", finding).findings == (finding,)
    assert [ok("a", "b").status, wrong("a", "b").status, cannot_tell("a", "b").status] == list(Status)
