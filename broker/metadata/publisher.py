"""One way from a logged record to everything that is derived from it.

The rule: nobody is told of a change by hand. Whatever follows the metadata (topics and their configs, groups that lose
a topic) subscribes, and hears of each change once it is in the image, in the order of subscription.
"""

from typing import Protocol

from ..log_output import get_logger
from ..slices import Steps, in_steps
from .delta import MetadataDelta
from .image import MetadataImage

logger = get_logger("metadata")


class MetadataSubscriber(Protocol):
    """Whatever follows the image."""

    def on_delta(self, delta: MetadataDelta, image: MetadataImage) -> Steps[None] | None:
        """`image` has changed by `delta`; what is done about it may be done in steps."""
        ...


class MetadataPublisher:
    """Hands each change to every subscriber; one that fails is reported, and keeps none from its turn."""

    def __init__(self) -> None:
        self._subscribers: list[MetadataSubscriber] = []

    def subscribe(self, subscriber: MetadataSubscriber) -> None:
        """Hear of every change from now on."""
        self._subscribers.append(subscriber)

    def publish(self, delta: MetadataDelta, image: MetadataImage) -> Steps[None]:
        """The records behind `delta` are durable and in the image."""
        for subscriber in self._subscribers:
            try:
                yield from in_steps(subscriber.on_delta(delta, image))
            except Exception:
                logger.exception("a change of the metadata could not be followed", by=type(subscriber).__name__)
