"""Where partitions end for consumers, asked of whoever leads them: another broker, perhaps."""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from ...protocol.errors import KafkaError
from .topics import Topics

Ends = Mapping[tuple[str, int], int | KafkaError]
"""The high watermark of each partition, or why it is not known."""


class HighWatermarks(Protocol):
    """Asks the brokers that lead."""

    def find(self, partitions: Sequence[tuple[str, int]], then: Callable[[Ends], None]) -> None:
        """Call `then` with those of the partitions, now or later."""
        ...


def own_end(topics: Topics, topic: str, index: int) -> int | KafkaError:
    """That of a partition which this broker leads."""
    try:
        return topics.partition(topic, index).log.high_watermark
    except KafkaError as error:
        return error


class OwnHighWatermarks:
    """Those of a broker that is alone."""

    def __init__(self, topics: Topics) -> None:
        self._topics = topics

    def find(self, partitions: Sequence[tuple[str, int]], then: Callable[[Ends], None]) -> None:
        """As HighWatermarks has it, at once."""
        then({at: own_end(self._topics, *at) for at in partitions})
