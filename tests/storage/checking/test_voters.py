"""Who votes, as far as a metadata log says it."""

import pytest

from odradek.protocol.codec import encode_bytes
from odradek.protocol.control import ControlType
from odradek.protocol.quorum_records import KRaftVersionRecord, VotersRecord, VotersVoter
from odradek.protocol.wire import CorruptFrame
from odradek.storage.checking.voters import recorded_voters
from odradek.storage.files.memory_files import MemoryFiles
from odradek.storage.metadata_snapshot import Control, Snapshot, SnapshotId, begin_snapshot

from ..builders import NOW_MS, open_log

DIRECTORY = "/data/__cluster_metadata-0"


def version(number: int) -> Control:
    return ControlType.KRAFT_VERSION, encode_bytes(KRaftVersionRecord(kraft_version=number), 0)


def voters(*ids: int) -> Control:
    return ControlType.KRAFT_VOTERS, encode_bytes(VotersRecord(voters=[VotersVoter(voter_id=one) for one in ids]), 0)


def snapshot(files: MemoryFiles, end_offset: int, *controls: Control) -> str:
    snapshot_id = SnapshotId(end_offset, 0)
    begin_snapshot(
        files, DIRECTORY, snapshot_id, Snapshot([b"v"], controls), last_timestamp=NOW_MS, now_ms=NOW_MS
    ).run()
    return f"{DIRECTORY}/{snapshot_id.file_name}"


@pytest.fixture
def files() -> MemoryFiles:
    made = MemoryFiles()
    open_log(made, path=DIRECTORY).close()
    return made


def test_a_log_without_a_word_of_voters_leaves_it_to_the_settings(files: MemoryFiles) -> None:
    assert recorded_voters(files, DIRECTORY) is None


def test_with_kraft_version_0_voters_on_record_do_not_count(files: MemoryFiles) -> None:
    snapshot(files, 1, version(0), voters(1))
    assert recorded_voters(files, DIRECTORY) is None


def test_the_newest_snapshot_says_who_votes(files: MemoryFiles) -> None:
    snapshot(files, 1, version(1), voters(7))
    snapshot(files, 2, version(1), voters(1, 2))
    assert recorded_voters(files, DIRECTORY) == [1, 2]


def test_what_stands_in_the_log_behind_it_counts(files: MemoryFiles) -> None:
    """As a controller that has just upgraded writes it: in control batches of the log."""
    written = snapshot(files, 1, version(1), voters(3))
    data = files.read(written, 0, files.size(written))
    files.write_whole(f"{DIRECTORY}/{0:020d}.log", data)
    files.remove(written)
    assert recorded_voters(files, DIRECTORY) == [3]


def test_a_damaged_batch_is_an_error_and_no_guess(files: MemoryFiles) -> None:
    path = snapshot(files, 1, version(1), voters(3))
    data = bytearray(files.read(path, 0, files.size(path)))
    data[70] ^= 1
    files.remove(path)
    files.write_whole(path, bytes(data))
    with pytest.raises(CorruptFrame, match="byte 0 is damaged"):
        recorded_voters(files, DIRECTORY)
