"""`odradek serve --scenario FILE`: what a broker begins with is there when it says that it is ready."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import RESOURCE_BROKER, AdminClient, ConfigResource  # type: ignore[attr-defined]

from ..control.served import Served
from ..control.served import serving as controlled

COMMAND = [sys.executable, "-m", "odradek.broker", "serve"]
EXAMPLE = Path(__file__).parents[3] / "examples" / "scenario" / "shop.yaml"
DEADLINE_S = 20.0
CLIENT = {"log_level": 0}


@contextlib.contextmanager
def serving(*options: str, **environment: str) -> Generator[tuple["subprocess.Popen[str]", str]]:
    """A broker without a control plane, and its address."""
    process = subprocess.Popen(
        [*COMMAND, *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment},
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        ready = re.fullmatch(r"odradek ready (127\.0\.0\.1:\d+)\n", line)
        assert ready, line or process.communicate()[1]
        yield process, ready[1]
    finally:
        process.kill()
        process.communicate()


def stopped(process: "subprocess.Popen[str]") -> str:
    """Its log, when it has stopped as it should."""
    process.send_signal(signal.SIGTERM)
    _, logs = process.communicate(timeout=DEADLINE_S)
    assert (process.returncode, "Traceback" in logs) == (0, False), logs
    return logs


def refused(*options: str) -> str:
    """The line that a start ends with."""
    done = subprocess.run([*COMMAND, *options], capture_output=True, text=True, timeout=DEADLINE_S, check=False)
    assert (done.returncode, done.stdout, "Traceback" in done.stderr) == (1, "", False), done.stderr
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("odradek: ")]
    return line.removeprefix("odradek: ")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
    return port


def read(bootstrap: str, topic: str, count: int, partition: int = 0) -> list[tuple[bytes | None, bytes | None]]:
    """Keys and values of a partition, as a stock client has them."""
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "reader", **CLIENT})
    consumer.assign([TopicPartition(topic, partition, 0)])
    found = consumer.consume(count, DEADLINE_S)
    consumer.close()
    assert [one.error() for one in found] == [None] * count
    return [(one.key(), one.value()) for one in found]


def test_stock_clients_find_what_the_example_says() -> None:
    with serving("--ephemeral", "--scenario", str(EXAMPLE)) as (process, bootstrap):
        admin = AdminClient({"bootstrap.servers": bootstrap, **CLIENT})
        topics = admin.list_topics(timeout=DEADLINE_S).topics
        assert {name: len(topic.partitions) for name, topic in topics.items() if name[:2] != "__"} == {
            "orders": 2,
            "stock": 1,
        }
        assert read(bootstrap, "orders", 1) == [(b"k", b"one")]
        assert read(bootstrap, "orders", 1, 1) == [(None, b'{"order":2}')]
        assert read(bootstrap, "stock", 2) == [(b"apples", b'{"count":3}'), (b"pears", b'{"count":5}')]
        billing = Consumer({"bootstrap.servers": bootstrap, "group.id": "billing", **CLIENT})
        assert billing.committed([TopicPartition("orders", 0)], DEADLINE_S)[0].offset == 1
        billing.close()
        producer = Producer({"bootstrap.servers": bootstrap, "enable.idempotence": True, **CLIENT})
        producer.produce("orders", b"two", partition=0)  # of which the first answer is lost
        assert producer.flush(DEADLINE_S) == 0
        assert read(bootstrap, "orders", 2) == [(b"k", b"one"), (None, b"two")]
        logs = stopped(process)
    (archive,) = re.findall(r"a cluster of the scenario is ready +name=archive listening=(\S+)", logs)
    assert archive != bootstrap


def test_a_second_cluster_is_reached_at_the_port_that_the_file_fixes(tmp_path: Path) -> None:
    port, path = free_port(), tmp_path / "s.yaml"
    path.write_text(f"""
listen: 127.0.0.1:0
clusters:
  - name: other
    listen: 127.0.0.1:{port}
    settings: {{num.partitions: 3}}
    clock: {{start: 2020-01-01T00:00:00Z, frozen: true}}
    topics: [{{name: only-here, records: [{{value: x}}]}}]
    faults: [{{api: Produce, topic: only-here, error: NOT_LEADER_OR_FOLLOWER, times: 1}}]
""")
    with serving("--ephemeral", ODRADEK_SCENARIO=str(path)) as (_, bootstrap):
        other = f"127.0.0.1:{port}"
        topics = AdminClient({"bootstrap.servers": other, **CLIENT}).list_topics(timeout=DEADLINE_S).topics
        assert len(topics["only-here"].partitions) == 3
        assert "only-here" not in AdminClient({"bootstrap.servers": bootstrap}).list_topics(timeout=DEADLINE_S).topics
        producer = Producer({"bootstrap.servers": other, **CLIENT})
        producer.produce("only-here", b"y", partition=1, timestamp=1)
        assert producer.flush(DEADLINE_S) == 0
        consumer = Consumer({"bootstrap.servers": other, "group.id": "g", **CLIENT})
        consumer.assign([TopicPartition("only-here", 0, 0)])
        message = consumer.poll(DEADLINE_S)
        assert message is not None
        assert message.timestamp()[1] == 1_577_836_800_000
        consumer.close()


def test_with_a_control_plane_faults_have_hit_the_clock_stands_and_all_begins_anew() -> None:
    with controlled("--ephemeral", "--scenario", str(EXAMPLE)) as served:
        (fault,) = served.call("GET", "/v1/faults")["faults"]
        assert (fault["action"], fault["hits"]) == ("disconnect_after", 0)
        archive = Served(served.process, served.bootstrap, served.url, "archive")
        assert archive.call("GET", "/v1/clock") == {"now_ms": 1_577_836_800_000, "rate": 0}
        (record,) = archive.call("GET", "/v1/topics/audit/records")["records"]
        assert (record["value"], record["timestamp_ms"]) == ("old", 1_577_836_800_000)
        for cluster, topic in ((served, "orders"), (archive, "audit")):
            before = cluster.call("GET", f"/v1/topics/{topic}/records")
            cluster.call("POST", f"/v1/topics/{topic}/records", {"records": [{"value": "more"}]})
            cluster.call("POST", "/v1/snapshots/scenario/restore")
            assert cluster.call("GET", f"/v1/topics/{topic}/records") == before


def test_on_disk_what_is_there_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    path.write_text("""
topics: [{name: t, records: [{value: a}]}]
groups: [{group: g, topic: t, partition: 0, offset: 1}]
""")
    options = ("--listen", "127.0.0.1:0", "--data-dir", str(tmp_path / "data"), "--scenario", str(path))
    with serving(*options) as (process, bootstrap):
        producer = Producer({"bootstrap.servers": bootstrap, **CLIENT})
        producer.produce("t", b"b")
        assert producer.flush(DEADLINE_S) == 0
        stopped(process)
    with serving(*options) as (process, bootstrap):
        assert [value for _, value in read(bootstrap, "t", 2)] == [b"a", b"b"]
        assert "a topic keeps the records that it has" in stopped(process)


def test_settings_count_after_the_file_and_before_the_environment_and_flags(tmp_path: Path) -> None:
    path, properties = tmp_path / "s.yaml", tmp_path / "server.properties"
    path.write_text("""
settings: {num.partitions: 2, default.replication.factor: 1, log.retention.ms: 2, log.segment.bytes: 200000000}
""")
    properties.write_text("num.partitions=9\nlog.cleaner.threads=3\n")
    options = ("--ephemeral", "--listen", "127.0.0.1:0", "--config", str(properties), "--scenario", str(path))
    with serving(*options, "--set", "log.segment.bytes=300000000", KAFKA_LOG_RETENTION_MS="5") as (_, bootstrap):
        admin = AdminClient({"bootstrap.servers": bootstrap, **CLIENT})
        resource = ConfigResource(RESOURCE_BROKER, str(next(iter(admin.list_topics(timeout=10).brokers))))
        (found,) = (one.result(DEADLINE_S) for one in admin.describe_configs([resource]).values())
    names = ("num.partitions", "log.cleaner.threads", "log.retention.ms", "log.segment.bytes")
    assert [found[name].value for name in names] == ["2", "3", "5", "300000000"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (
            "topics:\n  - name: t\n    partition: 1\n",
            ":3: a topic has no field 'partition'; did you mean 'partitions'?",
        ),
        ("users:\n  - {name: al, password: x, mechanism: plane}\n", ":2: there is no mechanism 'plane'; did you mean"),
        ("users:\n  - {name: '', password: x}\n", ":2: a user has a name and a password, and neither is empty"),
        (
            "users:\n- {name: a, password: x}\n- {name: a, password: y, mechanism: PLAIN}\n",
            ":3: the user 'a' is given twice",
        ),
        (
            # What only the log refuses: a compacted topic takes no record without a key.
            "topics:\n  - name: t\n    config: {cleanup.policy: compact}\n    records:\n      - value: x\n",
            ":5: INVALID_RECORD: ",
        ),
        ("clusters:\n  - name: a\n    settings: {listeners: 'PLAINTEXT://127.0.0.1:BUSY'}\n", ":2: the cluster 'a': "),
    ],
)
def test_what_is_wrong_is_named_by_file_and_line_and_nothing_is_left(tmp_path: Path, text: str, why: str) -> None:
    path, data = tmp_path / "s.yaml", tmp_path / "data"
    with socket.create_server(("127.0.0.1", 0)) as busy:
        path.write_text(text.replace("BUSY", str(busy.getsockname()[1])))
        options = ("--listen", "127.0.0.1:0", "--scenario", str(path))
        assert refused(*options, "--ephemeral").startswith(f"{path}{why}")
        assert refused(*options, "--data-dir", str(data)).startswith(f"{path}{why}")
    with serving("--listen", "127.0.0.1:0", "--data-dir", str(data)) as (_, bootstrap):
        assert "t" not in AdminClient({"bootstrap.servers": bootstrap}).list_topics(timeout=DEADLINE_S).topics


def test_users_have_to_log_in(tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    path.write_text("listen: 127.0.0.1:0\nusers: [{name: alice, password: secret}]\ntopics: [{name: t}]\n")
    with serving("--ephemeral", "--scenario", str(path)) as (_, bootstrap):
        login: dict[str, Any] = {
            "bootstrap.servers": bootstrap,
            "security.protocol": "SASL_PLAINTEXT",
            "sasl.username": "alice",
            **CLIENT,
        }
        for mechanism in ("PLAIN", "SCRAM-SHA-512"):
            admin = AdminClient({**login, "sasl.mechanism": mechanism, "sasl.password": "secret"})
            assert "t" in admin.list_topics(timeout=DEADLINE_S).topics
        with pytest.raises(KafkaException):
            AdminClient({**login, "sasl.mechanism": "PLAIN", "sasl.password": "no"}).list_topics(timeout=1)


def test_an_extra_that_is_missing_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "yaml.py").write_text("raise ModuleNotFoundError(\"No module named 'yaml'\", name='yaml')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    why = "--scenario needs PyYAML: pip install 'odradek[control]'"
    assert refused("--ephemeral", "--scenario", str(EXAMPLE)) == why


THREE = """
brokers: 3
racks: [a, b, c]
settings: {default.replication.factor: 3}
topics:
  - {name: orders, partitions: 1, records: [{value: one}]}
  - {name: alone, partitions: 1, replication_factor: 1}
groups: [{group: g, topic: orders, partition: 0, offset: 1}]
faults: [{api: Heartbeat, broker: 3, action: blackhole}]
links: [{from: 1, to: 2, cut: true}]
clusters:
  - {name: two, brokers: 2, topics: [{name: t}], links: [{from: 1, to: 2, delay_ms: 5}]}
"""


def test_several_brokers_begin_with_their_topics_on_all_and_a_link_cut(tmp_path: Path) -> None:
    path = tmp_path / "three.yaml"
    path.write_text(THREE)
    with controlled("--ephemeral", "--scenario", str(path)) as served:
        assert [one["rack"] for one in served.call("GET", "/v1/brokers")["brokers"]] == ["a", "b", "c"]
        assert len(served.bootstrap.split(",")) == 3
        (partition,) = served.call("GET", "/v1/topics/orders/partitions")["partitions"]
        assert [one["log_end"] for one in partition["replicas"]] == [1, 1, 1]
        assert served.call("GET", "/v1/topics/alone")["replication_factor"] == 1
        assert served.call("GET", "/v1/groups/g/committed")["offsets"][0]["offset"] == 1
        assert [one["broker"] for one in served.call("GET", "/v1/faults")["faults"]] == [3]
        assert [(one["from"], one["to"]) for one in served.call("GET", "/v1/links")["links"]] == [(1, 2), (2, 1)]
        two = Served(served.process, "", served.url, "two")
        assert [one["delay_ms"] for one in two.call("GET", "/v1/links")["links"]] == [5, 5]
        assert two.call("GET", "/v1/topics/t")["replication_factor"] == 2


def test_several_brokers_on_disk_begin_as_the_scenario_says_and_keep_it(tmp_path: Path) -> None:
    path, data = tmp_path / "three.yaml", ("--data-dir", str(tmp_path / "data"))
    path.write_text(THREE)
    for _ in range(2):
        with controlled(*data, "--scenario", str(path)) as served:
            (partition,) = served.call("GET", "/v1/topics/orders/partitions")["partitions"]
            assert [one["log_end"] for one in partition["replicas"]] == [1, 1, 1]
            served.process.send_signal(signal.SIGTERM)
            served.process.wait(DEADLINE_S)


def test_an_option_counts_more_than_the_scenario(tmp_path: Path) -> None:
    path = tmp_path / "three.yaml"
    path.write_text("{brokers: 3, racks: [a, b, c]}")
    with controlled("--ephemeral", "--scenario", str(path), "--brokers", "2") as served:
        assert [one["rack"] for one in served.call("GET", "/v1/brokers")["brokers"]] == ["a", "b"]


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        ("brokers: 2\nlinks:\n  - {from: 1, to: 3, cut: true}", 3, "there is no broker 3; there are: 1, 2"),
        ("brokers: 2\nlinks:\n  - {from: 1, to: client, cut: true}", 3, "a link ends at the id of a broker"),
        ("links:\n  - {from: 1, to: clients, cut: true}", 2, "this is a cluster of one broker"),
        ("brokers: 2\ntopics:\n  - {name: t, replication_factor: 3}", 3, "INVALID_REPLICATION_FACTOR"),
        (
            "clusters:\n  - name: x\n    faults: [{broker: 2, action: blackhole}]",
            2,
            "the cluster 'x': there is no",
        ),
    ],
)
def test_what_cannot_be_of_several_brokers_is_named_with_its_line(
    tmp_path: Path, text: str, line: int, why: str
) -> None:
    path = tmp_path / "wrong.yaml"
    path.write_text(text)
    found = refused("--ephemeral", "--listen", "127.0.0.1:0", "--scenario", str(path))
    assert found.startswith(f"{path}:{line}: {why}")
