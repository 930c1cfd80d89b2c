"""QuorumObservers: how far the brokers have the metadata log, as far as the controller has heard (KIP-595).

Brokers of one process do not fetch: whether they would be heard of is known from the links.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ..controller.asked_controller import QuorumReplica
from ..metadata.metadata import Metadata
from ..nodes.links import CONTROLLER, Links

if TYPE_CHECKING:
    from ..context import Context

LISTED_FOR_MS = 300_000  # after it was last heard of, as in Kafka
NEVER = -1


class QuorumObservers:
    """`note` is to be called before a broker goes."""

    def __init__(self, links: Links, metadata: Metadata, contexts: "Mapping[int, Context]") -> None:
        """`metadata` is the controller's, `contexts` are those of the brokers that run."""
        self._links = links
        self._metadata = metadata
        self._contexts = contexts
        self._seen: dict[int, QuorumReplica] = {}
        self._heard: set[int] = set()  # when it was looked last
        links.on_change(self.note)

    def now_ms(self) -> int:
        """Milliseconds since 1970."""
        return self._links.clock.now_ms()

    def note(self) -> None:
        """See where those are that can be heard, or could be until now."""
        now_ms = self.now_ms()
        for node_id, context in self._contexts.items():
            is_heard = self._links.reaches(node_id, CONTROLLER)
            if is_heard or node_id in self._heard:
                end_offset, before = context.metadata.end_offset, self._seen.get(node_id)
                is_caught_up = end_offset == self._metadata.end_offset
                caught_up_ms = now_ms if is_caught_up else NEVER if before is None else before.caught_up_ms
                self._seen[node_id] = QuorumReplica(node_id, end_offset, now_ms, caught_up_ms)
            (self._heard.add if is_heard else self._heard.discard)(node_id)
        self._heard.intersection_update(self._contexts)

    def listed(self) -> list[QuorumReplica]:
        """By id, without those that have not been heard of for long."""
        self.note()
        oldest_ms = self.now_ms() - LISTED_FOR_MS
        return [one for _, one in sorted(self._seen.items()) if one.fetched_ms >= oldest_ms]
