"""What a power loss leaves open that nobody would end (KIP-664)."""

import pytest

from odradek.broker.testing.clock import ManualClock
from odradek.storage.files.memory_files import MemoryFiles

from ...handlers.transaction_harness import TransactingBroker

FSYNC = {"log.flush.interval.messages": "1"}
MARKER_RETRY_S = 1.0


def _without_the_coordinators_word(broker: TransactingBroker) -> TransactingBroker:
    """A broker on the same disk after a power cut that took what the coordinator had logged."""
    disk = broker.disk
    assert isinstance(disk, MemoryFiles)
    for directory in [name for name in disk.list_directory("/data") if name.startswith("__transaction_state")]:
        for name in disk.list_directory(f"/data/{directory}"):
            if name != "partition.metadata":
                disk.remove(f"/data/{directory}/{name}")
    broker.parts.clock = broker.clock = ManualClock(broker.clock.now(), broker.clock.now_ms())
    broker.restart(is_clean=False)
    return broker


def test_a_transaction_that_the_coordinator_has_lost_is_aborted_when_its_log_is_opened() -> None:
    broker = TransactingBroker()
    who = broker.begin()
    assert broker.write(who, version=12).error_code == 0
    assert broker.commit_offset(who, version=5) == 0
    broker = _without_the_coordinators_word(broker)
    assert broker.stable_and_end() == (0, 1)
    broker.clock.advance(0)
    assert broker.stable_and_end() == (2, 2)
    (aborted,) = broker.topics.partition("t", 0).log.aborted_transactions(0, 2)
    assert aborted.producer_id == who[0]
    assert not broker.context.groups.is_offset_pending("g", "t", 0)
    assert broker.offset() is None


@pytest.mark.parametrize("version", [4, 5])
def test_a_transaction_that_the_coordinator_knows_is_left_alone(version: int) -> None:
    broker = TransactingBroker()
    who = broker.begin()
    assert version == 5 or broker.add(who, 0) == [0]
    assert broker.write(who, version=12 if version == 5 else 11).error_code == 0
    broker.restart(is_clean=False)
    broker.clock.advance(0)
    assert broker.stable_and_end() == (0, 1)
    assert broker.end(who, commit=True, version=version)[0] == 0
    assert broker.topics.partition("t", 0).log.aborted_transactions(0, 2) == []


def test_an_abort_that_the_disk_refuses_is_tried_again() -> None:
    broker = TransactingBroker()
    assert broker.write(broker.begin(), version=12).error_code == 0
    broker = _without_the_coordinators_word(broker)
    assert broker.stable_and_end() == (0, 1)
    broker.files.write_error = OSError(28, "No space left on device")
    broker.clock.advance(0)
    assert broker.stable_and_end() == (0, 1)
    broker.files.write_error = None
    broker.clock.advance(1.0)
    assert broker.stable_and_end() == (2, 2)


def test_a_recovered_log_is_pending_until_it_was_looked_at_once_the_caller_that_opened_it_is_done() -> None:
    broker = TransactingBroker()
    assert broker.write(broker.begin(), version=12).error_code == 0
    broker = _without_the_coordinators_word(broker)
    partition = broker.topics.partition("t", 0)
    hanging = broker.context.transactions._hanging
    assert not hanging.is_pending(partition)
    assert broker.stable_and_end() == (0, 1)
    assert hanging.is_pending(partition)
    broker.clock.advance(0)
    assert not hanging.is_pending(partition)
