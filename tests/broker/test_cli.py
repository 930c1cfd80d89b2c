"""`odradek serve` as a person or a script runs it."""

import contextlib
import os
import resource
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Generator
from pathlib import Path

import pytest

from odradek.broker.wire import Wire, host_and_port
from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages.api_versions import ApiVersionsRequest, ApiVersionsResponse
from odradek.protocol.messages.metadata import MetadataRequest, MetadataRequestTopic, MetadataResponse
from odradek.protocol.messages.sasl_authenticate import SaslAuthenticateRequest, SaslAuthenticateResponse
from odradek.protocol.messages.sasl_handshake import SaslHandshakeRequest, SaslHandshakeResponse
from odradek.protocol.records import NewRecord, build_batch

from .security.sasl.scram_client import ScramClient

COMMAND = [sys.executable, "-m", "odradek.broker", "serve"]
DEADLINE_S = 20.0


@contextlib.contextmanager
def serving(*options: str) -> Generator[tuple[subprocess.Popen[str], str]]:
    """A broker process and its address, taken from the ready line."""
    process = subprocess.Popen([*COMMAND, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("odradek ready "), process.stderr.read() if process.stderr else line
        yield process, line.split()[2]
    finally:
        process.kill()
        process.communicate()


def refused(*options: str) -> str:
    """What stderr says of a broker that does not start."""
    done = subprocess.run([*COMMAND, *options], capture_output=True, text=True, timeout=DEADLINE_S, check=False)
    assert done.returncode == 1
    assert done.stdout == ""
    return done.stderr


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_it_is_ready_when_it_says_so_and_a_signal_stops_it_with_0_within_two_seconds(
    tmp_path: Path, signum: signal.Signals
) -> None:
    with serving("--listen", "127.0.0.1:0", "--data-dir", str(tmp_path)) as (process, address):
        with Wire(address) as wire:
            request = ApiVersionsRequest(client_software_name="test", client_software_version="1")
            assert wire.ask(request, 3, ApiVersionsResponse).error_code == 0
        told_at = time.monotonic()
        process.send_signal(signum)
        rest, logs = process.communicate(timeout=DEADLINE_S)
        assert process.returncode == 0
        assert time.monotonic() - told_at < 2
        assert rest == ""
        assert "started" in logs
        assert "stopped" in logs


def test_a_second_broker_on_the_same_data_is_refused(tmp_path: Path) -> None:
    with serving("--listen", "127.0.0.1:0", "--data-dir", str(tmp_path)):
        why = refused("--listen", "127.0.0.1:0", "--data-dir", str(tmp_path))
    assert f"the data directory {tmp_path} is in use by another broker" in why


def test_a_directory_that_cannot_be_written_is_said_to_be(tmp_path: Path) -> None:
    (tmp_path / ".kafka_cleanshutdown").mkdir()  # which no broker can take away
    why = refused("--listen", "127.0.0.1:0", "--data-dir", str(tmp_path))
    assert f"the data directory {tmp_path} cannot be written" in why
    assert "Traceback" not in why


def test_a_port_in_use_is_refused() -> None:
    with serving("--listen", "127.0.0.1:0", "--ephemeral") as (_, address):
        why = refused("--listen", address, "--ephemeral")
        assert f"cannot listen on {address}: Address already in use" in why
        assert "stopped" not in why


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["--set", "log.segment.byte=1"], "unknown setting 'log.segment.byte'; did you mean 'log.segment.bytes'?"),
        (["--set", "num.partitions=x"], "Invalid value x for configuration num.partitions: Not a number of type INT"),
        (["--set", "num.partitions"], "--set 'num.partitions' is not NAME=VALUE"),
        (["--set", "log.retention.ms=0"], "log.retention.ms must be unlimited (-1) or, greater than or equal to 1"),
        (["--set", "node.id=1", "--set", "broker.id=2"], "You must set `node.id` to the same value as `broker.id`."),
        (["--listen", "nowhere"], "'nowhere' is not HOST:PORT"),
        (["--config", "/no/such/file"], "cannot read /no/such/file"),
        (["--ephemeral", "--data-dir", "x"], "cannot go with --data-dir"),
        (["--set", "advertised.listeners=PLAINTEXT://0.0.0.0:1", "--ephemeral"], "advertised.listeners cannot use"),
        (["--topic", "t:x", "--ephemeral"], "--topic 't:x': 'x' is no number of partitions"),
        (["--listen", "127.0.0.1:0", "--ephemeral", "--topic", "a.b", "--topic", "a_b"], "--topic: a_b: Topic 'a_b'"),
    ],
)
def test_a_bad_option_is_an_error_that_names_it(options: list[str], why: str) -> None:
    assert why in refused(*options)


def test_settings_come_from_the_file_then_from_set(tmp_path: Path) -> None:
    properties = tmp_path / "server.properties"
    properties.write_text(f"listeners=PLAINTEXT://127.0.0.1:0\nlog.dirs={tmp_path}/data\nnode.id=7\n")
    with serving("--config", str(properties), "--set", "node.id=8"):
        assert "node.id=8" in (tmp_path / "data" / "meta.properties").read_text()


def test_settings_of_the_environment_count_after_the_file_and_before_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    properties = tmp_path / "server.properties"
    properties.write_text(f"listeners=PLAINTEXT://127.0.0.1:0\nlog.dirs={tmp_path}/file\nnode.id=7\nmy.own=x\n")
    monkeypatch.setenv("KAFKA_NODE_ID", "8")
    monkeypatch.setenv("KAFKA_LOG_DIRS", f"{tmp_path}/environment")
    monkeypatch.setenv("CLUSTER_ID", "4L6g3nShT-eMCtK--X86sw")
    with serving("--config", str(properties), "--set", "node.id=9") as (process, _):
        kept = (tmp_path / "environment" / "meta.properties").read_text()
        assert "node.id=9" in kept
        assert "cluster.id=4L6g3nShT-eMCtK--X86sw" in kept
        process.send_signal(signal.SIGTERM)
        _, logs = process.communicate(timeout=DEADLINE_S)
        assert "left out  names=my.own" in logs
        assert "settings of the environment count  names=log.dirs, node.id" in logs
    monkeypatch.setenv("CLUSTER_ID", "5L6g3nShT-eMCtK--X86sw")
    why = refused("--config", str(properties), "--set", "node.id=9")
    assert "Expected 5L6g3nShT-eMCtK--X86sw, but read 4L6g3nShT-eMCtK--X86sw" in why


def partitions_at(address: str) -> dict[str, int]:
    """Every topic and how many partitions it has."""
    with Wire(address) as wire:
        topics = wire.ask(MetadataRequest(topics=None), 12, MetadataResponse).topics
        return {topic.name or "": len(topic.partitions) for topic in topics}


def test_topics_asked_for_are_there_when_it_is_ready_and_are_asked_for_again_without_harm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = ("--listen", "127.0.0.1:0", "--data-dir", str(tmp_path), "--set", "odradek.topics=b;c:2")
    monkeypatch.setenv("KAFKA_CREATE_TOPICS", "d:4:1:compact")
    for given, partitions in ((["--topic", "a:3"], 3), (["--topic", "a:5"], 5), (["--topic", "a:2"], 5)):
        with serving(*options, *given) as (process, address):
            assert partitions_at(address) == {"a": partitions, "b": 1, "c": 2, "d": 4}
            process.send_signal(signal.SIGTERM)
            _, logs = process.communicate(timeout=DEADLINE_S)
    assert logs.count("a topic keeps the partitions that it has") == 1


def told(address: str) -> str:
    """Where a client is told to connect to, that came in at this address."""
    with Wire(address) as wire:
        (broker,) = wire.ask(MetadataRequest(topics=[]), 12, MetadataResponse).brokers
        return f"{broker.host}:{broker.port}"


def test_every_client_is_told_the_address_at_which_it_came_in(tmp_path: Path) -> None:
    with serving("--ephemeral", "--listen", "0.0.0.0:0", "--listen", "127.0.0.3:0") as (_, addresses):
        first, second = addresses.split(",")
        port = first.rpartition(":")[2]
        assert first == f"127.0.0.1:{port}"
        for address in (first, f"127.0.0.2:{port}", second):
            assert told(address) == address


def test_a_mapped_port_is_told_to_the_network_behind_it() -> None:
    rule = ("--advertise", "127.0.0.0/8=127.0.0.1:1234")
    with serving("--ephemeral", "--listen", "localhost:0", *rule) as (_, address):
        port = address.rpartition(":")[2]
        assert told(f"127.0.0.1:{port}") == "127.0.0.1:1234"
        if Path("/proc/net/if_inet6").exists():
            assert told(f"[::1]:{port}") == f"::1:{port}"


def log_in(address: str, mechanism: str, user: str, password: str) -> int:
    """The error code of a login."""
    with Wire(address) as wire:
        wire.ask(SaslHandshakeRequest(mechanism=mechanism), 1, SaslHandshakeResponse)
        scram = ScramClient(user, password, "sha512")
        tokens = [f"\0{user}\0{password}".encode()] if mechanism == "PLAIN" else [scram.first(), None]
        answer = SaslAuthenticateResponse()
        for token in tokens:
            given = scram.final(answer.auth_bytes) if token is None else token
            answer = wire.ask(SaslAuthenticateRequest(auth_bytes=given), 2, SaslAuthenticateResponse)
            if answer.error_code:
                break
        return answer.error_code


def test_users_log_in_and_their_passwords_are_not_in_the_log(tmp_path: Path) -> None:
    users = ["--user", "al:my secret", "--user", "bo:other secret:PLAIN"]
    started = ["--listen", "127.0.0.1:0", "--data-dir", str(tmp_path), *users, "--log-level", "debug"]
    for _ in range(2):
        with serving(*started) as (process, address):
            assert log_in(address, "PLAIN", "al", "my secret") == 0
            assert log_in(address, "SCRAM-SHA-512", "al", "my secret") == 0
            assert log_in(address, "PLAIN", "bo", "other secret") == 0
            assert log_in(address, "PLAIN", "bo", "my secret") == ErrorCode.SASL_AUTHENTICATION_FAILED
            assert log_in(address, "SCRAM-SHA-512", "bo", "other secret") == ErrorCode.SASL_AUTHENTICATION_FAILED
            process.send_signal(signal.SIGTERM)
            _, logs = process.communicate(timeout=DEADLINE_S)
        assert "secret" not in logs
        assert "Authentication failed" in logs


def test_users_need_a_listener_that_asks_for_them() -> None:
    why = refused("--ephemeral", "--set", "listeners=PLAINTEXT://127.0.0.1:0", "--user", "al:hidden")
    assert "--user: none of the listeners has SASL" in why
    assert "hidden" not in why


def test_a_mechanism_that_is_not_served_is_refused_by_name() -> None:
    options = ["--ephemeral", "--listen", "127.0.0.1:0", "--user", "al:x"]
    assert "GSSAPI is not served; there are: PLAIN" in refused(*options, "--set", "sasl.enabled.mechanisms=GSSAPI")


def test_keys_that_cannot_be_read_are_named_at_the_start() -> None:
    options = ["--ephemeral", "--listen", "127.0.0.1:0", "--user", "al:x"]
    why = refused(*options, "--set", "sasl.oauthbearer.jwks.endpoint.url=file:///nowhere/keys.json")
    assert "the keys of file:///nowhere/keys.json cannot be read" in why


def test_an_ephemeral_broker_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with serving("--listen", "127.0.0.1:0", "--ephemeral") as (process, _):
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=DEADLINE_S)
    assert list(tmp_path.iterdir()) == []


def test_logs_can_be_json() -> None:
    with serving("--listen", "127.0.0.1:0", "--ephemeral", "--log-format", "json") as (process, address):
        process.send_signal(signal.SIGTERM)
        _, logs = process.communicate(timeout=DEADLINE_S)
    assert f'"listening": "{address}"' in logs


def transaction_version(address: str) -> int:
    """The finalized level, as a client is told it."""
    with Wire(address) as wire:
        request = ApiVersionsRequest(client_software_name="test", client_software_version="1")
        found = wire.ask(request, 4, ApiVersionsResponse).finalized_features
    return {feature.name: feature.max_version_level for feature in found}["transaction.version"]


def test_a_feature_has_the_level_it_was_given_and_keeps_it_until_it_is_given_another(tmp_path: Path) -> None:
    options = ("--listen", "127.0.0.1:0", "--data-dir", str(tmp_path))
    for given, level in (([], 2), (["--feature", "transaction.version=1"], 1), ([], 1)):
        with serving(*options, *given) as (_, address):
            assert transaction_version(address) == level


def test_a_level_that_does_not_exist_is_refused() -> None:
    assert "must have a level from 0 to 2" in refused("--ephemeral", "--feature", "transaction.version=7")


def test_from_a_seed_the_same_ids_follow(tmp_path: Path) -> None:
    found: list[str | None] = []
    for seed in ("5", "5", "6"):
        with serving("--listen", "127.0.0.1:0", "--ephemeral", "--seed", seed) as (_, address), Wire(address) as wire:
            found.append(wire.ask(MetadataRequest(topics=()), 9, MetadataResponse).cluster_id)
    assert found[0] == found[1] != found[2]
    assert "--seed needs --ephemeral" in refused("--seed", "5", "--data-dir", str(tmp_path))
    assert "--frozen-at needs --control" in refused("--ephemeral", "--frozen-at", "1700000000000")


def test_it_shows_itself_as_another_release() -> None:
    for given in (["--as", "3.9"], ["--set", "odradek.as.version=3.9"]):
        with serving("--listen", "127.0.0.1:0", "--ephemeral", *given) as (_, address), Wire(address) as wire:
            request = ApiVersionsRequest(client_software_name="test", client_software_version="1")
            found = wire.ask(request, 4, ApiVersionsResponse).finalized_features
        assert [(feature.name, feature.max_version_level) for feature in found] == [("metadata.version", 21)]


def test_a_release_that_is_not_there_is_refused_with_the_nearest() -> None:
    assert "did you mean '3.9'" in refused("--ephemeral", "--as", "3.91")
    assert "'group.version' is not a feature" in refused("--as", "3.9", "--ephemeral", "--feature", "group.version=1")


def test_data_that_cannot_be_read_is_refused_by_its_name(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with serving("--listen", "127.0.0.1:0", "--data-dir", str(data)) as (process, _):
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=DEADLINE_S)
    log = data / "__cluster_metadata-0" / f"{0:020}.log"
    batch = build_batch([NewRecord(key=None, value=b"\x07no such record", timestamp=1)])
    log.write_bytes(batch)  # a whole batch, so that recovery keeps it, of nothing we know
    assert f"the data in {data} cannot be read" in refused("--listen", "127.0.0.1:0", "--data-dir", str(data))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux shows the limits of another process")
def test_it_takes_as_many_descriptors_as_it_may_have() -> None:
    with serving("--listen", "127.0.0.1:0", "--ephemeral") as (process, _):
        soft, hard = resource.prlimit(process.pid, resource.RLIMIT_NOFILE)
    assert soft == hard


@pytest.mark.skipif(sys.platform != "linux", reason="the pipe of another process is filled from outside")
def test_a_standard_error_that_is_not_read_stops_neither_the_broker_nor_its_end(tmp_path: Path) -> None:
    with serving("--listen", "127.0.0.1:0", "--data-dir", str(tmp_path)) as (process, address):
        pipe = os.open(f"/proc/{process.pid}/fd/2", os.O_WRONLY | os.O_NONBLOCK)
        with contextlib.suppress(BlockingIOError):
            while True:
                os.write(pipe, b"x" * 1024)
        os.close(pipe)
        with Wire(address) as wire:
            for number in range(10):
                topics = [MetadataRequestTopic(name=f"{number}-{more}") for more in range(10)]
                found = wire.ask(MetadataRequest(topics=topics), 9, MetadataResponse)  # which creates them, and says so
                assert [topic.error_code for topic in found.topics] == [0] * 10
        process.send_signal(signal.SIGTERM)
        assert process.wait(DEADLINE_S) == 0


@pytest.mark.parametrize("kind", ["bash", "zsh", "fish"])
def test_a_shell_gets_its_completion_script_and_what_completes_a_word(kind: str) -> None:
    command = str(Path(sys.executable).with_name("odradek"))
    if kind != "bash" or shutil.which("bash"):  # which is asked for its version
        environment = {**os.environ, "_ODRADEK_COMPLETE": f"{kind}_source"}
        script = subprocess.run([command], capture_output=True, text=True, env=environment, check=True).stdout
        assert "_ODRADEK_COMPLETE" in script
    words = {"COMP_WORDS": "odradek topics de", "COMP_CWORD": "de" if kind == "fish" else "2"}
    environment = {**os.environ, **words, "_ODRADEK_COMPLETE": f"{kind}_complete"}
    found = subprocess.run([command], capture_output=True, text=True, env=environment, check=True).stdout
    assert "describe" in found
    assert "delete" in found


def test_serve_does_not_load_what_only_the_shell_prints_with() -> None:
    program = (
        "import sys; from click.testing import CliRunner; from odradek.broker.cli import main; "
        "CliRunner().invoke(main, ['serve', '--ephemeral', '--data-dir', 'x']); "
        "print('structlog' in sys.modules, 'rich.console' in sys.modules); import rich.console"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "True False\n"


def test_with_tls_auto_it_listens_with_a_certificate_that_its_authority_vouches_for(tmp_path: Path) -> None:
    options = ["--tls", "auto", "--tls-dir", str(tmp_path / "tls"), "--listen", "127.0.0.1:0", "--ephemeral"]
    options += ["--advertise", "10.0.0.0/8=broker.example:1"]
    for _ in range(2):  # the second time with what is there
        with serving(*options) as (_, address):
            for host in ("localhost", "broker.example"):
                context = ssl.create_default_context(cafile=tmp_path / "tls" / "ca.pem")
                tls = context.wrap_socket(socket.create_connection(host_and_port(address)), server_hostname=host)
                with Wire(address, connection=tls) as wire:
                    request = ApiVersionsRequest(client_software_name="test", client_software_version="1")
                    assert wire.ask(request, 3, ApiVersionsResponse).error_code == 0


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (("--set", "ssl.keystore.location=a.jks"), "ssl.keystore.location names one"),
        (("--set", "listener.name.ssl.ssl.keystore.key=x"), "listener.name.ssl.ssl.keystore.key names one"),
        (("--set", "listeners=PLAINTEXT://127.0.0.1:0"), "none of listeners=PLAINTEXT://127.0.0.1:0 is SSL"),
        (("--data-dir", "data", "--tls-dir", "data/tls"), "lies in the data directory"),
    ],
)
def test_what_cannot_go_with_tls_auto_is_said(
    options: tuple[str, ...], why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert why in refused("--tls", "auto", *options)
    assert list(tmp_path.iterdir()) == []


def test_a_directory_for_certificates_goes_with_them_alone() -> None:
    assert "--tls-dir goes with --tls auto" in refused("--tls-dir", "x", "--ephemeral")
