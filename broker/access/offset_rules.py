"""Rules of committed offsets and of where groups and transactional ids are coordinated."""

from dataclasses import replace
from typing import Any

from ...protocol.errors import ErrorCode
from ...protocol.messages.find_coordinator import Coordinator, FindCoordinatorRequest, FindCoordinatorResponse
from ...protocol.messages.offset_fetch import (
    OffsetFetchRequest,
    OffsetFetchRequestGroup,
    OffsetFetchResponse,
    OffsetFetchResponseGroup,
    OffsetFetchResponsePartition,
    OffsetFetchResponsePartitions,
    OffsetFetchResponseTopic,
    OffsetFetchResponseTopics,
)
from ..answers.request_names import topic_of
from ..network.pipeline import Answer, Proceed, ReceivedRequest, observe
from ..security.authorization.acl import Operation, ResourceType
from ..slices import Steps, in_steps
from .access import GROUP, TOPIC, TRANSACTIONAL_ID, Access
from .common_rules import DENIED, Words, on_cluster, with_body

GROUP_KEY, TRANSACTION_KEY, SHARE_KEY = range(3)
_KINDS = {GROUP_KEY: GROUP, TRANSACTION_KEY: TRANSACTIONAL_ID}
KEYS_FROM, SHARE_FROM, GROUPS_FROM = 4, 6, 8
_find_share_coordinator = on_cluster(Operation.CLUSTER_ACTION, words=Words.OF_CODE)
NOTHING = -1  # the offset where none may be seen


def find_coordinator(received: ReceivedRequest, access: Access, proceed: Proceed) -> Steps[Answer]:
    """DESCRIBE on each group or transactional id; brokers alone ask for share partitions, in versions with such."""
    body, version = received.body, received.header.api_version
    assert isinstance(body, FindCoordinatorRequest)
    keys = body.coordinator_keys if version >= KEYS_FROM else [body.key]
    kind = _KINDS.get(body.key_type)
    if kind is None:
        is_of_share = body.key_type == SHARE_KEY and version >= SHARE_FROM
        return (
            (yield from in_steps(_find_share_coordinator(received, access, proceed)))
            if is_of_share
            else proceed(received)
        )
    denied = yield from access.denied(Operation.DESCRIBE, kind, keys)
    if not denied:
        return proceed(received)
    if version < KEYS_FROM:
        return FindCoordinatorResponse(
            error_code=DENIED[kind], error_message=DENIED[kind].message, node_id=-1, host="", port=-1
        )

    def add(given: object) -> None:
        assert isinstance(given, FindCoordinatorResponse)
        served = iter(given.coordinators)
        given.coordinators = [_no_coordinator(key, kind) if key in denied else next(served) for key in keys]

    rest = replace(body, coordinator_keys=[key for key in keys if key not in denied])
    return observe(proceed(with_body(received, rest)), add)


def _no_coordinator(key: str, kind: ResourceType) -> Coordinator:
    return Coordinator(key=key, node_id=-1, host="", port=-1, error_code=DENIED[kind], error_message="")


def offset_fetch(received: ReceivedRequest, access: Access, proceed: Proceed) -> Steps[Answer]:
    """DESCRIBE on each group and on each topic; of all topics of a group, those that may be described."""
    body = received.body
    assert isinstance(body, OffsetFetchRequest)
    if received.header.api_version < GROUPS_FROM:
        return (yield from _of_one_group(body, received, access, proceed))
    denied = yield from access.denied(Operation.DESCRIBE, GROUP, (group.group_id for group in body.groups))
    names = (topic_of(topic, access.name_of) for group in body.groups for topic in group.topics or ())
    hidden = yield from access.denied(Operation.DESCRIBE, TOPIC, names)

    def visible(group: OffsetFetchRequestGroup) -> OffsetFetchRequestGroup:
        if group.topics is None or not hidden:
            return group
        return replace(group, topics=[one for one in group.topics if topic_of(one, access.name_of) not in hidden])

    def add(given: object) -> None:
        assert isinstance(given, OffsetFetchResponse)
        served = iter(given.groups)
        given.groups = [
            OffsetFetchResponseGroup(group_id=group.group_id, error_code=ErrorCode.GROUP_AUTHORIZATION_FAILED)
            if group.group_id in denied
            else _seen(next(served), group, hidden, access)
            for group in body.groups
        ]

    rest = replace(body, groups=[visible(group) for group in body.groups if group.group_id not in denied])
    return observe(proceed(with_body(received, rest)), add)


def _seen(
    given: OffsetFetchResponseGroup, asked: OffsetFetchRequestGroup, hidden: set[str], access: Access
) -> OffsetFetchResponseGroup:
    """One group's answer: without the topics that may not be described, or with their error if they were named."""
    if given.error_code != ErrorCode.NONE:
        return given
    if asked.topics is None:
        return replace(given, topics=[topic for topic in given.topics if _may_see(topic, access)])
    refused = [
        OffsetFetchResponseTopics(
            name=topic.name,
            topic_id=topic.topic_id,
            partitions=[
                OffsetFetchResponsePartitions(
                    partition_index=index,
                    committed_offset=NOTHING,
                    metadata="",
                    error_code=ErrorCode.TOPIC_AUTHORIZATION_FAILED,
                )
                for index in topic.partition_indexes
            ],
        )
        for topic in asked.topics
        if topic_of(topic, access.name_of) in hidden
    ]
    return replace(given, topics=[*given.topics, *refused])


def _may_see(topic: Any, access: Access) -> bool:
    name = topic_of(topic, access.name_of)
    return name is not None and access.may(Operation.DESCRIBE, TOPIC, name)


def _of_one_group(
    body: OffsetFetchRequest, received: ReceivedRequest, access: Access, proceed: Proceed
) -> Steps[Answer]:
    """Below version 8."""
    if access.lacks(Operation.DESCRIBE, GROUP, body.group_id):
        return _refused_group(body, received.header.api_version)
    hidden = yield from access.denied(Operation.DESCRIBE, TOPIC, (topic.name for topic in body.topics or ()))
    refused = _refused_topics(body, ErrorCode.TOPIC_AUTHORIZATION_FAILED, hidden)

    def add(given: object) -> None:
        assert isinstance(given, OffsetFetchResponse)
        if body.topics is None:
            given.topics = [topic for topic in given.topics if _may_see(topic, access)]
        elif given.error_code == ErrorCode.NONE:
            given.topics = [*given.topics, *refused]

    left = None if body.topics is None else [topic for topic in body.topics if topic.name not in hidden]
    return observe(proceed(with_body(received, replace(body, topics=left))), add)


def _refused_group(body: OffsetFetchRequest, version: int) -> OffsetFetchResponse:
    """Version 1 has no place for the error but at each partition."""
    if version >= 2:
        return OffsetFetchResponse(error_code=ErrorCode.GROUP_AUTHORIZATION_FAILED)
    names = {topic.name for topic in body.topics or ()}
    return OffsetFetchResponse(topics=_refused_topics(body, ErrorCode.GROUP_AUTHORIZATION_FAILED, names))


def _refused_topics(body: OffsetFetchRequest, code: ErrorCode, names: set[str]) -> list[OffsetFetchResponseTopic]:
    return [
        OffsetFetchResponseTopic(
            name=topic.name,
            partitions=[
                OffsetFetchResponsePartition(
                    partition_index=index, committed_offset=NOTHING, metadata="", error_code=code
                )
                for index in topic.partition_indexes
            ],
        )
        for topic in body.topics or ()
        if topic.name in names
    ]
