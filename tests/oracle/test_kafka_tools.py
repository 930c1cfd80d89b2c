"""Apache Kafka's own command line tools against the broker: exit codes, and the words of their answers.

A story is what an administrator types, one line after the other; `T`, `G` and `N` are a topic, a group and another name
that nobody else uses. What a line prints is searched for a pattern.
"""

import json
import re
import shlex
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from odradek.broker.wire import Wire
from odradek.protocol.messages.find_coordinator import FindCoordinatorRequest, FindCoordinatorResponse
from odradek.protocol.messages.streams_group_heartbeat import (
    StreamsGroupHeartbeatRequest,
    StreamsGroupHeartbeatResponse,
    Subtopology,
    Topology,
)

from ..clients.stock_client import Message, create, send_all, until
from ..clients.with_confluent_kafka import ConfluentKafka
from .apache_kafka import OracleMissing
from .dump_tool import check_tools
from .kafka_tools import CLASSES, KafkaTools

LATE_S = 10.0


class Line(NamedTuple):
    command: str
    printed: str
    exit_code: int = 0


STORIES: Mapping[str, Sequence[Line]] = {
    "a topic is created, grows, and is deleted": (
        Line("kafka-topics --create --topic T --partitions 2 --config retention.ms=1234567", "Created topic T"),
        Line("kafka-topics --create --topic T", "Topic 'T' already exists", 1),
        Line("kafka-topics --create --topic T --if-not-exists", "^$"),
        Line("kafka-topics --alter --topic T --partitions 3", "^$"),
        Line("kafka-topics --alter --topic T --partitions 3", "Topic already has 3 partition", 1),
        Line("kafka-topics --alter --topic T --partitions 1", r"has 3 partition\(s\); 1 would not be an increase", 1),
        Line("kafka-topics --describe --topic T", r"PartitionCount: 3\s+ReplicationFactor: 1\s+Configs: .*ms=1234567"),
        Line(
            "kafka-topics --describe --topic T", r"Topic: T\s+Partition: 2\s+Leader: 1\s+Replicas: 1\s+Isr: 1\s+Elr: "
        ),
        Line("kafka-topics --describe --topic T --unavailable-partitions", "^$"),
        Line("kafka-topics --describe --topic T --under-replicated-partitions", "^$"),
        Line("kafka-topics --describe --topic T --topics-with-overrides", r"Topic: T\s.*Configs: .*ms=1234567"),
        Line("kafka-topics --list", r"(?m)^T$"),
        Line("kafka-topics --delete --topic T", "^$"),
        Line("kafka-topics --describe --topic T", "Topic 'T' does not exist as expected", 1),
        Line("kafka-topics --delete --topic T", "Topic 'T' does not exist as expected", 1),
    ),
    "a topic is refused with Kafka's reasons": (
        Line("kafka-topics --create --topic T --replication-factor 3", "(?i)replication factor", 1),
        Line("kafka-topics --create --topic T --partitions 0", "(?i)partitions", 1),
        Line("kafka-topics --create --topic T --config retention.ms=soon", "Invalid value soon for .*retention.ms", 1),
        Line("kafka-topics --create --topic T --config no.such=1", "(?i)unknown topic config name: no.such", 1),
        Line("kafka-topics --create --topic T --replica-assignment 1,1", "^Created topic T"),
        Line("kafka-topics --describe --topic T", "PartitionCount: 2"),
    ),
    "settings of a topic": (
        Line("kafka-topics --create --topic T", "Created"),
        Line(
            "kafka-configs --alter --entity-type topics --entity-name T"
            " --add-config retention.ms=5000,cleanup.policy=[compact,delete]",
            "Completed updating config for topic T",
        ),
        Line(
            "kafka-configs --describe --entity-type topics --entity-name T",
            r"cleanup.policy=compact,delete sensitive=false synonyms=\{DYNAMIC_TOPIC_CONFIG:cleanup.policy=compact,"
            r"delete, DEFAULT_CONFIG:log.cleanup.policy=delete\}\n\s+retention.ms=5000",
        ),
        Line("kafka-configs --describe --all --entity-type topics --entity-name T", "segment.bytes=1073741824"),
        Line("kafka-configs --alter --entity-type topics --entity-name T --delete-config retention.ms", "Completed"),
        Line("kafka-configs --describe --entity-type topics --entity-name T", r"(?s)^(?!.*retention.ms=5000)"),
        Line(
            "kafka-configs --alter --entity-type topics --entity-name T --add-config retention.ms=soon",
            "InvalidConfigurationException: Invalid value soon for configuration retention.ms: Not a number of type",
            1,
        ),
        Line("kafka-configs --alter --topic N --add-config retention.ms=1", "The topic 'N' does not exist", 1),
    ),
    "settings of a broker and of all": (
        Line(
            "kafka-configs --alter --broker 1 --add-config log.cleaner.backoff.ms=100", "updating config for broker 1"
        ),
        Line(
            "kafka-configs --alter --broker-defaults --add-config log.cleaner.backoff.ms=200", "updating default config"
        ),
        Line(
            "kafka-configs --describe --broker 1",
            r"log.cleaner.backoff.ms=100 sensitive=false synonyms=\{DYNAMIC_BROKER_CONFIG:log.cleaner.backoff.ms=100, "
            r"DYNAMIC_DEFAULT_BROKER_CONFIG:log.cleaner.backoff.ms=200, DEFAULT_CONFIG:log.cleaner.backoff.ms=15000\}",
        ),
        Line("kafka-configs --describe --broker-defaults", "log.cleaner.backoff.ms=200"),
        Line("kafka-configs --describe --all --broker 1", r"(?m)^\s+node.id=1 sensitive=false"),
        Line("kafka-configs --alter --broker 1 --delete-config log.cleaner.backoff.ms", "Completed"),
        Line("kafka-configs --describe --all --broker 1", r"log.cleaner.backoff.ms=200 .*\{DYNAMIC_DEFAULT_BROKER"),
        Line("kafka-configs --alter --broker-defaults --delete-config log.cleaner.backoff.ms", "Completed"),
        Line("kafka-configs --describe --broker-defaults", r"(?s)^(?!.*backoff)"),
        Line(
            "kafka-configs --alter --broker 1 --add-config num.partitions=2",
            r"InvalidRequestException: Cannot update these configs dynamically: \[num.partitions\]",
            1,
        ),
        Line("kafka-configs --alter --broker 1 --add-config max.connections.per.ip=0", "can be set to zero only if", 1),
        Line("kafka-configs --alter --broker 1 --add-config log.roll.jitter.ms=-1", "log.roll.jitter.ms must be gr", 1),
        Line("kafka-configs --alter --broker 1 --add-config max.connections=many", "Invalid value many", 1),
    ),
    "settings of groups, of client metrics, quotas": (
        Line("kafka-configs --alter --group G --add-config consumer.session.timeout.ms=50000", "config for group G"),
        Line("kafka-configs --describe --group G", "DYNAMIC_GROUP_CONFIG:consumer.session.timeout.ms=50000"),
        Line("kafka-configs --alter --group G --add-config consumer.session.timeout.ms=1", "(?i)must be greater", 1),
        Line("kafka-configs --alter --group G --delete-config consumer.session.timeout.ms", "Completed"),
        Line("kafka-configs --alter --client-metrics N --add-config interval.ms=1000,metrics=[a,b]", "client-metric N"),
        Line("kafka-configs --describe --client-metrics N", r"interval.ms=1000[^\n]*\n\s+metrics=a,b"),
        Line("kafka-client-metrics --list", "(?m)^N$"),
        Line("kafka-client-metrics --alter --name N --interval 2000 --metrics org.apache", "Altered .* for N"),
        Line("kafka-client-metrics --describe --name N", r"interval.ms=2000\n\s+match=\n\s+metrics=org.apache"),
        Line("kafka-client-metrics --alter --name N --interval 1", "Invalid value 1 for interval.ms", 1),
        Line("kafka-client-metrics --delete --name N", "Deleted client metrics config for N"),
        Line("kafka-client-metrics --list", r"(?s)^(?!.*\bN\b)"),
        Line("kafka-configs --alter --client N --add-config producer_byte_rate=1000,request_percentage=50", "client N"),
        Line("kafka-configs --describe --client N", "for client-id 'N' are .*producer_byte_rate=1000.0"),
        Line("kafka-configs --describe --entity-type clients", "request_percentage=50.0"),
        Line("kafka-configs --alter --client N --delete-config producer_byte_rate,request_percentage", "Completed"),
        Line("kafka-configs --describe --client N", "^$"),
    ),
    "partitions stay where they are": (
        Line("kafka-topics --create --topic T --partitions 2", "Created"),
        Line("kafka-log-dirs --describe --topic-list T", r'"partition":"T-0","size":0,"offsetLag":0,"isFuture":false'),
        Line("kafka-leader-election --election-type preferred --topic T --partition 0", "already elected .* T-0"),
        Line("kafka-leader-election --election-type unclean --topic T --partition 0", "already elected .* T-0"),
        Line(
            "kafka-reassign-partitions --generate --topics-to-move-json-file topics.json --broker-list 1",
            r'(?s)Proposed .*"topic":"T","partition":1,"replicas":\[1\]',
        ),
        Line(
            "kafka-reassign-partitions --execute --reassignment-json-file moves.json",
            "Successfully started partition reassignment for T-0",
        ),
        Line("kafka-reassign-partitions --verify --reassignment-json-file moves.json", "of partition T-0 is completed"),
        Line("kafka-reassign-partitions --list", "No partition reassignments found"),
    ),
    "the cluster": (
        Line("kafka-metadata-quorum describe --status", r"LeaderId:\s+1\n(.*\n)+CurrentVoters:\s+\[\{\"id\": 1"),
        Line("kafka-metadata-quorum describe --replication", r"(?m)^1\s+\S+\s+\d+\s+0\s+.*Leader"),
        Line("kafka-features describe", r"transaction.version\s+SupportedMinVersion: 0\s+SupportedMaxVersion: 2"),
        Line("kafka-features version-mapping", r"metadata.version=\d+ \(4.3-IV0\)"),
        Line("kafka-features upgrade --feature transaction.version=2 --dry-run", "can be upgraded to 2"),
        Line("kafka-features upgrade --feature transaction.version=9", "(?i)could not upgrade|not supported|ERROR", 1),
        Line("kafka-cluster cluster-id", r"Cluster ID: \S{22}"),
        Line("kafka-cluster list-endpoints", r"(?m)^1\s+127.0.0.1\s+\d+\s+null\s+unfenced\s+broker"),
        Line("kafka-broker-api-versions", r"(?m)\(id: 1 rack: null isFenced: false\) -> \(\n\s+Produce\(0\): 0 to 13"),
        Line("kafka-acls --list", "SecurityDisabledException: No Authorizer is configured", 1),
        Line("kafka-acls --add --allow-principal User:a --operation Read --topic t", "SecurityDisabledException", 1),
    ),
    "transactions": (
        Line("kafka-topics --create --topic T", "Created"),
        Line("kafka-transactions list", r"TransactionalId\s+Coordinator\s+ProducerId\s+TransactionState"),
        Line("kafka-transactions describe-producers --topic T --partition 0", r"ProducerId\s+ProducerEpoch"),
        Line("kafka-transactions find-hanging --broker-id 1", r"Topic\s+Partition\s+ProducerId"),
        Line("kafka-transactions describe --transactional-id N", "the ID could not be found", 1),
    ),
}


@pytest.fixture(scope="module")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaTools]:
    try:
        check_tools()
    except OracleMissing as missing:
        pytest.skip(str(missing))
    made = KafkaTools(tmp_path_factory.mktemp("kafka-tools") / "jvm.log")
    yield made
    made.close()


class Shell:
    """Types lines, with names filled in, files found, and the pattern of each answer held against it."""

    def __init__(self, tools: KafkaTools, bootstrap: str, names: Mapping[str, str], directory: Path) -> None:
        self._tools, self._bootstrap, self._names = tools, bootstrap, names
        self._directory = directory

    def type(self, line: Line) -> None:
        """AssertionError with what was printed. What only looks is asked again: Apache Kafka shows changes late."""
        only_looks = not {"--describe", "--list"}.isdisjoint(line.command.split())
        deadline = time.monotonic() + (LATE_S if only_looks else 0.0)
        while (fault := self._fault(line)) and time.monotonic() < deadline:
            pass
        assert not fault, fault

    def _fault(self, line: Line) -> str:
        tool, *arguments = shlex.split(self._filled(line.command))
        found = [str(self._directory / word) if word.endswith(".json") else word for word in arguments]
        exit_code, printed = self._tools.run(tool, self._bootstrap, found)
        if exit_code != line.exit_code:
            return f"{line.command}: exit code {exit_code}\n{printed}"
        if not re.search(self._filled(line.printed), printed.rstrip()):
            return f"{line.command}: no {line.printed} in\n{printed}"
        return ""

    def _filled(self, text: str) -> str:
        return re.sub(r"\b[TGN]\b", lambda match: self._names[match[0]], text)

    def write(self, name: str, content: object) -> None:
        (self._directory / name).write_text(json.dumps(content))


@pytest.fixture
def shell(tools: KafkaTools, bootstrap: str, topic: str, group: str, tmp_path: Path) -> Shell:
    return Shell(tools, bootstrap, {"T": topic, "G": group, "N": f"n-{topic}"}, tmp_path)


@pytest.mark.parametrize("story", list(STORIES))
def test_what_an_administrator_types_is_answered(shell: Shell, topic: str, story: str) -> None:
    shell.write("topics.json", {"version": 1, "topics": [{"topic": topic}]})
    move = {"topic": topic, "partition": 0, "replicas": [1]}
    shell.write("moves.json", {"version": 1, "partitions": [move]})
    for line in STORIES[story]:
        shell.type(line)


def test_records_are_counted_and_deleted_and_offsets_of_groups_set(
    shell: Shell, bootstrap: str, topic: str, group: str
) -> None:
    client = ConfluentKafka(bootstrap)
    create(client, topic, 2)
    send_all(client, topic, [Message(b"v")] * 5)
    shell.type(Line("kafka-get-offsets --topic T", r"(?m)^T:0:5$\s^T:1:0"))
    shell.write("before.json", {"version": 1, "partitions": [{"topic": topic, "partition": 0, "offset": 2}]})
    shell.type(Line("kafka-delete-records --offset-json-file before.json", r"partition: T-0\s+low_watermark: 2"))
    shell.type(Line("kafka-get-offsets --topic T --time earliest", r"(?m)^T:0:2$\s^T:1:0"))
    reset = "kafka-consumer-groups --reset-offsets --group G --topic T"
    shell.type(Line(f"{reset} --to-earliest --dry-run", r"G\s+T\s+0\s+2"))
    shell.type(Line(f"{reset} --to-earliest --execute", r"G\s+T\s+0\s+2"))
    shell.type(Line(f"{reset} --shift-by 1 --execute", r"G\s+T\s+0\s+3"))
    shell.type(Line("kafka-consumer-groups --describe --group G", r"G\s+T\s+0\s+3\s+5\s+2\s+-"))
    shell.type(Line("kafka-consumer-groups --list --state", r"G\s+Empty"))
    shell.type(Line("kafka-groups --list", r"G\s+Classic"))
    member = client.member(group, topic)
    try:
        until(lambda: bool(member.poll(0.1)), "the member has records")
        described = "kafka-consumer-groups --describe --group G"
        shell.type(Line(f"{described} --members --verbose", r"(?m)^G\s+rdkafka\S+\s+/127.0.0.1\s+rdkafka\s+2\s.*T:0,1"))
        shell.type(Line(f"{described} --state", r"G\s+127.0.0.1:\d+\s+\(1\)\s+range\s+Stable\s+1"))
        shell.type(Line(f"{described}", r"G\s+T\s+0\s+3\s+5\s+2\s+rdkafka"))
        shell.type(Line(f"{reset} --to-latest --execute", "(?i)inactive"))
        shell.type(Line("kafka-consumer-groups --delete --group G", "GroupNotEmptyException: The group is not empty"))
    finally:
        member.close()
    shell.type(Line("kafka-consumer-groups --delete-offsets --group G --topic T:1", "Request succeeded"))
    shell.type(Line("kafka-consumer-groups --delete --group G", "was successful"))
    shell.type(Line("kafka-consumer-groups --describe --group G", "Group G not found"))


def test_javas_consumer_of_the_new_protocol_reads_and_its_group_is_described_and_reset(
    shell: Shell, bootstrap: str, topic: str
) -> None:
    client = ConfluentKafka(bootstrap)
    create(client, topic, 2)
    send_all(client, topic, [Message(b"v%d" % number, partition=number % 2) for number in range(6)])
    consume = "kafka-console-consumer --topic T --group G --timeout-ms 20000 --command-property group.protocol=consumer"
    shell.type(Line(f"{consume} --from-beginning --max-messages 6", "(?s)v0.*Processed a total of 6 messages"))
    shell.type(Line("kafka-groups --list --group-type consumer", r"(?m)^G\s+Consumer\s+consumer"))
    shell.type(Line("kafka-consumer-groups --describe --group G --state", r"G\s.*uniform\s+Empty\s+0"))
    shell.type(Line("kafka-consumer-groups --describe --group G", r"G\s+T\s+0\s+3\s+3\s+0"))
    shell.type(Line("kafka-consumer-groups --describe --group G --members --verbose", "has no active members"))
    shell.type(
        Line("kafka-consumer-groups --reset-offsets --group G --topic T:1 --to-offset 1 --execute", r"G\s+T\s+1\s+1")
    )
    shell.type(Line(f"{consume} --max-messages 2", "(?s)v3.*v5.*Processed a total of 2 messages"))
    shell.type(Line("kafka-consumer-groups --delete --group G", "was successful"))


def test_javas_share_consumer_reads_and_its_group_is_described_and_reset(
    shell: Shell, bootstrap: str, topic: str
) -> None:
    client = ConfluentKafka(bootstrap)
    create(client, topic, 2)
    send_all(client, topic, [Message(b"v%d" % number, partition=number % 2) for number in range(6)])
    consume = "kafka-console-share-consumer --topic T --group G --timeout-ms 20000 --max-messages"
    shell.type(Line("kafka-configs --alter --group G --add-config share.auto.offset.reset=earliest", "Completed"))
    shell.type(Line(f"{consume} 6", "(?s)v0.*Processed a total of 6 messages"))
    shell.type(Line("kafka-groups --list --group-type share", r"(?m)^G\s+Share\s+share"))
    shell.type(Line("kafka-share-groups --describe --group G --state", r"G\s.*Empty\s+0"))
    shell.type(Line("kafka-share-groups --describe --group G", r"G\s+T\s+0\s+\d+\s+0\s"))
    shell.type(Line("kafka-share-groups --reset-offsets --group G --topic T --to-earliest --execute", r"G\s+T\s+0\s+0"))
    shell.type(Line("kafka-share-groups --describe --group G", r"G\s+T\s+0\s+0\s+3\s"))
    shell.type(Line(f"{consume} 6 --reject", "(?s)v0.*Processed a total of 6 messages"))
    shell.type(Line("kafka-share-groups --delete-offsets --group G --topic T", r"T\s+Successful"))
    shell.type(Line("kafka-share-groups --delete --group G", "was successful"))


def test_a_streams_group_is_listed_described_reset_and_deleted(
    shell: Shell, bootstrap: str, topic: str, group: str
) -> None:
    client = ConfluentKafka(bootstrap)
    create(client, topic, 2)
    send_all(client, topic, [Message(b"v%d" % number, partition=number % 2) for number in range(6)])
    at_once = "--add-config streams.initial.rebalance.delay.ms=0"
    shell.type(Line(f"kafka-configs --alter --group G {at_once}", "Completed"))
    with Wire(bootstrap) as wire:
        until(lambda: _beats(wire, topic, group, 0), "the thread has joined")
        shell.type(Line("kafka-groups --list --group-type streams", r"(?m)^G\s+Streams\s+streams"))
        shell.type(Line("kafka-streams-groups --list --state", r"(?m)^G\s+\w+"))
        described = "kafka-streams-groups --describe --group G"
        shell.type(Line(f"{described} --state", r"G\s.*\s1$"))
        shell.type(Line(f"{described} --members", r"G\s+m\s+the-process\s+\S+"))
        shell.type(Line(f"{described} --offsets", r"G\s+T\s+0\s+3"))
        reset = "kafka-streams-groups --reset-offsets --group G --all-input-topics --to-earliest"
        shell.type(Line(f"{reset} --dry-run", "can only be reset if the group 'G' is inactive"))
        shell.type(Line("kafka-streams-groups --delete --group G", "is not EMPTY"))
        assert _beats(wire, topic, group, -1)
    shell.type(Line(f"{described} --state", "has no active members"))
    shell.type(Line("kafka-streams-groups --delete --group G", "was successful"))


def _beats(wire: Wire, topic: str, group: str, epoch: int) -> bool:
    """Whether a heartbeat of a thread is taken: the coordinator may have yet to be found."""
    wire.ask(FindCoordinatorRequest(key_type=0, coordinator_keys=[group]), 4, FindCoordinatorResponse)
    how: dict[str, Any] = {}
    if epoch == 0:
        none: dict[str, Any] = dict.fromkeys(("active_tasks", "standby_tasks", "warmup_tasks"), ())
        whole = Topology(subtopologies=[Subtopology(subtopology_id="0", source_topics=[topic])])
        how = {"rebalance_timeout_ms": 5000, "process_id": "the-process", "topology": whole, **none}
    request = StreamsGroupHeartbeatRequest(group_id=group, member_id="m", member_epoch=epoch, **how)
    return wire.ask(request, 0, StreamsGroupHeartbeatResponse).error_code == 0


def test_every_tool_is_used() -> None:
    typed = {line.command.split()[0] for story in STORIES.values() for line in story}
    apart = {"kafka-get-offsets", "kafka-delete-records", "kafka-console-consumer"}
    apart |= {"kafka-consumer-groups", "kafka-groups", "kafka-console-share-consumer", "kafka-share-groups"}
    apart |= {"kafka-streams-groups", "kafka-delegation-tokens"}
    assert typed | apart == set(CLASSES)


def test_a_share_group_is_moved_forgets_and_is_deleted(shell: Shell, bootstrap: str, topic: str) -> None:
    client = ConfluentKafka(bootstrap)
    create(client, topic, 2)
    send_all(client, topic, [Message(b"v")] * 5)
    shell.type(Line("kafka-share-groups --describe --group G", "Group G not found"))
    reset = "kafka-share-groups --reset-offsets --group G --topic T"
    shell.type(Line(f"{reset} --to-latest --execute", r"G\s+T\s+0\s+5"))
    shell.type(Line("kafka-share-groups --describe --group G --verbose", r"G\s+T\s+0\s+0\s+5\s+0"))
    shell.type(Line(f"{reset} --to-earliest --dry-run", r"G\s+T\s+0\s+0"))
    shell.type(Line("kafka-share-groups --describe --group G", r"G\s+T\s+0\s+5\s+0"))
    shell.type(Line(f"{reset}:0 --to-earliest --execute", r"G\s+T\s+0\s+0"))
    shell.type(Line("kafka-share-groups --describe --group G", r"G\s+T\s+0\s+0\s+5\n(.*\n)?.*"))
    shell.type(Line("kafka-share-groups --describe --group G --state", r"G\s+\S+\s+\(1\)\s+Empty\s+0"))
    shell.type(Line("kafka-share-groups --list --state", r"G\s+Empty"))
    shell.type(Line("kafka-groups --list", r"G\s+Share\s+share"))
    shell.type(Line("kafka-share-groups --delete-offsets --group G --topic T", r"T\s+Successful"))
    shell.type(Line("kafka-share-groups --describe --group G", "'G' has no offset information"))
    shell.type(Line("kafka-share-groups --delete --group G", r"Deletion of requested share groups \('G'\) was succ"))
    shell.type(Line("kafka-share-groups --describe --group G", "Group G not found"))
