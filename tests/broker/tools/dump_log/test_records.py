"""Records that mean something to Kafka itself: metadata, groups, transactions, control records."""

import json
from pathlib import Path

from odradek.protocol.batch import RecordBatch
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
from .partitions import FIRST, batch_file, dumped, run


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
    path = batch_file(tmp_path, build_batch([NewRecord(key, encode_value(group), 0), NewRecord(key, None, 0)]))
    lines = dumped("--offsets-decoder", path)
    assert (
        ' key: {"type":"2","data":{"group":"g"}} payload: {"version":"3","data":{"protocolType":"consumer"' in lines[3]
    )
    assert '"subscription":{"topics":["t"],"userData":null' in lines[3]
    assert lines[4].endswith("payload: null")

    state = TransactionLogValue(producer_id=5, producer_epoch=0, transaction_status=0, transaction_partitions=None)
    key = encode_key(TransactionLogKey(transactional_id="tid"))
    path = batch_file(tmp_path, build_batch([NewRecord(key, encode_value(state), 0)]))
    assert '"transactionalId":"tid"' in dumped("--transaction-log-decoder", path)[3]


def test_a_record_that_cannot_be_decoded_is_damage_and_the_next_one_is_shown(tmp_path: Path) -> None:
    records = [NewRecord(None, b"\x01\x7f\x00", 0), NewRecord(None, b"\x01\x14\x00\x00", 0)]
    path = batch_file(tmp_path, build_batch(records))
    done = run("dump-log", "--cluster-metadata-decoder", path)
    assert done.exit_code == 1
    assert "the record at offset 0 cannot be decoded: metadata record of frame 1, type 127" in done.output
    assert "NO_OP_RECORD" in done.output
