"""FindCoordinator 0-6: which broker looks after a group, a transactional id or a share partition (KIP-932).

That is the broker that leads the partition of the topic that keeps it.
"""

from collections.abc import Sequence

from ...protocol.errors import ErrorCode, KafkaError
from ...protocol.messages.find_coordinator import Coordinator, FindCoordinatorRequest, FindCoordinatorResponse
from ..context import Context
from ..coordination.share_state.requests import parse_coordinator_key
from ..deferred import Deferred
from ..session import Session
from ..slices import Steps
from ..topic_names import OFFSETS_TOPIC, SHARE_TOPIC, TRANSACTION_TOPIC

GROUP, TRANSACTION, SHARE = 0, 1, 2
_TOPICS = {GROUP: OFFSETS_TOPIC, TRANSACTION: TRANSACTION_TOPIC, SHARE: SHARE_TOPIC}
NO_LEADER = -1
BATCHED_FROM = 4
SHARE_FROM = 6


def handle_find_coordinator(
    request: FindCoordinatorRequest, version: int, session: Session, context: Context
) -> Deferred[FindCoordinatorResponse]:
    """Answer each key, in its order; the topic that keeps groups or transactions is there before its first client."""
    deferred: Deferred[FindCoordinatorResponse] = Deferred()

    def answer(failure: KafkaError | None) -> None:
        found = _answer(request, version, session, context, is_ready=failure is None)
        context.slices.start(found, deferred.answer, deferred.fail)

    has_keys = bool(_keys(request, version))
    if has_keys and request.key_type == GROUP:
        context.groups.when_ready(answer)
    elif has_keys and request.key_type == TRANSACTION:
        context.transactions.when_ready(answer)
    elif request.key_type == SHARE and any(_is_share_key(key, version) for key in _keys(request, version)):
        context.share_state.when_ready(answer)
    else:
        answer(None)
    return deferred


def _keys(request: FindCoordinatorRequest, version: int) -> Sequence[str]:
    return request.coordinator_keys if version >= BATCHED_FROM else [request.key]


def _answer(
    request: FindCoordinatorRequest, version: int, session: Session, context: Context, *, is_ready: bool
) -> Steps[FindCoordinatorResponse]:
    found: list[Coordinator] = []
    for key in _keys(request, version):
        found.append(_coordinator(key, request.key_type, version, session, context, is_ready=is_ready))
        yield
    if version >= BATCHED_FROM:
        return FindCoordinatorResponse(coordinators=found)
    only = found[0]
    return FindCoordinatorResponse(
        error_code=only.error_code,
        error_message=only.error_message,
        node_id=only.node_id,
        host=only.host,
        port=only.port,
    )


def _coordinator(
    key: str, key_type: int, version: int, session: Session, context: Context, *, is_ready: bool
) -> Coordinator:
    if key_type not in _TOPICS or (key_type == SHARE and not _is_share_key(key, version)):
        code = ErrorCode.INVALID_REQUEST
        message = "" if key_type == SHARE and version >= BATCHED_FROM else code.message
        return Coordinator(key=key, node_id=-1, host="", port=-1, error_code=code, error_message=message)
    node = context.nodes.find(_leader_of(key, key_type, context), session) if is_ready else None
    if node is None:
        code = ErrorCode.COORDINATOR_NOT_AVAILABLE
        message = "" if version >= BATCHED_FROM else code.message
        return Coordinator(key=key, node_id=-1, host="", port=-1, error_code=code, error_message=message)
    message = "" if version >= BATCHED_FROM else "NONE"
    return Coordinator(key=key, node_id=node.node_id, host=node.host, port=node.port, error_message=message)


def _is_share_key(key: str, version: int) -> bool:
    """Whether this is GROUP:TOPIC-ID:PARTITION, in a version that has such keys."""
    try:
        parse_coordinator_key(key)
    except ValueError:
        return False
    return version >= SHARE_FROM


def _leader_of(key: str, key_type: int, context: Context) -> int:
    """Who leads what looks after this key; -1 where that has lost its disk, or never had its partition."""
    topic = context.topics.find(_TOPICS[key_type])
    index = _partition_of(key, key_type, context)
    if topic is None or not topic.has_partition(index) or topic.partitions[index].is_offline:
        return NO_LEADER
    return topic.image.partitions[index].record.leader


def _partition_of(key: str, key_type: int, context: Context) -> int:
    if key_type == SHARE:
        return context.share_state.partition_of(parse_coordinator_key(key))
    return (context.groups if key_type == GROUP else context.transactions).partition_of(key)
