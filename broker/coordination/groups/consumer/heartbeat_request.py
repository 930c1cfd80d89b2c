"""What a ConsumerGroupHeartbeat asks and is answered, and what makes one invalid before any group is looked at."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .....protocol.errors import ErrorCode, KafkaError
from .member import LEFT, LEFT_FOR_NOW, PartitionEpochs
from .reconciliation import Owned


@dataclass(frozen=True, slots=True)
class HeartbeatRequest:
    """A ConsumerGroupHeartbeat; None, and -1 for the timeout, is what has not changed.

    `makes_its_id` is version 1 (KIP-1082): the member id comes from the client. `may_describe` says which topics a
    pattern may match: those that the client may describe; None stands for all.
    """

    group_id: str
    member_id: str
    epoch: int
    client_id: str
    client_host: str
    instance_id: str | None = None
    rack_id: str | None = None
    rebalance_timeout_ms: int = -1
    subscribed_topic_names: Sequence[str] | None = None
    subscribed_topic_regex: str | None = None
    server_assignor: str | None = None
    owned: Owned = None
    makes_its_id: bool = True
    may_describe: Callable[[str], bool] | None = None

    @property
    def is_join(self) -> bool:
        """Whether it enters the group, or begins anew in it."""
        return self.epoch == 0

    @property
    def is_full(self) -> bool:
        """Whether it tells everything, as it does when it is not sure what the coordinator knows."""
        has_subscription = self.subscribed_topic_names is not None or self.subscribed_topic_regex is not None
        return self.is_join or (self.rebalance_timeout_ms != -1 and has_subscription and self.owned is not None)


@dataclass(frozen=True, slots=True)
class HeartbeatResult:
    """The answer; an assignment of None is an unchanged one."""

    error: ErrorCode = ErrorCode.NONE
    message: str | None = None
    member_id: str | None = None
    epoch: int = 0
    heartbeat_interval_ms: int = 0
    assignment: PartitionEpochs | None = None


def check_request(request: HeartbeatRequest, assignors: Sequence[str]) -> None:
    """INVALID_REQUEST, UNSUPPORTED_ASSIGNOR; in the order and with the words of Kafka 4.3."""
    _refuse_if(not request.group_id.strip(), "GroupId can't be empty.")
    _refuse_if(request.instance_id is not None and not request.instance_id.strip(), "InstanceId can't be empty.")
    _refuse_if(request.rack_id is not None and not request.rack_id.strip(), "RackId can't be empty.")
    _refuse_if(_needs_member_id(request) and not request.member_id.strip(), "MemberId can't be empty.")
    if request.epoch == 0:
        _check_join(request)
    elif request.epoch == LEFT_FOR_NOW:
        _refuse_if(request.instance_id is None, "InstanceId can't be null.")
        _refuse_if(not request.member_id.strip(), "MemberId can't be empty.")
    else:
        _refuse_if(request.epoch < LEFT, "MemberEpoch is invalid.")
    if request.server_assignor is not None and request.server_assignor not in assignors:
        raise KafkaError(
            ErrorCode.UNSUPPORTED_ASSIGNOR,
            f"ServerAssignor {request.server_assignor} is not supported. Supported assignors: {', '.join(assignors)}.",
        )


def _needs_member_id(request: HeartbeatRequest) -> bool:
    return request.makes_its_id or request.epoch > 0 or request.epoch == LEFT


def _check_join(request: HeartbeatRequest) -> None:
    _refuse_if(request.rebalance_timeout_ms == -1, "RebalanceTimeoutMs must be provided in first request.")
    _refuse_if(request.owned is None or len(request.owned) > 0, "TopicPartitions must be empty when (re-)joining.")
    _refuse_if(
        request.subscribed_topic_names is None and request.subscribed_topic_regex is None,
        "Either SubscribedTopicNames or SubscribedTopicRegex must be non-null when (re-)joining.",
    )


def _refuse_if(is_wrong: bool, why: str) -> None:
    if is_wrong:
        raise KafkaError(ErrorCode.INVALID_REQUEST, why)
