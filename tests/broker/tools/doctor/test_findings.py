"""Steps by how they ended, and the page that lists all that can be found."""

import re
from pathlib import Path

from odradek.broker.tools.doctor.findings import Finding, Status, cannot_tell, ok, wrong

ROOT = Path(__file__).parents[4]
KIND = re.compile(r'Finding\(\s*"([a-z-]+)"')


def test_a_step_carries_what_was_found_in_it() -> None:
    finding = Finding("kind", "A problem.", ("A remedy.",))
    assert wrong("name", "text", finding).findings == (finding,)
    assert [ok("a", "b").status, wrong("a", "b").status, cannot_tell("a", "b").status] == list(Status)


def test_every_kind_of_finding_is_on_the_page_and_no_other() -> None:
    sources = (ROOT / "broker" / "tools" / "doctor").glob("*.py")
    made = {kind for source in sources for kind in KIND.findall(source.read_text())}
    rows = [line for line in (ROOT / "docs" / "doctor.md").read_text().splitlines() if line.startswith("| `")]
    listed = [kind for row in rows for kind in re.findall(r"`([a-z-]+)`", row.split("|")[1])]
    assert sorted(listed) == sorted(made)
