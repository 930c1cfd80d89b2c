"""One directory, served by Apache Kafka and by Odradek in turns."""

from collections.abc import Callable, Sequence

from ..brokers import BrokerProcess


def in_turns(kafka: BrokerProcess, odradek: BrokerProcess) -> Sequence[tuple[BrokerProcess, Callable[[], None]]]:
    """Who has it next, and how that turn ends: both are stopped, and both are killed."""
    return [
        (odradek, odradek.kill),
        (kafka, kafka.stop),
        (odradek, odradek.stop),
        (kafka, kafka.kill),
        (odradek, odradek.stop),
    ]
