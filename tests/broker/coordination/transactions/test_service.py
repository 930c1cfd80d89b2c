"""What the shell does around the coordinator: logging, markers, restarts, and the time."""

from collections.abc import Iterator

import pytest

from odradek.broker.coordination.coordinator_partition import partition_for
from odradek.broker.coordination.transactions.transaction import Transaction, decode_transaction
from odradek.broker.topic_names import TRANSACTION_TOPIC
from odradek.protocol.errors import ErrorCode
from odradek.protocol.records import read_records

from ...failing_files import BROKEN, FULL
from ...handlers.transaction_harness import ID, TransactingBroker

MARKER_RETRY_S = 1.0


def logged(broker: TransactingBroker, name: str = ID) -> Iterator[tuple[int, Transaction | None]]:
    """The version and content of every record of an id."""
    log = broker.topics.partition(TRANSACTION_TOPIC, partition_for(name, 2)).log
    for batch in log.batches():
        assert not batch.is_transactional
        for record in read_records(batch):
            found = decode_transaction(record.key or b"", record.value)
            assert found is not None
            if found[0] == name:
                yield (-1 if record.value is None else int.from_bytes(record.value[:2])), found[1]


def states(broker: TransactingBroker) -> list[str]:
    return ["tombstone" if one is None else one.state.title for _, one in logged(broker)]


def test_every_move_is_one_record_and_the_decision_comes_before_the_end() -> None:
    broker = TransactingBroker()
    who = broker.begin()
    broker.add(who, 0)
    broker.add(who, 1)
    broker.add(who, 1)
    broker.end(who, commit=True)
    assert states(broker) == ["Empty", "Ongoing", "Ongoing", "PrepareCommit", "CompleteCommit"]


@pytest.mark.parametrize(("level", "version"), [(0, 0), (1, 1), (2, 1)])
def test_the_records_have_the_version_of_the_feature_level(level: int, version: int) -> None:
    broker = TransactingBroker()
    broker.set_level(level)
    broker.add(broker.begin())
    assert {found for found, _ in logged(broker)} == {version}


@pytest.mark.parametrize("commit", [True, False])
@pytest.mark.parametrize("speaks_v2", [True, False])
def test_a_decided_transaction_is_ended_by_the_next_start(commit: bool, speaks_v2: bool) -> None:
    broker = TransactingBroker()
    who = broker.begin()
    broker.add(who, 0, 1)
    broker.write(who)
    broker.refuse_markers()
    code, now_is = broker.end(who, commit=commit, version=5 if speaks_v2 else 4)
    assert code == 0
    assert broker.describe().transaction_state == ("PrepareCommit" if commit else "PrepareAbort")
    assert broker.stable_and_end() == (0, 1)
    broker.files.write_error = None
    broker.restart(is_clean=False)
    assert broker.describe().transaction_state == ("CompleteCommit" if commit else "CompleteAbort")
    assert (broker.stable_and_end(0), broker.stable_and_end(1)) == ((2, 2), (1, 1))
    if speaks_v2:
        assert broker.write(now_is, 0, version=12).error_code == 0


def test_markers_that_a_disk_refuses_are_written_when_it_takes_them_again() -> None:
    broker = TransactingBroker()
    who = broker.begin()
    broker.add(who)
    broker.write(who)
    broker.refuse_markers()
    broker.end(who, commit=True)
    for _ in range(3):
        broker.clock.advance(MARKER_RETRY_S)
        assert broker.describe().transaction_state == "PrepareCommit"
    broker.files.write_error = None
    broker.clock.advance(MARKER_RETRY_S)
    assert broker.describe().transaction_state == "CompleteCommit"
    assert broker.stable_and_end() == (2, 2)


def test_a_timeout_aborts_within_one_round_and_fences_under_v1() -> None:
    broker = TransactingBroker()
    broker.set_level(1)
    who = broker.begin(timeout_ms=5_000)
    broker.add(who)
    broker.write(who)
    broker.clock.advance(5.0)
    assert broker.describe().transaction_state == "Ongoing"
    broker.clock.advance(5.001)
    assert broker.describe().transaction_state == "CompleteAbort"
    assert broker.stable_and_end() == (2, 2)
    assert broker.end(who, commit=True)[0] == ErrorCode.PRODUCER_FENCED


@pytest.mark.parametrize("is_clean", [True, False])
def test_a_timeout_outlives_a_restart(is_clean: bool) -> None:
    broker = TransactingBroker()
    who = broker.begin(timeout_ms=15_000)
    broker.write(who, version=12)
    broker.clock.advance(8.0)
    broker.restart(is_clean=is_clean)
    broker.clock.advance(12.0)
    assert broker.describe().transaction_state == "CompleteAbort"


def test_a_timeout_that_cannot_be_logged_is_tried_again_in_the_next_round() -> None:
    broker = TransactingBroker()
    who = broker.begin(timeout_ms=1_000)
    broker.write(who, version=12)
    broker.files.write_error = FULL
    broker.clock.advance(25.0)
    assert broker.describe().transaction_state == "Ongoing"
    broker.files.write_error = None
    broker.clock.advance(10.0)
    assert broker.describe().transaction_state == "CompleteAbort"


def test_the_clock_looks_again_for_every_transaction_that_begins_later() -> None:
    broker = TransactingBroker()
    for _ in range(3):
        who = broker.begin(timeout_ms=1_000)
        broker.write(who, version=12)
        broker.clock.advance(20.1)
        assert broker.describe().transaction_state == "CompleteAbort"
        broker.clock.advance(33.0)


def test_an_id_that_nobody_uses_is_forgotten_with_a_tombstone_and_stays_so() -> None:
    broker = TransactingBroker({"transactional.id.expiration.ms": "7200000"})
    pid, _ = broker.begin()
    broker.files.write_error = BROKEN
    broker.clock.advance(3 * 3600.0)
    assert broker.describe().error_code == 0, "what cannot be logged has not happened"
    broker.files.write_error = None
    broker.clock.advance(3600.0)
    assert states(broker) == ["Empty", "tombstone"]
    for _ in range(2):
        assert broker.describe().error_code == ErrorCode.TRANSACTIONAL_ID_NOT_FOUND
        broker.restart(is_clean=False)
    assert broker.begin()[0] != pid
