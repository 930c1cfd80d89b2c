"""Metadata: what a broker knows of its cluster, and how it has it changed; with one broker that is the log itself."""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from ...protocol.errors import KafkaError
from ...protocol.metadata_records import MetadataRecord
from ..slices import Steps
from .image import MetadataImage
from .publisher import MetadataPublisher
from .topic_records import NewPartitions, NewTopic

# The records of a change, decided upon the image that earlier changes left, in steps if they may be many; KafkaError
# refuses it.
Decide = Callable[[MetadataImage], Sequence[MetadataRecord] | Steps[Sequence[MetadataRecord]]]
Then = Callable[[KafkaError | None], None]


class Metadata(Protocol):
    """The metadata as one broker sees it. Whatever changes it is in `image`, and published, when `then` is called."""

    image: MetadataImage
    publisher: MetadataPublisher

    @property
    def directory_id(self) -> bytes:
        """The data directory of the broker whose metadata this is."""
        ...

    @property
    def end_offset(self) -> int:
        """Where the records end that the image has: what ApiVersions gives as the features' epoch."""
        ...

    @property
    def leader_epoch(self) -> int:
        """The epoch under which the controller leads the log."""
        ...

    def change(self, decide: Decide, then: Then) -> None:
        """Append, sync, replay, publish, then answer; after all changes that were asked for before."""
        ...

    def create_topics(self, choose: Callable[[], Sequence[NewTopic] | Steps[Sequence[NewTopic]]], then: Then) -> None:
        """Record the topics chosen, all or none."""
        ...

    def add_partitions(
        self, choose: Callable[[], Sequence[NewPartitions] | Steps[Sequence[NewPartitions]]], then: Then
    ) -> None:
        """Record further partitions of the topics chosen, all or none."""
        ...

    def remove_topics(self, choose: Callable[[], Sequence[bytes] | Steps[Sequence[bytes]]], then: Then) -> None:
        """Record that the topics of the ids chosen are gone, all or none."""
        ...

    def take_producer_ids(self, count: int, then: Callable[[int, KafkaError | None], None]) -> None:
        """Record that the next `count` ids are taken; the first of them is given to `then`."""
        ...

    def set_features(self, choose: Callable[[], Mapping[str, int]], then: Then) -> None:
        """Record the finalized levels chosen, where they are others than so far; 0 means none."""
        ...

    def producer_ids_record(self, next_producer_id: int) -> MetadataRecord:
        """What records that every id below `next_producer_id` has been taken."""
        ...

    def write_snapshot(self) -> None:
        """Write the image down if it has changed since the last snapshot."""
        ...
