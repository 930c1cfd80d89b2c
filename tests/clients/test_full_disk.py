"""A disk that fills up under a stock client, and is cleared: nothing is lost, doubled or out of order, and no restart.

A process that may not write beyond some file size meets what a full disk does, short writes included, without any
other privilege; the limit is lifted from outside, as somebody would clear the disk.
"""

import sys
from pathlib import Path

import pytest

from ..brokers import BrokerProcess
from ..conftest import FreshBroker
from .conftest import CLIENTS
from .stock_client import Message, create, send_all, until

ROOM_BYTES = 3_000
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets the limits of another process be set")


def _log_bytes(broker: BrokerProcess, topic: str) -> int:
    return Path(broker.data_dir, f"{topic}-0", f"{0:020d}.log").stat().st_size


def _limit_files(broker: BrokerProcess, most_bytes: int | None) -> None:
    """No file may grow beyond this; None for no limit."""
    import resource

    _, hard = resource.prlimit(broker.pid(), resource.RLIMIT_FSIZE)
    resource.prlimit(broker.pid(), resource.RLIMIT_FSIZE, (hard if most_bytes is None else most_bytes, hard))


@pytest.mark.parametrize(
    ("client_name", "settings"),  # of the clients that send by themselves, in a thread of their own
    [("kafka-python", {}), ("confluent-kafka", {"log.flush.interval.messages": "1"})],
)
def test_what_is_sent_while_the_disk_is_full_arrives_once_and_in_order_when_there_is_room(
    client_name: str, settings: dict[str, str], fresh_broker: FreshBroker, topic: str, is_oracle: bool
) -> None:
    if is_oracle:
        pytest.skip("Apache Kafka gives a full log directory up for good")
    broker = fresh_broker(settings)
    client = CLIENTS[client_name](broker.address)
    create(client, topic)
    before = [Message(b"%03d" % number + b"x" * 1000) for number in range(20)]
    send_all(client, topic, before)
    _limit_files(broker, _log_bytes(broker, topic) + ROOM_BYTES)
    meanwhile = [Message(b"%03d" % number + b"x" * 1000) for number in range(20, 60)]
    producer = client.producer(idempotent=True)
    for message in meanwhile:
        producer.send(topic, message)
    until(lambda: "append failed" in broker.log(), "the disk is not full")
    assert _log_bytes(broker, topic) <= 20 * 1200 + ROOM_BYTES
    _limit_files(broker, None)
    assert producer.flush() == list(range(20, 60))
    producer.close()
    assert [one.value for one in client.read(topic, 60)] == [one.value for one in before + meanwhile]
    client.close()
    broker.stop()
    assert Path(broker.data_dir, ".kafka_cleanshutdown").exists()
