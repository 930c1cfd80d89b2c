"""YAML with its lines: words are texts, and what could mean two things is refused."""

import pytest

from odradek.broker.scenario.yaml_nodes import MOST_DEPTH, ScenarioError, read_yaml


def test_values_are_what_they_look_like() -> None:
    text = """
a: [1, -2, 1.5, 1e3, true, False, null, ~, , x]
b: {no: yes, when: 2026-01-01, time: 12:30:00, zeros: 007, quoted: "5", long: 99999999999999999999}
"c":
  - |
    two
    lines
  - !!str 5
"""
    assert read_yaml(text.replace(", ,", ",")).plain() == {
        "a": [1, -2, 1.5, 1000.0, True, False, None, None, "x"],
        "b": {
            "no": "yes",
            "when": "2026-01-01",
            "time": "12:30:00",
            "zeros": "007",
            "quoted": "5",
            "long": "9" * 20,
        },
        "c": ["two\nlines\n", "5"],
    }


def test_a_value_has_the_line_of_its_name() -> None:
    node = read_yaml("\na:\n  b: 1\n  c:\n    - x\n    - y\n")
    a = node.fields["a"]
    assert (a.line, a.fields["c"].line, [one.line for one in a.fields["c"].items]) == (2, 4, [5, 6])
    assert read_yaml("a: 0.50").fields["a"].text == "0.50"


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n"])
def test_a_file_may_say_nothing(text: str) -> None:
    assert read_yaml(text).plain() == {}


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        ("a: 1\nb: 2\na: 3\n", 3, "'a' is given twice, the first time in line 1"),
        ("a: &x [1]\nb: [*x, *x]\n", 2, "aliases are not taken: write out what *x stands for"),
        ("a: 1\nb: !!python/object:os.system {}\n", 2, "tags are not taken, and here is "),
        ("a: !!int 5\n", 1, "tags are not taken, and here is 'tag:yaml.org,2002:int'"),
        ("a: 1\n---\nb: 2\n", 2, "a scenario is one document"),
        ("a: 1\nb: [1, 2\n", 3, "no YAML: did not find expected"),
        ("a: 1\n  b: 2\n", 2, "no YAML: mapping values are not allowed"),
        ("a:\n\t- 1\n", 2, "no YAML: found character that cannot start any token"),
        ("a: 1\nb: \x00\n", 2, "no YAML: "),
        ("? [a, b]\n: 1\n", 1, "a name is a text"),
        ("a: " + "[" * (MOST_DEPTH + 5) + "]" * (MOST_DEPTH + 5), 1, "nothing of a scenario is nested deeper than 20"),
    ],
)
def test_what_is_wrong_has_a_line(text: str, line: int, why: str) -> None:
    with pytest.raises(ScenarioError) as raised:
        read_yaml(text)
    assert (raised.value.line, str(raised.value)[: len(why)]) == (line, why)
