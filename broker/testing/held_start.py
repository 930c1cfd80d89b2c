"""A broker that is started so that its clock, its faults and its disk are held, and its journal kept."""

from collections.abc import Callable

from ...storage.files.memory_files import MemoryFiles
from ..broker import Broker
from .running_cluster import Memory, Reins, RunningCluster

MakeBroker = Callable[..., Broker]
"""A broker, from a runtime, stages, and what stands around its files."""


async def start_held(make_broker: MakeBroker, reins: Reins) -> tuple[Broker, RunningCluster]:
    """The broker, and what it runs. StartError."""
    broker = make_broker(runtime=reins.runtime, stages=reins.stages, around_files=reins.disk.around)
    await broker.start()
    files = broker.files
    memory = Memory(reins, broker.config, files) if isinstance(files, MemoryFiles) else None
    return broker, reins.hold(broker.cluster, memory)
