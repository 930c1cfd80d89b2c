import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from odradek.broker.coordination.transactions.states import NEVER_STORED, TxnState
from odradek.broker.coordination.transactions.transaction import (
    Transaction,
    decode_transaction,
    encode_id,
    encode_transaction,
)

IDS = st.integers(-1, 2**62)
MS = st.integers(-1, 2**45)
TRANSACTIONS = st.builds(
    Transaction,
    transactional_id=st.text(min_size=1, max_size=20),
    producer_id=IDS,
    producer_epoch=st.integers(-1, 32767),
    timeout_ms=st.integers(1, 900_000),
    state=st.sampled_from([state for state in TxnState if state not in NEVER_STORED]),
    partitions=st.frozensets(st.tuples(st.text("abc", min_size=1, max_size=2), st.integers(0, 5)), max_size=6),
    start_ms=MS,
    last_update_ms=MS,
    previous_producer_id=IDS,
    next_producer_id=IDS,
    client_version=st.sampled_from([0, 2]),
)


@settings(max_examples=100)
@given(stored=TRANSACTIONS, is_flexible=st.booleans())
def test_a_stored_state_comes_back_as_far_as_its_version_carries_it(stored: Transaction, is_flexible: bool) -> None:
    found = decode_transaction(*encode_transaction(stored, is_flexible=is_flexible))
    assert found is not None
    name, back = found
    assert name == stored.transactional_id
    assert back is not None
    assert (back.producer_id, back.producer_epoch, back.state) == (
        stored.producer_id,
        stored.producer_epoch,
        stored.state,
    )
    assert (back.timeout_ms, back.start_ms, back.last_update_ms) == (
        stored.timeout_ms,
        stored.start_ms,
        stored.last_update_ms,
    )
    assert back.partitions == (frozenset() if stored.state is TxnState.EMPTY else stored.partitions)
    tagged = (stored.previous_producer_id, stored.next_producer_id, stored.client_version)
    assert (back.previous_producer_id, back.next_producer_id, back.client_version) == (
        tagged if is_flexible else (-1, -1, 0)
    )


def test_a_tombstone_names_its_id_and_a_record_of_another_kind_is_nobodys() -> None:
    assert decode_transaction(encode_id("id"), None) == ("id", None)
    assert decode_transaction(b"\x00\x63" + encode_id("id")[2:], None) is None


@pytest.mark.parametrize(
    ("state", "partitions"),
    # Kafka writes null where nothing ever was, and an empty list where it is over.
    [(TxnState.EMPTY, b"\x00"), (TxnState.COMPLETE_COMMIT, b"\x01")],
)
def test_no_partitions_are_written_as_kafka_writes_them(state: TxnState, partitions: bytes) -> None:
    _, value = encode_transaction(Transaction("id", 1, 2, 3, state=state), is_flexible=True)
    assert value[2 + 8 + 2 + 4 + 1 :][:1] == partitions


def test_the_deadline_counts_from_the_start() -> None:
    assert Transaction("id", 1, 2, 300, start_ms=5000).deadline_ms() == 5300
