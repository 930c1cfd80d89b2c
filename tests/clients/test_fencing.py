"""Who a producer is: one instance of a transactional id at a time, and nobody's transaction stays open for ever."""

import pytest

from .client_process import OPEN, ClientProcess
from .raw_questions import producers_of, transaction_of
from .stock_client import Message, StockClient, Transactional, create, read_to_end, until

HELD = [b"held-%d" % number for number in range(10)]
AFTER_HELD = 11  # ten records and a marker


@pytest.fixture
def transactional_id(topic: str) -> str:
    return f"x-{topic}"


def write(producer: Transactional, topic: str, value: bytes) -> None:
    producer.begin()
    producer.send(topic, Message(value))
    producer.commit()


@pytest.mark.parametrize("what", ["commits", "sends"])
def test_the_older_of_two_instances_is_refused_and_its_transaction_is_aborted(
    client: StockClient, admin: StockClient, topic: str, transactional_id: str, what: str
) -> None:
    create(admin, topic)
    older = client.transactional(transactional_id)
    write(older, topic, b"from the older")
    older.begin()
    older.send(topic, Message(b"never committed"))
    older.flush()
    newer = client.transactional(transactional_id)
    if what == "sends":
        older.send(topic, Message(b"too late"))
    with pytest.raises(Exception) as refusal:  # noqa: PT011 each library has its own
        older.commit()
    assert client.is_fenced(refusal.value), repr(refusal.value)
    write(newer, topic, b"from the newer")
    newer.close()
    older.close()
    # three records and three markers, none of them open
    assert client.offset_range(topic, isolation="read_committed") == (0, 6)
    assert read_to_end(client, topic, "read_committed") == [[b"from the older", b"from the newer"]]


def test_the_transaction_of_a_client_that_was_killed_is_aborted_when_its_time_is_over(
    client: StockClient, client_name: str, admin: StockClient, bootstrap: str, topic: str, transactional_id: str
) -> None:
    create(admin, topic)
    arguments = {"topic": topic, "transactional_id": transactional_id, "timeout_ms": "1500"}
    with ClientProcess("hold", client_name, bootstrap, **arguments) as process:
        assert process.line() == OPEN
    assert client.offset_range(topic, isolation="read_uncommitted")[1] >= len(HELD)
    until(
        lambda: admin.offset_range(topic, isolation="read_committed")[1] == AFTER_HELD,
        "the last stable offset has passed the dead client's transaction",
    )
    assert transaction_of(bootstrap, transactional_id)[0] == "CompleteAbort"
    assert read_to_end(client, topic, "read_committed") == [[]]
    assert read_to_end(client, topic, "read_uncommitted") == [HELD]


def test_a_producer_that_dies_and_comes_back_with_its_transactional_id_is_the_same_producer(
    client: StockClient, client_name: str, admin: StockClient, bootstrap: str, topic: str, transactional_id: str
) -> None:
    create(admin, topic)
    arguments = {"topic": topic, "transactional_id": transactional_id, "timeout_ms": "60000"}
    with ClientProcess("hold", client_name, bootstrap, **arguments) as process:
        assert process.line() == OPEN
    state, producer_id, epoch = transaction_of(bootstrap, transactional_id)
    assert state == "Ongoing"
    assert admin.offset_range(topic, isolation="read_committed") == (0, 0)
    back = client.transactional(transactional_id)
    # one epoch for whoever ends the dead one's transaction, and the next for the one that is back
    assert transaction_of(bootstrap, transactional_id) == ("Empty", producer_id, epoch + 2)
    assert read_to_end(client, topic, "read_committed") == [[]]
    write(back, topic, b"back")
    back.close()
    assert producers_of(bootstrap, topic) == [(producer_id, epoch + 2)]
    client.transactional(transactional_id).close()
    assert transaction_of(bootstrap, transactional_id) == ("Empty", producer_id, epoch + 3)
    assert read_to_end(client, topic, "read_committed") == [[b"back"]]
    assert read_to_end(client, topic, "read_uncommitted") == [[*HELD, b"back"]]


def test_without_a_transactional_id_a_new_session_is_a_new_producer(
    client: StockClient, admin: StockClient, bootstrap: str, topic: str
) -> None:
    create(admin, topic)
    for _ in range(2):
        producer = client.producer(idempotent=True)
        producer.send(topic, Message(b"the same again"))
        producer.flush()
        producer.close()
    (first, epoch), (second, second_epoch) = producers_of(bootstrap, topic)
    assert first != second
    assert epoch == second_epoch == 0
    # nothing is promised across the two: what the second sends again is there twice
    assert read_to_end(client, topic, "read_committed") == [[b"the same again"] * 2]
