"""What happens to a cluster when a request comes that a fault is about: an election, a move, metadata that is old.

It happens as it would without a fault, by the records and the replay that it always has; the request is then served by
what has become of the cluster.
"""

from collections.abc import Callable
from dataclasses import replace

from ...protocol.errors import KafkaError
from ..answers.request_names import Names
from ..context import Context
from ..deferred import Deferred
from ..log_output import get_logger
from ..network.pipeline import Answer, Proceed, ReceivedRequest, is_deferred, resume
from ..topic_names import OFFSETS_TOPIC, TRANSACTION_TOPIC
from .fault_table import Fault, FaultTable
from .rule import FaultRule
from .stale_metadata import Remembered, remember, stale_context

logger = get_logger("faults")


class ClusterEvents:
    """Has them happen to the cluster that it is attached to; before that, requests are served as ever."""

    def __init__(self, table: FaultTable) -> None:
        self._table = table
        self._context: Context | None = None
        self._remembered: dict[str, Remembered] = {}  # by fault: the topics as they were when it was given
        table.followers.append(self._follow)

    def attach(self, context: Context) -> None:
        """The cluster runs; each time that it has been started anew."""
        self._context = context
        self._follow()

    def _follow(self) -> None:
        """Rules have come or gone: one of stale metadata tells of the topics that there are now."""
        stale = [fault.fault_id for fault in self._table.of_requests if fault.rule.action == "stale_metadata"]
        if stale and self._context is not None:
            topics, brokers = self._context.topics, self._context.metadata.image.brokers
            known = self._remembered
            self._remembered = {one: known[one] if one in known else remember(topics, brokers) for one in stale}
        elif not stale:
            self._remembered.clear()

    def serve(self, fault: Fault, names: Names, received: ReceivedRequest, proceed: Proceed) -> Answer:
        """Have it happen, and then serve the request."""
        if self._context is None:
            return proceed(received)
        if fault.rule.action == "raise_leader_epoch":
            return _raise_leader_epoch(fault.rule, names, self._context, received, proceed)
        if fault.rule.action == "move_coordinator":
            return _move_coordinator(fault.rule, names, self._context, received, proceed)
        return proceed(replace(received, context=stale_context(self._remembered[fault.fault_id], self._context)))


def _raise_leader_epoch(
    rule: FaultRule, names: Names, context: Context, received: ReceivedRequest, proceed: Proceed
) -> Answer:
    promised: Deferred[object] = Deferred()

    def raised(error: KafkaError | None) -> None:
        if error is not None:
            logger.error("a leader epoch could not be raised", error=str(error))
        resume(received, proceed, promised)

    meant = [
        (topic, index)
        for topic, index in sorted(names.partitions)
        if rule.topic in (None, topic) and rule.partition in (None, index)
    ]
    context.topics.raise_leader_epochs(meant, raised)
    return promised


def _move_coordinator(
    rule: FaultRule, names: Names, context: Context, received: ReceivedRequest, proceed: Proceed
) -> Answer:
    """The coordinator is away until the request has been answered, and then reads its log."""
    is_of_one = (rule.group is None) != (rule.transactional_id is None)
    moved: list[Callable[[float], None] | None] = []
    if context.topics.find(OFFSETS_TOPIC) is not None and not (is_of_one and rule.group is None):
        groups = names.groups if rule.group is None else [rule.group]
        moved += [context.groups.move(group) for group in groups]
    if context.topics.find(TRANSACTION_TOPIC) is not None and not (is_of_one and rule.transactional_id is None):
        ids = names.transactional_ids if rule.transactional_id is None else [rule.transactional_id]
        moved += [context.transactions.move(transactional_id) for transactional_id in ids]

    def come_back() -> None:
        for one in moved:
            if one is not None:
                one((rule.ms or 0) / 1000)

    try:
        answer = proceed(received)
    except Exception:
        come_back()
        raise
    return _when_over(answer, come_back)


def _when_over(answer: Answer, then: Callable[[], None]) -> Answer:
    """The same answer; `then` is called when it is there, or has failed, or is wanted no more."""
    if not is_deferred(answer):
        then()
        return answer
    followed: Deferred[object] = Deferred()

    def deliver(response: object) -> None:
        then()
        followed.answer(response)

    def fail(error: Exception) -> None:
        then()
        followed.fail(error)

    def drop() -> None:
        then()
        answer.drop()

    followed.on_dropped = drop
    answer.deliver_to(deliver, fail)
    return followed
