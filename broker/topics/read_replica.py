"""From which replica a consumer is to read (KIP-392): as Kafka's RackAwareReplicaSelector has it.

Pure. The leader serves who is in its own rack, and who is in a rack without a replica that has what it asks for.
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple


class FollowerView(NamedTuple):
    """A follower that is in sync, as its leader knows it; `caught_up_s` is a monotonic second."""

    node_id: int
    log_start_offset: int
    end_offset: int
    caught_up_s: float


def preferred_read_replica(
    followers: Iterable[FollowerView], rack_of: Callable[[int], str | None], rack: str, offset: int
) -> int | None:
    """The follower of this rack that has an offset and is furthest; None where the leader is to serve it.

    To be asked only where the leader is in another rack.
    """
    candidates = [
        one for one in followers if one.log_start_offset <= offset <= one.end_offset and rack_of(one.node_id) == rack
    ]
    best = max(candidates, key=lambda one: (one.end_offset, one.caught_up_s, one.node_id), default=None)
    return None if best is None else best.node_id
