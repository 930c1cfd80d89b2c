"""The pipeline: what every request passes between its decoder and its handler.

A stage sees the request before the handler does. It may answer instead, put it off, or look at the answer. Stages are
given once, when a cluster is built; what is off is not among them, and without any the handler is called directly.
ApiVersions in a version that is not served never gets here: there is no request to see.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol, TypeAlias, TypeGuard

from ...protocol.header import RequestHeader
from ..apis import LoadedApi
from ..context import Context
from ..deferred import Deferred, Disconnect
from ..log_output import get_logger
from ..session import Session
from ..slices import are_steps

logger = get_logger("pipeline")

Answer: TypeAlias = object  # a response, a Deferred one, or None where none is due (acks=0)
Handle: TypeAlias = Callable[[LoadedApi, object, RequestHeader, Session], Answer]


@dataclass(frozen=True, slots=True)
class ReceivedRequest:
    """One request on its way to its handler."""

    api: LoadedApi
    body: object
    header: RequestHeader
    session: Session
    context: Context | None = None  # what its handler is given in place of the cluster's own


Proceed: TypeAlias = Callable[[ReceivedRequest], Answer]


class Stage(Protocol):
    """What requests pass. One that raises has failed the request, as a handler that raises has."""

    def __call__(self, received: ReceivedRequest, proceed: Proceed) -> Answer:
        """The answer: what `proceed` gives, which is the rest of the way, or one of its own."""
        ...


def build_pipeline(stages: Sequence[Stage], context: Context) -> Handle:
    """The whole way as one function; the first stage is passed first."""

    def call_handler(
        api: LoadedApi, request: object, header: RequestHeader, session: Session, instead: Context | None = None
    ) -> Answer:
        answer = api.handle(request, header.api_version, session, instead or context)
        if are_steps(answer):
            return context.slices.run(answer, ends_with_client=api.only_reads)
        return answer

    if not stages:
        return call_handler

    def last(received: ReceivedRequest) -> Answer:
        return call_handler(received.api, received.body, received.header, received.session, received.context)

    proceed: Proceed = last
    for stage in reversed(stages):
        proceed = partial(stage, proceed=proceed)
    first = proceed
    return lambda api, request, header, session: first(ReceivedRequest(api, request, header, session))


def is_deferred(answer: Answer) -> TypeGuard[Deferred[object]]:
    """Whether the answer is yet to come."""
    return isinstance(answer, Deferred)


def observe(answer: Answer, on_answer: Callable[[object], None]) -> Answer:
    """The same answer; `on_answer` sees the response, or None where none is due, before it is sent."""
    if not is_deferred(answer):
        on_answer(answer)
        return answer
    observed: Deferred[object] = Deferred()

    def deliver(response: object) -> None:
        on_answer(response)
        observed.answer(response)

    observed.on_dropped = answer.drop
    answer.deliver_to(deliver, observed.fail)
    return observed


def resume(received: ReceivedRequest, proceed: Proceed, promised: Deferred[object]) -> None:
    """Go on with a request that a stage put off by returning `promised`, unless its client has gone."""
    if promised.is_done:
        return
    try:
        answer = proceed(received)
    except Disconnect as end:
        promised.fail(end)
    except Exception as error:
        report_failure(received.api, received.header)
        promised.fail(error)
    else:
        promised.follow(answer)


def report_failure(api: LoadedApi, header: RequestHeader) -> None:
    """Log the exception that is being handled: a fault of ours, not of the client's."""
    logger.exception("a request failed", api=api.name, version=header.api_version, client_id=header.client_id)
