"""Apache Kafka's dump tool over the directories that we leave: it finds nothing wrong, and ours says what it says."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from odradek.broker.cli import main
from odradek.storage.checking.directory import DirectoryCheck
from odradek.storage.files.read_only_files import ReadOnlyFiles

from ..brokers import BrokerProcess, OdradekBroker
from ..clients.stock_client import until
from .apache_kafka import OracleMissing
from .dump_tool import DECODERS, check_tools, complaints, dump, files_of

DEADLINE_S = 20.0
COMPACTED = ("compacted", *DECODERS)
SETTINGS = {
    "log.retention.check.interval.ms": "100",
    "log.cleaner.backoff.ms": "100",
    "log.segment.bytes": "1048576",
}
TOPICS: dict[str, dict[str, str]] = {
    "plain": {},
    "compressed": {},
    "transactions": {},
    "rolled": {"index.interval.bytes": "1024"},
    "expired": {"retention.bytes": "1048576"},
    "deleted-records": {},
    "compacted": {"cleanup.policy": "compact", "min.cleanable.dirty.ratio": "0.01", "segment.ms": "100"},
    "stamped": {"message.timestamp.type": "LogAppendTime"},
    "gone": {},
}


@pytest.fixture(scope="module")
def directories(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Path]]:
    """Data directories with a bit of everything: as a kill left one, and as a clean stop left it later."""
    try:
        check_tools()
    except OracleMissing as missing:
        pytest.skip(str(missing))
    top = tmp_path_factory.mktemp("dump-tool")
    broker = OdradekBroker(top, SETTINGS)
    try:
        broker.start()
        story = Story(broker)
        story.create_topics()
        story.tell()
        story.wait_for_housekeeping()
        broker.kill()
        shutil.copytree(broker.data_dir, top / "killed")
        broker.start()
        story.tell()
        broker.stop()
        yield top / "killed", broker.data_dir
    finally:
        broker.kill()


class Story:
    """What happens to a broker: every kind of write, from stock clients."""

    def __init__(self, broker: BrokerProcess) -> None:
        # The broker is meant to be gone now and then: no word of it.
        self._address: dict[str, str | int | float | bool] = {"bootstrap.servers": broker.address, "log_level": 2}
        self._admin = AdminClient(self._address)
        self._turn = 0

    def create_topics(self) -> None:
        made = self._admin.create_topics([NewTopic(name, 1, 1, config=config) for name, config in TOPICS.items()])
        for future in made.values():
            future.result(DEADLINE_S)

    def tell(self) -> None:
        """Write to all topics, commit offsets, abort and commit transactions, delete records and a topic."""
        self._turn += 1
        producer = Producer({**self._address, "enable.idempotence": True, "linger.ms": 0})
        for n in range(60):
            producer.produce("plain", f"value {n}", key=f"key {n % 5}", headers=[("h", b"x")], partition=0)
            producer.produce("stamped", "text with ü", partition=0)
            producer.produce("compacted", None if n % 7 == 0 else f"{self._turn}-{n}", key=f"key {n % 9}", partition=0)
            producer.produce("gone", "soon", partition=0)
            producer.produce("deleted-records", "value", partition=0)
            for topic in ("rolled", "expired"):
                producer.produce(topic, os.urandom(40_000), partition=0)
            if n % 10 == 0:
                producer.flush(DEADLINE_S)
        producer.flush(DEADLINE_S)
        for codec in ("gzip", "snappy", "lz4", "zstd"):
            compressing = Producer({**self._address, "compression.type": codec})
            for n in range(30):
                compressing.produce("compressed", "again and again " * 5, key=str(n), partition=0)
            compressing.flush(DEADLINE_S)
        self._write_transactions()
        self._commit_offsets()
        (lowest,) = self._admin.delete_records([TopicPartition("deleted-records", 0, 20 * self._turn)]).values()
        lowest.result(DEADLINE_S)
        if self._turn == 1:
            self._admin.delete_topics(["gone"])["gone"].result(DEADLINE_S)

    def _write_transactions(self) -> None:
        for name in ("one", "two"):
            producer = Producer({**self._address, "transactional.id": name})
            producer.init_transactions(DEADLINE_S)
            for n in range(4):
                producer.begin_transaction()
                for value in range(3):
                    producer.produce("transactions", f"{name} {n} {value}", partition=0)
                    producer.produce("compacted", f"{name} {n} {value}", key=f"{name} {value}", partition=0)
                producer.flush(DEADLINE_S)
                if n % 2:
                    producer.commit_transaction(DEADLINE_S)
                else:
                    producer.abort_transaction(DEADLINE_S)
        left_open = Producer({**self._address, "transactional.id": "left open"})
        left_open.init_transactions(DEADLINE_S)
        left_open.begin_transaction()
        left_open.produce("transactions", "open", partition=0)
        left_open.flush(DEADLINE_S)

    def _commit_offsets(self) -> None:
        consumer = Consumer({**self._address, "group.id": "readers", "auto.offset.reset": "earliest"})
        consumer.subscribe(["plain"])
        until(lambda: consumer.poll(0.1) is not None, "the group has a member that reads")
        consumer.commit(asynchronous=False)
        consumer.close()

    def wait_for_housekeeping(self) -> None:
        """Retention has deleted a segment, and compaction has cleaned one."""
        reader = Consumer({**self._address, "group.id": "watcher"})

        def first_offset(topic: str) -> int:
            reader.assign([TopicPartition(topic, 0, 0)])
            found = reader.get_watermark_offsets(TopicPartition(topic, 0), timeout=DEADLINE_S)
            assert found is not None
            return int(found[0])

        until(lambda: first_offset("expired") > 0, "retention deletes")
        reader.close()


def _theirs_and_ours(arguments: list[str], files: list[Path]) -> tuple[list[str], list[str]]:
    theirs = dump(arguments, files)
    ours = CliRunner().invoke(main, ["dump-log", *arguments, *map(str, files)])
    assert ours.exit_code == 0, ours.output[-2000:]
    return theirs, ours.output.splitlines()


def _without_complaints(lines: list[str]) -> list[str]:
    return [line for line in lines if not line.startswith(("Non-consecutive offsets", "  "))]


def test_the_tool_finds_nothing_wrong_in_any_file(directories: tuple[Path, Path]) -> None:
    files = [path for directory in directories for path in files_of(directory)]
    assert {path.suffix for path in files} >= {".log", ".index", ".timeindex", ".txnindex", ".snapshot"}
    assert complaints(dump(["--deep-iteration", "--index-sanity-check"], files), COMPACTED) == []


def test_the_indexes_agree_with_the_logs_by_the_tool_as_well(directories: tuple[Path, Path]) -> None:
    files = [path for directory in directories for path in files_of(directory, (".index", ".timeindex"))]
    assert complaints(dump(["--verify-index-only"], files)) == []


def test_our_tool_shows_what_theirs_shows(directories: tuple[Path, Path]) -> None:
    suffixes = (".log", ".index", ".timeindex", ".txnindex", ".snapshot")
    theirs, ours = _theirs_and_ours(["--deep-iteration"], files_of(directories[1], suffixes))
    assert ours == _without_complaints(theirs)


@pytest.mark.parametrize("topic", list(DECODERS))
def test_both_tools_decode_what_the_broker_keeps_for_itself(directories: tuple[Path, Path], topic: str) -> None:
    files = [path for directory in directories for path in files_of(directory, (".log",)) if path.stat().st_size]
    wanted = [path for path in files if path.parent.name.startswith(topic)]
    theirs, ours = _theirs_and_ours([DECODERS[topic]], wanted)
    assert complaints(theirs, COMPACTED) == []
    assert ours == _without_complaints(theirs)


def test_our_own_check_finds_nothing_wrong_either(directories: tuple[Path, Path]) -> None:
    killed, stopped = (DirectoryCheck(ReadOnlyFiles(), str(path), is_deep=True).run().finish() for path in directories)
    assert [one for one in killed if not one.is_explained] == []
    assert stopped == []
