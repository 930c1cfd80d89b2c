"""What a broker has logged of a transactional id."""

from collections.abc import Iterator

from odradek.broker.coordination.coordinator_partition import partition_for
from odradek.broker.coordination.transactions.transaction import Transaction, decode_transaction
from odradek.broker.topic_names import TRANSACTION_TOPIC
from odradek.protocol.records import read_records

from ...handlers.transaction_harness import ID, TransactingBroker


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
    """The states that were logged, in order."""
    return ["tombstone" if one is None else one.state.title for _, one in logged(broker)]
