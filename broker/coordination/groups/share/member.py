"""A member of a share group: what it reported of itself, and what it has been given.

The one rule: a member is never changed. A heartbeat makes another one, the records say what is different, and their
replay puts it into the group.
"""

from dataclasses import dataclass, field, replace

from ..modern.group import Partitions

LEFT = -1
STABLE = 0  # a share group's members give nothing up: what they should have they have


@dataclass(frozen=True, slots=True)
class ShareMember:
    """A member as its records have it."""

    member_id: str
    rack_id: str | None = None
    client_id: str = ""
    client_host: str = ""
    subscribed_topic_names: tuple[str, ...] = ()
    epoch: int = 0
    previous_epoch: int = -1
    state: int = STABLE
    assigned: Partitions = field(default_factory=dict[bytes, frozenset[int]])

    def has_same_metadata(self, other: "ShareMember") -> bool:
        """Whether both reported the same of themselves."""
        return (self.rack_id, self.client_id, self.client_host, self.subscribed_topic_names) == (
            other.rack_id,
            other.client_id,
            other.client_host,
            other.subscribed_topic_names,
        )

    def with_assignment_of(self, other: "ShareMember") -> "ShareMember":
        """What it reported, with what another was given."""
        return replace(
            self, epoch=other.epoch, previous_epoch=other.previous_epoch, state=other.state, assigned=other.assigned
        )
