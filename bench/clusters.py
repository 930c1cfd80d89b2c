"""What a broker costs a test: the plugin, the first cluster of a process, a hundred more, the same over HTTP."""

import contextlib
import gc
import http.client
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from odradek.broker.wire import Wire
from odradek.protocol.messages.api_versions import ApiVersionsRequest, ApiVersionsResponse
from odradek.testing import ClusterHost, KafkaCluster

TESTS = 100
TIMES = 30

_IMPORT = """
import time, pytest
began = time.perf_counter()
import odradek.broker.testing.plugin
print((time.perf_counter() - began) * 1000)
"""
_FIRST = """
import time
began = time.perf_counter()
from bench.clusters import first_answer
first_answer()
print((time.perf_counter() - began) * 1000)
"""


def measure_clusters() -> dict[str, str]:
    """A row for each of it."""
    with ClusterHost() as host:
        host.cluster().close()
        memory = _memory_of_one(host)
        made, dropped = _made_and_dropped(host)
        found = {
            "import of the pytest plugin": _in_a_process(_IMPORT),
            "imports, first cluster, first answer": _in_a_process(_FIRST),
            "cluster made": made,
            "cluster dropped": dropped,
            f"{TESTS} tests with a cluster each": _hundred(host),
            "memory of an empty cluster": memory,
        }
    with _served() as control:
        found.update(_over_http(control))
    return found


def first_answer() -> None:
    """A cluster of a host of its own, asked once."""
    with ClusterHost() as host, host.cluster() as cluster, Wire(cluster.bootstrap) as wire:
        wire.ask(ApiVersionsRequest(), 3, ApiVersionsResponse)


def _in_a_process(program: str) -> str:
    took = [float(subprocess.check_output([sys.executable, "-c", program])) for _ in range(5)]
    return _times(took)


def _made_and_dropped(host: ClusterHost) -> tuple[str, str]:
    made, dropped = list[float](), list[float]()
    for _ in range(TIMES):
        clusters: list[KafkaCluster] = []
        made.append(_ms(lambda clusters=clusters: clusters.append(host.cluster())))
        dropped.append(_ms(clusters[0].close))
    return _times(made), _times(dropped)


def _hundred(host: ClusterHost) -> str:
    """What a small test does, a hundred times."""
    before = _resident_kb()
    took_ms = _ms(lambda: [_small_test(host) for _ in range(TESTS)])
    return f"{took_ms:,.0f} ms in all, {(_resident_kb() - before) / 1000:,.1f} MB more afterwards"


def _small_test(host: ClusterHost) -> None:
    with host.cluster() as cluster:
        cluster.topic("orders", 1)
        cluster.produce("orders", [b"one"])
        assert [record.value for record in cluster.records("orders")] == [b"one"]


def _memory_of_one(host: ClusterHost) -> str:
    gc.collect()
    before = _resident_kb()
    clusters = [host.cluster() for _ in range(TESTS)]
    gc.collect()
    taken = (_resident_kb() - before) / TESTS
    for cluster in clusters:
        cluster.close()
    return f"{taken:,.0f} KB"


@contextlib.contextmanager
def _served() -> Iterator[http.client.HTTPConnection]:
    command = [sys.executable, "-m", "odradek.broker", "serve", "--ephemeral", "--listen", "127.0.0.1:0"]
    command += ["--control", "127.0.0.1:0", "--log-level", "error"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        address = process.stdout.readline().partition("control=http://")[2].strip()
        connection = http.client.HTTPConnection(address)
        try:
            yield connection
        finally:
            connection.close()
            process.terminate()


def _over_http(control: http.client.HTTPConnection) -> dict[str, str]:
    def ask(method: str, path: str, body: object = None) -> None:
        control.request(method, path, None if body is None else json.dumps(body), {"content-type": "application/json"})
        answer = control.getresponse()
        assert answer.status < 300, answer.read()
        answer.read()

    made, dropped, asked = list[float](), list[float](), list[float]()
    for _ in range(TIMES):
        made.append(_ms(lambda: ask("POST", "/v1/clusters", {"name": "other"})))
        asked.append(_ms(lambda: ask("GET", "/v1/health")))
        dropped.append(_ms(lambda: ask("DELETE", "/v1/clusters/other")))
    return {
        "cluster made over HTTP": _times(made),
        "cluster dropped over HTTP": _times(dropped),
        "a call over HTTP": _times(asked),
    }


def _resident_kb() -> float:
    status = Path("/proc/self/status").read_text()
    return float(status.partition("VmRSS:")[2].split()[0])


def _ms(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


def _times(took: list[float]) -> str:
    return f"{statistics.median(took):7.2f} ms   longest {max(took):7.2f} ms"
