"""What every kind of group can be asked, so that neither offsets nor lists need to know the kinds."""

from typing import Protocol

from ..result import Record
from .offset_commit import OffsetCommit


class Group(Protocol):
    """A group of one kind."""

    @property
    def group_id(self) -> str: ...

    @property
    def group_type(self) -> str:
        """The kind, as ListGroups calls it."""
        ...

    @property
    def protocol_type(self) -> str | None:
        """What its members are: "consumer", "connect", …; None for a group that only keeps offsets."""
        ...

    @property
    def state_name(self) -> str:
        """The state, as DescribeGroups and ListGroups call it."""
        ...

    @property
    def is_empty(self) -> bool:
        """Whether it has no members."""
        ...

    @property
    def is_abandoned(self) -> bool:
        """Whether it is empty, and no member is on the way into it."""
        ...

    @property
    def is_replaceable(self) -> bool:
        """Whether a classic group may take its place."""
        ...

    def check_commit(self, commit: OffsetCommit) -> None:
        """Whether these offsets may be committed in this name; KafkaError if not."""
        ...

    def check_fetch(self, member_id: str | None, member_epoch: int) -> None:
        """Whether offsets may be fetched in this name, None and -1 being nobody's; KafkaError if not."""
        ...

    def check_offset_delete(self) -> None:
        """Whether offsets may be deleted, but for those of topics it reads; KafkaError if not."""
        ...

    def check_delete(self) -> None:
        """Whether it may be deleted; KafkaError if not."""
        ...

    def is_subscribed_to(self, topic: str) -> bool:
        """Whether it reads `topic`, or may do so."""
        ...

    def expiration_base_ms(self, topic: str, commit_timestamp_ms: int) -> int | None:
        """Since when an offset of `topic` is unused; None while a member uses it, or may."""
        ...

    def tombstones(self) -> list[Record]:
        """The records that remove it."""
        ...
