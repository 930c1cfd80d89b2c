"""The cluster at the start: the newest snapshot that is whole, then the log from its end, then what one node must say.

The rule: what the directory holds is there again, or the start is refused with a text that names file and byte. A
cluster of several nodes, or of several log directories, is refused too: part of its data is elsewhere.
"""

from ...protocol.control import ControlType, control_type
from ...protocol.metadata_records import (
    AbortTransactionRecord,
    MetadataRecord,
    PartitionChangeRecord,
    encode_metadata_record,
)
from ...protocol.records import read_records
from ...protocol.uuid_text import decode_uuid
from ...protocol.wire import CorruptFrame
from ...storage.directory import DataDirectory, DirectoryError
from ...storage.files.files import Files
from ...storage.log_config import LogConfig
from ...storage.metadata_log import MetadataLogReader, clear_metadata_log
from ...storage.metadata_snapshot import BOOTSTRAP, DamagedSnapshot, Snapshot, find_snapshots, read_snapshot
from ..config.broker_config import BrokerConfig
from ..log_manager import LogManager
from ..log_output import get_logger
from ..runtime import Clock
from ..slices import Slices
from ..topic_names import METADATA_TOPIC
from .delta import MetadataDelta
from .image import MetadataImage
from .log import METADATA_TOPIC_ID, MetadataLog
from .snapshots import MetadataSnapshots
from .topic_image import PartitionImage
from .topic_records import Node

logger = get_logger("metadata")

EPOCH_OF_THE_LOG = -1
_QUORUM_RECORDS = (ControlType.KRAFT_VERSION, ControlType.KRAFT_VOTERS)
# DirectoryId of Kafka: ids below 100 stand for a directory that is lost, unassigned or migrating (KIP-858).
_RESERVED_DIRECTORY_IDS = 100


def metadata_log_config(config: BrokerConfig) -> LogConfig:
    """What the metadata log obeys; it loses nothing by age or size, only what a snapshot says again."""
    return LogConfig(
        segment_bytes=config.metadata_log_segment_bytes,
        segment_ms=config.metadata_log_segment_ms,
        retention_ms=-1,
        file_delete_delay_ms=0,
    )


def load_metadata(
    log_manager: LogManager, config: BrokerConfig, clock: Clock, slices: Slices, *, is_alone: bool = True
) -> MetadataLog:
    """The metadata of a cluster that this node leads from now on. DirectoryError, CorruptFrame, OSError.

    One that `is_alone` has all partitions of the cluster, in this directory; a controller of several has none.
    """
    directory = log_manager.directory
    loading = _Loading(directory)
    loading.run()
    metadata_log = log_manager.open_log(
        METADATA_TOPIC,
        0,
        METADATA_TOPIC_ID,
        metadata_log_config(config),
        leader_epoch=EPOCH_OF_THE_LOG,
        log_start_offset=loading.start_offset if loading.is_log_lost else 0,
    )
    if metadata_log.log_end_offset != loading.end_offset:
        raise DirectoryError(
            f"{loading.path} was read up to offset {loading.end_offset}, but its log ends at "
            f"{metadata_log.log_end_offset}"
        )
    snapshots = MetadataSnapshots(
        directory.files,
        loading.path,
        config.metadata_log_max_record_bytes_between_snapshots,
        loading.controls,
        loading.unsaved_bytes,
    )
    directory_id = decode_uuid(directory.identity.directory_id)
    node = Node(config.node_id, directory_id, max(metadata_log.leader_epoch, loading.epoch))
    metadata = MetadataLog(metadata_log, loading.image, snapshots, node, clock, log_manager.directory_queue, slices)
    if not loading.end_offset:
        _check_new(directory)
        directory.files.sync_handle(directory.path)()  # the log's own directory is to survive a power loss, too
    _take_over(metadata, loading, node, is_alone=is_alone)
    if not is_alone:
        return metadata
    known = {METADATA_TOPIC: 1, **{topic.name: len(topic.partitions) for topic in metadata.image.topics.values()}}
    log_manager.set_strays_aside(known, metadata.image.removed)
    return metadata


class _Loading:
    """What is found while the directory of the metadata log is read."""

    def __init__(self, directory: DataDirectory) -> None:
        self._directory = directory
        self.path = directory.partition_path(METADATA_TOPIC, 0)
        self.image = MetadataImage()
        self.controls: dict[int, bytes] = {}
        self.epoch = 0
        self.start_offset = 0
        self.end_offset = 0
        self.unsaved_bytes = 0
        self.is_log_lost = False
        self.bootstrap: Snapshot | None = None

    def run(self) -> None:
        """Replay it all. On the disk the remains of an unfinished snapshot go, and a log that its snapshot replaces."""
        files = self._directory.files
        if files.exists(self.path):
            self._read_newest_snapshot(files)
            self._read_log(files)
        if not self.end_offset:
            self.bootstrap = _find_bootstrap(self._directory)

    def _read_newest_snapshot(self, files: Files) -> None:
        for snapshot_id in find_snapshots(files, self.path):
            try:
                snapshot = read_snapshot(files, f"{self.path}/{snapshot_id.file_name}")
                image, unheard = MetadataImage(), MetadataDelta()
                for value in snapshot.values:
                    image.replay(value, unheard)
            except (DamagedSnapshot, CorruptFrame) as error:
                logger.error("a snapshot of the metadata log is damaged; an older one may do", error=str(error))
                continue
            self.image = image
            self.controls = dict(snapshot.controls)
            self.start_offset = self.end_offset = snapshot_id.end_offset
            self.epoch = snapshot_id.epoch
            return

    def _read_log(self, files: Files) -> None:
        durable = self._directory.recovery_points.get((METADATA_TOPIC, 0), 0)
        reader = MetadataLogReader(files, self.path, self.start_offset, durable)
        for batch in reader.batches():
            self.unsaved_bytes += batch.size_bytes
            unheard = MetadataDelta()  # nobody follows the image yet; one for each record would take longer than it
            for record in read_records(batch):
                value = record.value or b""
                if record.offset < self.start_offset:
                    continue
                if not batch.is_control:
                    self.image.replay(value, unheard)
                elif (kind := control_type(record.key)) in _QUORUM_RECORDS:
                    self.controls[kind] = value
        self.end_offset = reader.end_offset
        self.is_log_lost = reader.stored_end_offset < self.start_offset
        if self.is_log_lost:
            logger.error(
                "the metadata log ends before its snapshot, and begins anew", end_offset=reader.stored_end_offset
            )
            clear_metadata_log(files, self.path)


def _find_bootstrap(directory: DataDirectory) -> Snapshot | None:
    """What `kafka-storage format` wants in a new cluster; None where it did not format this directory."""
    path = f"{directory.path}/{BOOTSTRAP}"
    if not directory.files.exists(path):
        return None
    try:
        return read_snapshot(directory.files, path)
    except DamagedSnapshot as error:
        raise DirectoryError(f"{error}; format the directory anew") from error


def _check_new(directory: DataDirectory) -> None:
    """A directory with partitions but without a metadata log has lost it: nobody knows its topics any more."""
    for topic, index in directory.find_partitions():
        if topic != METADATA_TOPIC and directory.find_topic_id(topic, index) is not None:
            raise DirectoryError(
                f"the data directory {directory.path} holds {topic}-{index}, but its {METADATA_TOPIC}-0 is missing or "
                "empty; restore it, or move the partitions elsewhere"
            )


def _take_over(metadata: MetadataLog, loading: _Loading, node: Node, *, is_alone: bool) -> None:
    """Record what a new controller has to: an end to what was under way, the first records, and who leads."""
    values: list[bytes] = []
    if metadata.image.is_in_transaction:
        values.append(encode_metadata_record(AbortTransactionRecord(reason="the controller was restarted")))
    if loading.bootstrap is not None:
        values += loading.bootstrap.values
    for topic in metadata.image.topics.values() if is_alone else ():
        for index, partition in topic.partitions.items():
            name = f"{topic.name}-{index}"
            _check_is_here(name, partition, node)
            if (change := _election(topic.topic_id, partition, node)) is not None:
                values.append(encode_metadata_record(change, partition.version))
    metadata.write_now(values)


def _check_is_here(name: str, partition: PartitionImage, node: Node) -> None:
    node_id, directory_id = node.node_id, node.directory_id
    replicas, directories = list(partition.record.replicas), list(partition.record.directories)
    if replicas != [node_id]:
        raise DirectoryError(f"{name} has its replicas on nodes {replicas}: this broker can be node {node_id} only")
    if any(one != directory_id and int.from_bytes(one) >= _RESERVED_DIRECTORY_IDS for one in directories):
        raise DirectoryError(f"{name} is in another log directory than this one: one of log.dirs is served, no more")


def _election(topic_id: bytes, partition: PartitionImage, node: Node) -> MetadataRecord | None:
    """Apache Kafka stops by leaving its partitions without a leader: then this node leads, in a new epoch."""
    if partition.record.leader == node.node_id:
        return None
    in_sync = (node.node_id,)
    return PartitionChangeRecord(
        partition_id=partition.record.partition_id,
        topic_id=topic_id,
        isr=in_sync,
        leader=node.node_id,
        directories=(node.directory_id,),
        eligible_leader_replicas=(),
        last_known_elr=(),
    )
