"""The stage of the pipeline that does what the faults say; without any it is one look.

The one rule: nothing false is said of what is stored. An error is answered in place of the work, unless its rule says
that the work is done all the same.
"""

from collections.abc import Callable
from dataclasses import fields
from typing import Any, NoReturn

from ...protocol.codec import Segment
from ...protocol.errors import ErrorCode
from ..answers.error_answers import add_errors, error_answer
from ..answers.request_names import NameOf, has_topics, names_of, without
from ..context import Context
from ..deferred import Deferred, Disconnect
from ..network.pipeline import Answer, Proceed, ReceivedRequest, is_deferred, observe, resume
from ..runtime import Runtime
from .cluster_events import ClusterEvents
from .fault_table import Asked, Fault, FaultTable
from .rule import DEATHS, EVENTS, FaultRule, api_of

CORRUPT_FROM = 8  # behind the length and the correlation id: the client finds its answer, and cannot read it


class FaultStage:
    """Passes requests on, but for those that a fault hits. `name_of` is given when the cluster has topics."""

    def __init__(self, table: FaultTable, runtime: Runtime) -> None:
        self._table = table
        self._clock = runtime.clock
        self._timers = runtime.timers
        self.name_of: NameOf = lambda topic_id: None
        self._broker = 0  # its id, once it runs
        self._events = ClusterEvents(table)

    def attach(self, context: Context) -> None:
        """The cluster runs; each time that it has been started anew."""
        self.name_of = context.topics.name_of
        self._broker = context.config.node_id
        self._events.attach(context)

    def __call__(self, received: ReceivedRequest, proceed: Proceed) -> Answer:
        if not self._table.of_requests:
            return proceed(received)
        header, session = received.header, received.session
        asked = Asked(
            api_of(header.api_key),
            header.api_version,
            header.client_id or "",
            session.principal,
            session.connection,
            self._broker,
            names_of(received.body, self.name_of),
        )
        fault = self._table.find(asked, self._clock.now())
        if fault is None:
            return proceed(received)
        if fault.rule.error is not None:
            return self._error(fault.rule, received, proceed)
        if fault.rule.action in DEATHS:
            self._die(fault, received, proceed)
        if fault.rule.action in EVENTS:
            return self._events.serve(fault, asked.names, received, proceed)
        return self._act(fault, received, proceed)

    # Errors

    def _error(self, rule: FaultRule, received: ReceivedRequest, proceed: Proceed) -> Answer:
        body, version = received.body, received.header.api_version

        def takes(topic: str, partition: int | None) -> bool:
            return rule.topic in (None, topic) and (rule.partition is None or partition in (None, rule.partition))

        rest, hit = without(body, takes, self.name_of) if rule.topic is not None else (None, body)
        is_unanswered = getattr(body, "acks", None) == 0
        if rule.is_applied:
            return self._instead(proceed(received), received, hit, rest, rule.code)
        if rest is not None and has_topics(rest):
            remaining = ReceivedRequest(received.api, rest, received.header, received.session)
            answer = proceed(remaining)
            return observe(answer, lambda given: _add(given, hit, version, rule.code))
        return None if is_unanswered else _whole(received, hit, rule.code)

    @staticmethod
    def _instead(answer: Answer, received: ReceivedRequest, hit: object, rest: object, code: ErrorCode) -> Answer:
        """The error in place of what has been done; the answer for what the rule is not about is lost with it."""
        replaced: Deferred[object] = Deferred()

        def deliver(given: object) -> None:
            replaced.answer(None if given is None else _whole(received, received.body, code))

        if not is_deferred(answer):
            return None if answer is None else _whole(received, received.body, code)
        replaced.on_dropped = answer.drop
        answer.deliver_to(deliver, replaced.fail)
        return replaced

    # Actions

    def _act(self, fault: Fault, received: ReceivedRequest, proceed: Proceed) -> Answer:
        rule, session = fault.rule, received.session
        if rule.action == "disconnect_before":
            raise Disconnect(f"{fault.fault_id}: disconnected before the request was applied")
        if rule.action == "blackhole":
            return Deferred[object]()
        if rule.action == "delay":
            promised: Deferred[object] = Deferred()
            deadline = self._clock.now() + (rule.ms or 0) / 1000
            timer = self._timers.call_at(deadline, lambda: resume(received, proceed, promised))
            promised.on_dropped = timer.cancel
            return promised
        answer = proceed(received)
        if rule.action == "disconnect_after":
            return _then(answer, lambda: Disconnect(f"{fault.fault_id}: disconnected before the answer"))
        if rule.action == "drop_answer":
            return _then(answer, None)
        if rule.action == "throttle":
            return observe(answer, lambda given: self._throttle(given, rule.ms or 0, session.mute))
        damage = _truncated if rule.action == "truncate_answer" else _corrupted
        return observe(answer, lambda given: setattr(session, "damage", damage))

    def _die(self, fault: Fault, received: ReceivedRequest, proceed: Proceed) -> NoReturn:
        """Have the broker die before the request is applied, or when it has been applied here and nowhere else yet."""
        when = "before"
        if fault.rule.action == "kill_broker_after":
            answer, when = proceed(received), "after"
            if is_deferred(answer):
                answer.drop()
        ms = fault.rule.ms
        self._table.on_death(self._broker, None if ms is None else ms / 1000)
        raise Disconnect(f"{fault.fault_id}: the broker died {when} the request was applied")

    @staticmethod
    def _throttle(given: object, ms: int, mute: Callable[[float], None]) -> None:
        if any(field.name == "throttle_time_ms" for field in fields(given)) if given is not None else False:  # type: ignore[arg-type]
            setattr(given, "throttle_time_ms", ms)  # noqa: B010
        mute(ms / 1000)


def _whole(received: ReceivedRequest, body: object, code: ErrorCode) -> object:
    answer = error_answer(body, received.api.response, received.header.api_version, code)
    if answer is None:
        raise Disconnect(f"{code.name} has no place in the answer of {received.api.name}")
    return answer


def _add(given: object, hit: object, version: int, code: ErrorCode) -> None:
    if given is not None:
        add_errors(given, hit, version, code)


def _then(answer: Answer, end: Callable[[], Exception] | None) -> Answer:
    """When the answer is there: an end of the connection in its place, or nothing at all."""
    if not is_deferred(answer):
        if end is not None:
            raise end()
        return None
    ended: Deferred[object] = Deferred()
    ended.on_dropped = answer.drop
    answer.deliver_to(lambda given: ended.answer(None) if end is None else ended.fail(end()), ended.fail)
    return ended


def _truncated(answer: list[Segment]) -> tuple[list[Segment], bool]:
    """Half of the answer, and no more."""
    whole = b"".join(answer)
    return [whole[: max(len(whole) // 2, 1)]], True


def _corrupted(answer: list[Segment]) -> tuple[list[Segment], bool]:
    """An answer of the right length that says nothing."""
    whole = bytearray(b"".join(answer))
    for at in range(CORRUPT_FROM, len(whole)):
        whole[at] ^= 0xFF
    return [whole], False


Damage = Callable[[list[Any]], tuple[list[Any], bool]]
"""What becomes of the bytes of an answer, and whether the connection ends with it."""
