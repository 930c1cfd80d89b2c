"""What it takes to keep, restore, fork and reset the state of a cluster in memory, by how much is in it."""

import statistics
import time
from collections.abc import Callable

from odradek.testing import ClusterHost, KafkaCluster

SIZES_MB = (1, 100, 1000)
RECORD_BYTES = 900_000
TIMES = 7


def measure_state() -> dict[str, str]:
    """A row for each power and size: the median of some times, and what the first write after a snapshot costs."""
    found: dict[str, str] = {}
    with ClusterHost() as host:
        for megabytes in SIZES_MB:
            with host.cluster() as cluster:
                cluster.topic("t", 1)
                for _ in range(max(megabytes * 1_000_000 // RECORD_BYTES, 1)):
                    cluster.produce("t", [bytes(RECORD_BYTES)])
                found.update({f"{name}, {megabytes:,} MB": text for name, text in _measure(cluster).items()})
    return found


def _measure(cluster: KafkaCluster) -> dict[str, str]:
    def fork() -> None:
        forks.append(cluster.fork("s"))

    forks: list[KafkaCluster] = []
    rows = {
        "snapshot": _timed(lambda: cluster.snapshot("s")),
        "one record after a snapshot": _timed(lambda: cluster.produce("t", [b"v"]), lambda: cluster.snapshot("s")),
        "restore": _timed(lambda: cluster.restore("s"), lambda: cluster.produce("t", [b"v"])),
        "first read after a restore": _timed(lambda: cluster.offsets("t"), lambda: cluster.restore("s")),
        "fork": _timed(fork),
        "reset": _timed(cluster.reset, lambda: cluster.restore("s")),
    }
    for one in forks:
        one.close()
    return rows


def _timed(work: Callable[[], object], before: Callable[[], object] = lambda: None) -> str:
    took: list[float] = []
    for _ in range(TIMES):
        before()
        started = time.perf_counter()
        work()
        took.append((time.perf_counter() - started) * 1000)
    return f"{statistics.median(took):7.2f} ms   longest {max(took):7.2f} ms"
