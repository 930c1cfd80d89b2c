from .draw_transitions import FILE, diagram, page


def test_the_page_shows_the_tables_of_the_code() -> None:
    assert FILE.read_text() == page(), "run `python -m tests.docs.draw_transitions`"


def test_every_move_is_an_arrow() -> None:
    drawn = diagram({"A": ["B", "A"], "B": []}, "A")
    assert drawn.splitlines() == [
        "```mermaid",
        "stateDiagram-v2",
        "    [*] --> A",
        "    A --> A",
        "    A --> B",
        "```",
    ]
