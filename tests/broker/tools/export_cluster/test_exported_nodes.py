"""What is written for nodes of Apache Kafka, and what is left when it cannot be."""

from pathlib import Path

import pytest

from odradek.broker.config.config_def import ConfigError, parse_properties
from odradek.broker.tools.export_cluster.exported_nodes import ExportedNode, check_places, write_nodes
from odradek.broker.tools.export_cluster.source_directory import METADATA_LOG, SourceDirectory


@pytest.fixture
def source(tmp_path: Path) -> SourceDirectory:
    path = tmp_path / "data" / "node-1"
    (path / "t-0").mkdir(parents=True)
    (path / "t-0" / "log").write_bytes(b"\0\1")
    return SourceDirectory(path, "c", 1, is_voter_recorded=False)


@pytest.fixture
def controller(tmp_path: Path) -> SourceDirectory:
    path = tmp_path / "data" / "controller"
    (path / METADATA_LOG).mkdir(parents=True)
    (path / METADATA_LOG / "log").write_bytes(b"\2")
    (path / METADATA_LOG / "quorum-state").write_bytes(b"{}")
    return SourceDirectory(path, "c", 3000, is_voter_recorded=False)


def names(directory: Path) -> set[str]:
    return {str(path.relative_to(directory)) for path in directory.rglob("*") if path.is_file()}


def test_the_data_stays_where_it_is_unless_it_is_copied(source: SourceDirectory, tmp_path: Path) -> None:
    node = ExportedNode(tmp_path / "out" / "node-1", source, is_copied=False)
    write_nodes([node], [{"a": "1"}])
    assert node.data == source.path
    assert parse_properties(node.properties.read_text()) == {"a": "1"}
    assert node.properties.stat().st_mode & 0o777 == 0o600
    copied = ExportedNode(tmp_path / "copy" / "node-1", source, is_copied=True)
    write_nodes([copied], [{"a": "1"}])
    assert copied.data == tmp_path / "copy" / "node-1" / "data"
    assert names(copied.data) == {".lock", "t-0/log"}


def test_a_broker_that_becomes_a_controller_gets_the_metadata_and_no_old_vote(
    source: SourceDirectory, controller: SourceDirectory, tmp_path: Path
) -> None:
    (source.path / METADATA_LOG).mkdir()
    (source.path / METADATA_LOG / "older").touch()
    node = ExportedNode(tmp_path / "out", source, is_copied=True, metadata=controller)
    write_nodes([node], [{}])
    assert names(node.data) == {".lock", "t-0/log", f"{METADATA_LOG}/log"}


def test_what_is_there_is_not_overwritten(source: SourceDirectory, tmp_path: Path) -> None:
    out = tmp_path / "out"
    (out / "data").mkdir(parents=True)
    check_places(source.path, out, [ExportedNode(out, source, is_copied=False)])
    with pytest.raises(ConfigError, match=r"data is there already"):
        check_places(source.path, out, [ExportedNode(out, source, is_copied=True)])
    with pytest.raises(ConfigError, match="is in the data directory"):
        check_places(tmp_path / "data", source.path / "out", [])


def test_no_copy_is_left_where_the_next_one_fails(
    source: SourceDirectory, controller: SourceDirectory, tmp_path: Path
) -> None:
    gone = SourceDirectory(tmp_path / "nowhere", "c", 2, is_voter_recorded=False)
    nodes = [ExportedNode(tmp_path / "out" / str(one.node_id), one, is_copied=True) for one in (source, gone)]
    with pytest.raises(OSError, match="nowhere"):
        write_nodes(nodes, [{}, {}])
    assert names(tmp_path / "out") == set()
