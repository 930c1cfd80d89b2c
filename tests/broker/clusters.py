"""A cluster on files in memory, opened as a broker opens it at its start."""

from collections.abc import Callable, Mapping, Sequence

from odradek.broker.config.broker_config import BrokerConfig
from odradek.broker.log_manager import LogManager
from odradek.broker.metadata.image import MetadataImage
from odradek.broker.metadata.loader import load_metadata
from odradek.broker.metadata.metadata import Metadata, Then
from odradek.broker.metadata.topic_records import NewTopic
from odradek.broker.slices import Slices
from odradek.broker.testing.manual_runtime import manual_runtime
from odradek.broker.topic_names import METADATA_TOPIC
from odradek.protocol.batch import RecordBatch
from odradek.protocol.errors import KafkaError
from odradek.protocol.metadata_records import MetadataRecord, encode_metadata_record
from odradek.protocol.records import NewRecord, build_batch
from odradek.protocol.uuid_text import encode_uuid
from odradek.storage.directory import DataDirectory, Identity
from odradek.storage.files.files import Files
from odradek.storage.files.memory_files import MemoryFiles
from odradek.storage.log import LogCheckpoints, LogLocation, PartitionLog
from odradek.storage.log_config import LogConfig

from .metadata.images import on_one_node

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


class Changes:
    """The metadata log of a broker whose threads do their work when it is given: each change is made, or raised."""

    def __init__(self, metadata: Metadata) -> None:
        self._metadata = metadata

    @property
    def image(self) -> MetadataImage:
        return self._metadata.image

    @property
    def end_offset(self) -> int:
        return self._metadata.end_offset

    def create_topics(self, topics: Sequence[NewTopic]) -> None:
        self._make(lambda then: self._metadata.create_topics(lambda: topics, then))

    def remove_topics(self, topic_ids: Sequence[bytes]) -> None:
        self._make(lambda then: self._metadata.remove_topics(lambda: topic_ids, then))

    def take_producer_ids(self, next_producer_id: int) -> None:
        records = [self._metadata.producer_ids_record(next_producer_id)]
        self._make(lambda then: self._metadata.change(lambda image: records, then))

    def set_features(self, levels: Mapping[str, int]) -> None:
        self._make(lambda then: self._metadata.set_features(lambda: levels, then))

    def write_snapshot(self) -> None:
        self._metadata.write_snapshot()

    @staticmethod
    def _make(change: Callable[[Then], None]) -> None:
        outcome: list[KafkaError | None] = []
        change(outcome.append)
        (error,) = outcome
        if error is not None:
            raise error


def cluster_on(files: Files, config: BrokerConfig = CONFIG) -> Changes:
    """The cluster as after a crash, or as it is at first."""
    runtime = manual_runtime()
    return Changes(
        load_metadata(LogManager(files, open_directory(files), runtime), config, runtime.clock, Slices(runtime))
    )


def create(
    cluster: Changes, name: str, topic_id: bytes, partitions: int = 1, configs: dict[str, str] | None = None
) -> None:
    """Record a topic."""
    cluster.create_topics([NewTopic(name, topic_id, on_one_node(partitions), configs or {})])


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
