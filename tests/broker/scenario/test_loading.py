"""A scenario from its file, and the files that it names."""

from pathlib import Path

import pytest

from odradek.broker.cluster import StartError
from odradek.broker.scenario import loading
from odradek.broker.scenario.loading import load_scenario

TEXT = """
topics:
  - name: t
    records: [{value: first}]
    records_file: records.jsonl
"""


def written(tmp_path: Path, text: str, records: str = "") -> Path:
    path = tmp_path / "scenario.yaml"
    path.write_text(text)
    (tmp_path / "records.jsonl").write_text(records)
    return path


def why_not(path: Path) -> str:
    with pytest.raises(StartError) as raised:
        load_scenario(path)
    return str(raised.value).replace(str(path.parent) + "/", "")


def test_records_of_a_file_come_after_those_of_the_scenario(tmp_path: Path) -> None:
    path = written(tmp_path, TEXT, '{"value": "a", "key": "k"}\n\n{"topic": "t", "value": null, "partition": 0}\n')
    (topic,) = load_scenario(path).served.topics
    assert [(one.value, one.key) for one in topic.records] == [(b"first", None), (b"a", b"k"), (None, None)]


@pytest.mark.parametrize(
    ("records", "why"),
    [
        ("nope", "records.jsonl:1: no JSON: Expecting value"),
        ("\n[]", "records.jsonl:2: a JSON object is wanted, not []"),
        ('{"vale": "x", "key": "k"}', "records.jsonl:1: unknown field 'vale'; did you mean 'value'?"),
        ('{"partition": 0}', "records.jsonl:1: 'value' is missing"),
        ('{"value": "x"}\n{"value": "x", "partition": 1}', "records.jsonl:2: 't' has the partitions 0 to 0, not 1"),
        ('{"value": "x", "topic": "u"}', "records.jsonl:1: this is a file of records of 't', not of 'u'"),
        ('{"value": "x", "offset": 5}', "records.jsonl:1: 'offset' is for an import: "),
    ],
)
def test_a_record_that_cannot_be_is_named_by_its_file_and_line(tmp_path: Path, records: str, why: str) -> None:
    assert why_not(written(tmp_path, TEXT, records)).startswith(why)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path, TEXT)
    assert why_not(tmp_path / "other.yaml") == "cannot read other.yaml: No such file or directory"
    (tmp_path / "records.jsonl").unlink()
    missing = "scenario.yaml:3: records_file of 't': cannot read records.jsonl: No such file or directory"
    assert why_not(path) == missing
    path.write_bytes(b"settings:\n  a: \xff\n")
    assert why_not(path) == "scenario.yaml:2: this is no UTF-8"
    monkeypatch.setattr(loading, "MOST_BYTES", 10)
    assert why_not(written(tmp_path, TEXT)) == "scenario.yaml has more than 10 bytes: records go into a records_file"


def test_what_is_wrong_is_named_by_file_and_line(tmp_path: Path) -> None:
    why = "scenario.yaml:2: a scenario has no field 'topic'; did you mean 'topics'?"
    assert why_not(written(tmp_path, "\ntopic: []")) == why
