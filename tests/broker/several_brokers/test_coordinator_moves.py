from odradek.broker.metadata.delta import MetadataDelta
from odradek.broker.metadata.image import MetadataImage
from odradek.broker.metadata.topic_image import PartitionImage, TopicImage
from odradek.broker.several_brokers.coordinator_moves import CoordinatorMoves
from odradek.broker.slices import run_to_end
from odradek.broker.topic_names import OFFSETS_TOPIC
from odradek.protocol.metadata_records import PartitionRecord

TOPIC_ID = b"t" * 16


class Service:
    """A coordinator that notes what it is told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def lead(self, partition: int) -> None:
        self.told.append(f"lead {partition}")

    def resign(self, partition: int) -> None:
        self.told.append(f"resign {partition}")


def topic(*leaders: int, name: str = OFFSETS_TOPIC) -> TopicImage:
    image = TopicImage(name, TOPIC_ID)
    for index, leader in enumerate(leaders):
        record = PartitionRecord(partition_id=index, topic_id=TOPIC_ID, replicas=(1, 2), isr=(1, 2), leader=leader)
        image.partitions[index] = PartitionImage(record, 2)
    return image


def moves_of_broker_1(service: Service) -> CoordinatorMoves:
    return CoordinatorMoves(1, {OFFSETS_TOPIC: service})


def tell(moves: CoordinatorMoves, delta: MetadataDelta) -> None:
    run_to_end(moves.on_delta(delta, MetadataImage()))


def change(*, created: TopicImage | None = None, led: TopicImage | None = None) -> MetadataDelta:
    delta = MetadataDelta()
    if created is not None:
        delta.created_topics.append(created)
    if led is not None:
        delta.newly_led_topics[led.name] = led
    return delta


def test_a_broker_coordinates_what_it_leads_at_its_start() -> None:
    service = Service()
    image = MetadataImage()
    image.topics[OFFSETS_TOPIC] = topic(1, 2, 1)
    moves_of_broker_1(service).start(image)
    assert [one.split()[1] for one in service.told] == ["0", "2"]


def test_who_leads_no_more_resigns_and_who_leads_now_is_told_once() -> None:
    service = Service()
    moves = moves_of_broker_1(service)
    tell(moves, change(created=topic(1, 2)))
    service.told.clear()
    tell(moves, change(led=topic(2, 1)))
    tell(moves, change(led=topic(2, 1)))
    assert service.told == ["resign 0", "lead 1"]


def test_topics_that_keep_nothing_of_a_coordinator_move_as_they_like() -> None:
    service = Service()
    tell(moves_of_broker_1(service), change(created=topic(1, name="orders")))
    assert service.told == []


def test_a_topic_that_is_deleted_has_no_coordinator() -> None:
    service = Service()
    moves = moves_of_broker_1(service)
    tell(moves, change(created=topic(1)))
    service.told.clear()
    delta = MetadataDelta()
    delta.deleted_topics.append(topic(1))
    tell(moves, delta)
    assert service.told == ["resign 0"]
