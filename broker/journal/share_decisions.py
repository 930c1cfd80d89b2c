"""What became of records that members of share groups had: given back, lost with their lock, archived for good.

What was accepted is not told: its request says so.
"""

from collections.abc import Mapping, Sequence

from ..coordination.share_state.requests import ARCHIVED, AVAILABLE
from ..share.settings import SettingsOfGroup
from ..share.share_partition import GivenUp, SharePartition
from ..share.share_partitions import Cause
from .journal import Journal

_BECAME: Mapping[int, str] = {AVAILABLE: "available again", ARCHIVED: "archived"}


class ShareDecisions:
    """Hears what share partitions do."""

    def __init__(self, journal: Journal, settings: SettingsOfGroup) -> None:
        self._journal = journal
        self._settings = settings

    def on_change(self, opened: SharePartition, cause: Cause, given_up: Sequence[GivenUp]) -> None:
        """Members have these records no more."""
        key = opened.key
        settings = self._settings(key.group_id)
        topic = self._journal.name_of(key.topic_id) or key.topic_id.hex()
        for member, change in given_up:
            if change.delivery_state not in _BECAME:
                continue
            if cause is Cause.LOCK_RAN_OUT:
                why = f"its lock ran out after {settings.record_lock_duration_ms} ms"
            elif cause is Cause.SESSION_ENDED:
                why = "its share session ended"
            else:
                why = "it released them" if change.delivery_state == AVAILABLE else "it did not accept them"
            deliveries = f"after {change.delivery_count} of {settings.delivery_count_limit} deliveries"
            self._journal.decide(
                "group",
                key.group_id,
                f"{_records(change.first_offset, change.last_offset)} of {topic}-{key.partition}, which member {member}"
                f" had: {why}; {_BECAME[change.delivery_state]} {deliveries}",
                self._journal.cause,
            )


def _records(first: int, last: int) -> str:
    return f"record {first}" if first == last else f"records {first} to {last}"
