"""InitProducerId with a transactional id."""

import pytest

from odradek.protocol.api_keys import ApiKey
from odradek.protocol.errors import ErrorCode

from .broker_harness import served
from .transaction_harness import NO_PRODUCER, TransactingBroker

VERSIONS = served(ApiKey.INIT_PRODUCER_ID)


def test_every_version_gives_the_next_epoch_of_the_same_producer_also_after_a_kill() -> None:
    broker = TransactingBroker()
    for epoch, version in enumerate(VERSIONS):
        assert broker.init(version=version) == (0, (0, epoch))
        broker.restart(is_clean=False)


@pytest.mark.parametrize("version", VERSIONS)
def test_who_asks_wrongly_is_told_so(version: int) -> None:
    broker = TransactingBroker()
    assert broker.init("", version) == (ErrorCode.INVALID_REQUEST, NO_PRODUCER)
    for timeout_ms in (0, -1, 900_001):
        code = ErrorCode.INVALID_TRANSACTION_TIMEOUT
        assert broker.init(version=version, timeout_ms=timeout_ms) == (code, NO_PRODUCER)


@pytest.mark.parametrize(("version", "code"), [(3, ErrorCode.INVALID_PRODUCER_EPOCH), (4, 90), (5, 90)])
def test_who_is_fenced_hears_it_with_the_code_of_its_version(version: int, code: int) -> None:
    broker = TransactingBroker()
    old = broker.begin()
    broker.begin()
    broker.begin()
    assert broker.init(version=version, expected=old) == (code, NO_PRODUCER)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_producer_that_comes_back_keeps_its_identity_and_its_open_transaction_is_aborted(version: int) -> None:
    broker = TransactingBroker()
    pid, epoch = old = broker.begin()
    broker.add(old)
    broker.write(old)
    assert broker.init(version=version) == (ErrorCode.CONCURRENT_TRANSACTIONS, NO_PRODUCER)
    assert broker.stable_and_end() == (2, 2)
    assert broker.init(version=version) == (0, (pid, epoch + 2))
    assert broker.write(old, 1).error_code == ErrorCode.INVALID_PRODUCER_EPOCH
    assert broker.end(old, commit=True)[0] == ErrorCode.PRODUCER_FENCED


def test_without_a_transactional_id_a_new_session_is_a_new_producer() -> None:
    broker = TransactingBroker()
    assert broker.begin("a")[0] != broker.begin("b")[0]
