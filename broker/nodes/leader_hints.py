"""LeaderHints: where clients find the leader of a partition that they have asked another broker for (KIP-951)."""

from ..session import Session
from .nodes import NodeAddress, Nodes


class LeaderHints:
    """The leaders that one answer names."""

    def __init__(self, nodes: Nodes) -> None:
        self._nodes = nodes
        self._named: dict[int, None] = {}

    def name(self, leader: int) -> None:
        """An answer for a partition names this leader; -1 is none."""
        self._named[leader] = None

    def endpoints(self, session: Session) -> list[NodeAddress]:
        """Where this client finds the leaders that were named, as far as they are there."""
        found = (self._nodes.find(node_id, session) for node_id in self._named)
        return [address for address in found if address is not None]
