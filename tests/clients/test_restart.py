"""What was acknowledged is there after a stop, and after a crash."""

import contextlib
import threading
from pathlib import Path

import pytest

from ..brokers import BrokerProcess
from ..conftest import FreshBroker
from ..hostile.requests import TOPIC as CRASHED
from ..hostile.seeds import crashed_logs
from .conftest import CLIENTS
from .stock_client import Message, StockClient, create, gather, send_all, until

MANY = 30_000  # batches: recovering them takes a tenth of a second


def all_clients(broker: BrokerProcess) -> list[StockClient]:
    return [build(broker.address) for build in CLIENTS.values()]


def test_records_topics_and_commits_outlive_a_restart(fresh_broker: FreshBroker, topic: str, group: str) -> None:
    broker = fresh_broker({})
    clients = all_clients(broker)
    create(clients[0], topic, 2, retention_ms="123456789")
    sent = [Message(b"%d" % number, key=b"k", headers=(("h", b"v"),)) for number in range(100)]
    for codec, client in zip(("none", "lz4", "zstd"), clients, strict=True):
        send_all(client, topic, sent, codec=codec)
    member = clients[2].member(group, topic)
    assert len(gather(member.poll, 300)) == 300
    member.commit_at(topic, 0, 250, "nearly done")
    member.close()
    for client in clients:
        client.close()
    broker.stop()
    broker.start()
    clients = all_clients(broker)
    for client in clients:
        assert client.topics()[topic] == 2
        assert client.topic_configs(topic)["retention.ms"] == "123456789"
        read = client.read(topic, 300)
        assert [one.content() for one in read] == [one.content() for one in sent * 3]
        assert send_all(client, topic, [Message(b"after")])[0] >= 300
    member = clients[2].member(group, topic)
    assert gather(member.poll, 53)[0].offset == 250
    assert member.committed(topic, 0) == (250, "nearly done")
    member.close()
    for client in clients:
        client.close()


def is_in_snapshot(metadata: Path, topic: str) -> bool:
    with contextlib.suppress(FileNotFoundError):  # an older one goes when a new one is there
        return any(topic.encode() in one.read_bytes() for one in metadata.glob("*.checkpoint"))
    return False


def test_topics_come_back_from_a_snapshot_of_the_metadata_log(fresh_broker: FreshBroker, topic: str) -> None:
    broker = fresh_broker({"metadata.log.max.snapshot.interval.ms": "100"})
    client = CLIENTS["confluent-kafka"](broker.address)
    create(client, topic, 3, retention_ms="123456789")
    metadata = broker.data_dir / "__cluster_metadata-0"
    until(lambda: is_in_snapshot(metadata, topic), "the topic is in a snapshot")
    for _ in range(2):
        broker.kill()
        broker.start()
        assert client.topics()[topic] == 3
        assert client.topic_configs(topic)["retention.ms"] == "123456789"
    client.close()


@pytest.mark.parametrize("client_name", CLIENTS)
def test_a_log_with_much_to_recover_is_asked_for_again_until_it_is_there(
    client_name: str, fresh_broker: FreshBroker
) -> None:
    broker = fresh_broker({})
    crashed_logs(broker, MANY)
    broker.start()
    client = CLIENTS[client_name](broker.address)
    assert send_all(client, CRASHED, [Message(b"after")]) == [MANY]
    assert client.offset_range(CRASHED) == (0, MANY + 1)
    client.close()


@pytest.mark.parametrize("client_name", ["kafka-python", "confluent-kafka"])
def test_everything_acknowledged_is_there_once_and_in_order_after_a_kill(
    client_name: str, fresh_broker: FreshBroker, topic: str
) -> None:
    broker = fresh_broker({})
    client = CLIENTS[client_name](broker.address)
    create(client, topic)
    writer = Writer(client, topic)
    writer.start()
    for _ in range(2):
        wait_for_more(writer)
        broker.kill()
        broker.start()
    wait_for_more(writer)
    acknowledged = writer.finish()
    # read by a client that was not there before, from the broker as it is after one more crash
    broker.kill()
    broker.start()
    reader = CLIENTS["confluent-kafka"](broker.address)
    assert reader.offset_range(topic) == (0, acknowledged)
    read = reader.read(topic, acknowledged)
    assert [one.value for one in read] == [b"%d" % number for number in range(acknowledged)]
    client.close()
    reader.close()


class Writer(threading.Thread):
    """An idempotent producer in a thread, which counts what was acknowledged; it outlives the broker's crashes."""

    def __init__(self, client: StockClient, topic: str) -> None:
        super().__init__(daemon=True)
        self.acknowledged = 0
        self._topic = topic
        self._producer = client.producer(idempotent=True)
        self._is_done = threading.Event()
        self._failure: Exception | None = None

    def run(self) -> None:
        try:
            while not self._is_done.is_set():
                for number in range(self.acknowledged, self.acknowledged + 50):
                    self._producer.send(self._topic, Message(b"%d" % number))
                self._producer.flush(60.0)
                self.acknowledged += 50
        except Exception as failure:
            self._failure = failure

    def check(self) -> None:
        if self._failure is not None:
            raise self._failure

    def finish(self) -> int:
        self._is_done.set()
        self.join(60.0)
        self.check()
        self._producer.close()
        return self.acknowledged


def wait_for_more(writer: Writer) -> None:
    """Waits until the writer has come further, so that a kill falls into its work."""
    goal = writer.acknowledged + 500

    def is_further() -> bool:
        writer.check()
        return writer.acknowledged >= goal

    until(is_further, "the producer goes on", timeout_s=60.0, pause_s=0.001)


def test_a_stop_leaves_time_for_what_was_sent(fresh_broker: FreshBroker, topic: str) -> None:
    broker: BrokerProcess = fresh_broker({})
    client = CLIENTS["confluent-kafka"](broker.address)
    create(client, topic)
    producer = client.producer()
    for number in range(10_000):
        producer.send(topic, Message(b"%d" % number))
    assert producer.flush() == list(range(10_000))
    broker.stop()
    broker.start()
    assert client.offset_range(topic) == (0, 10_000)
    producer.close()


def test_deleted_records_stay_deleted_after_a_kill(fresh_broker: FreshBroker, topic: str, is_oracle: bool) -> None:
    if is_oracle:
        pytest.skip("Apache Kafka writes log starts once a minute: a kill before that brings the records back")
    broker: BrokerProcess = fresh_broker({})
    client = CLIENTS["confluent-kafka"](broker.address)
    create(client, topic)
    send_all(client, topic, [Message(b"%d" % n) for n in range(10)])
    assert client.delete_records(topic, 7) == 7
    broker.kill()
    broker.start()
    assert client.offset_range(topic) == (7, 10)
    assert [one.value for one in client.read(topic, 3, offset=7)] == [b"7", b"8", b"9"]
    client.close()
