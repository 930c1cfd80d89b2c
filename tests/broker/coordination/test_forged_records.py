"""Records that a client wrote into a coordinator's topic, as Apache Kafka lets `__admin_client` do.

Whatever they hold, each harms its own group or transactional id alone.
"""

from dataclasses import replace

import pytest

from odradek.broker.coordination.groups.classic.records import StoredGroup, StoredMember, group_record
from odradek.broker.coordination.groups.offset_records import CommittedOffset, offset_record
from odradek.broker.coordination.transactions.transaction import encode_id
from odradek.broker.topic_names import TRANSACTION_TOPIC
from odradek.protocol.batch import RecordBatch
from odradek.protocol.errors import ErrorCode
from odradek.protocol.records import NewRecord, build_batch
from odradek.protocol.state_records import PartitionsSchema, TransactionLogValue, encode_value

from ..handlers.transaction_harness import TransactingBroker
from .groups.group_driver import GroupDriver

I16, I32, I64 = 0x7FFF, 0x7FFFFFFF, 0x7FFFFFFFFFFFFFFF
FIRST = StoredMember("m", None, "c", "/h", 60_000, 10_000, b"r", b"a")
STATIC = replace(FIRST, member_id="n", group_instance_id="i")
SANE = StoredGroup("consumer", 3, "range", "m", 0, (FIRST, STATIC))

GROUPS = {
    "the last generation": replace(SANE, generation=I32),
    "the first generation": replace(SANE, generation=-I32 - 1),
    "a leader that is no member": replace(SANE, leader="nobody"),
    "no leader": replace(SANE, leader=None),
    "no protocol": replace(SANE, protocol=None),
    "no type": replace(SANE, protocol_type=""),
    "a state of the end of time": replace(SANE, state_timestamp_ms=I64),
    "a state before time": replace(SANE, state_timestamp_ms=-I64),
    "a member twice": replace(SANE, members=(FIRST, FIRST, STATIC)),
    "an instance twice": replace(SANE, members=(STATIC, replace(STATIC, member_id="o"))),
    "members without a name": replace(SANE, members=(replace(FIRST, member_id=""), STATIC)),
    "sessions without an end": replace(SANE, members=(replace(FIRST, session_timeout_ms=I32), STATIC)),
    "sessions that ended long ago": replace(SANE, members=(replace(FIRST, session_timeout_ms=-I32), STATIC)),
    "a patience that ended long ago": replace(
        SANE,
        members=(
            replace(FIRST, rebalance_timeout_ms=-I32, session_timeout_ms=-I32),
            replace(STATIC, rebalance_timeout_ms=0),
        ),
    ),
    "an empty group of the last generation": StoredGroup("consumer", I32, None, None, 0),
}


def forge(groups: GroupDriver, group_id: str, stored: StoredGroup) -> GroupDriver:
    """The broker after a restart, which finds the record."""
    partition = groups.service.partition_of(group_id)
    groups.log.append(partition, [group_record(group_id, stored)], 0, -1, -1)
    return groups.restarted()


@pytest.mark.parametrize("stored", GROUPS.values(), ids=GROUPS)
@pytest.mark.parametrize("protocol_type", ["consumer", "connect"])
def test_a_forged_group_can_be_joined_and_harms_no_other(stored: StoredGroup, protocol_type: str) -> None:
    before = GroupDriver()
    (member,) = before.stable_group(group_id="other")
    groups = forge(before, "g", stored)
    joined = groups.join_fresh(protocol_type=protocol_type)
    for _ in range(50):
        groups.sleep(5)
        assert groups.heartbeat(member, 1, group_id="other") is ErrorCode.NONE
    if joined.answer.error is ErrorCode.NONE:
        assert joined.answer.generation_id <= I32
    for _ in range(20):
        groups.sleep(100)
    assert groups.join_fresh(protocol_type=protocol_type).answer.error is ErrorCode.NONE
    assert groups.restarted().group().group_id == "g"


def test_after_the_last_generation_comes_the_first() -> None:
    again = forge(GroupDriver(), "g", StoredGroup("consumer", I32, None, None, 0))
    assert again.join_fresh().answer.generation_id == 1


def test_a_forged_offset_can_be_fetched_expires_and_is_deleted() -> None:
    groups = GroupDriver()
    forged = CommittedOffset(I64, I32, "", -I64, 1)
    groups.log.append(groups.service.partition_of("g"), [offset_record("g", "t", -1, forged)], 0, -1, -1)
    groups = groups.restarted()
    found = groups.service.find_offset("g", "t", -1)
    assert found is not None
    assert found.offset == I64
    groups.sleep(8 * 86_400)
    assert groups.service.find_group("g") is None


SANE_TXN = {
    "producer_id": 77,
    "previous_producer_id": 77,
    "next_producer_id": -1,
    "producer_epoch": 3,
    "transaction_timeout_ms": 1000,
    "transaction_partitions": [PartitionsSchema(topic="t", partition_ids=[0])],
    "transaction_last_update_timestamp_ms": 1,
    "transaction_start_timestamp_ms": 1,
    "client_transaction_version": 2,
}
TRANSACTIONS: dict[str, dict[str, object]] = {
    "the last epoch": {"producer_epoch": I16},
    "the first epoch": {"producer_epoch": -I16 - 1},
    "no producer": {"producer_id": -1},
    "the last producer": {"producer_id": I64, "next_producer_id": I64},
    "partitions that cannot be": {
        "transaction_partitions": [
            PartitionsSchema(topic="t", partition_ids=[-1, I32]),
            PartitionsSchema(topic=TRANSACTION_TOPIC, partition_ids=[0]),
        ]
    },
    "no partitions": {"transaction_partitions": None},
    "a start at the end of time": {"transaction_start_timestamp_ms": I64},
    "a timeout before the start": {"transaction_timeout_ms": -I32},
    "a protocol of the future": {"client_transaction_version": I16},
    "a last move at the end of time": {"transaction_last_update_timestamp_ms": I64},
}


@pytest.mark.parametrize("status", range(8))
@pytest.mark.parametrize("forged", TRANSACTIONS.values(), ids=TRANSACTIONS)
@pytest.mark.parametrize("level", [0, 2])
def test_a_forged_transaction_keeps_no_other_from_timing_out(
    status: int, forged: dict[str, object], level: int
) -> None:
    broker = TransactingBroker()
    broker.set_level(level)
    broker.add(broker.begin("good", timeout_ms=5_000), name="good")
    fields = SANE_TXN | forged | {"transaction_status": status}
    value = encode_value(TransactionLogValue(**fields), 1)  # type: ignore[arg-type]
    for partition in (0, 1):
        batch = RecordBatch(build_batch([NewRecord(encode_id("forged"), value, 1)]))
        broker.topics.partition(TRANSACTION_TOPIC, partition).append([batch], 1, is_from_client=False)
    broker.restart()
    broker.clock.advance(15)
    broker.clock.advance(15)
    assert broker.describe("good").transaction_state == "CompleteAbort"
    assert broker.describe("forged").transaction_state not in ("Dead", "PrepareEpochFence", "PrepareAbort")
