"""The cleaner leaves of a log what Apache Kafka's leaves of it: batches, records, offsets by time, segments, indexes.

Without --oracle Apache Kafka's part is read from compacted.json, written by `pytest --oracle --record tests/oracle`.
"""

import json
from pathlib import Path

import pytest

from ..brokers import OdradekBroker
from .apache_kafka import ApacheKafka
from .compaction_story import BROKER_SETTINGS, TOPICS, Left, told_to

RECORDED = Path(__file__).parent / "compacted.json"


@pytest.mark.parametrize("topic", TOPICS)
def test_what_compaction_leaves_is_what_apache_kafka_leaves(
    topic: str, tmp_path: Path, is_oracle: bool, request: pytest.FixtureRequest
) -> None:
    expected = _left_by_kafka(topic, tmp_path, request) if is_oracle else json.loads(RECORDED.read_text())[topic]
    broker = OdradekBroker(tmp_path / "odradek", BROKER_SETTINGS)
    broker.start()
    try:
        found = told_to(broker, topic, TOPICS[topic])
    finally:
        broker.kill()
    assert json.loads(json.dumps(found)) == expected


def _left_by_kafka(topic: str, tmp_path: Path, request: pytest.FixtureRequest) -> list[Left]:
    kafka = ApacheKafka(tmp_path / "kafka", BROKER_SETTINGS)
    kafka.start()
    try:
        found = told_to(kafka, topic, TOPICS[topic])
    finally:
        kafka.kill()
    if request.config.getoption("--record"):
        recorded = json.loads(RECORDED.read_text()) if RECORDED.exists() else {}
        RECORDED.write_text(json.dumps({**recorded, topic: found}, indent=1) + "\n")
    return found
