"""The state of a cluster over HTTP: kept, brought back, branched off, emptied, and as a file."""

import asyncio
import gzip
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Consumer, Producer

from odradek.broker.config.broker_config import BrokerConfig
from odradek.broker.control import snapshot_operations
from odradek.broker.control.app import MOST_FILE_BYTES
from odradek.broker.control.operation import Asked, Refused
from odradek.broker.control.plane import ControlPlane
from odradek.broker.control.snapshot_operations import ON_DISK
from odradek.broker.runtime import LoopThreads
from odradek.broker.testing.inspection import create_topic
from odradek.broker.testing.running_cluster import LOOPBACK, start_in_memory

from .served import Served, serving

LINES = [
    {"topic": "orders", "partitions": 1, "config": {"retention.ms": "-1"}},
    {"topic": "orders", "partition": 0, "offset": 0, "timestamp": 5, "value": "one"},
    {"group": "g", "topic": "orders", "partition": 0, "offset": 1},
]


def put(served: Served, *values: str) -> None:
    served.call("POST", "/v1/topics/t/records", {"records": [{"value": value} for value in values]})


def values(served: Served, topic: str = "t") -> list[str]:
    return [one["value"] for one in served.call("GET", f"/v1/topics/{topic}/records")["records"]]


def send_file(served: Served, data: bytes) -> tuple[int, Any]:
    return served.send("POST", f"/v1/import?cluster={served.cluster}", data)


def test_a_snapshot_is_kept_listed_restored_and_removed(cluster: Served) -> None:
    cluster.call("POST", "/v1/clock/freeze")
    put(cluster, "a")
    taken = cluster.call("POST", "/v1/snapshots", {"name": "one"})
    assert taken == {"name": "one", "at_ms": cluster.call("GET", "/v1/clock")["now_ms"]}
    put(cluster, "b")
    for _ in range(2):
        assert cluster.call("POST", "/v1/snapshots/one/restore") == taken
        assert values(cluster) == ["a"]
        put(cluster, "gone")
    assert cluster.call("GET", "/v1/snapshots") == {"snapshots": [taken]}
    assert cluster.call("DELETE", "/v1/snapshots/one") == taken
    assert cluster.call("GET", "/v1/snapshots") == {"snapshots": []}


def test_a_fork_is_a_cluster_of_its_own(served: Served, cluster: Served) -> None:
    put(cluster, "a")
    cluster.call("POST", "/v1/snapshots", {"name": "one"})
    made = cluster.call("POST", "/v1/snapshots/one/fork", {"name": "branch"})
    branch = replace(served, cluster="branch")
    assert served.call("GET", "/v1/clusters/branch") == made
    producer = Producer({"bootstrap.servers": made["bootstrap"]})
    producer.produce("t", b"b")
    assert producer.flush(20) == 0
    assert (values(branch), values(cluster)) == (["a", "b"], ["a"])
    assert made["bootstrap"] != cluster.bootstrap
    assert cluster.refused("POST", "/v1/snapshots/one/fork", {"name": "branch"})[0] == 409
    served.call("DELETE", "/v1/clusters/branch")


def test_what_is_served_in_memory_is_kept_and_reset_too(served: Served) -> None:
    put(served, "a")
    cluster_id = served.call("GET", "/v1/clusters/default")["cluster_id"]
    served.call("POST", "/v1/snapshots", {"name": "one"})
    assert served.call("POST", "/v1/reset") == {"cluster_id": cluster_id}
    assert served.call("GET", "/v1/topics")["topics"] == []
    fork = served.call("POST", "/v1/snapshots/one/fork", {"name": "of-default"})
    assert fork["bootstrap"] != served.bootstrap
    served.call("DELETE", "/v1/clusters/of-default")
    served.call("POST", "/v1/snapshots/one/restore")
    consumer = Consumer({"bootstrap.servers": served.bootstrap, "group.id": "g", "auto.offset.reset": "earliest"})
    consumer.subscribe(["t"])
    message = None
    while message is None or message.error():
        message = consumer.poll(20)
    assert message.value() == b"a"
    consumer.close()
    served.call("POST", "/v1/reset")


def test_a_cluster_is_exported_and_imported_elsewhere(served: Served, cluster: Served) -> None:
    data = "".join(json.dumps(line) + "\n" for line in LINES).encode()
    assert send_file(cluster, gzip.compress(data)) == (200, {"bytes": len(data)})
    assert values(cluster, "orders") == ["one"]
    status, exported = cluster.send("GET", f"/v1/export?cluster={cluster.cluster}")
    assert status == 200
    assert [json.loads(line) for line in exported.splitlines()] == LINES
    served.call("POST", "/v1/clusters", {"name": "elsewhere"})
    assert send_file(replace(served, cluster="elsewhere"), exported)[0] == 200
    assert served.send("GET", "/v1/export?cluster=elsewhere") == (200, exported)
    served.call("DELETE", "/v1/clusters/elsewhere")


def test_what_cannot_be_imported_is_named_and_changes_nothing(cluster: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    put(cluster, "a")
    good = b'{"topic": "u"}\n'
    bad: list[tuple[bytes, int, str]] = [
        (good + b'{"topic": "u", "valu": "x", "key": "k"}\n', 400, "line 2: unknown field 'valu'; did you mean"),
        (good + b'{"topic": "uu", "value": "x"}\n', 400, "line 2: there is no topic 'uu' before it; did you mean 'u'?"),
        (good + b"\xff\n", 400, "line 2: no JSON"),
        (good + b'{"topic": "t"}', 400, "line 2: the topic 't' is there already"),
        (b"\x1f\x8bnothing", 400, "the body is packed, but cannot be unpacked: "),
        (gzip.compress(good)[:-6], 400, "the body is packed, but cannot be unpacked: "),
    ]
    for data, status, why in bad:
        got, answer = send_file(cluster, data)
        assert (got, answer["error"][: len(why)]) == (status, why)
    assert [one["name"] for one in cluster.call("GET", "/v1/topics")["topics"]] == ["t"]
    monkeypatch.setattr(snapshot_operations, "MOST_LINES_BYTES", 5)
    with pytest.raises(Refused, match="a body has 5 bytes at most when it is unpacked"):
        snapshot_operations._unpacked(gzip.compress(good))


def test_a_file_has_a_bound(cluster: Served) -> None:
    status, answer = send_file(cluster, b"\n" * (MOST_FILE_BYTES + 1))
    assert (status, answer) == (413, {"error": "a body has 67108864 bytes at most"})


async def test_an_export_has_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    loop = asyncio.get_running_loop()
    threads = LoopThreads(loop)
    running = await start_in_memory(loop, threads, BrokerConfig.from_settings({"listeners": LOOPBACK}))
    plane = ControlPlane(running, loop, threads)
    await create_topic(running.contexts, "t", 1, {})
    asked = Asked(plane, running, {}, {}, {})
    monkeypatch.setattr(snapshot_operations, "MOST_EXPORT_BYTES", len(await snapshot_operations.export(asked)))
    await snapshot_operations.export(asked)
    await create_topic(running.contexts, "u", 1, {})
    with pytest.raises(Refused, match="an export over HTTP has") as raised:
        await snapshot_operations.export(asked)
    assert raised.value.status == 413
    await running.stop()
    threads.close()


def test_a_snapshot_that_cannot_be_is_refused(cluster: Served) -> None:
    cluster.call("POST", "/v1/snapshots", {"name": "stock"})
    why = "there is no snapshot 'stok'; did you mean 'stock'?; there are: 'stock'"
    assert cluster.refused("POST", "/v1/snapshots/stok/restore") == (404, why)
    assert cluster.refused("POST", "/v1/snapshots/stok/fork", {"name": "x"}) == (404, why)
    assert cluster.refused("DELETE", "/v1/snapshots/stok") == (404, why)
    named = "is no name of a snapshot: 1 to 100 of a-z, A-Z, 0-9, '.', '_' and '-'"
    assert cluster.refused("POST", "/v1/snapshots", {"name": "a/b"}) == (400, f"'a/b' {named}")
    assert cluster.refused("POST", "/v1/snapshots", {})[0] == 400
    assert cluster.refused("POST", "/v1/snapshots/stock/fork", {"name": "default"})[0] == 409
    assert len(cluster.call("GET", "/v1/snapshots")["snapshots"]) == 1


def test_calls_that_would_be_in_each_others_way_wait_for_each_other(served: Served) -> None:
    made = served.call("POST", "/v1/clusters", {"name": "busy"})
    cluster = replace(served, cluster="busy", bootstrap=made["bootstrap"])
    put(cluster, "a")
    cluster.call("POST", "/v1/snapshots", {"name": "s"})
    line = b'{"topic": "t", "value": "b"}\n'
    restore: Callable[[], Any] = lambda: cluster.send("POST", "/v1/snapshots/s/restore?cluster=busy")  # noqa: E731
    calls: list[Callable[[], Any]] = [
        restore,
        lambda: cluster.send("POST", "/v1/clock/advance?cluster=busy", b'{"days": 7}'),
        lambda: cluster.send("POST", "/v1/import?cluster=busy", line),
        lambda: cluster.send("POST", "/v1/topics?cluster=busy", b'{"name": "later"}'),
        lambda: cluster.send("GET", "/v1/topics/t/records?cluster=busy"),
        lambda: cluster.send("POST", "/v1/snapshots?cluster=busy", b'{"name": "other"}'),
        lambda: cluster.send("GET", "/v1/export?cluster=busy"),
        lambda: cluster.send("GET", "/v1/clusters"),
        restore,
    ]
    with ThreadPoolExecutor(8) as threads:
        done = [one.result() for one in [threads.submit(call) for _ in range(5) for call in calls]]
        assert {status for status, _ in done} <= {200, 201, 409}, done
        assert all("already" in answer["error"] for status, answer in done if status == 409)
        restore()
        assert values(cluster) == ["a"]
        dropped = [
            *(threads.submit(call) for call in calls),
            threads.submit(cluster.send, "DELETE", "/v1/clusters/busy"),
        ]
        for status, answer in [one.result() for one in [*dropped, *(threads.submit(call) for call in calls)]]:
            assert status < 500, answer
    assert "busy" not in str(served.call("GET", "/v1/clusters"))


def test_a_cluster_on_disk_is_exported_and_the_rest_is_refused(tmp_path: Path) -> None:
    with serving("--data-dir", str(tmp_path)) as served:
        put(served, "a")
        for path, body in (
            ("/v1/snapshots", {"name": "one"}),
            ("/v1/snapshots/one/restore", None),
            ("/v1/snapshots/one/fork", {"name": "x"}),
            ("/v1/reset", None),
            ("/v1/import", None),
        ):
            assert served.refused("POST", path, body) == (409, ON_DISK)
        status, exported = served.send("GET", "/v1/export")
        assert (status, exported.count(b"\n")) == (200, 2)
        assert served.call("GET", "/v1/snapshots") == {"snapshots": []}
        assert values(served) == ["a"]
