"""The more waits to be sent, the less a fetch is given."""

from odradek.broker.unsent_answers import LEAST_BYTES, LIMIT_BYTES, UnsentAnswers
from odradek.protocol.messages.fetch import FetchResponse
from odradek.protocol.records import NewRecord, build_batch

from .handlers.broker_harness import AskedBroker, fetch_request


def test_an_answer_has_what_is_left_and_never_nothing() -> None:
    unsent = UnsentAnswers()
    assert unsent.room_bytes == LIMIT_BYTES
    unsent.change(LIMIT_BYTES - 5 * LEAST_BYTES)
    assert unsent.room_bytes == 5 * LEAST_BYTES
    unsent.change(100 * LEAST_BYTES)
    assert unsent.room_bytes == LEAST_BYTES
    unsent.change(-95 * LEAST_BYTES)
    assert unsent.room_bytes == LEAST_BYTES


def test_while_much_is_unsent_a_fetch_brings_little() -> None:
    broker = AskedBroker()
    partition = broker.create().partitions[0]
    for _ in range(6):
        broker.append(partition, build_batch([NewRecord(None, bytes(LEAST_BYTES // 3), 0)]))

    def fetched() -> int:
        answer = broker.ask(fetch_request("t"), 12, FetchResponse).answer
        return len(answer.responses[0].partitions[0].records or b"")

    assert fetched() > 6 * (LEAST_BYTES // 3)
    broker.context.unsent.change(2 * LIMIT_BYTES)
    assert fetched() < LEAST_BYTES
