"""FindCoordinator 0-6: which broker looks after a group or a transactional id; on one node, always this one.

Not done: share groups, whose keys are refused.
"""

from ...protocol.errors import ErrorCode
from ...protocol.messages.find_coordinator import Coordinator, FindCoordinatorRequest, FindCoordinatorResponse
from ..context import Context
from ..coordination.coordinator_partition import partition_for
from ..deferred import Deferred
from ..session import Session
from ..topic_names import OFFSETS_TOPIC, TRANSACTION_TOPIC

GROUP, TRANSACTION, SHARE = 0, 1, 2
_TOPICS = {GROUP: OFFSETS_TOPIC, TRANSACTION: TRANSACTION_TOPIC}
BATCHED_FROM = 4


def handle_find_coordinator(
    request: FindCoordinatorRequest, version: int, session: Session, context: Context
) -> FindCoordinatorResponse | Deferred[FindCoordinatorResponse]:
    """Answer each key, in its order; the topic that keeps groups is there before the first client uses it."""
    name = _TOPICS.get(request.key_type)
    has_keys = version < BATCHED_FROM or bool(request.coordinator_keys)
    if name is None or not has_keys or context.topics.find(name) is not None:
        return _answer(request, version, session, context)
    deferred: Deferred[FindCoordinatorResponse] = Deferred()
    context.topics.ensure_internal_topic(
        name, lambda error: deferred.answer(_answer(request, version, session, context))
    )
    return deferred


def _answer(
    request: FindCoordinatorRequest, version: int, session: Session, context: Context
) -> FindCoordinatorResponse:
    keys = request.coordinator_keys if version >= BATCHED_FROM else [request.key]
    found = [_coordinator(key, request.key_type, version, session, context) for key in keys]
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


def _coordinator(key: str, key_type: int, version: int, session: Session, context: Context) -> Coordinator:
    if key_type not in (GROUP, TRANSACTION):
        code = ErrorCode.INVALID_REQUEST
        message = "" if key_type == SHARE else code.message
        return Coordinator(key=key, node_id=-1, host="", port=-1, error_code=code, error_message=message)
    if not _is_there(key, key_type, context):
        code = ErrorCode.COORDINATOR_NOT_AVAILABLE
        message = "" if version >= BATCHED_FROM else code.message
        return Coordinator(key=key, node_id=-1, host="", port=-1, error_code=code, error_message=message)
    host, port = context.endpoint(session)
    message = "" if version >= BATCHED_FROM else "NONE"
    return Coordinator(key=key, node_id=context.config.node_id, host=host, port=port, error_message=message)


def _is_there(key: str, key_type: int, context: Context) -> bool:
    """Whether what looks after this key has a disk to keep it on."""
    topic = context.topics.find(_TOPICS[key_type])  # None where it could not be created
    return topic is not None and not topic.partitions[partition_for(key, len(topic.partitions))].is_offline
