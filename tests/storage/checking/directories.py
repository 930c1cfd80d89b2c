"""Data directories in memory, made as the broker makes them, to be damaged and looked at."""

from odradek.protocol.batch import RecordBatch
from odradek.protocol.metadata_records import MetadataRecord, PartitionRecord, TopicRecord, encode_metadata_record
from odradek.protocol.records import NewRecord, build_batch
from odradek.protocol.uuid_text import encode_uuid
from odradek.storage.checking.directory import DirectoryCheck
from odradek.storage.checking.findings import Finding
from odradek.storage.checkpoints import offsets_writer
from odradek.storage.files.files import Buffer
from odradek.storage.files.memory_files import MemoryFiles
from odradek.storage.log import PartitionLog
from odradek.storage.log_config import LogConfig

from ..builders import NOW_MS, append, batch, open_log

TOP = "/data"
PARTITION = f"{TOP}/orders-0"
SMALL = LogConfig(segment_bytes=700, index_interval_bytes=100)
TOPIC_ID = b"o" * 16


def write_log(files: MemoryFiles, path: str = PARTITION, config: LogConfig = SMALL, rounds: int = 5) -> PartitionLog:
    """Several segments: plain batches, transactions that end either way, and one that stays open."""
    log = open_log(files, config, path=path)
    for n in range(rounds):
        append(log, batch(3, timestamp=NOW_MS + 100 * n, step_ms=7))
        append(log, batch(2, pid=7, sequence=2 * n, is_transactional=True, timestamp=NOW_MS + 100 * n + 30))
        append(log, batch(2, pid=8, sequence=2 * n, timestamp=NOW_MS + 100 * n + 40))
        log.append_marker(7, 0, 0, n % 2 == 1, NOW_MS + 100 * n + 50, 0)
    append(log, batch(pid=9, is_transactional=True, timestamp=NOW_MS + 1000))
    append(log, batch(timestamp=NOW_MS + 2000))
    log.close()
    return log


def write_directory() -> MemoryFiles:
    """A directory that was stopped cleanly, with one topic of one partition."""
    files = MemoryFiles()
    files.make_directory(TOP)
    put(files, "meta.properties", "node.id=1\ndirectory.id=AAAAAAAAAAAAAAAAAAAAAQ\nversion=1\ncluster.id=c\n")
    put(files, ".kafka_cleanshutdown", '{"version":0,"brokerEpoch":-1}')
    log = write_log(files)
    put(files, "orders-0/partition.metadata", f"version: 0\ntopic_id: {encode_uuid(TOPIC_ID)}")
    metadata = write_metadata(files, [TopicRecord(name="orders", topic_id=TOPIC_ID), _partition(0)])
    ends = {("orders", 0): log.log_end_offset, ("__cluster_metadata", 0): metadata.log_end_offset}
    for name in ("recovery-point", "replication"):
        offsets_writer(files, f"{TOP}/{name}-offset-checkpoint", ends)()
    offsets_writer(files, f"{TOP}/log-start-offset-checkpoint", {})()
    return files


def _partition(index: int) -> PartitionRecord:
    return PartitionRecord(partition_id=index, topic_id=TOPIC_ID, replicas=[1], isr=[1], leader=1)


def write_metadata(files: MemoryFiles, records: list[MetadataRecord]) -> PartitionLog:
    """Append records to the metadata log."""
    path = f"{TOP}/__cluster_metadata-0"
    log = open_log(files, path=path)
    values = [NewRecord(None, encode_metadata_record(record), NOW_MS) for record in records]
    log.append([RecordBatch(build_batch(values))], NOW_MS, leader_epoch=0, is_from_client=False)
    log.close()
    return log


def put(files: MemoryFiles, name: str, content: str | bytes) -> None:
    """Write a file below the top."""
    files.write_whole(f"{TOP}/{name}", content.encode() if isinstance(content, str) else content)


def content_of(files: MemoryFiles, path: str) -> bytes:
    """A whole file."""
    return files.read(path, 0, files.size(path))


def replace(files: MemoryFiles, path: str, content: Buffer) -> None:
    """A file's new content."""
    files.truncate(path, 0)
    files.write(path, [content], 0)


def check(files: MemoryFiles, path: str = TOP, *, is_deep: bool = False) -> list[Finding]:
    """What is found wrong."""
    return DirectoryCheck(files, path, is_deep=is_deep).run().finish()


def problem_of(files: MemoryFiles, path: str = TOP, *, is_deep: bool = False) -> str:
    """The one thing that is wrong, as file and problem."""
    (finding,) = check(files, path, is_deep=is_deep)
    return f"{finding.path}: {finding.problem}"
