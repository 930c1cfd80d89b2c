"""Parts of a broker on files in memory and a clock that stands still."""

from dataclasses import dataclass, field
from random import Random

import pytest

from odradek.broker import log_output
from odradek.broker.config.broker_config import BrokerConfig
from odradek.broker.log_manager import LogManager
from odradek.broker.log_repeats import RepeatLimit
from odradek.broker.metadata.loader import load_metadata
from odradek.broker.metadata.metadata import Metadata
from odradek.broker.runtime import Runtime
from odradek.broker.slices import Slices
from odradek.broker.testing.clock import ManualClock
from odradek.broker.testing.threads import ManualThreads
from odradek.broker.topics.partition import Partition
from odradek.broker.topics.topics import Topics
from odradek.protocol.uuid_text import encode_uuid
from odradek.storage.directory import DataDirectory, Identity
from odradek.storage.files.memory_files import MemoryFiles

IDENTITY = Identity(encode_uuid(b"c" * 16), encode_uuid(b"d" * 16), 1)


@dataclass
class Parts:
    """Topics over a data directory that outlives `restart`."""

    config: BrokerConfig = field(default_factory=BrokerConfig)
    clock: ManualClock = field(default_factory=ManualClock)
    threads: ManualThreads = field(default_factory=ManualThreads)
    files: MemoryFiles = field(default_factory=MemoryFiles)
    _random: Random = field(default_factory=lambda: Random(0))
    changed: list[Partition] = field(default_factory=list[Partition])

    def __post_init__(self) -> None:
        self.start()

    @property
    def runtime(self) -> Runtime:
        """The clock, its timers, the threads, and chance from a seed that goes on."""
        return Runtime(self.clock, self.clock, self.threads, self._random)

    def start(self) -> None:
        self.directory = DataDirectory.open(self.files, "/data", IDENTITY)
        self.store = LogManager(self.files, self.directory, self.runtime)
        self.directory.begin_writing()
        self.metadata: Metadata = load_metadata(self.store, self.config, self.clock, Slices(self.runtime))
        self.topics = Topics(self.config, self.runtime, self.metadata, self.store, self.changed.append)

    def purge(self) -> None:
        """Take off the disk what was deleted long enough ago."""
        for remove in self.store.begin_purge():
            remove()

    def restart(self, *, is_clean: bool = True) -> None:
        """Stop, cleanly or not, and start again on the same files."""
        if is_clean:
            self.store.close()
        else:
            self.directory.close()
        self.start()


@pytest.fixture(autouse=True)
def _lines_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other tests of this process may have logged the same a hundred times in this second: it would be held back."""
    monkeypatch.setattr(log_output._repeats, "_limit", RepeatLimit())
    monkeypatch.setattr(log_output, "_threshold", log_output.LEVELS["info"])  # a host of clusters may have raised it


@pytest.fixture
def parts() -> Parts:
    return Parts()
