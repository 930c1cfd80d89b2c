"""Which directories of several brokers may be exported."""

from pathlib import Path

import pytest

from odradek.broker.tools.export_cluster.several_sources import is_of_several, open_several
from odradek.protocol.metadata_records import RegisterBrokerRecord, encode_metadata_record
from odradek.storage.checking.partition import METADATA_TOPIC
from odradek.storage.directory import CLEAN_SHUTDOWN, DirectoryError
from odradek.storage.files.files import OsFiles
from odradek.storage.meta_properties import META_PROPERTIES
from odradek.storage.metadata_snapshot import Snapshot, SnapshotId, begin_snapshot

from ....storage.builders import NOW_MS
from ..test_check_log import locked_by_another_process


def make(path: Path, node_id: int, cluster_id: str = "c") -> None:
    path.mkdir(parents=True)
    (path / META_PROPERTIES).write_text(f"version=1\nnode.id={node_id}\ncluster.id={cluster_id}\n")
    (path / CLEAN_SHUTDOWN).touch()
    (path / ".lock").touch()


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """As a stop leaves it, of brokers 1, 2 and 10; broker 2 is registered in a rack."""
    path = tmp_path / "data"
    for node_id in (10, 2, 1):
        make(path / f"node-{node_id}", node_id)
    make(path / "controller", 3000)
    metadata = path / "controller" / f"{METADATA_TOPIC}-0"
    metadata.mkdir()
    values = [
        encode_metadata_record(RegisterBrokerRecord(broker_id=broker_id, incarnation_id=b"i" * 16, rack=rack))
        for broker_id, rack in ((1, None), (2, "b"))
    ]
    snapshot = begin_snapshot(
        OsFiles(), str(metadata), SnapshotId(2, 0), Snapshot(values), last_timestamp=NOW_MS, now_ms=NOW_MS
    )
    snapshot.run()
    return path


def why_not(directory: Path) -> str:
    with pytest.raises(DirectoryError) as caught, open_several(directory):
        pass
    return str(caught.value)


def test_it_is_known_by_its_controller(directory: Path) -> None:
    assert is_of_several(directory)
    assert not is_of_several(directory / "node-1")


def test_all_of_it_is_taken_with_the_racks_that_are_on_record(directory: Path) -> None:
    (directory / "node-3.old").mkdir()
    with open_several(directory) as sources:
        assert sources.controller.node_id == 3000
        found = [(one.directory.node_id, one.directory.path.name, one.rack) for one in sources.brokers]
        assert found == [(1, "node-1", None), (2, "node-2", "b"), (10, "node-10", None)]
        assert "is in use" in why_not(directory)
    with open_several(directory):
        pass  # it was given back


def test_one_that_a_broker_uses_is_refused(directory: Path) -> None:
    with locked_by_another_process(directory / "node-2" / ".lock"):
        assert f"{directory / 'node-2'} is in use by a broker" in why_not(directory)
    with open_several(directory):
        pass


def test_a_broker_that_was_killed_is_named_with_what_to_do(directory: Path) -> None:
    (directory / "node-2" / CLEAN_SHUTDOWN).unlink()
    why = why_not(directory)
    assert f"the broker of {directory / 'node-2'} was not stopped cleanly" in why
    assert f"`odradek serve --brokers 10 --data-dir {directory}`" in why


def test_a_directory_of_another_cluster_or_broker_is_refused(directory: Path) -> None:
    make(directory / "node-3", 3, "d")
    assert f"{directory / 'node-3'} is that of node 3 of the cluster d: it is no part of c" in why_not(directory)
    (directory / "node-3").rename(directory / "node-4")
    (directory / "node-4" / META_PROPERTIES).write_text("version=1\nnode.id=3\ncluster.id=c\n")
    assert f"{directory / 'node-4'} is that of node 3" in why_not(directory)


def test_one_without_brokers_or_with_damaged_metadata_is_refused(directory: Path) -> None:
    (snapshot,) = (directory / "controller" / f"{METADATA_TOPIC}-0").iterdir()
    snapshot.write_bytes(snapshot.read_bytes()[:-3])
    assert f"`odradek check-log {directory / 'controller'}`" in why_not(directory)
    for one in directory.glob("node-*"):
        one.rename(directory / f"away-{one.name}")
    assert "no brokers" in why_not(directory)
