"""What the container would run, as a plain process: its entry point, its environment, its health check, its end."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Generator, Mapping
from pathlib import Path

from odradek.broker.wire import Wire
from odradek.protocol.messages.metadata import MetadataRequest, MetadataResponse

from ..brokers import free_port
from .container_files import PROPERTIES, environment_of, the

DEADLINE_S = 20.0


def here(words: list[str], properties: Path) -> list[str]:
    """A command of the image on this machine."""
    replaced = {
        "odradek": [sys.executable, "-m", "odradek.broker"],
        "/etc/odradek/server.properties": [str(properties)],
    }
    return [part for word in words for part in replaced.get(word, [word])]


@contextlib.contextmanager
def container(
    directory: Path, port: int, environment: Mapping[str, str], *arguments: str
) -> Generator[tuple[subprocess.Popen[str], Path]]:
    """The entry point, its volume in a directory, and its first port another one."""
    properties = directory / "server.properties"
    text = PROPERTIES.read_text()
    assert "=/data\n" in text
    properties.write_text(text.replace("=/data", f"={directory}/data").replace(":9092", f":{port}"))
    command = [*here(the("ENTRYPOINT").words, properties), *arguments]
    env = {**os.environ, **environment}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline().startswith("odradek ready ")
            yield process, directory / "data"
        finally:
            process.kill()
            process.communicate()


def told(port: int) -> tuple[str, int]:
    with Wire(f"127.0.0.1:{port}") as wire:
        (broker,) = wire.ask(MetadataRequest(topics=[]), 12, MetadataResponse).brokers
        return broker.host, broker.port


def test_without_an_environment_it_listens_keeps_its_data_is_healthy_and_ends_with_0(tmp_path: Path) -> None:
    port = free_port()
    with container(tmp_path, port, {}) as (process, data):
        check = here(the("HEALTHCHECK").words, tmp_path)
        env = {**os.environ, "ODRADEK_BOOTSTRAP": f"127.0.0.1:{port}"}
        assert subprocess.run(check, env=env, capture_output=True, check=False).returncode == 0
        assert (data / "meta.properties").is_file()
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=DEADLINE_S)
        assert process.returncode == 0
    assert (data / ".kafka_cleanshutdown").exists()
    assert subprocess.run(check, env=env, capture_output=True, check=False).returncode == 1


def test_the_environment_of_the_compose_file_counts(tmp_path: Path) -> None:
    host, containers = free_port(), free_port()
    environment = environment_of("odradek")
    environment["KAFKA_LISTENERS"] = f"HOST://0.0.0.0:{host},CONTAINERS://0.0.0.0:{containers}"
    with container(tmp_path, free_port(), environment):
        assert told(host) == ("localhost", 9092)
        assert told(containers) == ("odradek", 19092)


def test_arguments_count_after_the_environment(tmp_path: Path) -> None:
    port = free_port()
    with container(tmp_path, port, {"KAFKA_NODE_ID": "7"}, "--set", "node.id=8", "--topic", "t:3") as (_, data):
        assert "node.id=8" in (data / "meta.properties").read_text()
        with Wire(f"127.0.0.1:{port}") as wire:
            (topic,) = wire.ask(MetadataRequest(topics=None), 12, MetadataResponse).topics
            assert (topic.name, len(topic.partitions)) == ("t", 3)
