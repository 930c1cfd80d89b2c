"""`odradek export-cluster` as a person runs it, over a directory that a broker has left."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from odradek.broker.cli import main
from odradek.broker.config.config_def import parse_properties

from ....brokers import OdradekBroker


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory that a broker has left."""
    broker = OdradekBroker(tmp_path_factory.mktemp("left"), options=["--topic", "orders:2"])
    broker.start()
    broker.stop()
    return broker.data_dir


def export(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["export-cluster", *map(str, arguments)])


def content(directory: Path) -> dict[str, bytes]:
    return {str(path.relative_to(directory)): path.read_bytes() for path in directory.rglob("*") if path.is_file()}


def test_the_file_is_written_and_what_to_run_is_said(left: Path, tmp_path: Path) -> None:
    before = content(left)
    done = export(left, "--to", tmp_path / "out")
    written = tmp_path / "out" / "server.properties"
    assert done.exit_code == 0
    assert done.output.splitlines() == [
        f"wrote {written}: node 1, data in {left}",
        "the directory is formatted already; with a Kafka 4.3 that is unpacked here, run",
        f"    bin/kafka-server-start.sh {written}",
        "Odradek and Apache Kafka may have the directory in turns, never both at a time",
    ]
    settings = parse_properties(written.read_text())
    assert settings["log.dirs"] == str(left)
    assert settings["listeners"] == "PLAINTEXT://127.0.0.1:9092,CONTROLLER://127.0.0.1:9093"
    assert written.stat().st_mode & 0o777 == 0o600
    assert content(left) == before


def test_a_copy_is_what_the_file_names(left: Path, tmp_path: Path) -> None:
    done = export(left, "--to", tmp_path / "out", "--copy")
    assert done.exit_code == 0
    assert parse_properties((tmp_path / "out" / "server.properties").read_text())["log.dirs"] == str(
        tmp_path / "out" / "data"
    )
    assert content(tmp_path / "out" / "data") == content(left)
    assert "in turns" not in done.output


def test_settings_come_from_the_file_the_environment_and_the_flags(
    left: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "odradek.properties"
    file.write_text("num.partitions=2\nlog.retention.ms=1\nodradek.topics=a\nno.such=1\n")
    monkeypatch.setenv("KAFKA_LOG_RETENTION_MS", "77")
    flags = ("--set", "odradek.as.version=3.9", "--listen", "localhost:7", "--controller", "localhost:8")
    done = export(left, "--to", tmp_path / "out", "--config", file, *flags)
    assert done.exit_code == 0
    settings = parse_properties((tmp_path / "out" / "server.properties").read_text())
    assert (settings["num.partitions"], settings["log.retention.ms"]) == ("2", "77")
    assert settings["listeners"] == "PLAINTEXT://localhost:7,CONTROLLER://localhost:8"
    assert "left out, for Apache Kafka does not have them: no.such, odradek.topics, odradek.as.version" in done.output
    assert not any("odradek" in name for name in settings)


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--set", "num.partition=1"], "did you mean 'num.partitions'?"),
        (["--controller", "0.0.0.0:9093"], "--controller: '0.0.0.0:9093' is no address"),
        (["--brokers", "here"], "--brokers: 'here' is not HOST:PORT"),
        (["--config", "no-such-file"], "cannot read no-such-file"),
        (["--set", "node.id=2"], "node.id=2, but the data directory belongs to node 1"),
    ],
)
def test_what_is_wrong_is_one_line_and_nothing_is_written(
    left: Path, tmp_path: Path, arguments: list[str], why: str
) -> None:
    done = export(left, "--to", tmp_path / "out", "--copy", *arguments)
    assert done.exit_code == 1
    assert why in done.output
    assert len(done.output.splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_nothing_is_overwritten_nor_written_into_the_data(left: Path, tmp_path: Path) -> None:
    (tmp_path / "server.properties").write_text("mine")
    done = export(left, "--to", tmp_path)
    assert done.exit_code == 1
    assert "is there already, and is not overwritten" in done.output
    assert (tmp_path / "server.properties").read_text() == "mine"
    done = export(left, "--to", left / "out")
    assert "is in the data directory" in done.output
    assert not (left / "out").exists()


def test_a_directory_that_is_none_is_refused(tmp_path: Path) -> None:
    done = export(tmp_path / "nowhere", "--to", tmp_path / "out")
    assert done.exit_code == 1
    assert "is no data directory" in done.output


@pytest.fixture(scope="module")
def left_by_three(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory that three brokers have left."""
    options = ["--brokers", "3", "--racks", "a,b,c", "--topic", "orders:2"]
    broker = OdradekBroker(tmp_path_factory.mktemp("three"), options=options)
    broker.start()
    broker.stop()
    return broker.data_dir


def test_of_several_brokers_each_node_has_a_file_and_the_controller_is_the_first(
    left_by_three: Path, tmp_path: Path
) -> None:
    before = content(left_by_three)
    done = export(left_by_three, "--to", tmp_path / "out")
    assert done.exit_code == 0, done.output
    names = ["controller", "node-1", "node-2", "node-3"]
    files = [tmp_path / "out" / name / "server.properties" for name in names]
    assert done.output.splitlines() == [
        *(
            f"wrote {file}: node {node_id}, data in {left_by_three / name}"
            for file, name, node_id in zip(files, names, (3000, 1, 2, 3), strict=True)
        ),
        "the directories are formatted already; with a Kafka 4.3 that is unpacked here, run, each by itself and in "
        "this order,",
        *(f"    LOG_DIR={file.with_name('logs')} bin/kafka-server-start.sh {file}" for file in files),
        "Odradek and Apache Kafka may have the directories in turns, never both at a time",
    ]
    settings = [parse_properties(file.read_text()) for file in files]
    assert [one["listeners"] for one in settings] == [
        "CONTROLLER://127.0.0.1:19092",
        *(f"PLAINTEXT://127.0.0.1:{port}" for port in (9092, 9093, 9094)),
    ]
    assert [one.get("broker.rack") for one in settings] == [None, "a", "b", "c"]
    assert content(left_by_three) == before
    again = export(left_by_three, "--to", tmp_path / "out")
    assert "controller/server.properties is there already" in again.output


def test_each_broker_may_be_a_controller_in_a_copy(left_by_three: Path, tmp_path: Path) -> None:
    refused = export(left_by_three, "--to", tmp_path / "out", "--combined")
    assert "--combined needs --copy" in refused.output
    done = export(left_by_three, "--to", tmp_path / "out", "--combined", "--copy")
    assert done.exit_code == 0, done.output
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["node-1", "node-2", "node-3"]
    log = Path("__cluster_metadata-0", f"{0:020d}.log")
    assert (tmp_path / "out" / "node-3" / "data" / log).read_bytes() == (
        left_by_three / "controller" / log
    ).read_bytes()
    assert "in turns" not in done.output


def test_one_broker_cannot_be_combined(left: Path, tmp_path: Path) -> None:
    done = export(left, "--to", tmp_path / "out", "--combined", "--copy")
    assert done.exit_code == 1
    assert "--combined is for several brokers" in done.output
