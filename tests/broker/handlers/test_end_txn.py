import pytest

from odradek.broker.testing.disks import BROKEN
from odradek.broker.testing.topics import delete_topics, internal_topic
from odradek.protocol.api_keys import ApiKey
from odradek.protocol.errors import ErrorCode

from .broker_harness import served
from .transaction_harness import ID, NO_PRODUCER, TransactingBroker

VERSIONS = served(ApiKey.END_TXN)
V1_VERSIONS, V2_VERSION = VERSIONS[:-1], VERSIONS[-1]


@pytest.mark.parametrize("commit", [True, False])
@pytest.mark.parametrize("version", V1_VERSIONS)
def test_a_v1_end_writes_the_markers_and_tells_no_identity(version: int, commit: bool) -> None:
    broker = TransactingBroker()
    who = broker.begin()
    assert broker.add(who, 0, 1) == [0, 0]
    assert broker.write(who).error_code == 0
    assert broker.stable_and_end() == (0, 1)
    assert broker.end(who, commit=commit, version=version) == (0, NO_PRODUCER)
    assert broker.stable_and_end() == (2, 2)
    assert broker.stable_and_end(1) == (1, 1)
    assert broker.describe().transaction_state == ("CompleteCommit" if commit else "CompleteAbort")
    assert broker.end(who, commit=commit, version=version) == (0, NO_PRODUCER)


@pytest.mark.parametrize("commit", [True, False])
def test_a_v2_end_tells_the_next_epoch_and_a_retry_hears_it_again(commit: bool) -> None:
    broker = TransactingBroker()
    pid, epoch = who = broker.begin()
    assert broker.write(who, version=12).error_code == 0
    for _ in range(2):
        assert broker.end(who, commit=commit, version=V2_VERSION) == (0, (pid, epoch + 1))
    assert broker.write(who, 1, version=12).error_code == ErrorCode.INVALID_PRODUCER_EPOCH
    assert broker.write((pid, epoch + 1), 0, version=12).error_code == 0


@pytest.mark.parametrize("version", VERSIONS)
def test_who_may_not_end_is_told_why(version: int) -> None:
    broker = TransactingBroker()
    broker.begin()
    pid, epoch = broker.begin()
    fenced = ErrorCode.INVALID_PRODUCER_EPOCH if version < 2 else ErrorCode.PRODUCER_FENCED
    for who, name, code in (
        ((pid, epoch), "", ErrorCode.INVALID_REQUEST),
        ((pid, epoch), "nobody", ErrorCode.INVALID_PRODUCER_ID_MAPPING),
        ((pid + 1, epoch), ID, ErrorCode.INVALID_PRODUCER_ID_MAPPING),
        ((pid, epoch + 1), ID, fenced),
        ((pid, epoch - 1), ID, fenced),
        ((pid, epoch), ID, ErrorCode.INVALID_TXN_STATE),
    ):
        assert broker.end(who, commit=True, name=name, version=version) == (code, NO_PRODUCER)


def test_v2_is_not_spoken_where_its_state_could_not_be_stored() -> None:
    broker = TransactingBroker()
    broker.set_level(0)
    who = broker.begin()
    broker.add(who)
    assert broker.end(who, commit=True, version=V2_VERSION) == (ErrorCode.UNSUPPORTED_VERSION, NO_PRODUCER)
    assert broker.end(who, commit=True, version=4) == (0, NO_PRODUCER)


def test_an_end_that_cannot_be_logged_has_not_happened() -> None:
    broker = TransactingBroker()
    who = broker.begin()
    broker.add(who)
    broker.files.write_error = BROKEN
    assert broker.end(who, commit=True) == (ErrorCode.NOT_COORDINATOR, NO_PRODUCER)
    broker.files.write_error = None
    assert broker.describe().transaction_state == "Ongoing"
    assert broker.end(who, commit=False) == (0, NO_PRODUCER)


def test_a_topic_that_was_deleted_meanwhile_does_not_hold_up_the_end() -> None:
    broker = TransactingBroker()
    gone = broker.create("gone")
    who = broker.begin()
    assert broker.add(who, 0) == [0]
    assert broker.add(who, 0, topic="gone") == [0]
    delete_topics(broker.topics, [gone])
    assert broker.end(who, commit=True) == (0, NO_PRODUCER)
    assert broker.describe().transaction_state == "CompleteCommit"
    assert broker.stable_and_end() == (1, 1)


def test_a_marker_carries_the_epoch_in_which_its_coordinator_leads() -> None:
    """Apache Kafka raises it at every start, and a partition refuses markers of an older one."""
    broker = TransactingBroker()
    who = broker.begin()
    broker.add(who, 0)
    for partition in internal_topic(broker.topics, "__transaction_state").partitions:
        partition.leader_epoch = 3
    assert broker.end(who, commit=True) == (0, NO_PRODUCER)
    entry = broker.topics.partition("t", 0).log.find_producer(who[0])
    assert entry is not None
    assert entry.coordinator_epoch == 3
