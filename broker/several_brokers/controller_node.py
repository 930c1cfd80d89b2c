"""ControllerNode: the one controller of several brokers, with the metadata log in a directory of its own."""

from collections.abc import Mapping

from ...protocol.errors import KafkaError
from ...protocol.metadata_records import encode_metadata_record
from ...protocol.uuid_text import encode_uuid
from ...protocol.wire import CorruptFrame
from ...storage.directory import DirectoryError, Identity
from ...storage.files.files import Files
from ..assembly import open_metadata
from ..beside_the_loop import beside_the_loop
from ..config.broker_config import BrokerConfig
from ..lifetime import Lifetime
from ..log_manager import LogManager
from ..metadata.eligible_leaders import MIN_ISR, first_min_isr_records, has_eligible_leaders
from ..metadata.log import MetadataLog
from ..node import StartError, open_directory
from ..nodes.nodes import CONTROLLER_NODE_ID
from ..runtime import Runtime, Timer
from ..slices import Slices


class ControllerNode:
    """`open()`, use `metadata`, `await close()`."""

    def __init__(self, config: BrokerConfig, files: Files, root: str, runtime: Runtime) -> None:
        self._config = config
        self._files = files
        self._root = root
        self._runtime = runtime
        self.lifetime = Lifetime(runtime)
        self._log_manager: LogManager | None = None
        self._metadata: MetadataLog | None = None
        self._snapshots = Timer(self.lifetime, self._write_snapshot)

    @property
    def metadata(self) -> MetadataLog:
        """The metadata log; only once it is open."""
        assert self._metadata is not None
        return self._metadata

    @property
    def log_manager(self) -> LogManager:
        """The data directory; only once it is open."""
        assert self._log_manager is not None
        return self._log_manager

    @property
    def cluster_id(self) -> str:
        """That of the cluster; only once it is open."""
        return self.log_manager.directory.identity.cluster_id

    def open(self, cluster_id: str | None, features: Mapping[str, int]) -> None:
        """StartError, and nothing is left behind."""
        runtime = self.lifetime.runtime
        random_id, directory_id = (encode_uuid(runtime.new_uuid().bytes) for _ in range(2))
        identity = Identity(cluster_id or random_id, directory_id, CONTROLLER_NODE_ID)
        log_manager = open_directory(self._files, self._root, identity, cluster_id, runtime)
        try:
            slices = Slices(runtime)
            self._metadata = open_metadata(log_manager, self._config, runtime.clock, slices, features, is_alone=False)
        except (DirectoryError, OSError, KafkaError, CorruptFrame) as error:
            log_manager.abandon()
            raise StartError(f"the data in {self._root} cannot be read: {error}") from error
        image = self._metadata.image
        if has_eligible_leaders(image):
            first = first_min_isr_records(image, self._config.effective(MIN_ISR) or "1")
            self._metadata.write_now([encode_metadata_record(record) for record in first])
        self._log_manager = log_manager
        self._set_snapshots()

    def _write_snapshot(self) -> None:
        self.metadata.write_snapshot()
        self._set_snapshots()

    def _set_snapshots(self) -> None:
        interval_ms = self._config.metadata_log_max_snapshot_interval_ms
        if interval_ms:
            self._snapshots.set(self._runtime.clock.now() + interval_ms / 1000)

    async def close(self, *, is_kept: bool = True) -> None:
        """Nothing more is recorded; the directory is let go."""
        await self.lifetime.ended()
        if self._log_manager is None:
            return
        if is_kept:
            await beside_the_loop(self._runtime.threads, self._log_manager.close)
        else:
            self._log_manager.abandon()
