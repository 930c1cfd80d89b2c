"""The pieces that most rules are made of: a check for the whole request, or for each topic that it names.

A rule answers in place of the handler where the client may not do what it asks for, and else lets the request pass.
What is denied of a request that asks for more is kept from the handler, and told in its answer.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from enum import Enum, auto
from functools import partial
from typing import Any, TypeAlias, cast

from ...protocol.errors import ErrorCode
from ..answers.error_answers import Place, error_items, refusal_in_steps
from ..answers.request_names import topic_of
from ..context import Context
from ..deferred import Disconnect
from ..network.pipeline import Answer, Proceed, ReceivedRequest, observe
from ..security.authorization.acl import CLUSTER_NAME, Operation, ResourceType
from ..slices import Steps, are_steps, run_to_end
from .access import GROUP, TOPIC, TRANSACTIONAL_ID, Access

Rule: TypeAlias = Callable[[ReceivedRequest, Access, Proceed], Answer | Steps[Answer]]

DENIED = {
    ResourceType.TOPIC: ErrorCode.TOPIC_AUTHORIZATION_FAILED,
    ResourceType.GROUP: ErrorCode.GROUP_AUTHORIZATION_FAILED,
    ResourceType.CLUSTER: ErrorCode.CLUSTER_AUTHORIZATION_FAILED,
    ResourceType.TRANSACTIONAL_ID: ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
}
TOPIC_DENIED = DENIED[ResourceType.TOPIC]
FEW = 50  # topics that are asked about at once
UNANSWERED = 0  # acks of a Produce request whose client takes no answer


def open_to_all(received: ReceivedRequest, access: Access, proceed: Proceed) -> Answer:
    """Nothing is asked."""
    return proceed(received)


def asked_by_handler(received: ReceivedRequest, access: Access, proceed: Proceed) -> Answer:
    """The handler asks: what it works on is not what this one request names."""
    return proceed(received)


def in_turn(*rules: Rule) -> Rule:
    """All of these, the first one first."""

    def rule(received: ReceivedRequest, access: Access, proceed: Proceed) -> Answer | Steps[Answer]:
        rest = proceed
        for one in reversed(rules[1:]):
            rest = partial(_passed, one, access, rest)
        return rules[0](received, access, rest)

    return rule


def _passed(rule: Rule, access: Access, proceed: Proceed, received: ReceivedRequest) -> Answer:
    return in_slices(rule(received, access, proceed), received, access)


def in_slices(answer: Answer | Steps[Answer], received: ReceivedRequest, access: Access) -> Answer:
    """The answer of a rule, now, or later where there is much to ask."""
    if are_steps(answer):
        return access.context.slices.run(answer, ends_with_client=received.api.only_reads)
    return answer


def where(is_served: Callable[[Context], bool], rule: Rule) -> Rule:
    """The rule, of an API that is not served at all under some settings: then the handler says so to everybody."""

    def asked(received: ReceivedRequest, access: Access, proceed: Proceed) -> Answer | Steps[Answer]:
        return rule(received, access, proceed) if is_served(access.context) else proceed(received)

    return asked


class Words(Enum):
    """What the error of a whole request is in words, where there is a place for them."""

    NONE = auto()
    OF_CODE = auto()
    PERMISSION = auto()


def on_cluster(*operations: Operation, words: Words = Words.PERMISSION, place: Place = Place.ITEMS) -> Rule:
    """The client must be allowed one of these operations on the cluster; of several the last is told."""

    def rule(received: ReceivedRequest, access: Access, proceed: Proceed) -> Answer | Steps[Answer]:
        if any(access.may_on_cluster(operation) for operation in operations):
            return proceed(received)
        access.log_denied(operations[-1], ResourceType.CLUSTER, CLUSTER_NAME)
        text = f"The request needs {operations[-1].name} permission." if words is Words.PERMISSION else None
        return refuse_in_steps(received, DENIED[ResourceType.CLUSTER], text=text, words=words, place=place)

    return rule


def on_group(operation: Operation, *, words: Words = Words.NONE, place: Place = Place.TOP) -> Rule:
    """The group that the request is about."""
    return _on_field("group_id", operation, GROUP, words, place)


def on_transactional_id(operation: Operation) -> Rule:
    """The transactional id that the request is about."""
    return _on_field("transactional_id", operation, TRANSACTIONAL_ID, Words.NONE, Place.TOP)


def _on_field(field: str, operation: Operation, kind: ResourceType, words: Words, place: Place) -> Rule:
    def rule(received: ReceivedRequest, access: Access, proceed: Proceed) -> Answer | Steps[Answer]:
        name = getattr(received.body, field)
        if name is None or not access.lacks(operation, kind, name):
            return proceed(received)
        return refuse_in_steps(received, DENIED[kind], words=words, place=place)

    return rule


def on_topics(operation: Operation, array: str = "topics", *, message: bool = False, once: bool = False) -> Rule:
    """Each topic of this array: those that are denied have their error, and the others are served.

    With `once`, a topic that is named twice is left to the handler, which refuses it for that.
    """

    def rule(received: ReceivedRequest, access: Access, proceed: Proceed) -> Answer | Steps[Answer]:
        items: Sequence[Any] = getattr(received.body, array) or ()
        if len(items) <= FEW:
            names = {topic_of(item, access.name_of) for item in items}
            if all(name is None or access.may(operation, TOPIC, name) for name in names):
                return proceed(received)
        return steps(items, received, access, proceed)

    def steps(items: Sequence[Any], received: ReceivedRequest, access: Access, proceed: Proceed) -> Steps[Answer]:
        names: list[str | None] = []
        for item in items:
            names.append(topic_of(item, access.name_of))
            yield
        denied = yield from access.denied(operation, TOPIC, names)
        if once:
            times = Counter(names)
            denied = {name for name in denied if times[name] == 1}
        if not denied:
            return proceed(received)
        pairs = list(zip(items, names, strict=True))
        kept_out = [item for item, name in pairs if name in denied]
        left = [item for item, name in pairs if name not in denied]
        text = TOPIC_DENIED.message if message else None
        return (yield from _serve_without(kept_out, left, array, received, proceed, text))

    return rule


def _serve_without(
    kept_out: Sequence[Any],
    left: Sequence[Any],
    array: str,
    received: ReceivedRequest,
    proceed: Proceed,
    text: str | None,
) -> Steps[Answer]:
    """Serve what is left of an array, and tell of the rest that it is denied."""
    body = cast(Any, received.body)
    is_unanswered = getattr(body, "acks", None) == UNANSWERED
    hit = replace(body, **{array: kept_out})
    if not left:
        return (yield from refuse_in_steps(received, TOPIC_DENIED, hit, text=text))
    version = received.header.api_version
    field, errors = yield from error_items(hit, received.api.response, version, TOPIC_DENIED, text)
    answer = proceed(with_body(received, replace(body, **{array: left})))
    if is_unanswered:  # as to every error that such a client would not hear of
        raise Disconnect(f"{TOPIC_DENIED.name} of a client that takes no answer")

    def add(given: object) -> None:
        # Of a request that was refused as a whole, no topic is told.
        if given is not None and getattr(given, "error_code", ErrorCode.NONE) == ErrorCode.NONE:
            setattr(given, field, [*getattr(given, field), *errors])

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
    """The same for what is small, at once."""
    return run_to_end(refuse_in_steps(received, code, body, text=text, words=words, place=place))


def refuse_in_steps(
    received: ReceivedRequest,
    code: ErrorCode,
    body: object | None = None,
    *,
    text: str | None = None,
    words: Words = Words.NONE,
    place: Place = Place.ITEMS,
) -> Steps[object]:
    """The answer that has this error wherever it can be, for all of the request or for what is denied of it."""
    if getattr(received.body, "acks", None) == UNANSWERED:
        raise Disconnect(f"{code.name} of a client that takes no answer")
    given = received.body if body is None else body
    if words is Words.OF_CODE:
        text = code.message
    return (yield from refusal_in_steps(given, received.api.response, received.header.api_version, code, text, place))


def kept(items: Iterable[Any], field: str, access: Access, operation: Operation, kind: ResourceType) -> list[Any]:
    """Those items of an answer whose resource the client may do this to."""
    return [item for item in items if access.may(operation, kind, getattr(item, field))]
