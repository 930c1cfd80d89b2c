"""What a heartbeat of a streams group may be told beside its tasks (KIP-1071)."""

from enum import IntEnum
from typing import NamedTuple


class StatusCode(IntEnum):
    """The numbers of StreamsGroupHeartbeatResponse."""

    STALE_TOPOLOGY = 0
    MISSING_SOURCE_TOPICS = 1
    INCORRECTLY_PARTITIONED_TOPICS = 2
    MISSING_INTERNAL_TOPICS = 3
    SHUTDOWN_APPLICATION = 4
    ASSIGNMENT_DELAYED = 5


class Status(NamedTuple):
    """One of them, in words."""

    code: StatusCode
    detail: str


class TopicsNotReady(Exception):
    """The topics of a topology are not as it needs them: an answer, not an error."""

    def __init__(self, code: StatusCode, detail: str) -> None:
        super().__init__(detail)
        self.status = Status(code, detail)
