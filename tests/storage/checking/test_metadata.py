"""The topics that a metadata log knows, or nothing at all where any of it is damaged."""

import pytest

from odradek.protocol.batch import RecordBatch
from odradek.protocol.metadata_records import (
    AbortTransactionRecord,
    BeginTransactionRecord,
    ConfigRecord,
    EndTransactionRecord,
    MetadataRecord,
    PartitionRecord,
    RemoveTopicRecord,
    TopicRecord,
    encode_metadata_record,
)
from odradek.protocol.records import NewRecord, build_batch
from odradek.storage.checking.findings import Findings
from odradek.storage.checking.metadata import (
    KnownTopic,
    check_snapshots,
    problem_of_snapshot,
    read_topics,
    stored_records,
)
from odradek.storage.files.memory_files import MemoryFiles
from odradek.storage.metadata_snapshot import Snapshot, SnapshotId, begin_snapshot

from ..builders import NOW_MS, open_log

DIRECTORY = "/data/__cluster_metadata-0"
A, B = b"a" * 16, b"b" * 16


def _topic(name: str, topic_id: bytes, partitions: int = 1) -> list[MetadataRecord]:
    return [
        TopicRecord(name=name, topic_id=topic_id),
        *(PartitionRecord(partition_id=index, topic_id=topic_id, leader=1) for index in range(partitions)),
    ]


def _files(*records: MetadataRecord) -> MemoryFiles:
    """A log with each of the records in a batch of its own."""
    files = MemoryFiles()
    log = open_log(files, path=DIRECTORY)
    for record in records:
        data = build_batch([NewRecord(None, encode_metadata_record(record), NOW_MS)])
        log.append([RecordBatch(data)], NOW_MS, leader_epoch=0, is_from_client=False)
    log.close()
    return files


def _snapshot(files: MemoryFiles, end_offset: int, *records: MetadataRecord) -> str:
    snapshot = Snapshot([encode_metadata_record(record) for record in records])
    snapshot_id = SnapshotId(end_offset, 0)
    begin_snapshot(files, DIRECTORY, snapshot_id, snapshot, last_timestamp=NOW_MS, now_ms=NOW_MS).run()
    return f"{DIRECTORY}/{snapshot_id.file_name}"


def _names(files: MemoryFiles) -> list[str] | None:
    topics = read_topics(files, DIRECTORY)
    return None if topics is None else sorted(topics)


def test_topics_are_known_with_their_ids_and_their_partitions() -> None:
    topics = read_topics(_files(*_topic("a", A, 2)), DIRECTORY)
    assert topics == {"a": KnownTopic("a", A, {0, 1})}


def test_a_topic_that_was_removed_is_unknown_and_its_name_may_come_again() -> None:
    assert _names(_files(*_topic("a", A), RemoveTopicRecord(topic_id=A))) == []
    again = read_topics(_files(*_topic("a", A), RemoveTopicRecord(topic_id=A), *_topic("a", B)), DIRECTORY)
    assert again is not None
    assert again["a"].topic_id == B


@pytest.mark.parametrize(("value", "is_compacted"), [("compact", True), ("compact,delete", True), ("delete", False)])
def test_whether_a_topic_is_compacted_is_in_its_settings(value: str, is_compacted: bool) -> None:
    setting = ConfigRecord(resource_type=2, resource_name="a", name="cleanup.policy", value=value)
    topics = read_topics(_files(*_topic("a", A), setting), DIRECTORY)
    assert topics is not None
    assert topics["a"].is_compacted == is_compacted


def test_records_of_a_transaction_count_together_or_not_at_all() -> None:
    begin, end, abort = BeginTransactionRecord(), EndTransactionRecord(), AbortTransactionRecord()
    assert _names(_files(begin, *_topic("a", A), end)) == ["a"]
    assert _names(_files(begin, *_topic("a", A), abort, *_topic("b", B))) == ["b"]
    assert _names(_files(begin, *_topic("a", A))) == []


def test_the_newest_snapshot_and_what_comes_behind_it_are_read() -> None:
    files = _files(*_topic("a", A), *_topic("b", B))
    _snapshot(files, 2, TopicRecord(name="c", topic_id=b"c" * 16))
    assert _names(files) == ["b", "c"]


def test_nothing_is_known_if_any_of_it_is_damaged() -> None:
    files = _files(*_topic("a", A))
    path = f"{DIRECTORY}/{0:020d}.log"
    files.write(path, [b"\xff"], 70)
    assert _names(files) is None
    assert (
        _names(_files(PartitionRecord(partition_id=0, topic_id=A, leader=1))) is None
    )  # of a topic that nothing names


def test_nothing_is_known_if_the_beginning_is_in_no_snapshot() -> None:
    files = MemoryFiles()
    open_log(files, path=DIRECTORY, log_start_offset=5).close()
    assert _names(files) is None


def test_a_snapshot_that_is_whole_is_right() -> None:
    files = _files()
    path = _snapshot(files, 2, *_topic("a", A))
    assert problem_of_snapshot(files, path) is None
    findings = Findings()
    check_snapshots(files, DIRECTORY, "m/", findings)
    assert findings.finish() == []


def test_a_damaged_snapshot_is_reported_by_its_name() -> None:
    files = _files()
    path = _snapshot(files, 2, *_topic("a", A))
    whole = files.read(path, 0, files.size(path))
    for content, problem in (
        (whole[:-1], "are left"),
        (whole[:70] + b"?" + whole[71:], "a wrong checksum at byte 0"),
        (b"", "it does not begin with a header record and end with a footer record"),
    ):
        files.write_whole(path, content)
        findings = Findings()
        check_snapshots(files, DIRECTORY, "m/", findings)
        (finding,) = findings.finish()
        assert finding.path == f"m/{path.rpartition('/')[2]}"
        assert problem in finding.problem


def test_a_snapshot_without_its_footer_is_none() -> None:
    files = _files()
    path = _snapshot(files, 2, *_topic("a", A))
    whole = files.read(path, 0, files.size(path))
    header_bytes = RecordBatch(whole).size_bytes
    files.write_whole(path, whole[: header_bytes + RecordBatch(whole, header_bytes).size_bytes])
    assert problem_of_snapshot(files, path) == "it does not begin with a header record and end with a footer record"


def test_a_snapshot_alone_is_all_that_is_known() -> None:
    files = MemoryFiles()
    files.make_directory(DIRECTORY)
    records = _topic("a", A)
    _snapshot(files, 9, *records)
    assert list(stored_records(files, DIRECTORY)) == [encode_metadata_record(record) for record in records]
    assert _names(files) == ["a"]


def test_the_records_behind_the_newest_snapshot_follow_those_in_it() -> None:
    files = _files(*_topic("a", A, 0), *_topic("b", B, 0))
    _snapshot(files, 1, *_topic("c", A, 0))
    (known, later) = stored_records(files, DIRECTORY)
    assert known == encode_metadata_record(_topic("c", A, 0)[0])
    assert later == encode_metadata_record(_topic("b", B, 0)[0])
