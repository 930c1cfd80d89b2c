"""Three brokers of Apache Kafka and their controller, as processes that can be killed and frozen one by one."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from odradek.broker.wire import Wire
from odradek.protocol.messages.describe_cluster import DescribeClusterRequest, DescribeClusterResponse

from ..brokers import free_port
from .apache_kafka import CLUSTER_ID, STOP_DEADLINE_S, jars, java
from .retry import RETRY_S
from .three_nodes import NODE_IDS, RACKS, SETTINGS

CONTROLLER_ID = 100
SMALL_JVM = ("-Xmx256m", "-server", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
START_DEADLINE_S = 300.0  # four JVMs at once, on a machine that may be busy
OF_KAFKA_ALONE = {
    "broker.heartbeat.interval.ms": "300",
    "initial.broker.registration.timeout.ms": "300000",
}


class KafkaNode:
    """One process of the cluster: it keeps its port and its directory over its deaths."""

    def __init__(self, node_id: int, directory: Path, properties: Mapping[str, str]) -> None:
        self.node_id = node_id
        self._directory = directory
        self._properties_path = directory / "server.properties"
        self._log_path = directory / "server.log"
        self._properties = properties
        self._process: subprocess.Popen[bytes] | None = None
        directory.mkdir(parents=True, exist_ok=True)

    def format(self) -> None:
        """Prepares its directory, if that was not done before."""
        lines = (f"{name}={value}\n" for name, value in self._properties.items())
        self._properties_path.write_text("".join(lines))
        if (self._directory / "data" / "meta.properties").exists():
            return
        arguments = ["format", f"--cluster-id={CLUSTER_ID}", "-c", str(self._properties_path)]
        command = [*java(jars(), SMALL_JVM), "kafka.tools.StorageTool", *arguments]
        subprocess.run(command, check=True, capture_output=True)

    def launch(self) -> None:
        """Starts the process and waits for nothing."""
        assert self._process is None, f"node {self.node_id} runs"
        with self._log_path.open("ab") as log:
            self._process = subprocess.Popen(
                [*java(jars(), SMALL_JVM), "kafka.Kafka", str(self._properties_path)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def pid(self) -> int:
        assert self._process is not None, f"node {self.node_id} does not run"
        return self._process.pid

    def send_signal(self, number: signal.Signals) -> None:
        os.kill(self.pid(), number)

    def end(self, number: signal.Signals) -> None:
        """Ends it by that signal and waits; by SIGKILL where it takes too long."""
        if self._process is None:
            return
        self._process.send_signal(number)
        try:
            self._process.wait(STOP_DEADLINE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def log(self) -> str:
        return self._log_path.read_text(errors="replace") if self._log_path.exists() else ""


class ThreeNodeKafka:
    """As `ThreeNodes`; with a controller apart, or with every broker a controller as well.

    With a controller apart, two brokers can die and the third still learns of it; where the brokers are the
    controllers, two of three must live for anything to change.
    """

    start_deadline_s = START_DEADLINE_S

    def __init__(
        self, directory: Path, settings: Mapping[str, str] | None = None, *, is_combined: bool = False
    ) -> None:
        ports = _distinct_ports()
        self._addresses: Mapping[int, str] = {node_id: f"127.0.0.1:{next(ports)}" for node_id in NODE_IDS}
        self._settings = {**SETTINGS, **OF_KAFKA_ALONE, **(settings or {})}
        quorum = {node_id: next(ports) for node_id in (NODE_IDS if is_combined else (CONTROLLER_ID,))}
        voters = ",".join(f"{node_id}@127.0.0.1:{port}" for node_id, port in quorum.items())
        self.nodes: dict[int, KafkaNode] = {}
        for node_id in dict.fromkeys((*quorum, *NODE_IDS)):
            home = directory / f"node-{node_id}"
            properties = self._properties(node_id, home, voters, quorum.get(node_id))
            self.nodes[node_id] = KafkaNode(node_id, home, properties)

    @property
    def addresses(self) -> Mapping[int, str]:
        return self._addresses

    def _properties(self, node_id: int, home: Path, voters: str, quorum_port: int | None) -> dict[str, str]:
        is_broker = node_id in NODE_IDS
        roles = [*(["broker"] if is_broker else []), *(["controller"] if quorum_port is not None else [])]
        own = f"PLAINTEXT://{self.addresses[node_id]}" if is_broker else ""
        controller = f"CONTROLLER://127.0.0.1:{quorum_port}" if quorum_port is not None else ""
        return {
            "process.roles": ",".join(roles),
            "node.id": str(node_id),
            "controller.quorum.voters": voters,
            "listeners": ",".join(one for one in (own, controller) if one),
            "controller.listener.names": "CONTROLLER",
            "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "log.dirs": str(home / "data"),
            **({"broker.rack": RACKS[node_id]} if is_broker else {}),
            **self._settings,
        }

    def open(self) -> None:
        """Starts all; returns when the three brokers see each other unfenced."""
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(KafkaNode.format, self.nodes.values()))
        try:
            for node in self.nodes.values():
                node.launch()
            for node_id in NODE_IDS:
                self._wait_until_joined(node_id)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Ends every process that was started here."""
        for node in self.nodes.values():
            if node.is_running():
                node.send_signal(signal.SIGCONT)
            node.end(signal.SIGKILL)

    def kill(self, node_id: int) -> None:
        self.nodes[node_id].end(signal.SIGKILL)

    def stop(self, node_id: int) -> None:
        self.nodes[node_id].end(signal.SIGTERM)

    def start(self, node_id: int) -> None:
        self.nodes[node_id].launch()
        self._wait_until_joined(node_id)

    def freeze(self, node_id: int) -> None:
        self.nodes[node_id].send_signal(signal.SIGSTOP)

    def resume(self, node_id: int) -> None:
        self.nodes[node_id].send_signal(signal.SIGCONT)

    def pass_time(self, seconds: float) -> None:
        time.sleep(seconds)

    def _wait_until_joined(self, node_id: int) -> None:
        """Until it answers and takes part: every running broker lists it as one that is not fenced."""
        node = self.nodes[node_id]
        deadline = time.monotonic() + self.start_deadline_s
        while time.monotonic() < deadline and node.is_running():
            if all(self._lists(asked, node_id) for asked in NODE_IDS if self.nodes[asked].is_running()):
                return
            time.sleep(RETRY_S)
        raise RuntimeError(f"node {node_id} did not join; its log ends:\n{node.log()[-3000:]}")

    def _lists(self, asked: int, node_id: int) -> bool:
        try:
            with Wire(self.addresses[asked], timeout_s=2.0) as wire:
                answer = wire.ask(DescribeClusterRequest(), 0, DescribeClusterResponse)
        except OSError:
            return False
        return any(one.broker_id == node_id for one in answer.brokers)


def _distinct_ports() -> Iterator[int]:
    given: set[int] = set()
    while True:
        port = free_port()
        if port not in given:
            given.add(port)
            yield port
