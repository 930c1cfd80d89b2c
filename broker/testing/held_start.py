"""A broker that is started so that its clock, its faults and its disk are held, and its journal kept."""

from collections.abc import Callable

from ...storage.files.memory_files import MemoryFiles
from ..broker import Broker, StartError
from ..faults.rule import FaultError
from .reins import Reins
from .running_cluster import Brokers, Memory, RunningCluster

MakeBroker = Callable[..., Broker]
"""A broker, from a runtime, stages, what hears of those that open, and what stands around its files."""


async def start_held(make_broker: MakeBroker, reins: Reins) -> tuple[Broker, RunningCluster]:
    """The broker, and what it runs. StartError."""
    broker = make_broker(
        runtime=reins.runtime,
        stages=reins.stages,
        on_open=reins.attach_one_of_several,
        around_files=reins.disk.around,
    )
    try:
        reins.faults.expect(broker.broker_ids)
    except FaultError as error:
        raise StartError(str(error)) from error
    await broker.start()
    files, brokers = broker.files, Brokers(len(broker.broker_ids), broker.racks)
    memory = Memory(broker.config, files, brokers) if isinstance(files, MemoryFiles) else None
    return broker, RunningCluster(broker.several if brokers.count > 1 else broker.cluster, reins, memory)
