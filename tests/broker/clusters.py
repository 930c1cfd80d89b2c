"""A cluster on files in memory, opened as a broker opens it at its start."""

from odradek.broker.config.broker_config import BrokerConfig
from odradek.broker.log_manager import LogManager
from odradek.broker.metadata.loader import load_cluster
from odradek.broker.metadata.log import MetadataLog, NewTopic
from odradek.broker.testing.clock import ManualClock
from odradek.broker.topic_names import METADATA_TOPIC
from odradek.protocol.batch import RecordBatch
from odradek.protocol.metadata_records import MetadataRecord, encode_metadata_record
from odradek.protocol.records import NewRecord, build_batch
from odradek.protocol.uuid_text import encode_uuid
from odradek.storage.directory import DataDirectory, Identity
from odradek.storage.files.files import Files
from odradek.storage.files.memory_files import MemoryFiles
from odradek.storage.log import LogCheckpoints, LogLocation, PartitionLog
from odradek.storage.log_config import LogConfig

NOW_MS = 1_700_000_000_000
DIRECTORY_ID = b"d" * 16
TOPIC_ID = b"t" * 16
OTHER_ID = b"u" * 16
DIRECTORY = f"/data/{METADATA_TOPIC}-0"
LOG = f"{DIRECTORY}/00000000000000000000.log"
CONFIG = BrokerConfig()


def open_directory(files: Files) -> DataDirectory:
    """The data directory; whoever had it before is dead."""
    if isinstance(files, MemoryFiles):
        files._locked.clear()
    return DataDirectory.open(files, "/data", Identity(encode_uuid(b"c" * 16), encode_uuid(DIRECTORY_ID), 1))


def cluster_on(files: Files, config: BrokerConfig = CONFIG) -> MetadataLog:
    """The cluster as after a crash, or as it is at first."""
    store = LogManager(files, open_directory(files), ManualClock(), lambda: "0" * 32)
    return load_cluster(store, config, NOW_MS)


def create(
    cluster: MetadataLog, name: str, topic_id: bytes, partitions: int = 1, overrides: dict[str, str] | None = None
) -> None:
    """Record a topic."""
    cluster.create_topics([NewTopic(name, topic_id, partitions, overrides or {})], NOW_MS)


def open_log(files: Files) -> PartitionLog:
    """The metadata log by itself."""
    files.make_directory(DIRECTORY)
    return PartitionLog.open(
        LogLocation(files, DIRECTORY, METADATA_TOPIC, 0), LogConfig(), NOW_MS, LogCheckpoints(leader_epoch=-1)
    )


def write_records(files: Files, *records: MetadataRecord, epoch: int = 0) -> None:
    """Append one batch, as another controller of this epoch would have done."""
    values = [NewRecord(None, encode_metadata_record(record), NOW_MS) for record in records]
    write_batch(files, build_batch(values), epoch)


def write_batch(files: Files, batch: bytes, epoch: int = 0) -> None:
    """Append any batch."""
    log = open_log(files)
    log.append([RecordBatch(batch)], NOW_MS, leader_epoch=epoch, is_from_client=False)
    job = log.begin_flush()
    job.run()
    log.finish_flush(job)
