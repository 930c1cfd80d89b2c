"""AlterClientQuotas: what is kept over restarts, and what is refused while the rest is kept."""

import pytest

from odradek.broker.testing.disks import FULL
from odradek.protocol.api_keys import ApiKey
from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages.alter_client_quotas import (
    AlterClientQuotasRequest,
    AlterClientQuotasResponse,
    EntityData,
    EntryData,
    OpData,
)

from .broker_harness import AskedBroker, served

ALICE = (("user", "alice"),)


def entry(name: str | None, **ops: float | None) -> EntryData:
    return EntryData(
        entity=[EntityData(entity_type="user", entity_name=name)],
        ops=[OpData(key=key, value=value or 0.0, remove=value is None) for key, value in ops.items()],
    )


def alter(broker: AskedBroker, *entries: EntryData, version: int = 1, validate_only: bool = False) -> list[int]:
    request = AlterClientQuotasRequest(entries=entries, validate_only=validate_only)
    answer = broker.ask(request, version, AlterClientQuotasResponse).answer
    return [one.error_code for one in answer.entries]


@pytest.mark.parametrize("version", served(ApiKey.ALTER_CLIENT_QUOTAS))
def test_what_is_set_is_kept_over_a_restart_until_it_is_taken_back(version: int) -> None:
    broker = AskedBroker()
    assert alter(broker, entry("alice", producer_byte_rate=5.0, request_percentage=7.5), version=version) == [0]
    broker.restart()
    assert broker.context.metadata.image.quotas == {ALICE: {"producer_byte_rate": 5.0, "request_percentage": 7.5}}
    assert alter(broker, entry("alice", producer_byte_rate=None, consumer_byte_rate=None), version=version) == [0]
    assert broker.context.metadata.image.quotas == {ALICE: {"request_percentage": 7.5}}
    alter(broker, entry("alice", request_percentage=None), version=version)
    broker.restart()
    assert broker.context.metadata.image.quotas == {}


def test_an_entity_is_changed_whole_or_not_at_all_and_the_others_are() -> None:
    broker = AskedBroker()
    bad = entry("alice", producer_byte_rate=5.0, no_such=1.0)
    assert alter(broker, bad, entry(None, producer_byte_rate=6.0)) == [ErrorCode.INVALID_REQUEST, 0]
    assert broker.context.metadata.image.quotas == {(("user", None),): {"producer_byte_rate": 6.0}}


def test_an_entity_in_two_entries_is_left_alone_and_answered_once() -> None:
    broker = AskedBroker()
    twice = [entry("alice", producer_byte_rate=value) for value in (5.0, 6.0)]
    assert alter(broker, *twice) == [ErrorCode.INVALID_REQUEST]
    assert broker.context.metadata.image.quotas == {}


def test_what_is_only_checked_or_cannot_be_recorded_changes_nothing() -> None:
    broker = AskedBroker()
    assert alter(broker, entry("alice", producer_byte_rate=5.0), validate_only=True) == [0]
    broker.files.write_error = FULL
    assert alter(broker, entry("alice", producer_byte_rate=5.0)) == [ErrorCode.KAFKA_STORAGE_ERROR]
    assert broker.context.metadata.image.quotas == {}
