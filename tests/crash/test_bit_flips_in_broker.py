"""One bit of any file of a whole broker is wrong: it refuses to start, or repairs and says so, or is not harmed.

Beside the partitions (test_bit_flips.py) there are the cluster's own log, the coordinators' logs, and what the
directory says of itself.
"""

import contextlib
import copy
import io
from dataclasses import dataclass, field

import pytest

from odradek.broker.testing.clock import ManualClock
from odradek.broker.testing.disks import FailingFiles
from odradek.broker.testing.topics import delete_topics
from odradek.protocol.batch import whole_batches
from odradek.protocol.errors import KafkaError
from odradek.protocol.wire import CorruptFrame
from odradek.storage.directory import DirectoryError
from odradek.storage.files.memory_files import MemoryFiles

from ..broker.conftest import IDENTITY
from ..broker.handlers.broker_harness import batch
from ..broker.handlers.transaction_harness import TransactingBroker
from ..conftest import Rounds
from .flipping import flipped

TRANSACTIONS = 6


@dataclass(slots=True)
class Seen:
    """What a broker shows after its start; `told` are its warnings and errors."""

    topics: dict[str, tuple[bytes, int, dict[str, str]]] = field(
        default_factory=dict[str, tuple[bytes, int, dict[str, str]]]
    )
    batches: dict[tuple[str, int], list[bytes]] = field(default_factory=dict[tuple[str, int], list[bytes]])
    unreadable: list[str] = field(default_factory=list[str])
    offsets: dict[str, int | None] = field(default_factory=dict[str, int | None])
    transactions: dict[str, tuple[str, int, int]] = field(default_factory=dict[str, tuple[str, int, int]])
    next_producer_id: int = -1
    cluster_id: str = ""
    told: list[str] = field(default_factory=list[str])


class Restarted(TransactingBroker):
    """A broker on files that are there already."""

    def __init__(self, files: MemoryFiles, now_ms: int) -> None:
        self._given = files
        self._now_ms = now_ms
        super().__init__()

    def _start(self) -> None:
        self.parts.directory.close()
        self.parts.files = self._given
        self.clock = self.parts.clock = ManualClock(0.0, self._now_ms)
        self.parts.start()
        super()._start()

    def create(self, name: str = "t", partitions: int = 1, **overrides: str) -> None:  # type: ignore[override]
        """Everything is there already."""


def _tell_story(*, is_clean: bool) -> tuple[FailingFiles, int]:
    """Topics, records, transactions that end well and badly, offsets inside and outside of them, a deleted topic."""
    broker = TransactingBroker()
    broker.create("kept", 1, retention_ms="123456789")
    broker.create("gone", 1)
    for n in range(8):
        broker.produce("kept", batch(b"%d" % n, pid=900, sequence=n))
        broker.produce("gone", batch(b"%d" % n))
    for n in range(TRANSACTIONS):
        name = f"id-{n % 3}"
        who = broker.begin(name)
        assert broker.add(who, 0, 1, name=name) == [0, 0]
        for index in (0, 1):
            assert broker.write(who, index=index, name=name).error_code == 0
        assert broker.add_offsets(who, f"g-{n % 2}", name=name) == 0
        assert broker.commit_offset(who, 10 + n, group=f"g-{n % 2}", name=name) == 0
        if n < TRANSACTIONS - 1:  # the last one is left open
            assert broker.end(who, commit=n % 2 == 0, name=name)[0] == 0
    delete_topics(broker.topics, [topic for topic in broker.topics if topic.name == "gone"])
    now_ms = broker.clock.now_ms()
    if is_clean:
        broker.parts.store.close()
    else:
        broker.parts.directory.close()
    return broker.files, now_ms


def _look(files: MemoryFiles, now_ms: int) -> Seen:
    seen = Seen()
    with contextlib.redirect_stderr(io.StringIO()) as stderr:
        broker = Restarted(files, now_ms)
        seen.cluster_id = broker.parts.directory.identity.cluster_id
        for topic in broker.topics:
            if not topic.is_internal:
                seen.topics[topic.name] = (topic.topic_id, len(topic.partitions), dict(topic.configs))
                for partition in topic.partitions:
                    _read(broker, topic.name, partition.index, seen)
        for group in ("g-0", "g-1"):
            with contextlib.suppress(KafkaError):
                seen.offsets[group] = broker.offset(group)
        for n in range(3):
            state = broker.describe(f"id-{n}")
            if state.error_code == 0:
                seen.transactions[f"id-{n}"] = (state.transaction_state, state.producer_id, state.producer_epoch)
        seen.next_producer_id = broker.context.metadata.image.next_producer_id
        broker.parts.directory.close()
    seen.told = [
        line.split(" ", 1)[1] for line in stderr.getvalue().splitlines() if " warning " in line or " error " in line
    ]
    return seen


def _read(broker: TransactingBroker, topic: str, index: int, seen: Seen) -> None:
    """All batches that a consumer of committed records is given, one fetch after the other."""
    found = seen.batches[topic, index] = []
    try:
        log = broker.topics.partition(topic, index).log
        offset = log.log_start_offset
        while offset < log.last_stable_offset:
            part = log.read(offset, 300, upper_offset=log.last_stable_offset)
            aborted = log.aborted_transactions(offset, part.next_offset)
            found += [
                bytes(one.view)
                for one in whole_batches(part.data)
                if not one.is_control
                and not any(
                    txn.producer_id == one.producer_id and txn.first_offset <= one.base_offset < txn.last_offset
                    for txn in aborted
                )
            ]
            offset = part.next_offset
    except KafkaError as error:
        seen.unreadable.append(f"{topic}-{index}: {error.code.name}")


def _assert_no_lie(seen: Seen, truth: Seen) -> None:
    for at, batches in seen.batches.items():
        served = iter(truth.batches.get(at, []))
        assert all(one in served for one in batches), f"{at} shows what was not committed there, or in another order"
    if seen.told == truth.told and not seen.unreadable:
        assert seen == truth, "something is otherwise, and nobody was told"
    for name, (topic_id, _, overrides) in seen.topics.items():
        if name in truth.topics:  # the last record of a killed broker is taken for torn: a deletion may be undone
            assert truth.topics[name][::2] == (topic_id, overrides)
    assert seen.next_producer_id >= truth.next_producer_id, "a producer id would be given out twice"


@pytest.mark.parametrize("is_clean", [True, False], ids=["stopped", "killed"])
def test_one_wrong_bit_of_a_whole_directory_is_found_or_does_no_harm(is_clean: bool, rounds: Rounds) -> None:
    original, now_ms = _tell_story(is_clean=is_clean)
    truth = _look(copy.deepcopy(original), now_ms)
    assert truth.cluster_id == IDENTITY.cluster_id
    assert set(truth.topics) == {"t", "kept"}
    outcomes = {"refused": 0, "told": 0, "unharmed": 0}
    for where, files in flipped(original, "/data", rounds(60, 2500), 8):
        try:
            seen = _look(files, now_ms)
        except (DirectoryError, OSError, KafkaError, CorruptFrame):
            outcomes["refused"] += 1
            continue
        try:
            _assert_no_lie(seen, truth)
        except AssertionError as error:
            raise AssertionError(f"{where}: {error}") from error
        outcomes["unharmed" if seen == truth else "told"] += 1
    assert outcomes["told"]
    assert outcomes["refused"]
