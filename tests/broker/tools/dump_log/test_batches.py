"""The batches of a log, one line each, and where they are damaged; tests/oracle compares them with Kafka's tool."""

import struct
from pathlib import Path

import pytest

from odradek.protocol.batch import HEADER_BYTES
from odradek.protocol.records import NewRecord, build_batch

from ....storage.builders import NOW_MS
from .partitions import FIRST, batch_file, damage_of, dumped, run, write_partition


@pytest.fixture
def partition(tmp_path: Path) -> Path:
    write_partition(tmp_path / "t-0")
    return tmp_path / "t-0"


def test_a_batch_is_shown_as_kafka_shows_it(partition: Path) -> None:
    path = partition / f"{FIRST}.log"
    assert dumped(path)[:3] == [
        f"Dumping {path}",
        "Log starting offset: 0",
        "baseOffset: 0 lastOffset: 2 count: 3 baseSequence: -1 lastSequence: -1 producerId: -1 producerEpoch: -1 "
        "partitionLeaderEpoch: 0 isTransactional: false isControl: false deleteHorizonMs: OptionalLong.empty "
        f"position: 0 CreateTime: {NOW_MS + 10} size: 136 magic: 2 compresscodec: none crc: 3097404037 isvalid: true",
    ]


def test_deep_iteration_shows_the_records_without_their_data(partition: Path) -> None:
    records = [line for line in dumped("--deep-iteration", partition / f"{FIRST}.log") if line.startswith("|")]
    assert records[1] == f"| offset: 1 CreateTime: {NOW_MS + 5} keySize: 8 valueSize: 10 sequence: -1 headerKeys: []"
    assert records[3].startswith("| offset: 3 CreateTime")  # out of a gzip batch
    assert records[9].endswith("sequence: -1 headerKeys: [] endTxnMarker: ABORT coordinatorEpoch: 0")


def test_print_data_log_shows_keys_and_values(partition: Path) -> None:
    lines = dumped("--print-data-log", partition / f"{FIRST}.log")
    assert lines[3].endswith("headerKeys: [] key: greeting payload: vvvvvvvvvv")
    assert dumped("--print-data-log", "--skip-record-metadata", "--files", partition / f"{FIRST}.log")[3] == (
        "| key: greeting payload: vvvvvvvvvv"
    )


def test_a_wrong_checksum_is_told_and_what_follows_is_still_shown(partition: Path) -> None:
    path = partition / f"{FIRST}.log"
    data = bytearray(path.read_bytes())
    data[100] ^= 1
    path.write_bytes(data)
    assert damage_of(path) == [f"Found damage at byte 0 of {path}: the checksum of the batch at offset 0 is wrong"]
    assert len(run("dump-log", path).output.splitlines()) == 11


@pytest.mark.parametrize("cut", [1, 11, 60, 61, 70])
def test_a_torn_tail_is_told_with_its_position(partition: Path, cut: int) -> None:
    path = partition / f"{FIRST}.log"
    data = path.read_bytes()
    path.write_bytes(data + data[:cut])
    (found,) = damage_of(path)
    assert found.startswith(f"Found damage at byte {len(data)} of {path}: ")
    assert found.endswith(f"{cut} invalid bytes at the end")


def test_max_bytes_leaves_the_rest_unread(partition: Path) -> None:
    assert len(dumped("--max-bytes", "136", partition / f"{FIRST}.log")) == 3


def test_a_batch_above_max_message_size_is_summed_but_not_opened(tmp_path: Path) -> None:
    big = build_batch([NewRecord(None, b"x" * 3_000_000, 0)])
    path = batch_file(tmp_path, big)
    lines = dumped("--deep-iteration", "--max-message-size", "1000000", path)
    assert lines[2].endswith("isvalid: true")
    assert lines[3] == f"not opened: {len(big)} bytes are above --max-message-size"
    damaged = bytearray(big)
    damaged[-1] ^= 1
    path.write_bytes(damaged)
    assert len(damage_of("--max-message-size", "1000000", path)) == 1


def test_a_count_that_the_batch_cannot_hold_is_damage(tmp_path: Path) -> None:
    from odradek.protocol.crc32c import crc32c

    data = bytearray(build_batch([NewRecord(None, b"x", 0)]))
    struct.pack_into(">i", data, HEADER_BYTES - 4, 2_000_000_000)
    struct.pack_into(">I", data, 17, crc32c(data[21:]))
    (found,) = damage_of("--deep-iteration", batch_file(tmp_path, bytes(data)))
    assert "2000000000 records in" in found
