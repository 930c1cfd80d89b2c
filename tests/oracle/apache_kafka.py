"""A real one-node Apache Kafka on the loopback: the judge of every client test and every raw request.

The released jars come by their Maven names into a cache directory; the broker's data lies where the test says.
"""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from ..brokers import TEST_SETTINGS, free_port
from .retry import wait_until_settled

VERSION = "4.3.0"
ENVIRONMENT = "ODRADEK_ORACLE"
START_DEADLINE_S = 90.0
STOP_DEADLINE_S = 30.0
CLUSTER_ID = "odradekOracleCluster00"

Artifact = tuple[str, str, str]


def _broker(version: str) -> Artifact:
    return "org.apache.kafka", "kafka_2.13", version


LOG_PRINTER = ("org.apache.logging.log4j", "log4j-slf4j-impl", "2.25.4")
ARTIFACTS = (_broker(VERSION), ("org.apache.kafka", "kafka-tools", VERSION), LOG_PRINTER)
STREAMS_ARTIFACTS = (
    ("org.apache.kafka", "kafka-streams", VERSION),
    LOG_PRINTER,
)
LOGGING = """\
rootLogger.level = INFO
rootLogger.appenderRef.stderr.ref = stderr
appender.stderr.type = Console
appender.stderr.name = stderr
appender.stderr.target = SYSTEM_ERR
appender.stderr.layout.type = PatternLayout
appender.stderr.layout.pattern = [%d] %p %m (%c)%n
"""
SETTINGS: Mapping[str, str] = {
    **TEST_SETTINGS,
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
}


# Starts soonest; what is measured takes Kafka's own options instead.
QUICK_JVM = ("-Xmx1G", "-server", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")


class OracleMissing(Exception):
    """There is no Apache Kafka to ask, and the message says what would give one."""


def check_oracle() -> None:
    """Raises OracleMissing unless there is an address in the environment, or java and mvn on the PATH."""
    if os.environ.get(ENVIRONMENT):
        return
    missing = [tool for tool in ("java", "mvn") if shutil.which(tool) is None]
    if missing:
        raise OracleMissing(
            f"--oracle needs a real Apache Kafka: put a broker's HOST:PORT into {ENVIRONMENT}, "
            f"or install java (17 or newer) and mvn; not found: {', '.join(missing)}"
        )


def jars(version: str = VERSION) -> Path:
    """The directory of the released jars, fetched once: of another release than the oracle's the broker alone."""
    return _fetched(f"apache-kafka-{version}", ARTIFACTS if version == VERSION else (_broker(version), LOG_PRINTER))


def streams_jars() -> Path:
    """The same of Kafka Streams, with the native library of its stores."""
    return _fetched(f"kafka-streams-{VERSION}", STREAMS_ARTIFACTS)


def _fetched(name: str, artifacts: Sequence[Artifact]) -> Path:
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    home = cache / "odradek" / name
    if (home / "complete").exists():
        return home
    home.mkdir(parents=True, exist_ok=True)
    dependencies = "".join(
        f"<dependency><groupId>{group}</groupId><artifactId>{artifact}</artifactId><version>{version}</version></dependency>"
        for group, artifact, version in artifacts
    )
    (home / "pom.xml").write_text(
        "<project><modelVersion>4.0.0</modelVersion><groupId>odradek</groupId><artifactId>oracle</artifactId>"
        f"<version>1</version><dependencies>{dependencies}</dependencies></project>"
    )
    (home / "log4j2.properties").write_text(LOGGING)
    command = ["mvn", "-q", "-B", "dependency:copy-dependencies", "-DoutputDirectory=lib"]
    done = subprocess.run(command, cwd=home, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise OracleMissing(f"mvn could not fetch {name}:\n{done.stdout}{done.stderr}")
    (home / "complete").touch()
    return home


class ApacheKafka:
    """One broker and controller in one process (KRaft), with settings as a test wants them."""

    def __init__(
        self,
        directory: Path,
        settings: Mapping[str, str] | None = None,
        *,
        jvm: Sequence[str] = QUICK_JVM,
        version: str = VERSION,
        has_tls: bool = False,
    ) -> None:
        """With `has_tls` it listens at `tls_address`, too; the certificates are in the settings."""
        self.tls_address = f"127.0.0.1:{free_port()}" if has_tls else None
        self._port, self._controller_port = free_port(), free_port()
        self._archiving: Path | None = None  # what it writes at its end of the classes it has loaded
        self.address = f"127.0.0.1:{self._port}"
        self.data_dir = directory / "data"
        self._directory = directory
        self._jvm = jvm
        self._version = version
        self._settings = {**SETTINGS, **(settings or {})}
        self._log_path = directory / "server.log"
        self._properties_path = directory / "server.properties"
        self._process: subprocess.Popen[bytes] | None = None
        directory.mkdir(parents=True, exist_ok=True)

    def format(self, *options: str) -> None:
        """Prepares the data directory as an administrator does, with options of `kafka-storage format`."""
        self._properties_path.write_text("".join(f"{name}={value}\n" for name, value in self._properties().items()))
        self.format_as(CLUSTER_ID, self._properties_path, *options)

    def format_as(self, cluster_id: str, properties: Path, *options: str) -> None:
        """Prepares what the properties name for a node of this cluster."""
        arguments = ["format", "--ignore-formatted", f"--cluster-id={cluster_id}", "-c", str(properties), *options]
        command = [*java(jars(self._version), QUICK_JVM), "kafka.tools.StorageTool", *arguments]
        subprocess.run(command, check=True, capture_output=True)

    def start(self) -> None:
        properties = self._properties_path
        properties.write_text("".join(f"{name}={value}\n" for name, value in self._properties().items()))
        if not (self.data_dir / "meta.properties").exists():
            self.format()
        self._run(properties)

    def _run(self, properties: Path) -> None:
        home, options = jars(self._version), self._jvm
        if options == QUICK_JVM and not _archive(home).exists():
            self._archiving = home / f"classes-{os.getpid()}.jsa"
            options = [*options, f"-XX:ArchiveClassesAtExit={self._archiving}"]
        with self._log_path.open("ab") as log:
            self._process = subprocess.Popen(
                [*java(home, options), "kafka.Kafka", str(properties)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self._wait_until_ready()

    def stop(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(STOP_DEADLINE_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None
            if self._archiving is not None and self._archiving.exists():
                self._archiving.rename(_archive(self._archiving.parent))

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def pid(self) -> int:
        assert self._process is not None, "the broker is not running"
        return self._process.pid

    def log(self) -> str:
        return self._log_path.read_text(errors="replace")

    def _properties(self) -> dict[str, str]:
        advertised = f"PLAINTEXT://{self.address}" + (f",SSL://{self.tls_address}" if self.tls_address else "")
        return {
            "process.roles": "broker,controller",
            "node.id": "1",
            "controller.quorum.voters": f"1@127.0.0.1:{self._controller_port}",
            "listeners": f"{advertised},CONTROLLER://127.0.0.1:{self._controller_port}",
            "advertised.listeners": advertised,
            "controller.listener.names": "CONTROLLER",
            "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,SSL:SSL,CONTROLLER:PLAINTEXT",
            "log.dirs": str(self.data_dir),
            **self._settings,
        }

    def _wait_until_ready(self) -> None:
        """Answering is not enough: coordinators load for a second or two after the port is open."""
        assert self._process is not None
        deadline = time.monotonic() + START_DEADLINE_S
        try:
            wait_until_settled(self.address, deadline, still_runs=self._process_runs)
        except BaseException as error:
            tail = self.log()[-3000:]
            self.kill()
            if not isinstance(error, TimeoutError):
                raise
            raise RuntimeError(f"Apache Kafka did not answer ({error}); its log ends:\n{tail}") from None

    def _process_runs(self) -> bool:
        return self._process is not None and self._process.poll() is None


def java(home: Path, options: Sequence[str]) -> list[str]:
    """The command that starts a JVM with all jars of a home."""
    logging = f"-Dlog4j2.configurationFile={home / 'log4j2.properties'}"
    archive = _archive(home)
    if options == QUICK_JVM and archive.exists():  # a JVM that cannot take it does without
        options = [*options, f"-XX:SharedArchiveFile={archive}", "-Xlog:disable"]
    return ["java", *options, "-Djava.awt.headless=true", logging, "-cp", f"{home / 'lib'}/*"]


def _archive(home: Path) -> Path:
    """The classes of a broker as a JVM has them in memory: with them the next begins in half the time.

    The first broker that ends in good order leaves them.
    """
    return home / "classes.jsa"


def skip_without_kafka() -> None:
    """Skip a test that needs Apache Kafka itself where it cannot be had."""
    missing = [tool for tool in ("java", "mvn") if shutil.which(tool) is None]
    if missing:
        pytest.skip(f"Apache Kafka itself needs {' and '.join(missing)} on the PATH")
    try:
        jars()
    except OracleMissing as why:
        pytest.skip(str(why))
