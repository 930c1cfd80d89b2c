"""ReplicationQuota: how many bytes a second a broker copies of the replicas that are throttled (KIP-73).

There is one for what it hands out as a leader and one for what it takes in as a follower. It is looked at before
something is copied, and counts what was copied after that: so it may be exceeded by what is copied at one time. Pure:
time is an argument, in seconds of a clock that only goes forward.
"""

from collections.abc import Callable

from .rate import QuotaWindow, SimpleRate

ALL = "*"


class ReplicationQuota:
    """One direction. `is_active` is False while no replica is throttled: then nobody needs to ask."""

    def __init__(self, window: QuotaWindow, bound: Callable[[], int]) -> None:
        """`bound` tells the bytes a second as they are set now."""
        self.is_active = False
        self._bound = bound
        self._rate = SimpleRate(window)
        self._throttled: dict[bytes, frozenset[int] | None] = {}  # by topic id; None for all partitions

    def set_throttled(self, topic_id: bytes, replicas: str, node_id: int) -> None:
        """A topic's setting, PARTITION:BROKER,… or * for all, as it concerns this broker."""
        if replicas == ALL:
            self._throttled[topic_id] = None
        elif found := throttled_partitions(replicas, node_id):
            self._throttled[topic_id] = found
        else:
            self._throttled.pop(topic_id, None)
        self.is_active = bool(self._throttled)

    def is_throttled(self, topic_id: bytes, index: int) -> bool:
        """Whether a partition is to be slowed down while the quota is exceeded, unless it is in sync."""
        if topic_id not in self._throttled:
            return False
        partitions = self._throttled[topic_id]
        return partitions is None or index in partitions

    def record(self, size_bytes: int, now: float) -> None:
        """Count what was copied of throttled partitions, be they in sync or not: the quota holds for all of it."""
        self._rate.record(size_bytes, int(now * 1000))

    def is_exceeded(self, now: float) -> bool:
        """Whether nothing more is to be copied for now."""
        return self._rate.per_second(int(now * 1000)) > self._bound()

    def allowed_s(self, now: float) -> float:
        """From when on it is not exceeded, if nothing else is copied."""
        # In the middle of the millisecond, so that no rounding puts it into the one before.
        return (self._rate.allowed_ms(self._bound(), int(now * 1000)) + 0.5) / 1000


def throttled_partitions(replicas: str, node_id: int) -> frozenset[int]:
    """Of PARTITION:BROKER,… the partitions that this broker is named for."""
    named = (one.split(":") for one in replicas.split(",") if one)
    return frozenset(int(index) for index, broker in named if int(broker) == node_id)
