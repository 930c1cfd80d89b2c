"""Apache Kafka's own command line tools, in one JVM: a start of its own for each would take a second or two."""

import base64
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from .apache_kafka import QUICK_JVM, jars

_SOURCE = Path(__file__).with_name("KafkaTools.java")
_TOOLS = "org.apache.kafka.tools"
CLASSES = {
    "kafka-acls": f"{_TOOLS}.AclCommand",
    "kafka-broker-api-versions": f"{_TOOLS}.BrokerApiVersionsCommand",
    "kafka-client-metrics": f"{_TOOLS}.ClientMetricsCommand",
    "kafka-cluster": f"{_TOOLS}.ClusterTool",
    "kafka-configs": "kafka.admin.ConfigCommand",
    "kafka-console-consumer": f"{_TOOLS}.consumer.ConsoleConsumer",
    "kafka-console-share-consumer": f"{_TOOLS}.consumer.ConsoleShareConsumer",
    "kafka-consumer-groups": f"{_TOOLS}.consumer.group.ConsumerGroupCommand",
    "kafka-delegation-tokens": f"{_TOOLS}.DelegationTokenCommand",
    "kafka-delete-records": f"{_TOOLS}.DeleteRecordsCommand",
    "kafka-features": f"{_TOOLS}.FeatureCommand",
    "kafka-get-offsets": f"{_TOOLS}.GetOffsetShell",
    "kafka-groups": f"{_TOOLS}.GroupsCommand",
    "kafka-leader-election": f"{_TOOLS}.LeaderElectionCommand",
    "kafka-log-dirs": f"{_TOOLS}.LogDirsCommand",
    "kafka-metadata-quorum": f"{_TOOLS}.MetadataQuorumCommand",
    "kafka-reassign-partitions": f"{_TOOLS}.reassign.ReassignPartitionsCommand",
    "kafka-share-groups": f"{_TOOLS}.consumer.group.ShareGroupCommand",
    "kafka-streams-groups": f"{_TOOLS}.streams.StreamsGroupCommand",
    "kafka-topics": f"{_TOOLS}.TopicCommand",
    "kafka-transactions": f"{_TOOLS}.TransactionsCommand",
}


class KafkaTools:
    """The JVM, started when it is first asked."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._process: subprocess.Popen[str] | None = None

    def run(self, tool: str, bootstrap: str, arguments: Sequence[str]) -> tuple[int, str]:
        """The exit code of a tool, and all that it printed. RuntimeError if the JVM has ended."""
        where = ["--bootstrap-server", bootstrap]
        by_verb = [arguments[0], *where, *arguments[1:]] if tool == "kafka-cluster" else [*where, *arguments]
        return self.run_class(CLASSES[tool], by_verb)

    def run_class(self, name: str, arguments: Sequence[str]) -> tuple[int, str]:
        process = self._process = self._process or self._start()
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write("\t".join([name, *arguments]) + "\n")
        process.stdin.flush()
        answer = process.stdout.readline()
        if not answer:
            raise RuntimeError(f"the JVM of the tools has ended:\n{self._log.read_text()[-3000:]}")
        code, _, printed = answer.partition(" ")
        return int(code), base64.b64decode(printed).decode()

    def _start(self) -> subprocess.Popen[str]:
        home = jars()
        command = ["java", *QUICK_JVM, f"-Dlog4j2.configurationFile={home / 'log4j2.properties'}"]
        command += ["-cp", f"{home / 'lib'}/*", str(_SOURCE)]
        with self._log.open("a") as log:
            return subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True, encoding="utf-8"
            )

    def close(self) -> None:
        """End the JVM."""
        if self._process is not None:
            for pipe in (self._process.stdin, self._process.stdout):
                _close(pipe)
            self._process.kill()
            self._process.wait()
            self._process = None


def _close(pipe: IO[str] | None) -> None:
    if pipe is not None:
        pipe.close()
