"""NodeMetadata: what one broker of several knows of its cluster, as far as the controller has told it.

The rule: the image changes only by replaying what the controller's log has, in its order. A broker that is cut off goes
on with what it knew, catches up when it is reached again, and what it asks for meanwhile waits.
"""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from ...protocol.errors import KafkaError
from ...protocol.metadata_records import MetadataRecord
from ...protocol.schema import ZERO_UUID
from ..log_output import get_logger
from ..metadata.delta import MetadataDelta
from ..metadata.image import MetadataImage
from ..metadata.log import MetadataLog
from ..metadata.metadata import Decide, Then
from ..metadata.publisher import MetadataPublisher
from ..metadata.topic_records import NewPartitions, NewTopic
from ..slices import Slices, Steps, in_steps
from .links import CONTROLLER, Links

logger = get_logger("metadata")

T = TypeVar("T")
Change = Callable[[], None]


@dataclass(slots=True)
class _Delivery:
    """Records that count, on their way to a broker, and where they end."""

    values: Sequence[bytes]
    end_offset: int
    is_there: bool = False


class NodeMetadata:
    """The metadata of a broker: a copy that follows the controller's log."""

    def __init__(self, node_id: int, log: MetadataLog, links: Links, slices: Slices) -> None:
        """To be made while no change of the log is under way; `follow` is to be called before the next one."""
        self.image = MetadataImage()
        for value in log.image.records():
            self.image.replay(value)
        self.publisher = MetadataPublisher()
        self.end_offset = log.end_offset
        self._node_id = node_id
        self._log = log
        self._links = links
        self._slices = slices
        self._behind: deque[_Delivery] = deque()  # what it has not replayed yet
        self._is_replaying = False
        self._asked: deque[Change] = deque()  # what it could not ask for
        self._unheard: list[Change] = []  # answers that did not get through
        self._when_current: list[Change] = []
        self._is_over = False
        self.directory_id = ZERO_UUID  # until the broker's data directory is open

    @property
    def leader_epoch(self) -> int:
        return self._log.leader_epoch

    def follow(self) -> None:
        """Hear of every change of the log from now on."""
        self._log.followers.append(self.deliver)
        self._links.on_change(self._on_links)

    def end(self) -> None:
        """The broker is no more."""
        self._is_over = True
        self._log.followers.remove(self.deliver)
        self._links.forget(self._on_links)

    # What the controller says

    def deliver(self, values: Sequence[bytes], end_offset: int) -> Steps[None]:
        """Records that count: replayed here and now where they can be, and else when they get through."""
        delivery = _Delivery(values, end_offset)
        self._behind.append(delivery)
        if self._links.delay_s(CONTROLLER, self._node_id):
            self._send(delivery)
        elif self._links.is_up(CONTROLLER, self._node_id):
            delivery.is_there = True
            if not self._is_replaying:
                yield from self._replay()

    def _send(self, delivery: _Delivery) -> None:
        """What arrives before an older one waits for that; what is lost is sent again when the way is another."""

        def arrive() -> None:
            delivery.is_there = True
            self._replay_soon()

        self._links.send(CONTROLLER, self._node_id, arrive)

    def _on_links(self) -> None:
        for delivery in list(self._behind):
            if not delivery.is_there:
                self._send(delivery)
        answers, self._unheard = self._unheard, []
        for give in answers:
            self.answer(give)
        self._send_asked()

    def _replay_soon(self) -> None:
        if self._behind and self._behind[0].is_there and not self._is_replaying and not self._is_over:
            self._slices.start(self._replay(), lambda _: None, self._fail)

    def _fail(self, error: Exception) -> None:
        logger.error("a change of the metadata cannot be replayed", node=self._node_id, exc_info=error)

    def _replay(self) -> Steps[None]:
        self._is_replaying = True
        try:
            while self._behind and self._behind[0].is_there and not self._is_over:
                delivery = self._behind.popleft()
                delta = MetadataDelta()
                for value in delivery.values:
                    self.image.replay(value, delta)
                    yield
                self.end_offset = delivery.end_offset
                yield from self.publisher.publish(delta, self.image)
        finally:
            self._is_replaying = False
        waiting, self._when_current = self._when_current, []
        for change in waiting:
            change()

    # What it asks of the controller

    def change(self, decide: Decide, then: Then) -> None:
        """As MetadataLog.change, decided upon an image that this broker has, too."""
        self.ask(partial(self._change, decide, then))

    def _change(self, decide: Decide, then: Then) -> None:
        is_stale = False

        def decide_if_current(image: MetadataImage) -> Steps[Sequence[MetadataRecord]]:
            nonlocal is_stale
            if self.end_offset != self._log.end_offset:
                is_stale = True  # what is decided looks at this broker's own topics, too
                return ()
            return (yield from in_steps(decide(image)))

        def done(error: KafkaError | None) -> None:
            if is_stale:
                self._when_current.append(partial(self.change, decide, then))
            else:
                self.answer(lambda: then(error))

        self._log.change(decide_if_current, done)

    def create_topics(self, choose: Callable[[], Sequence[NewTopic] | Steps[Sequence[NewTopic]]], then: Then) -> None:
        self._change_each(choose, self._log.create_topics, then)

    def add_partitions(
        self, choose: Callable[[], Sequence[NewPartitions] | Steps[Sequence[NewPartitions]]], then: Then
    ) -> None:
        self._change_each(choose, self._log.add_partitions, then)

    def remove_topics(self, choose: Callable[[], Sequence[bytes] | Steps[Sequence[bytes]]], then: Then) -> None:
        self._change_each(choose, self._log.remove_topics, then)

    def _change_each(
        self,
        choose: Callable[[], Sequence[T] | Steps[Sequence[T]]],
        change: Callable[[Callable[[], Steps[Sequence[T]]], Then], None],
        then: Then,
    ) -> None:
        def ask() -> None:
            is_stale = False

            def choose_if_current() -> Steps[Sequence[T]]:
                nonlocal is_stale
                if self.end_offset != self._log.end_offset:
                    is_stale = True
                    return ()
                return (yield from in_steps(choose()))

            def done(error: KafkaError | None) -> None:
                if is_stale:
                    self._when_current.append(lambda: self.ask(ask))
                else:
                    self.answer(lambda: then(error))

            change(choose_if_current, done)

        self.ask(ask)

    def take_producer_ids(self, count: int, then: Callable[[int, KafkaError | None], None]) -> None:
        def ask() -> None:
            self._log.take_producer_ids(count, lambda first, error: self.answer(lambda: then(first, error)))

        self.ask(ask)

    def set_features(self, choose: Callable[[], Mapping[str, int]], then: Then) -> None:
        self.ask(lambda: self._log.set_features(choose, lambda error: self.answer(lambda: then(error))))

    def producer_ids_record(self, next_producer_id: int) -> MetadataRecord:
        return self._log.producer_ids_record(next_producer_id)

    def write_snapshot(self) -> None:
        """The controller writes its own."""

    def ask(self, question: Change) -> None:
        """Have the controller do this, as soon as it can be reached."""
        self._asked.append(question)
        self._send_asked()

    def _send_asked(self) -> None:
        while self._asked and not self._is_over and self._links.reaches(self._node_id, CONTROLLER):
            question = self._asked.popleft()
            self._links.send(self._node_id, CONTROLLER, question, partial(self._asked.append, question))

    def answer(self, give: Change) -> None:
        """The controller's answer finds its way back, or is given when there is one again."""

        def arrive() -> None:
            if not self._is_over:
                give()

        def lost() -> None:
            self._unheard.append(give)

        if not self._links.send(CONTROLLER, self._node_id, arrive, lost):
            lost()
