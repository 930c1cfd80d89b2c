"""What a broker knows of its cluster: as far as the controller has told it, in the order in which it was recorded."""

from collections.abc import Sequence

import pytest

from odradek.broker.config.broker_config import BrokerConfig
from odradek.broker.metadata.delta import MetadataDelta
from odradek.broker.metadata.image import MetadataImage, config_record
from odradek.broker.metadata.log import MetadataLog
from odradek.broker.nodes.links import CONTROLLER, Links
from odradek.broker.nodes.node_metadata import NodeMetadata
from odradek.broker.slices import Slices
from odradek.protocol.errors import ErrorCode, KafkaError
from odradek.protocol.metadata_records import ConfigResourceType, MetadataRecord

from ..conftest import Parts

NODE = 2
DELAY_S = 5.0
BROKERS = (ConfigResourceType.BROKER, "")


class Told:
    """The controller's log, and the metadata of one broker that follows it."""

    def __init__(self) -> None:
        self.parts = Parts(config=BrokerConfig())
        metadata = self.parts.metadata
        assert isinstance(metadata, MetadataLog)
        self.log = metadata
        self.clock = self.parts.clock
        self.links = Links(self.clock, self.clock)
        self.node = self.join()
        self.heard: list[str] = []
        self.answers: list[KafkaError | None] = []
        self.node.publisher.subscribe(self)

    def join(self) -> NodeMetadata:
        node = NodeMetadata(NODE, self.log, self.links, Slices(self.parts.runtime))
        node.follow()
        return node

    def on_delta(self, delta: MetadataDelta, image: MetadataImage) -> None:
        self.heard.append(image.configs[BROKERS]["log.retention.ms"])

    def record(self, value: str) -> None:
        """The controller records a setting."""
        self.log.change(lambda image: [setting(value)], self.answers.append)

    def ask(self, value: str) -> None:
        """The broker has it recorded."""
        self.node.change(lambda image: [setting(value)], self.answers.append)

    @property
    def known(self) -> str | None:
        return self.node.image.configs.get(BROKERS, {}).get("log.retention.ms")

    @property
    def recorded(self) -> str | None:
        return self.log.image.configs.get(BROKERS, {}).get("log.retention.ms")


def setting(value: str) -> MetadataRecord:
    return config_record(BROKERS, "log.retention.ms", value)


@pytest.fixture
def told() -> Told:
    return Told()


# What the controller says


def test_a_broker_begins_with_all_that_is_recorded() -> None:
    told = Told()
    told.record("1")
    late = told.join()
    assert late.image.configs == told.log.image.configs
    assert late.end_offset == told.log.end_offset


def test_a_change_is_known_by_the_time_that_it_is_answered(told: Told) -> None:
    known: list[str | None] = []
    told.log.change(lambda image: [setting("1")], lambda error: known.append(told.known))
    assert known == ["1"]
    assert told.heard == ["1"]
    assert told.node.end_offset == told.log.end_offset


def test_a_broker_that_is_cut_off_goes_on_with_what_it_knew_and_catches_up_in_order(told: Told) -> None:
    told.links.set(CONTROLLER, NODE, is_cut=True)
    told.record("1")
    told.record("2")
    assert told.known is None
    told.links.heal()
    assert told.heard == ["1", "2"]
    assert told.node.end_offset == told.log.end_offset


def test_over_a_slow_link_each_change_takes_its_time(told: Told) -> None:
    told.links.set(CONTROLLER, NODE, delay_s=DELAY_S)
    told.record("1")
    told.clock.advance(DELAY_S - 1)
    told.record("2")
    told.clock.advance(1)
    assert told.heard == ["1"]
    told.clock.advance(DELAY_S)
    assert told.heard == ["1", "2"]


def test_what_arrives_before_an_older_change_waits_for_that(told: Told) -> None:
    told.links.set(CONTROLLER, NODE, delay_s=DELAY_S)
    told.record("1")
    told.links._links[CONTROLLER, NODE].delay_s = 0.0  # nobody hears of it: what is on its way stays there
    told.record("2")
    assert told.heard == []
    told.clock.advance(DELAY_S)
    assert told.heard == ["1", "2"]


def test_what_is_on_its_way_is_sent_again_when_the_way_is_another(told: Told) -> None:
    told.links.set(CONTROLLER, NODE, delay_s=DELAY_S)
    told.record("1")
    told.links.heal()
    assert told.heard == ["1"]
    told.clock.advance(DELAY_S)
    assert told.heard == ["1"]


def test_what_was_lost_on_its_way_is_sent_again(told: Told) -> None:
    told.links.set(CONTROLLER, NODE, delay_s=DELAY_S)
    told.record("1")
    told.links.set(CONTROLLER, NODE, is_cut=True)
    told.clock.advance(DELAY_S)
    told.links.set(CONTROLLER, NODE, is_cut=False)
    assert told.heard == []
    told.clock.advance(DELAY_S)
    assert told.heard == ["1"]


def test_a_broker_that_is_no_more_hears_nothing(told: Told) -> None:
    told.node.end()
    told.record("1")
    told.links.heal()
    assert told.heard == []
    assert told.log.followers == []


# What it asks for


def test_what_a_broker_asks_for_is_recorded_and_known_before_it_is_answered(told: Told) -> None:
    told.ask("1")
    assert (told.recorded, told.known, told.answers) == ("1", "1", [None])


@pytest.mark.parametrize("way", [(NODE, CONTROLLER), (CONTROLLER, NODE)])
def test_what_it_cannot_ask_for_waits_until_there_is_a_way_to_and_fro(told: Told, way: tuple[int, int]) -> None:
    told.links.set(*way, is_cut=True)
    told.ask("1")
    assert told.recorded is None
    told.links.heal()
    assert told.answers == [None]
    assert told.recorded == "1"


def test_a_question_that_is_lost_is_put_again(told: Told) -> None:
    told.links.set(NODE, CONTROLLER, delay_s=DELAY_S)
    told.ask("1")
    told.links.set(NODE, CONTROLLER, is_cut=True)
    told.clock.advance(DELAY_S)
    assert told.recorded is None
    told.links.heal()
    assert told.answers == [None]
    assert told.node.image.configs[BROKERS]["log.retention.ms"] == "1"


def test_an_answer_that_is_lost_is_given_again_and_nothing_is_recorded_twice(told: Told) -> None:
    told.links.set(CONTROLLER, NODE, delay_s=DELAY_S)
    told.ask("1")
    assert told.recorded == "1"
    told.links.set(CONTROLLER, NODE, is_cut=True)
    told.clock.advance(DELAY_S)
    assert told.answers == []
    end_offset = told.log.end_offset
    told.links.heal()
    assert told.answers == [None]
    assert told.log.end_offset == end_offset


def test_what_is_decided_upon_an_image_that_the_broker_has_not_waits_until_it_has(told: Told) -> None:
    """It looks at the broker's own topics, too."""
    told.links.set(CONTROLLER, NODE, delay_s=DELAY_S)
    told.record("1")
    seen: list[str | None] = []

    def decide(image: MetadataImage) -> Sequence[MetadataRecord]:
        seen.append(told.known)
        return [setting("2")]

    told.node.change(decide, told.answers.append)
    assert seen == []
    told.clock.advance(DELAY_S)
    assert seen == ["1"]
    told.clock.advance(DELAY_S)
    assert told.known == "2"


def test_a_refusal_comes_back(told: Told) -> None:
    def decide(image: MetadataImage) -> Sequence[MetadataRecord]:
        raise KafkaError(ErrorCode.INVALID_REQUEST)

    told.node.change(decide, told.answers.append)
    (error,) = told.answers
    assert error is not None
    assert error.code == ErrorCode.INVALID_REQUEST


def test_each_broker_is_given_producer_ids_of_its_own(told: Told) -> None:
    given: list[int] = []
    for _ in range(2):
        told.node.take_producer_ids(1000, lambda first, error: given.append(first))
    assert given[1] - given[0] == 1000


def test_a_broker_that_is_no_more_gets_no_answer(told: Told) -> None:
    told.links.set(CONTROLLER, NODE, delay_s=DELAY_S)
    told.ask("1")
    told.node.end()
    told.clock.advance(DELAY_S)
    told.links.heal()
    assert told.answers == []
