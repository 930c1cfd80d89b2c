"""The two forms of a dump: Kafka's lines, safe for a terminal, and JSON."""

import io
import json
from pathlib import Path

import pytest

from odradek.broker.tools.dump_log.printing import Fields, JsonPrinter, Printer, TextPrinter, Value
from odradek.protocol.records import NewRecord, build_batch

from ....storage.builders import NOW_MS
from .partitions import FIRST, batch_file, dumped, dumped_objects, write_partition


@pytest.fixture
def partition(tmp_path: Path) -> Path:
    write_partition(tmp_path / "t-0")
    return tmp_path / "t-0"


def test_a_terminal_is_never_sent_control_characters(tmp_path: Path) -> None:
    path = batch_file(tmp_path, build_batch([NewRecord(b"\x1b[2J", b"two\nlines\xff", 0)]))
    assert dumped("--print-data-log", path)[3].endswith(r"key: \x1b[2J payload: two\nlines\xff")


def test_every_line_of_json_says_what_it_is_and_where(partition: Path) -> None:
    log = partition / f"{FIRST}.log"
    objects = dumped_objects("--print-data-log", log, partition / f"{FIRST}.txnindex")
    assert {str(one["kind"]) for one in objects} == {"file", "batch", "record", "abortedTransaction"}
    assert objects[1] == {
        "kind": "batch",
        "file": str(log),
        "baseOffset": 0,
        "lastOffset": 2,
        "count": 3,
        "baseSequence": -1,
        "lastSequence": -1,
        "producerId": -1,
        "producerEpoch": -1,
        "partitionLeaderEpoch": 0,
        "isTransactional": False,
        "isControl": False,
        "deleteHorizonMs": None,
        "position": 0,
        "CreateTime": NOW_MS + 10,
        "size": 136,
        "magic": 2,
        "compresscodec": "none",
        "crc": 3097404037,
        "isvalid": True,
    }
    assert objects[2]["key"] == "greeting"


def test_bytes_that_are_no_text_are_base64_in_json(tmp_path: Path) -> None:
    path = batch_file(tmp_path, build_batch([NewRecord(b"\xff\xfe", None, 0)]))
    record = dumped_objects("--print-data-log", path)[-1]
    assert record["keyBase64"] == "//4="
    assert record["payload"] is None


def printed(kind: str, fields: Fields, *, is_json: bool = False) -> str:
    """One thing, as it is printed about no file."""
    out = io.StringIO()
    printer: Printer = JsonPrinter(out) if is_json else TextPrinter(out)
    printer.item(kind, fields)
    return out.getvalue()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"),
        (7, "7"),
        (True, "true"),
        ("plain", "plain"),
        ("two\nlines\r\x07", r"two\nlines\r\x07"),
        (b"bytes", "bytes"),
        (b"\xff\x00", r"\xff\x00"),
        ([1, "a"], '[1,"a"]'),
        ({"a": None}, '{"a":null}'),
    ],
)
def test_every_kind_of_value_has_a_text(value: Value, text: str) -> None:
    assert printed("entry", {"name": value}) == f"name: {text}\n"


def test_what_kafka_calls_optional_is_shown_so() -> None:
    assert printed("batch", {"deleteHorizonMs": None}) == "deleteHorizonMs: OptionalLong.empty\n"
    assert printed("batch", {"deleteHorizonMs": 5}) == "deleteHorizonMs: OptionalLong[5]\n"


def test_a_record_begins_with_a_bar_and_lists_its_header_keys() -> None:
    assert printed("record", {"offset": 1, "headerKeys": ["a", "b"]}) == "| offset: 1 headerKeys: [a,b]\n"


def test_a_note_is_its_sentence_alone() -> None:
    assert printed("note", {"note": "it is\nempty"}) == "it is\\nempty\n"
    assert printed("note", {"note": "it is empty"}, is_json=True) == '{"kind":"note","file":"","note":"it is empty"}\n'


@pytest.mark.parametrize("position", [None, 9])
def test_damage_is_counted_and_told_with_its_byte_where_there_is_one(position: int | None) -> None:
    out = io.StringIO()
    text = TextPrinter(out)
    text.file("/log", "about it")
    text.damage(position, "torn")
    where = "" if position is None else " at byte 9"
    assert (out.getvalue(), text.damages) == (f"Dumping /log\nabout it\nFound damage{where} of /log: torn\n", 1)
    out = io.StringIO()
    in_json = JsonPrinter(out)
    in_json.file("/log")
    in_json.damage(position, "torn")
    assert [json.loads(line) for line in out.getvalue().splitlines()] == [
        {"kind": "file", "file": "/log"},
        {"kind": "damage", "file": "/log", "position": position, "problem": "torn"},
    ]
    assert in_json.damages == 1
