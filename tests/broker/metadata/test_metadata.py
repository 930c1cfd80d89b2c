"""The metadata as a broker sees it: the log itself, or the controller's word over a link; a change is the same."""

from collections.abc import Callable

import pytest

from odradek.broker.metadata.image import config_record
from odradek.broker.metadata.log import MetadataLog
from odradek.broker.metadata.metadata import Metadata
from odradek.broker.nodes.node_metadata import NodeMetadata
from odradek.broker.slices import Steps
from odradek.protocol.errors import ErrorCode, KafkaError
from odradek.protocol.metadata_records import ConfigResourceType, MetadataRecord

from ..handlers.broker_harness import AskedBroker
from ..nodes.three_brokers import ThreeBrokers

BROKERS = (ConfigResourceType.BROKER, "")
NAME = "log.retention.ms"

Settle = Callable[[], None]


def alone() -> tuple[Metadata, Settle]:
    broker = AskedBroker()
    return broker.context.metadata, lambda: broker.clock.advance(0)


def one_of_several() -> tuple[Metadata, Settle]:
    brokers = ThreeBrokers()
    return brokers[2].context.metadata, brokers.settle


def setting(value: str) -> MetadataRecord:
    return config_record(BROKERS, NAME, value)


@pytest.fixture(params=[alone, one_of_several])
def seen(request: pytest.FixtureRequest) -> tuple[Metadata, Settle]:
    found: tuple[Metadata, Settle] = request.param()
    return found


def test_both_kinds_have_all_that_metadata_is_asked_for(seen: tuple[Metadata, Settle]) -> None:
    metadata, _ = seen
    assert isinstance(metadata, MetadataLog | NodeMetadata)
    names = {name for name in (*vars(Metadata), *Metadata.__annotations__) if not name.startswith("_")}
    assert {"image", "change", "end_offset"} <= names
    assert [name for name in sorted(names) if not hasattr(metadata, name)] == []


def test_a_change_is_in_the_image_and_published_when_it_is_answered(seen: tuple[Metadata, Settle]) -> None:
    metadata, settle = seen
    story: list[tuple[str, str | None]] = []

    class Subscriber:
        def on_delta(self, delta: object, image: object) -> None:
            story.append(("published", known()))

    def known() -> str | None:
        return metadata.image.configs.get(BROKERS, {}).get(NAME)

    metadata.publisher.subscribe(Subscriber())
    before = metadata.end_offset
    metadata.change(lambda image: [setting("5")], lambda error: story.append(("answered", known())))
    settle()
    assert (story, metadata.end_offset > before) == ([("published", "5"), ("answered", "5")], True)


def test_a_change_is_decided_upon_what_those_before_it_have_left(seen: tuple[Metadata, Settle]) -> None:
    metadata, settle = seen
    answers: list[KafkaError | None] = []
    found: list[str] = []

    def second(image: object) -> Steps[list[MetadataRecord]]:
        found.append(metadata.image.configs[BROKERS][NAME])
        yield
        return [setting("6")]

    metadata.change(lambda image: [setting("5")], answers.append)
    metadata.change(second, answers.append)
    settle()
    assert (answers, set(found), metadata.image.configs[BROKERS][NAME]) == ([None, None], {"5"}, "6")


def test_a_change_that_is_refused_changes_nothing(seen: tuple[Metadata, Settle]) -> None:
    metadata, settle = seen
    before = metadata.end_offset
    answers: list[KafkaError | None] = []

    def refuse(image: object) -> list[MetadataRecord]:
        raise KafkaError(ErrorCode.POLICY_VIOLATION)

    metadata.change(refuse, answers.append)
    settle()
    (refused,) = answers
    assert refused is not None
    assert (refused.code, metadata.end_offset) == (ErrorCode.POLICY_VIOLATION, before)


def test_producer_ids_are_taken_once(seen: tuple[Metadata, Settle]) -> None:
    metadata, settle = seen
    taken: list[tuple[int, KafkaError | None]] = []
    for _ in range(2):
        metadata.take_producer_ids(1000, lambda first, error: taken.append((first, error)))
        settle()
    (first, _), (second, _) = taken
    assert [error for _, error in taken] == [None, None]
    assert second == first + 1000
