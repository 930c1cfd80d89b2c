"""`odradek dump-log` in the words of Apache Kafka's tool; tests/oracle compares the two line by line."""

import json
import struct
from pathlib import Path

import pytest

from odradek.protocol.batch import HEADER_BYTES, RecordBatch
from odradek.protocol.control import ControlType
from odradek.protocol.metadata_records import TopicRecord, encode_metadata_record
from odradek.protocol.records import NewRecord, build_batch
from odradek.protocol.state_records import (
    GroupMetadataKey,
    GroupMetadataValue,
    MemberMetadata,
    TransactionLogKey,
    TransactionLogValue,
    encode_key,
    encode_value,
)
from odradek.protocol.subscription import (
    ConsumerProtocolAssignment,
    ConsumerProtocolSubscription,
    encode_assignment,
    encode_subscription,
)
from odradek.storage.files.files import OsFiles

from ....protocol.batches import control_batch
from ....storage.builders import NOW_MS, open_log
from .partitions import FIRST, damage_of, dumped, dumped_objects, run, write_partition


@pytest.fixture
def partition(tmp_path: Path) -> Path:
    write_partition(tmp_path / "t-0")
    return tmp_path / "t-0"


def _batch_file(tmp_path: Path, *batches: bytes) -> Path:
    path = tmp_path / f"{FIRST}.log"
    path.write_bytes(b"".join(batches))
    return path


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


def test_a_terminal_is_never_sent_control_characters(tmp_path: Path) -> None:
    path = _batch_file(tmp_path, build_batch([NewRecord(b"\x1b[2J", b"two\nlines\xff", 0)]))
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
    path = _batch_file(tmp_path, build_batch([NewRecord(b"\xff\xfe", None, 0)]))
    record = dumped_objects("--print-data-log", path)[-1]
    assert record["keyBase64"] == "//4="
    assert record["payload"] is None


def test_the_indexes_and_the_snapshot_are_shown(partition: Path) -> None:
    stem = partition / FIRST
    assert dumped(f"{stem}.index")[1] == "offset: 6 position: 136"
    assert dumped(f"{stem}.timeindex")[1] == f"timestamp: {NOW_MS + 20} offset: 6"
    assert dumped(f"{stem}.txnindex")[1:] == [
        "version: 0 producerId: 7 firstOffset: 7 lastOffset: 9 lastStableOffset: 10"
    ]
    snapshot = dumped(partition / f"{15:020d}.snapshot")
    assert snapshot[1] == (
        "producerId: 7 producerEpoch: 0 coordinatorEpoch: 0 currentTxnFirstOffset: OptionalLong.empty "
        f"lastTimestamp: {NOW_MS + 40} firstSequence: 2 lastSequence: 3 lastOffset: 11 offsetDelta: 1 "
        f"timestamp: {NOW_MS + 40}"
    )
    assert "currentTxnFirstOffset: OptionalLong[13]" in snapshot[2]


def test_the_free_room_of_a_presized_index_is_no_entry(partition: Path) -> None:
    for suffix in ("index", "timeindex"):
        path = partition / f"{FIRST}.{suffix}"
        before = dumped(path)
        path.write_bytes(path.read_bytes() + bytes(12 * 2000))
        assert dumped(path) == before


def test_the_small_files_are_shown(tmp_path: Path) -> None:
    (tmp_path / "recovery-point-offset-checkpoint").write_text("0\n1\nsome-topic 3 42\n")
    (tmp_path / "leader-epoch-checkpoint").write_text("0\n1\n2 40\n")
    (tmp_path / "meta.properties").write_text("#\n#\nnode.id=1\nversion=1\ncluster.id=c\n")
    (tmp_path / "partition.metadata").write_text("version: 0\ntopic_id: AAAAAAAAAAAAAAAAAAAAAQ")
    (tmp_path / "quorum-state").write_text('{"leaderId":1}')
    assert dumped(tmp_path / "recovery-point-offset-checkpoint")[1:] == ["topic: some-topic partition: 3 offset: 42"]
    assert dumped(tmp_path / "leader-epoch-checkpoint")[1:] == ["epoch: 2 startOffset: 40"]
    assert dumped(tmp_path / "meta.properties")[1:] == ["node.id: 1", "version: 1", "cluster.id: c"]
    assert dumped(tmp_path / "partition.metadata")[2] == "topic_id: AAAAAAAAAAAAAAAAAAAAAQ"
    assert dumped(tmp_path / "quorum-state")[1:] == ['quorum-state: {"leaderId":1}']


def test_a_malformed_small_file_is_damage(tmp_path: Path) -> None:
    (tmp_path / "recovery-point-offset-checkpoint").write_text("0\n2\nsome-topic 3 42\n")
    (tmp_path / "leader-epoch-checkpoint").write_text("0\n1\n2\n")
    (tmp_path / ".kafka_cleanshutdown").write_text("{")
    for name in ("recovery-point-offset-checkpoint", "leader-epoch-checkpoint", ".kafka_cleanshutdown"):
        assert len(damage_of(tmp_path / name)) == 1


def test_the_metadata_log_is_decoded(tmp_path: Path) -> None:
    log = open_log(OsFiles(), path=str(tmp_path / "__cluster_metadata-0"))
    record = encode_metadata_record(TopicRecord(name="orders", topic_id=b"t" * 16))
    batch = RecordBatch(build_batch([NewRecord(None, record, NOW_MS)]))
    log.append([batch], NOW_MS, leader_epoch=0, is_from_client=False)
    log.close()
    payloads = [
        json.loads(line.partition("payload: ")[2])
        for line in dumped("--cluster-metadata-decoder", tmp_path / "__cluster_metadata-0" / f"{FIRST}.log")
        if "payload: " in line
    ]
    topic = {"name": "orders", "topicId": "dHR0dHR0dHR0dHR0dHR0dA"}
    assert {"type": "TOPIC_RECORD", "version": 0, "data": topic} in payloads


def test_quorum_control_records_are_decoded(tmp_path: Path) -> None:
    header = control_batch(ControlType.SNAPSHOT_HEADER, bytes(11), timestamp_ms=NOW_MS)
    path = tmp_path / "00000000000000000010-0000000002.checkpoint"
    path.write_bytes(header)
    lines = dumped("--deep-iteration", path)
    assert lines[1] == "Snapshot end offset: 10, epoch: 2"
    assert lines[3].endswith('SnapshotHeader: {"version":0,"lastContainedLogTimestamp":0}')


def test_groups_and_transactions_are_decoded(tmp_path: Path) -> None:
    member = MemberMetadata(
        member_id="m",
        subscription=encode_subscription(ConsumerProtocolSubscription(topics=["t"])),
        assignment=encode_assignment(ConsumerProtocolAssignment()),
    )
    group = GroupMetadataValue(protocol_type="consumer", generation=1, protocol="range", leader="m", members=[member])
    key = encode_key(GroupMetadataKey(group="g"))
    path = _batch_file(tmp_path, build_batch([NewRecord(key, encode_value(group), 0), NewRecord(key, None, 0)]))
    lines = dumped("--offsets-decoder", path)
    assert (
        ' key: {"type":"2","data":{"group":"g"}} payload: {"version":"3","data":{"protocolType":"consumer"' in lines[3]
    )
    assert '"subscription":{"topics":["t"],"userData":null' in lines[3]
    assert lines[4].endswith("payload: null")

    state = TransactionLogValue(producer_id=5, producer_epoch=0, transaction_status=0, transaction_partitions=None)
    key = encode_key(TransactionLogKey(transactional_id="tid"))
    path = _batch_file(tmp_path, build_batch([NewRecord(key, encode_value(state), 0)]))
    assert '"transactionalId":"tid"' in dumped("--transaction-log-decoder", path)[3]


def test_a_record_that_cannot_be_decoded_is_damage_and_the_next_one_is_shown(tmp_path: Path) -> None:
    records = [NewRecord(None, b"\x01\x7f\x00", 0), NewRecord(None, b"\x01\x14\x00\x00", 0)]
    path = _batch_file(tmp_path, build_batch(records))
    done = run("dump-log", "--cluster-metadata-decoder", path)
    assert done.exit_code == 1
    assert "the record at offset 0 cannot be decoded: metadata record of frame 1, type 127" in done.output
    assert "NO_OP_RECORD" in done.output


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
    path = _batch_file(tmp_path, big)
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
    (found,) = damage_of("--deep-iteration", _batch_file(tmp_path, bytes(data)))
    assert "2000000000 records in" in found


@pytest.mark.parametrize("suffix", ["index", "timeindex", "txnindex"])
def test_an_index_that_does_not_ascend_or_ends_early_is_damage(partition: Path, suffix: str) -> None:
    path = partition / f"{FIRST}.{suffix}"
    data = path.read_bytes()
    path.write_bytes(data + data)
    assert damage_of(path)
    path.write_bytes(data[:-1])
    assert damage_of("--index-sanity-check", path)


def test_an_index_entry_that_points_beside_its_batch_is_damage(partition: Path) -> None:
    path = partition / f"{FIRST}.index"
    data = bytearray(path.read_bytes())
    data[7] += 1
    path.write_bytes(data)
    (found,) = damage_of(path)
    assert "no batch that ends at offset 6 stands at byte 137 of the log" in found


def test_a_sanity_check_shows_no_entries(partition: Path) -> None:
    path = partition / f"{FIRST}.index"
    assert dumped("--index-sanity-check", path) == [f"Dumping {path}", f"{path} passed sanity check."]


def test_an_empty_index_is_said_to_be_empty(partition: Path) -> None:
    path = partition / f"{FIRST}.index"
    path.write_bytes(bytes(800))
    assert dumped("--index-sanity-check", path) == [f"Dumping {path}", f"{path} is empty."]


def test_a_damaged_snapshot_is_told(partition: Path) -> None:
    path = partition / f"{15:020d}.snapshot"
    path.write_bytes(path.read_bytes()[:-1])
    assert len(damage_of(path)) == 1


def test_what_cannot_be_read_is_an_error_of_its_own(tmp_path: Path) -> None:
    assert run("dump-log").exit_code == 2
    assert run("dump-log", tmp_path / f"{FIRST}.log").exit_code == 2
    (tmp_path / "photo.jpeg").touch()
    done = run("dump-log", tmp_path / "photo.jpeg")
    assert done.exit_code == 2
    assert "no file of a data directory has such a name" in done.output
    assert run("dump-log", "--offsets-decoder", "--transaction-log-decoder", "x.log").exit_code == 2
