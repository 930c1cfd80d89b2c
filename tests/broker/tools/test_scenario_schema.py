"""The published schema is the one that the table writes."""

from pathlib import Path

from odradek.broker.tools.scenario_schema import document

FILE = Path(__file__).parents[3] / "docs" / "scenario.schema.json"


def test_the_file_is_what_the_table_writes() -> None:
    said = "run `python -m odradek.broker.tools.scenario_schema > docs/scenario.schema.json`"
    assert FILE.read_text() == document(), said
