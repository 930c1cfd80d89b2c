"""The pieces that most rules are made of: a check for the whole request, or for each topic that it names.

A rule answers in place of the handler where the client may not do what it asks for, and else lets the request pass.
What is denied of a request that asks for more is kept from the handler, and told in its answer.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from enum import Enum, auto
from functools import partial
from typing import Any, TypeAlias

from ...protocol.errors import ErrorCode
from ..answers.error_answers import Place, add_errors, refusal
from ..answers.request_names import has_topics, topic_of, without
from ..context import Context
from ..deferred import Disconnect
from ..network.pipeline import Answer, Proceed, ReceivedRequest, observe
from ..security.authorization.acl import CLUSTER_NAME, Operation, ResourceType
from .access import GROUP, TOPIC, TRANSACTIONAL_ID, Access

Rule: TypeAlias = Callable[[ReceivedRequest, Access, Proceed], Answer]

DENIED = {
    ResourceType.TOPIC: ErrorCode.TOPIC_AUTHORIZATION_FAILED,
    ResourceType.GROUP: ErrorCode.GROUP_AUTHORIZATION_FAILED,
    ResourceType.CLUSTER: ErrorCode.CLUSTER_AUTHORIZATION_FAILED,
    ResourceType.TRANSACTIONAL_ID: ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
}
TOPIC_DENIED = DENIED[ResourceType.TOPIC]
UNANSWERED = 0  # acks of a Produce request whose client takes no answer


def open_to_all(received: ReceivedRequest, access: Access, proceed: Proceed) -> Answer:
    """Nothing is asked."""
    return proceed(received)


def asked_by_handler(received: ReceivedRequest, access: Access, proceed: Proceed) -> Answer:
    """The handler asks: what it works on is not what this one request names."""
    return proceed(received)


def in_turn(*rules: Rule) -> Rule:
    """All of these, the first one first."""

    def rule(received: ReceivedRequest, access: Access, proceed: Proceed) -> Answer:
        rest = proceed
        for one in reversed(rules[1:]):
            rest = partial(_passed, one, access, rest)
        return rules[0](received, access, rest)

    return rule


def _passed(rule: Rule, access: Access, proceed: Proceed, received: ReceivedRequest) -> Answer:
    return rule(received, access, proceed)


def where(is_served: Callable[[Context], bool], rule: Rule) -> Rule:
    """The rule, of an API that is not served at all under some settings: then the handler says so to everybody."""

    def asked(received: ReceivedRequest, access: Access, proceed: Proceed) -> Answer:
        return rule(received, access, proceed) if is_served(access.context) else proceed(received)

    return asked


class Words(Enum):
    """What the error of a whole request is in words, where there is a place for them."""

    NONE = auto()
    OF_CODE = auto()
    PERMISSION = auto()


def on_cluster(*operations: Operation, words: Words = Words.PERMISSION, place: Place = Place.ITEMS) -> Rule:
    """The client must be allowed one of these operations on the cluster; of several the last is told."""

    def rule(received: ReceivedRequest, access: Access, proceed: Proceed) -> Answer:
        if any(access.may_on_cluster(operation) for operation in operations):
            return proceed(received)
        access.log_denied(operations[-1], ResourceType.CLUSTER, CLUSTER_NAME)
        text = f"The request needs {operations[-1].name} permission." if words is Words.PERMISSION else None
        return refuse(received, DENIED[ResourceType.CLUSTER], text=text, words=words, place=place)

    return rule


def on_group(operation: Operation, *, words: Words = Words.NONE, place: Place = Place.TOP) -> Rule:
    """The group that the request is about."""
    return _on_field("group_id", operation, GROUP, words, place)


def on_transactional_id(operation: Operation) -> Rule:
    """The transactional id that the request is about."""
    return _on_field("transactional_id", operation, TRANSACTIONAL_ID, Words.NONE, Place.TOP)


def _on_field(field: str, operation: Operation, kind: ResourceType, words: Words, place: Place) -> Rule:
    def rule(received: ReceivedRequest, access: Access, proceed: Proceed) -> Answer:
        name = getattr(received.body, field)
        if name is None or not access.lacks(operation, kind, name):
            return proceed(received)
        return refuse(received, DENIED[kind], words=words, place=place)

    return rule


def on_topics(operation: Operation, array: str = "topics", *, message: bool = False, once: bool = False) -> Rule:
    """Each topic of this array: those that are denied have their error, and the others are served.

    With `once`, a topic that is named twice is left to the handler, which refuses it for that.
    """

    def rule(received: ReceivedRequest, access: Access, proceed: Proceed) -> Answer:
        items: Sequence[Any] = getattr(received.body, array) or ()
        names = [topic_of(item, access.name_of) for item in items]
        denied = access.denied(operation, TOPIC, names)
        if once:
            denied = {name for name in denied if names.count(name) == 1}
        if not denied:
            return proceed(received)
        return serve_without(denied, received, access, proceed, text=TOPIC_DENIED.message if message else None)

    return rule


def serve_without(
    topics: set[str], received: ReceivedRequest, access: Access, proceed: Proceed, *, text: str | None = None
) -> Answer:
    """Serve what does not concern these topics, which may not be touched."""
    rest, hit = without(received.body, lambda topic, _: topic in topics, access.name_of)
    is_unanswered = getattr(received.body, "acks", None) == UNANSWERED
    if not has_topics(rest):
        return refuse(received, TOPIC_DENIED, hit, text=text)
    answer = proceed(with_body(received, rest))
    if is_unanswered:  # as to every error that such a client would not hear of
        raise Disconnect(f"{TOPIC_DENIED.name} of a client that takes no answer")

    def add(given: object) -> None:
        # Of a request that was refused as a whole, no topic is told.
        if given is not None and getattr(given, "error_code", ErrorCode.NONE) == ErrorCode.NONE:
            add_errors(given, hit, received.header.api_version, TOPIC_DENIED, text)

    return observe(answer, add)


def with_body(received: ReceivedRequest, body: object) -> ReceivedRequest:
    """The same request, asking for something else."""
    return replace(received, body=body)


def refuse(
    received: ReceivedRequest,
    code: ErrorCode,
    body: object | None = None,
    *,
    text: str | None = None,
    words: Words = Words.NONE,
    place: Place = Place.ITEMS,
) -> object:
    """The answer that has this error wherever it can be, for all of the request or for what is denied of it."""
    if getattr(received.body, "acks", None) == UNANSWERED:
        raise Disconnect(f"{code.name} of a client that takes no answer")
    given = received.body if body is None else body
    if words is Words.OF_CODE:
        text = code.message
    return refusal(given, received.api.response, received.header.api_version, code, text, place)


def kept(items: Iterable[Any], field: str, access: Access, operation: Operation, kind: ResourceType) -> list[Any]:
    """Those items of an answer whose resource the client may do this to."""
    return [item for item in items if access.may(operation, kind, getattr(item, field))]
