"""Lines of an exported cluster: what people write by hand is read, and what they get wrong is named."""

import gc
import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odradek.broker.testing.exchange_lines import (
    ImportRefused,
    OffsetLine,
    RecordLine,
    StartLine,
    TopicLine,
    pack,
    read_lines,
    unpack,
    write_bytes,
    write_line,
)


def test_lines_written_by_hand_are_read() -> None:
    lines = [
        '{"topic": "t"}',
        "",
        '{"topic": "t", "partitions": 2, "config": {"retention.ms": -1, "preallocate": false}}',
        '{"topic": "t", "value": "é", "headers": {"h": null}}',
        '{"topic": "t", "value": {"json": {"id": 1}}, "key": {"base64": "/w=="}, "partition": 1, "timestamp": 5}',
        '{"topic": "t", "partition": 1, "start": 7}',
        '{"group": "g", "topic": "t", "partition": 0, "offset": 3, "metadata": "m"}',
    ]
    assert list(read_lines(lines)) == [
        TopicLine(1, "t", None, {}),
        TopicLine(3, "t", 2, {"retention.ms": "-1", "preallocate": "false"}),
        RecordLine(4, "t", None, None, None, None, "é".encode(), (("h", None),)),
        RecordLine(5, "t", 1, None, 5, b"\xff", b'{"id":1}'),
        StartLine(6, "t", 1, 7),
        OffsetLine(7, "g", "t", 0, 3, "m"),
    ]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("{", "no JSON: "),
        ("[" * 100_000, "no JSON: it is nested too deep"),
        ("[1]", "a JSON object is wanted, not [1]"),
        (
            '{"topic": "t", "partitons": 1}',
            "unknown field 'partitons'; did you mean 'partitions'?; there are: config, ",
        ),
        ('{"topic": "t", "value": "v", "ofset": 1}', "unknown field 'ofset'; did you mean 'offset'?"),
        ('{"topic": 1}', "'topic' is a text, not 1"),
        ('{"topic": "\\udcff"}', "'topic' is a text"),
        ('{"partitions": 1}', "'topic' is missing"),
        ('{"topic": "t", "partitions": 0}', "'partitions' is a whole number of 1 or more, not 0"),
        ('{"topic": "t", "partitions": true}', "'partitions' is a whole number of 1 or more, not true"),
        ('{"topic": "t", "config": {"a": [1]}}', "'config' is an object of names and values"),
        ('{"topic": "t", "key": "k"}', "'value' is missing"),
        ('{"topic": "t", "value": 1}', '\'value\' is a text, null, {"base64": …} or {"json": …}, not 1'),
        ('{"topic": "t", "value": {"base64": "?"}}', "'value' is a text, null"),
        ('{"topic": "t", "value": "\\udcff"}', "'value' is a text, null"),
        ('{"topic": "t", "value": "v", "headers": ["h"]}', "'headers' is an object, or a list of pairs"),
        ('{"topic": "t", "value": "v", "timestamp": -2}', "'timestamp' is a whole number of -1 or more"),
        ('{"topic": "t", "value": "v", "offset": 1}', "'partition' is missing"),
        ('{"topic": "t", "value": "v", "producer": [1, 1, 1]}', "only a record with an offset has a producer"),
        ('{"topic": "t", "value": "v", "compression": "gzip"}', "only a record with an offset has a compression"),
        (
            '{"topic": "t", "value": "v", "partition": 0, "offset": 1, "compression": "gzipp"}',
            "'compression' is one of gzip, snappy, lz4, zstd, not \"gzipp\"",
        ),
        (
            '{"topic": "t", "value": "v", "partition": 0, "offset": 1, "producer": [1, 70000, 1]}',
            "'producer' is a list of id, epoch and sequence",
        ),
        ('{"topic": "t", "partition": 0, "offset": 1, "marker": "comit"}', "a marker is 'commit' or 'abort'"),
        ('{"topic": "t", "value": "v", "partition": 0, "offset": 4611686018427387904}', "'offset' is a whole number"),
        ('{"group": "g", "topic": "t", "partition": 0}', "'offset' is missing"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(line: str, why: str) -> None:
    with pytest.raises(ImportRefused) as refused:
        list(read_lines(['{"topic": "ok"}', "  ", line]))
    assert str(refused.value).startswith(f"line 3: {why}")


@given(st.none() | st.binary(max_size=30) | st.text(max_size=20).map(lambda text: text.encode(errors="replace")))
def test_bytes_come_back_as_they_were(data: bytes | None) -> None:
    (line,) = read_lines([write_line({"topic": "t", "value": write_bytes(data)})])
    assert isinstance(line, RecordLine)
    assert line.value == data


@given(
    st.text(max_size=30) | st.recursive(st.none() | st.integers() | st.text(), st.lists, max_leaves=5).map(json.dumps)
)
def test_whatever_stands_in_a_line_is_read_or_refused(text: str) -> None:
    with suppress(ImportRefused):
        assert len(list(read_lines([text]))) <= 1


def test_a_packed_record_is_the_same_again_and_none_of_the_garbage_collectors_business() -> None:
    record = RecordLine(4, "t", None, 7, None, None, b"v", (("h", b"w"),), producer=(1, 2, 3), is_transactional=True)
    packed = pack(record)
    assert unpack(packed) == record
    assert type(packed) is tuple
    gc.collect()
    assert not gc.is_tracked(packed)
