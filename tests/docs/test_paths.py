"""A path that a page names is there, so that a reader who follows it arrives."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
# Where a page that speaks of one room need not repeat its path.
ROOMS = ("", "broker", "broker/metadata", "broker/coordination/transactions", "storage/checking")


def paths_in(page: Path) -> set[str]:
    return set(re.findall(r"[\w./]*\w\.py\b", page.read_text()))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_file_that_a_page_names_is_there(page: Path) -> None:
    missing = {path for path in paths_in(page) if not any((ROOT / room / path).is_file() for room in ROOMS)}
    in_walk = {path for path in missing if "/" not in path and any(ROOT.glob(f"broker/*/{path}"))}
    assert missing - in_walk == set()
