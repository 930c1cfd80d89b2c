"""InitProducerId without a transactional id; with one, it is the coordinator's (see coordination/transactions)."""

import pytest

from odradek.broker.testing.disks import FULL
from odradek.protocol.api_keys import ApiKey
from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages.init_producer_id import InitProducerIdRequest, InitProducerIdResponse

from .broker_harness import AskedBroker, served


def ask(broker: AskedBroker, version: int = 5, pid: int = -1, epoch: int = -1) -> tuple[int, int, int]:
    request = InitProducerIdRequest(transactional_id=None, producer_id=pid, producer_epoch=epoch)
    answer = broker.ask(request, version, InitProducerIdResponse).answer
    return answer.error_code, answer.producer_id, answer.producer_epoch


def test_every_version_gives_another_id_with_epoch_0() -> None:
    broker = AskedBroker()
    versions = served(ApiKey.INIT_PRODUCER_ID)
    assert [ask(broker, version) for version in versions] == [(0, n, 0) for n in range(len(versions))]


@pytest.mark.parametrize("version", [3, 4, 5])
def test_the_id_that_an_idempotent_producer_sends_along_is_ignored(version: int) -> None:
    assert ask(AskedBroker(), version, pid=77, epoch=5) == (0, 0, 0)


@pytest.mark.parametrize(("pid", "epoch"), [(7, -1), (-1, 7)])
def test_an_id_without_an_epoch_is_refused_and_so_is_the_reverse(pid: int, epoch: int) -> None:
    assert ask(AskedBroker(), 5, pid, epoch) == (ErrorCode.INVALID_REQUEST, -1, -1)


def test_no_id_is_given_that_could_not_be_put_on_record() -> None:
    broker = AskedBroker()
    broker.files.write_error = FULL
    for _ in range(2):
        assert ask(broker) == (ErrorCode.COORDINATOR_LOAD_IN_PROGRESS, -1, -1)
    broker.files.write_error = None
    assert ask(broker) == (0, 0, 0)
    broker.restart(is_clean=False)
    assert ask(broker) == (0, 1000, 0)
