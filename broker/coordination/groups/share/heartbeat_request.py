"""What a ShareGroupHeartbeat asks and is answered, and what makes one invalid before any group is looked at."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .....protocol.errors import ErrorCode, KafkaError
from ..modern.group import Partitions
from .member import LEFT


@dataclass(frozen=True, slots=True)
class ShareHeartbeatRequest:
    """A ShareGroupHeartbeat; None is what has not changed."""

    group_id: str
    member_id: str
    epoch: int
    client_id: str
    client_host: str
    rack_id: str | None = None
    subscribed_topic_names: Sequence[str] | None = None

    @property
    def is_join(self) -> bool:
        """Whether it enters the group, or begins anew in it."""
        return self.epoch == 0


@dataclass(frozen=True, slots=True)
class StatesToBegin:
    """The share partitions whose state is to be begun, by topic id and partition: at which offset."""

    group_id: str
    state_epoch: int
    offsets: Mapping[bytes, Mapping[int, int]]


@dataclass(frozen=True, slots=True)
class ShareHeartbeatResult:
    """The answer; an assignment of None is an unchanged one. `to_begin` is what is to be done once it is logged."""

    error: ErrorCode = ErrorCode.NONE
    message: str | None = None
    member_id: str | None = None
    epoch: int = 0
    heartbeat_interval_ms: int = 0
    assignment: Partitions | None = None
    to_begin: StatesToBegin | None = None


def check_request(request: ShareHeartbeatRequest) -> None:
    """INVALID_REQUEST; in the order and with the words of Kafka 4.3."""
    _refuse_if(not request.member_id.strip(), "MemberId can't be empty.")
    _refuse_if(not request.group_id.strip(), "GroupId can't be empty.")
    _refuse_if(request.rack_id is not None and not request.rack_id.strip(), "RackId can't be empty.")
    if request.is_join:
        _refuse_if(not request.subscribed_topic_names, "SubscribedTopicNames must be set in first request.")
    else:
        _refuse_if(request.epoch < LEFT, "MemberEpoch is invalid.")


def _refuse_if(is_wrong: bool, why: str) -> None:
    if is_wrong:
        raise KafkaError(ErrorCode.INVALID_REQUEST, why)
