"""The promise of an idempotent producer: its answers may be lost, its messages are stored once and in order."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from ..brokers import BrokerProcess, OdradekBroker, free_port
from ..oracle.apache_kafka import ApacheKafka
from .conftest import CLIENTS
from .lossy_proxy import LossyProxy
from .stock_client import Message, StockClient, create

MESSAGES = 3000


@pytest.fixture
def proxy_port() -> int:
    return free_port()


@pytest.fixture
def advertised_elsewhere(tmp_path: Path, is_oracle: bool, proxy_port: int) -> BrokerProcess:
    """A broker that sends its clients to the proxy."""
    settings: Mapping[str, str] = {"advertised.listeners": f"PLAINTEXT://127.0.0.1:{proxy_port}"}
    return ApacheKafka(tmp_path, settings) if is_oracle else OdradekBroker(tmp_path, settings)


@pytest.mark.parametrize("client_name", ["kafka-python", "confluent-kafka"])
def test_every_message_is_stored_once_and_in_order_though_answers_are_lost(
    client_name: str, topic: str, advertised_elsewhere: BrokerProcess, proxy_port: int
) -> None:
    broker = advertised_elsewhere
    broker.start()
    try:
        with LossyProxy(proxy_port, broker.address, lose_every=5) as proxy:
            client = CLIENTS[client_name](proxy.address)
            create(client, topic)
            sent = produce_in_rounds(client, topic)
            assert proxy.lost >= 5
            assert client.offset_range(topic) == (0, MESSAGES)
            assert [one.value for one in client.read(topic, MESSAGES)] == sent
            client.close()
    finally:
        broker.kill()


def produce_in_rounds(client: StockClient, topic: str) -> list[bytes | None]:
    """Many small batches, so that many answers can be lost."""
    sent = [Message(b"%d" % number) for number in range(MESSAGES)]
    producer = client.producer(idempotent=True)
    try:
        for first in range(0, MESSAGES, 100):
            for message in sent[first : first + 100]:
                producer.send(topic, message)
            producer.flush(60.0)
    finally:
        producer.close()
    return [message.value for message in sent]
