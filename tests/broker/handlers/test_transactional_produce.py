"""Produce in a transaction: what belongs to one, what opens one, and what came too late (KIP-890)."""

import pytest

from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages.produce import ProduceResponse

from .broker_harness import batch, produce_request
from .transaction_harness import TransactingBroker

NOT_ADDED = "Partition was not added to the transaction"


@pytest.mark.parametrize("version", [3, 7, 8, 10])
def test_a_write_that_was_never_announced_is_refused_in_the_words_of_its_version(version: int) -> None:
    broker = TransactingBroker()
    answer = broker.write(broker.begin(), version=version)
    assert answer.error_code == ErrorCode.INVALID_TXN_STATE
    assert answer.error_message == (NOT_ADDED if version >= 8 else None)
    assert (answer.base_offset, answer.log_start_offset) == (-1, -1)
    assert broker.stable_and_end() == (0, 0)


def test_from_version_11_on_it_is_told_to_abort() -> None:
    broker = TransactingBroker()
    assert broker.write(broker.begin(), version=11).error_code == ErrorCode.TRANSACTION_ABORTABLE


def test_from_version_12_on_the_write_announces_itself() -> None:
    broker = TransactingBroker()
    who = broker.begin()
    assert broker.write(who, version=12).error_code == 0
    (topic,) = broker.describe().topics
    assert (topic.topic, list(topic.partitions)) == ("t", [0])


def test_verification_can_be_switched_off() -> None:
    broker = TransactingBroker({"transaction.partition.verification.enable": "false"})
    assert broker.write(broker.begin(), version=10).error_code == 0


@pytest.mark.parametrize("version", [3, 11, 12])
def test_who_may_not_write_is_told_why(version: int) -> None:
    broker = TransactingBroker()
    pid, epoch = who = broker.begin()
    for writer, name, code in (
        (who, None, ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED),
        (who, "", ErrorCode.INVALID_REQUEST),
        (who, "nobody", ErrorCode.INVALID_PRODUCER_ID_MAPPING),
        ((pid + 1, epoch), "id", ErrorCode.INVALID_PRODUCER_ID_MAPPING),
        ((pid, epoch + 1), "id", ErrorCode.INVALID_PRODUCER_EPOCH),
    ):
        assert broker.write(writer, name=name, version=version).error_code == code


def test_v2_writes_are_refused_where_their_transaction_could_not_be_stored() -> None:
    broker = TransactingBroker()
    broker.set_level(0)
    assert broker.write(broker.begin(), version=12).error_code == ErrorCode.UNSUPPORTED_VERSION


def test_two_producers_in_one_request_are_refused_with_everything_they_sent() -> None:
    broker = TransactingBroker()
    pid, _ = broker.begin()
    records = {n: batch(pid=pid + n, is_transactional=True) for n in (0, 1)}
    answer = broker.ask(produce_request({"t": records}, transactional_id="id"), 9, ProduceResponse).answer
    found = [(one.error_code, one.error_message) for one in answer.responses[0].partition_responses]
    why = "Transactional records contained more than one producer ID"
    assert found == [(ErrorCode.INVALID_PRODUCER_ID_MAPPING, why)] * 2


@pytest.mark.parametrize(("version", "code"), [(10, ErrorCode.INVALID_TXN_STATE), (11, 120), (12, 47)])
def test_a_write_that_comes_after_its_transaction_ended_opens_no_other(version: int, code: int) -> None:
    broker = TransactingBroker()
    who = broker.begin()
    broker.add(who)
    broker.write(who)
    broker.end(who, commit=False, version=5 if version == 12 else 4)
    assert broker.write(who, 1, version=version).error_code == code
    assert broker.stable_and_end() == (2, 2)


@pytest.mark.parametrize("version", [3, 11, 12])
def test_a_fenced_session_is_told_so_with_the_code_that_produce_knows(version: int) -> None:
    broker = TransactingBroker()
    old = broker.begin()
    broker.begin()
    assert broker.write(old, version=version).error_code == ErrorCode.INVALID_PRODUCER_EPOCH


@pytest.mark.parametrize(
    ("version", "code"),
    [(11, ErrorCode.NOT_ENOUGH_REPLICAS), (12, ErrorCode.CONCURRENT_TRANSACTIONS)],
)
def test_while_the_transaction_before_is_being_ended_a_write_is_asked_to_come_again(version: int, code: int) -> None:
    broker = TransactingBroker()
    who = broker.begin()
    broker.add(who)
    broker.refuse_markers()
    broker.end(who, commit=True)
    broker.files.write_error = None
    early = broker.write(who, 0, version=version)
    assert early.error_code == code
    if version == 11:
        assert early.error_message is not None
        assert early.error_message.endswith("Underlying error: CONCURRENT_TRANSACTIONS")
    broker.clock.advance(2.0)
    assert broker.add(who) == [0]
    # What was sent after it must not come before it: nothing else here would keep them in order.
    assert broker.write(who, 1, version=version).error_code == ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER
    assert [broker.write(who, n, version=version).error_code for n in (0, 1)] == [0, 0]


def test_a_plain_write_amid_the_transaction_of_its_producer_is_refused() -> None:
    broker = TransactingBroker()
    pid, _ = who = broker.begin()
    broker.write(who, version=12)
    assert broker.produce("t", batch(pid=pid, sequence=1)).error_code == ErrorCode.INVALID_TXN_STATE
