"""`odradek serve --control`: off unless asked for, and then it lives and ends with the broker."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from confluent_kafka import Producer

from .served import COMMAND, serving

DEADLINE_S = 20.0
WITHOUT = COMMAND[:-2]


def refused(command: list[str], **more: str) -> str:
    """The one line that a start ends with."""
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=DEADLINE_S, check=False, env={**os.environ, **more}
    )
    assert (done.returncode, done.stdout) == (1, "")
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("odradek: ")]
    assert "Traceback" not in done.stderr
    return line


def address_of(url: str) -> tuple[str, int]:
    host, _, port = url.removeprefix("http://").rpartition(":")
    return host, int(port)


def received(waiting: socket.socket) -> bytes:
    """All that comes to its end."""
    return b"".join(iter(lambda: waiting.recv(4096), b""))


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_both_within_two_seconds(signum: signal.Signals) -> None:
    with serving("--ephemeral") as served:
        served.call("POST", "/v1/clusters", {"name": "other"})
        served.call("POST", "/v1/faults", {"action": "blackhole"})
        waiting = socket.create_connection(address_of(served.url), timeout=DEADLINE_S)
        waiting.sendall(b"GET /v1/faults/fault-1?hits=1 HTTP/1.1\r\nHost: localhost\r\n\r\n")
        served.call("GET", "/v1/health")  # by now it waits
        told_at = time.monotonic()
        served.process.send_signal(signum)
        _, logs = served.process.communicate(timeout=DEADLINE_S)
        assert time.monotonic() - told_at < 2
        assert served.process.returncode == 0
        assert logs.count("broker: stopped") == 2
        assert "Traceback" not in logs
        assert b'{"error": "the broker ends"}' in received(waiting)
        waiting.close()


def test_advances_and_uploads_under_way_at_the_end_are_refused_in_one_line() -> None:
    body = b'{"days": 36500}'
    advance = b"POST /v1/clock/advance HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
    with serving("--ephemeral") as served:
        waiting = [socket.create_connection(address_of(served.url), timeout=DEADLINE_S) for _ in range(50)]
        for one in waiting:
            one.sendall(advance)
        upload = socket.create_connection(address_of(served.url), timeout=DEADLINE_S)
        upload.sendall(b"POST /v1/import HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nhalf")
        served.call("GET", "/v1/health")  # by now they are under way
        told_at = time.monotonic()
        served.process.send_signal(signal.SIGTERM)
        _, logs = served.process.communicate(timeout=DEADLINE_S)
        assert (served.process.returncode, "Traceback" in logs) == (0, False), logs
        assert time.monotonic() - told_at < 10  # of which an upload that stands still is waited for one
        answers = [received(one) for one in (*waiting, upload)]
        assert answers[-2].endswith(b'{"error": "the cluster ends, and its clock is advanced no further"}\n')
        for one in (*waiting, upload):
            one.close()


def test_the_clock_and_the_faults_of_a_broker_on_the_disk_are_controlled_too(tmp_path: Path) -> None:
    with serving("--data-dir", str(tmp_path)) as served:
        served.call("POST", "/v1/topics", {"name": "t", "partitions": 1})
        began = served.call("POST", "/v1/clock/freeze")["now_ms"]
        served.call("POST", "/v1/faults", {"api": "Produce", "action": "disconnect_after", "times": 1})
        producer = Producer({"bootstrap.servers": served.bootstrap, "enable.idempotence": True})
        producer.produce("t", b"one", timestamp=began)
        assert producer.flush(20) == 0
        assert served.call("GET", "/v1/faults/fault-1")["hits"] == 1
        served.call("POST", "/v1/clock/advance", {"hours": 1})
        served.call("POST", "/v1/topics/t/records", {"records": [{"value": "two"}]})
        served.process.send_signal(signal.SIGTERM)
        served.process.communicate(timeout=DEADLINE_S)
    with serving("--data-dir", str(tmp_path)) as served:
        records = served.call("GET", "/v1/topics/t/records")["records"]
        assert [(one["value"], one["timestamp_ms"] - began) for one in records] == [("one", 0), ("two", 3_600_000)]


def test_without_the_option_nothing_of_it_is_imported() -> None:
    # Every import of a process is listed on stderr.
    command = [sys.executable, "-X", "importtime", *WITHOUT[1:], "--ephemeral"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    line = process.stdout.readline()
    process.send_signal(signal.SIGTERM)
    _, imports = process.communicate(timeout=DEADLINE_S)
    assert re.fullmatch(r"odradek ready 127\.0\.0\.1:\d+\n", line)
    loaded = set(re.findall(r"\| +([\w.]+)$", imports, re.MULTILINE))
    assert "odradek.broker.cluster" in loaded
    rooms = ("odradek.broker.control", "odradek.broker.faults", "odradek.broker.testing", "starlette", "uvicorn", "h11")
    assert not [name for name in loaded if name.startswith(rooms)]


def test_an_extra_that_is_missing_is_named(tmp_path: Path) -> None:
    (tmp_path / "uvicorn.py").write_text("raise ModuleNotFoundError(\"No module named 'uvicorn'\", name='uvicorn')")
    line = refused([*COMMAND, "--ephemeral"], PYTHONPATH=str(tmp_path))
    assert line == "odradek: --control needs uvicorn: pip install 'odradek[control]'"


@pytest.mark.parametrize("address", ["nowhere", "127.0.0.1:99999", ""])
def test_an_address_that_is_none_is_refused(address: str) -> None:
    assert "--control: " in refused([*WITHOUT, "--control", address, "--ephemeral"])


def test_an_address_in_use_is_refused_before_the_data_is_touched(tmp_path: Path) -> None:
    with serving("--ephemeral") as served:
        address = served.url.removeprefix("http://")
        line = refused([*WITHOUT, "--control", address, "--data-dir", str(tmp_path / "data")])
        assert line == f"odradek: --control: cannot listen on {address}: Address already in use"
        assert not (tmp_path / "data").exists()


def test_a_broker_that_cannot_start_lets_its_control_address_go(tmp_path: Path) -> None:
    with serving("--data-dir", str(tmp_path)):
        assert "is in use by another broker" in refused([*COMMAND, "--data-dir", str(tmp_path)])


@pytest.mark.parametrize(("option", "is_warned"), [("0", False), (":0", False), ("0.0.0.0:0", True)])
def test_a_port_alone_is_one_of_the_loopback_and_others_are_warned_of(option: str, is_warned: bool) -> None:
    with serving("--ephemeral", "--control", option) as served:
        host = served.url.removeprefix("http://").rpartition(":")[0]
        assert host == ("0.0.0.0" if is_warned else "127.0.0.1")
        assert served.call("GET", "/v1/health")["status"] == "ready"
        served.process.send_signal(signal.SIGTERM)
        _, logs = served.process.communicate(timeout=DEADLINE_S)
        assert ("asks for no password" in logs) == is_warned


def test_from_a_seed_and_a_clock_that_stands_still_the_same_cluster_follows() -> None:
    seen: list[object] = []
    for _ in range(2):
        with serving("--ephemeral", "--seed", "5", "--frozen-at", "1700000000000") as served:
            served.call("POST", "/v1/topics", {"name": "t"})
            seen.append((served.call("GET", "/v1/clusters/default")["cluster_id"], served.call("GET", "/v1/clock")))
    assert seen[0] == seen[1]
    why = refused([*COMMAND, "--ephemeral", "--frozen-at", "-1"])
    assert why == "odradek: a clock shows milliseconds since 1970, from 0 to 253402300799999, not -1"
