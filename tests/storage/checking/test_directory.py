"""The files at the top of a data directory against its partitions."""

import random

import pytest

from odradek.protocol.control import ControlType
from odradek.protocol.metadata_records import (
    AbortTransactionRecord,
    BeginTransactionRecord,
    ConfigRecord,
    EndTransactionRecord,
    MetadataRecord,
    PartitionRecord,
    RemoveTopicRecord,
    TopicRecord,
    encode_metadata_record,
)
from odradek.protocol.records import NewRecord, build_batch
from odradek.storage.checking.directory import DirectoryCheck
from odradek.storage.checking.metadata import read_topics
from odradek.storage.files.memory_files import MemoryFiles
from odradek.storage.log import LogCheckpoints, LogLocation, PartitionLog
from odradek.storage.log_config import LogConfig
from odradek.storage.meta_properties import encode_properties

from ...conftest import Rounds
from ...protocol.batches import control_batch
from ..builders import NOW_MS, batch
from .directories import TOP, TOPIC_ID, check, content_of, problem_of, put, replace, write_directory, write_metadata

METADATA = f"{TOP}/__cluster_metadata-0"


@pytest.fixture
def files() -> MemoryFiles:
    return write_directory()


def test_nothing_is_wrong_with_a_directory_that_was_stopped_cleanly(files: MemoryFiles) -> None:
    assert check(files, is_deep=True) == []
    assert check(files, TOP + "/") == []


def test_all_that_was_looked_at_is_counted(files: MemoryFiles) -> None:
    files.make_directory(f"{TOP}/gone-0.{'0' * 32}-delete")
    counts = DirectoryCheck(files, TOP, is_deep=False).run()
    assert (counts.partitions, counts.leftovers) == (2, 1)
    assert counts.segments > 3
    assert counts.batches > 10
    assert counts.size_bytes > 1000


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("version=7\nnode.id=1\ncluster.id=c\n", "version '7'"),
        ("version=0\nnode.id=one\ncluster.id=c\n", "it has no cluster.id, or no node.id that is a number"),
        ("version=1\nnode.id=1\ncluster.id=c\n", "it has no directory.id"),
    ],
)
def test_a_directory_that_does_not_say_whose_it_is_is_told(files: MemoryFiles, text: str, problem: str) -> None:
    put(files, "meta.properties", text)
    assert problem_of(files) == f"meta.properties: {problem}"


def test_a_directory_without_meta_properties_is_told(files: MemoryFiles) -> None:
    files.remove(f"{TOP}/meta.properties")
    assert problem_of(files).startswith("meta.properties: it is missing")


@pytest.mark.parametrize(
    ("name", "consequence"),
    [
        ("recovery-point-offset-checkpoint", "what was on the disk for good is lost"),
        ("log-start-offset-checkpoint", "the next start begins an empty log there"),
        ("replication-offset-checkpoint", "the next start moves it to the end of the log"),
        ("cleaner-offset-checkpoint", "the next start moves it to the end of the log"),
    ],
)
def test_a_checkpoint_beyond_the_end_of_its_log_is_told(files: MemoryFiles, name: str, consequence: str) -> None:
    put(files, name, "0\n1\norders 0 5000\n")
    (finding,) = check(files)
    assert finding.path == name
    assert finding.problem.startswith("orders-0 is at 5000, its log ends at ")
    assert consequence in finding.consequence


@pytest.mark.parametrize("text", ["", "0\n2\norders 0 1\n", "1\n0\n", "0\n1\norders 0\n", "0\n1\norders x 1\n"])
def test_a_malformed_checkpoint_is_told(files: MemoryFiles, text: str) -> None:
    put(files, "log-start-offset-checkpoint", text)
    assert problem_of(files).startswith("log-start-offset-checkpoint: it is no checkpoint of version 0")


def test_a_checkpoint_of_a_partition_that_is_not_there_is_told(files: MemoryFiles) -> None:
    put(files, "replication-offset-checkpoint", "0\n2\norders 0 1\ngone 3 1\n")
    assert problem_of(files) == "replication-offset-checkpoint: gone-3 has an offset here, but no directory"


def test_a_topic_id_that_the_metadata_log_does_not_know_is_told(files: MemoryFiles) -> None:
    put(files, "orders-0/partition.metadata", "version: 0\ntopic_id: AAAAAAAAAAAAAAAAAAAAAQ")
    assert "the metadata log knows no such partition with this topic id" in problem_of(files)
    put(files, "orders-0/partition.metadata", "version: 0\ntopic_id: short")
    assert "it has no version 0 and topic_id" in problem_of(files)
    files.remove(f"{TOP}/orders-0/partition.metadata")
    assert problem_of(files) == "orders-0/partition.metadata: it is missing or empty"


def test_a_partition_that_was_never_used_needs_no_directory(files: MemoryFiles) -> None:
    write_metadata(files, [PartitionRecord(partition_id=4, topic_id=TOPIC_ID, replicas=[1], isr=[1], leader=1)])
    files.remove(f"{TOP}/recovery-point-offset-checkpoint")
    assert check(files) == []


def test_what_is_half_done_at_the_top_is_told_as_such(files: MemoryFiles) -> None:
    put(files, "meta.properties.tmp", "")
    assert problem_of(files) == "meta.properties.tmp: it was not finished"


def _snapshot() -> bytes:
    kinds = (ControlType.SNAPSHOT_HEADER, bytes(11)), (ControlType.SNAPSHOT_FOOTER, bytes(3))
    header, footer = (control_batch(kind, value, timestamp_ms=NOW_MS) for kind, value in kinds)
    return header + build_batch([NewRecord(None, b"x", NOW_MS)]) + footer


@pytest.mark.parametrize("name", ["bootstrap.checkpoint", f"__cluster_metadata-0/{1:020d}-{0:010d}.checkpoint"])
def test_a_damaged_snapshot_of_the_metadata_is_told(files: MemoryFiles, name: str) -> None:
    whole = _snapshot()
    put(files, name, whole)
    assert [one for one in check(files) if one.path == name] == []
    for damaged, problem in {
        whole[:-1] + b"x": "a wrong checksum at byte 152",
        whole[:-10]: "a batch of 75 bytes where 65 are left at byte 152",
        whole[:-75]: "it does not begin with a header record and end with a footer record",
        b"": "it does not begin with a header record and end with a footer record",
    }.items():
        put(files, name, damaged)
        assert [one.problem for one in check(files) if one.path == name] == [problem]


def test_a_wrong_checksum_of_meta_properties_is_told(files: MemoryFiles) -> None:
    text = encode_properties({"node.id": 1, "directory.id": "AAAAAAAAAAAAAAAAAAAAAQ", "version": 1, "cluster.id": "c"})
    put(files, "meta.properties", text)
    assert check(files) == []
    put(files, "meta.properties", text.replace(b"cluster.id=c", b"cluster.id=d"))
    assert problem_of(files) == "meta.properties: its checksum is wrong"


def test_a_partition_on_its_own_is_judged_by_the_checkpoints_around_it(files: MemoryFiles) -> None:
    assert check(files, f"{TOP}/orders-0") == []
    path = f"{TOP}/orders-0/{0:020d}.log"
    data = bytearray(content_of(files, path))
    data[30] ^= 1
    replace(files, path, data)
    (finding,) = [one for one in check(files, f"{TOP}/orders-0") if one.path.endswith(".log")]
    assert finding.consequence.startswith("the bytes stay")  # it was stopped cleanly
    files.remove(f"{TOP}/.kafka_cleanshutdown")
    files.remove(f"{TOP}/recovery-point-offset-checkpoint")
    (finding,) = [one for one in check(files, f"{TOP}/orders-0") if one.path.endswith(".log")]
    assert finding.consequence == "the next start cuts the log off here"


def test_topics_are_read_from_the_newest_snapshot_and_what_follows() -> None:
    files = MemoryFiles()
    files.make_directory(METADATA)
    topic = encode_metadata_record(TopicRecord(name="old", topic_id=TOPIC_ID))
    header = control_batch(ControlType.SNAPSHOT_HEADER, bytes(11), timestamp_ms=NOW_MS)
    snapshot = header + build_batch([NewRecord(None, topic, NOW_MS)], base_offset=1)
    files.write(f"{METADATA}/{7:020d}-{2:010d}.checkpoint", [snapshot], 0)
    config = ConfigRecord(resource_type=2, resource_name="old", name="cleanup.policy", value="compact,delete")
    records: list[MetadataRecord] = [PartitionRecord(partition_id=0, topic_id=TOPIC_ID), config]
    values = [NewRecord(None, encode_metadata_record(record), NOW_MS) for record in records]
    files.write(f"{METADATA}/{7:020d}.log", [build_batch(values, base_offset=7)], 0)
    topics = read_topics(files, METADATA)
    assert topics is not None
    assert (topics["old"].partitions, topics["old"].is_compacted) == ({0}, True)


def test_topics_come_and_go_as_their_records_say() -> None:
    files = MemoryFiles()
    files.make_directory(TOP)
    other = b"x" * 16
    write_metadata(
        files,
        [
            TopicRecord(name="gone", topic_id=TOPIC_ID),
            RemoveTopicRecord(topic_id=TOPIC_ID),
            BeginTransactionRecord(name="a"),
            TopicRecord(name="undone", topic_id=TOPIC_ID),
            AbortTransactionRecord(reason="b"),
            BeginTransactionRecord(name="c"),
            TopicRecord(name="there", topic_id=other),
            EndTransactionRecord(),
        ],
    )
    assert set(read_topics(files, METADATA) or {}) == {"there"}


def test_a_metadata_log_that_is_damaged_calls_no_partition_stray(files: MemoryFiles) -> None:
    path = f"{METADATA}/{0:020d}.log"
    data = bytearray(content_of(files, path))
    data[-1] ^= 1
    replace(files, path, data)
    problems = [f"{finding.path}: {finding.problem}" for finding in check(files)]
    assert problems[0] == f"__cluster_metadata-0/{0:020d}.log: the checksum of the batch is wrong"
    assert not any("partition.metadata" in problem for problem in problems)


def _all_paths(files: MemoryFiles, directory: str = TOP) -> list[str]:
    paths: list[str] = []
    for name in sorted(files.list_directory(directory)):
        path = f"{directory}/{name}"
        paths += [path] if "." in name or "checkpoint" in name else _all_paths(files, path)
    return paths


def test_whatever_the_bytes_are_a_check_ends(files: MemoryFiles, rounds: Rounds) -> None:
    chance = random.Random(8)
    paths = _all_paths(files)
    assert len(paths) > 15
    for _ in range(rounds(400, 20_000)):
        path = chance.choice(paths)
        before = content_of(files, path)
        damaged = bytearray(before)
        for _ in range(chance.randrange(1, 6)):
            at = chance.randrange(len(damaged) + 1)
            damaged[at : at + chance.randrange(30)] = chance.choice(
                [b"", bytes(8), chance.randbytes(chance.randrange(40))]
            )
        replace(files, path, damaged)
        check(files, is_deep=True)
        replace(files, path, before)
    assert check(files) == []


def copy_tree(source: MemoryFiles, path: str, target: MemoryFiles, copy: str) -> None:
    """A directory and all below it, elsewhere."""
    target.make_directory(copy)
    for name in source.list_directory(path):
        try:
            target.write_whole(f"{copy}/{name}", content_of(source, f"{path}/{name}"))
        except FileNotFoundError:  # a directory is no file
            copy_tree(source, f"{path}/{name}", target, f"{copy}/{name}")


def test_the_directories_of_several_brokers_are_looked_at_one_by_one(files: MemoryFiles) -> None:
    several = MemoryFiles()
    for node in ("controller", "node-1", "node-2", "node-3.old"):
        copy_tree(files, TOP, several, f"/several/{node}")
    several.make_directory("/several/node-3")  # nothing is in it yet
    look = DirectoryCheck(several, "/several", is_deep=True)
    assert look.nodes() == ["controller", "node-1", "node-2"]
    findings = look.run()
    assert findings.finish() == []
    assert findings.partitions == 3 * DirectoryCheck(files, TOP, is_deep=True).run().partitions
    several.write_whole("/several/node-2/meta.properties", b"version=7\nnode.id=1\ncluster.id=c\n")
    (found,) = DirectoryCheck(several, "/several", is_deep=False).run().finish()
    assert found.path == "node-2/meta.properties"
    assert DirectoryCheck(files, TOP, is_deep=False).nodes() == []


def test_a_gap_is_lost_data_unless_the_log_may_have_been_copied_from_one_that_was_compacted() -> None:
    files = MemoryFiles()
    log = PartitionLog.open(LogLocation(files, "/top/t-0", "t", 0), LogConfig(), NOW_MS, LogCheckpoints())
    for offset in (0, 5):
        head, tail = batch(2).stamped(offset, 0)
        log.append_replicated(head + bytes(tail), NOW_MS)
    log.close()
    files.write_whole("/top/meta.properties", encode_properties({"node.id": 1, "version": 1, "cluster.id": "c"}))
    copy_tree(files, "/top", files, "/several/node-1")
    problem = "offsets 2 to 4 are missing, and nothing was compacted"
    for path, count in (("/top", 1), ("/several", 0)):
        found = DirectoryCheck(files, path, is_deep=True).run().finish()
        assert [one.problem for one in found].count(problem) == count
