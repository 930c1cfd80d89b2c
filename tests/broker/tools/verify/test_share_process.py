"""A member in a process of its own: what it is given and answers goes over two pipes, and it can be killed."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from odradek.broker.tools.verify.history import Acknowledged, Delivered, Kind, Record, TopicPartition
from odradek.broker.tools.verify.library import ClientError
from odradek.broker.tools.verify.share_process import NO_ANSWER, Member, ShareProcess
from odradek.broker.tools.verify.with_confluent_kafka import ConfluentKafka

DEADLINE_S = 60.0
Start = Callable[[], ShareProcess]


@pytest.fixture
def start(bootstrap: str, topic: str, group: str) -> Iterator[Start]:
    """Starts members of a group that begins with the first of three records."""
    library = ConfluentKafka(bootstrap)
    library.create_topics({topic: 1}, 20)
    library.configure_group(group, {"share.auto.offset.reset": "earliest"}, 20)
    producer = library.producer(None, 0.0, "none")
    assert producer.send([Record(topic, 0, value) for value in ("one", "two", "three")], 20).is_complete
    producer.close()
    made: list[ShareProcess] = []

    def begin() -> ShareProcess:
        made.append(library.share_consumer(group, topic))
        return made[-1]

    yield begin
    for one in made:
        one.kill()


def polled(member: ShareProcess) -> list[Delivered]:
    deadline = time.monotonic() + DEADLINE_S
    while not (found := member.poll(0.5)):
        assert time.monotonic() < deadline
    return found


def test_records_are_shared_acknowledged_and_left_by_the_dead(start: Start) -> None:
    first = start()
    found = polled(first)
    assert [(one.record.value, one.record.offset, one.number) for one in found] == [
        ("one", 0, 1),
        ("two", 1, 1),
        ("three", 2, 1),
    ]
    kinds = (Kind.ACCEPT, Kind.RELEASE)
    said = [Acknowledged(one.record, kind) for one, kind in zip(found, kinds, strict=False)]
    assert first.acknowledge(said, 10.0) == {}
    second = start()
    first.kill()
    with pytest.raises(ClientError):
        first.poll(0.1)
    left = polled(second)
    while len(left) < 2:
        second.acknowledge([Acknowledged(one.record, Kind.RELEASE) for one in left], 10.0)
        left = polled(second)
    assert [one.record.value for one in left] == ["two", "three"]
    assert second.acknowledge([Acknowledged(one.record, Kind.REJECT) for one in left], 10.0) == {}
    second.close()


def test_what_the_library_refuses_is_an_error_here(start: Start) -> None:
    member = start()
    nothing = Record("no-such-topic", 0, "x", 7)
    with pytest.raises(ClientError):
        member.acknowledge([Acknowledged(nothing, Kind.ACCEPT)], 10.0)


class Scripted(ShareProcess):
    """Answers what a test wants."""

    def __init__(self, answer: dict[str, Any]) -> None:
        self.troubles = []
        self._answer = answer

    def _ask(self, request: Any, timeout_s: float) -> dict[str, Any]:
        return self._answer


def test_a_partition_without_an_answer_is_not_confirmed() -> None:
    records = [Acknowledged(Record("t", index, "v", 0), Kind.ACCEPT) for index in range(3)]
    answered = Scripted({"outcomes": [["t", 0, ""], ["t", 1, "no"]], "error": ""}).acknowledge(records, 1.0)
    assert answered == {TopicPartition("t", 1): "no", TopicPartition("t", 2): NO_ANSWER}
    broken = Scripted({"outcomes": [], "error": "timed out"}).acknowledge(records[:1], 1.0)
    assert broken == {TopicPartition("t", 0): "timed out"}


class FakeKafka:
    """confluent-kafka with a share consumer that fails."""

    class KafkaException(Exception):
        """As the library's own."""

    class AcknowledgeType:
        ACCEPT = 1

        def __class_getitem__(cls, name: str) -> int:
            return cls.ACCEPT

    def __init__(self, *, is_broken: bool) -> None:
        self._is_broken = is_broken
        self.notes: Any = None

    def ShareConsumer(self, settings: dict[str, Any]) -> "FakeKafka":
        self.notes = settings["error_cb"]
        return self

    def subscribe(self, topics: list[str]) -> None:
        """It needs none."""

    def acknowledge_offset(self, *where: Any) -> None:
        if self._is_broken:
            raise RuntimeError("not in flight")

    def commit_sync(self, timeout_s: float) -> None:
        self.notes("a broker is away")
        raise self.KafkaException("timed out")


def test_errors_of_the_library_are_answers_and_troubles_are_told_once() -> None:
    request = {"do": "acknowledge", "records": [["t", 0, 0, "ACCEPT"]], "timeout_s": 1}
    member = Member(FakeKafka(is_broken=False), "b:1", "g", "t")
    assert member.answer(request) == {"outcomes": [], "error": "timed out", "troubles": ["a broker is away"]}
    assert member.answer({"do": "begin"}) == {"troubles": []}
    broken = Member(FakeKafka(is_broken=True), "b:1", "g", "t")
    assert broken.answer(request) == {"failed": "RuntimeError: not in flight", "troubles": []}
