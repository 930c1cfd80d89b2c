"""What handlers call of share groups: the group's log and the stored state of its partitions, one after the other.

The rule: the group's log says first what is to be done to the stored state, and then that it was done. An answer that
depends on the stored state comes when that has answered; a heartbeat does not wait for it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Protocol

from .....protocol.errors import ErrorCode
from ....log_output import get_logger
from ....slices import Slices, Steps
from ...result import CoordinatorResult, Instant, ResponseFuture
from ...share_state.requests import SharePartitionKey, StateError, StateSummary, state_refused, summary_refused
from ..service import GroupCoordinatorService
from .group import ShareGroup
from .heartbeat_request import ShareHeartbeatRequest, ShareHeartbeatResult, StatesToBegin
from .offsets import AlteredOffsets, Offsets, StatesToDelete, TopicOutcome

logger = get_logger("share groups")

Errors = Mapping[tuple[bytes, int], StateError]
"""By topic id and partition, what was in the way."""

Summaries = Mapping[tuple[bytes, int], StateSummary]


class StoredStates(Protocol):
    """The stored state of share partitions."""

    def initialize(
        self, key: SharePartitionKey, state_epoch: int, start_offset: int, future: ResponseFuture[StateError]
    ) -> None: ...

    def delete(self, key: SharePartitionKey, future: ResponseFuture[StateError]) -> None: ...

    def summary(self, key: SharePartitionKey, leader_epoch: int, future: ResponseFuture[StateSummary]) -> None: ...


class ShareGroupService:
    """The share groups of this broker; each future that is given gets exactly one response, now or later."""

    def __init__(self, groups: GroupCoordinatorService, states: StoredStates, slices: Slices) -> None:
        self._groups = groups
        self._coordinator = groups.share
        self._states = states
        self._slices = slices

    # Requests

    def heartbeat(self, request: ShareHeartbeatRequest, future: ResponseFuture[ShareHeartbeatResult]) -> None:
        """ShareGroupHeartbeat; states that are missing are begun behind the answer."""

        def deliver(result: ShareHeartbeatResult) -> None:
            future.complete(result)
            if result.to_begin is not None:
                self._begin(result.to_begin, lambda errors: None)

        self._groups.write(
            "ShareGroupHeartbeat",
            request.group_id,
            partial(self._coordinator.heartbeat, request),
            ResponseFuture(deliver, future.refusal),
        )

    def find(self, group_id: str) -> ShareGroup:
        """The share group of that name, to be looked at only; GROUP_ID_NOT_FOUND."""
        return self._coordinator.groups.find(group_id)

    def begun_partitions(self, group_id: str) -> Mapping[bytes, frozenset[int]]:
        """The partitions that have a stored state, by topic id; none of a group that is not there."""
        group = self._coordinator.groups.known(group_id)
        if group is None:
            return {}
        return {topic_id: topic.partitions for topic_id, topic in group.states.initialized.items()}

    def summaries(
        self, group_id: str, partitions: Sequence[tuple[bytes, int]], then: Callable[[Summaries], None]
    ) -> None:
        """Where these partitions stand, topic by topic."""
        found: dict[tuple[bytes, int], StateSummary] = {}

        def ask(at: tuple[bytes, int], note: Callable[[], None]) -> None:
            def deliver(summary: StateSummary) -> None:
                found[at] = summary
                note()

            future = ResponseFuture(deliver, summary_refused)
            self._states.summary(SharePartitionKey(group_id, *at), 0, future)

        self._each(partitions, ask, lambda: then(found))

    def alter_offsets(self, group_id: str, offsets: Offsets, future: ResponseFuture[AlteredOffsets]) -> None:
        """AlterShareGroupOffsets: answered when the states have begun anew."""

        def deliver(altered: AlteredOffsets) -> None:
            if altered.to_begin is None or not altered.to_begin.offsets:
                future.complete(altered)
                return
            then = partial(_complete_altered, altered, future)
            self._begin(altered.to_begin, then, keeps_failed=True)

        decide = partial(self._coordinator.alter_offsets, group_id, offsets)
        self._groups.write("AlterShareGroupOffsets", group_id, decide, ResponseFuture(deliver, future.refusal))

    def delete_offsets(
        self,
        group_id: str,
        names: Sequence[str],
        then: Callable[[ErrorCode, str | None, Sequence[TopicOutcome]], None],
    ) -> None:
        """DeleteShareGroupOffsets: an error for all, or what becomes of each topic."""

        def deliver(going: StatesToDelete) -> None:
            if going.error is not ErrorCode.NONE or not going.topics:
                then(going.error, going.message, going.refused)
                return
            self._delete(group_id, going, partial(self._note_deleted, group_id, going, then))

        decide = partial(self._coordinator.delete_offsets, group_id, names)
        self._groups.write("DeleteShareGroupOffsets", group_id, decide, ResponseFuture(deliver, _nothing_deleted))

    def delete_group(self, group_id: str, future: ResponseFuture[ErrorCode]) -> None:
        """One group of a DeleteGroups: of a share group the states first."""

        def deliver(going: StatesToDelete) -> None:
            if going.error is not ErrorCode.NONE:
                future.complete(going.error)
            else:
                self._delete(group_id, going, delete)

        def delete(errors: Errors) -> None:
            first = next(iter(errors.values()), None)
            if first is None:
                self._groups.delete_group(group_id, future)
            else:
                future.complete(first.error)

        decide = partial(self._coordinator.delete_states, group_id)
        self._groups.write("DeleteGroups", group_id, decide, ResponseFuture(deliver, _nothing_deleted))

    # What follows

    def _begin(self, to_begin: StatesToBegin, then: Callable[[Errors], None], *, keeps_failed: bool = False) -> None:
        """Begin states, and have the group's log say so; if any fails, that it is to be tried again."""

        def begun(errors: Errors) -> None:
            if not errors:
                decide = partial(self._coordinator.note_begun, to_begin)
            elif keeps_failed:
                then(errors)
                return
            else:
                first = next(iter(errors.values()))
                logger.error("the state of share partitions could not begin", group=to_begin.group_id, error=first)
                decide = partial(self._coordinator.note_not_begun, to_begin)
            self._log(to_begin.group_id, decide, lambda error: then(errors))

        def ask(at: tuple[bytes, int], note: Callable[[StateError], None]) -> None:
            topic_id, index = at
            key = SharePartitionKey(to_begin.group_id, topic_id, index)
            offset = to_begin.offsets[topic_id][index]
            self._states.initialize(key, to_begin.state_epoch, offset, ResponseFuture(note, state_refused))

        self._change([(t, index) for t, offsets in to_begin.offsets.items() for index in offsets], ask, begun)

    def _delete(self, group_id: str, going: StatesToDelete, then: Callable[[Errors], None]) -> None:
        def ask(at: tuple[bytes, int], note: Callable[[StateError], None]) -> None:
            self._states.delete(SharePartitionKey(group_id, *at), ResponseFuture(note, state_refused))

        partitions = [(topic_id, index) for topic_id, topic in going.topics.items() for index in topic.partitions]
        self._change(partitions, ask, then)

    def _note_deleted(
        self,
        group_id: str,
        going: StatesToDelete,
        then: Callable[[ErrorCode, str | None, Sequence[TopicOutcome]], None],
        errors: Errors,
    ) -> None:
        """Answer a DeleteShareGroupOffsets: what has gone is struck from the group's log first."""
        failed: dict[bytes, ErrorCode] = {}
        for (topic_id, _), error in errors.items():
            failed.setdefault(topic_id, error.error)
        gone = {topic_id: topic for topic_id, topic in going.topics.items() if topic_id not in failed}
        refused = [
            *going.refused,
            *(
                TopicOutcome(going.topics[topic_id].name, topic_id, code, code.message)
                for topic_id, code in failed.items()
            ),
        ]
        if not gone:
            then(ErrorCode.NONE, None, refused)
            return
        outcomes = [*(TopicOutcome(topic.name, topic_id) for topic_id, topic in gone.items()), *refused]

        def logged(error: ErrorCode) -> None:
            then(error, None if error is ErrorCode.NONE else error.message, outcomes)

        self._log(group_id, partial(self._coordinator.note_deleted, group_id, gone), logged)

    def _log(
        self,
        group_id: str,
        decide: Callable[[Instant], CoordinatorResult[bool]],
        then: Callable[[ErrorCode], None],
    ) -> None:
        future = ResponseFuture[bool | ErrorCode](
            lambda answer: then(answer if isinstance(answer, ErrorCode) else ErrorCode.NONE), lambda code: code
        )
        self._groups.write("share group states", group_id, decide, future)

    # Many partitions, a few in each turn of the loop

    def _change(
        self,
        partitions: Sequence[tuple[bytes, int]],
        ask: Callable[[tuple[bytes, int], Callable[[StateError], None]], None],
        then: Callable[[Errors], None],
    ) -> None:
        errors: dict[tuple[bytes, int], StateError] = {}

        def ask_one(at: tuple[bytes, int], note: Callable[[], None]) -> None:
            def noted(answer: StateError) -> None:
                if answer.error is not ErrorCode.NONE:
                    errors[at] = answer
                note()

            ask(at, noted)

        self._each(partitions, ask_one, lambda: then(errors))

    def _each(
        self,
        partitions: Sequence[tuple[bytes, int]],
        ask: Callable[[tuple[bytes, int], Callable[[], None]], None],
        then: Callable[[], None],
    ) -> None:
        left = len(partitions) + 1

        def note() -> None:
            nonlocal left
            left -= 1
            if not left:
                then()

        def steps() -> Steps[None]:
            for at in partitions:
                ask(at, note)
                yield

        self._slices.start(steps(), lambda _: note(), _log_failure)


def _complete_altered(altered: AlteredOffsets, future: ResponseFuture[AlteredOffsets], errors: Errors) -> None:
    topics = [
        topic
        if topic.partitions is None
        else replace(
            topic,
            partitions={
                index: errors[topic.topic_id, index].error if (topic.topic_id, index) in errors else code
                for index, code in topic.partitions.items()
            },
        )
        for topic in altered.topics
    ]
    future.complete(replace(altered, topics=topics, to_begin=None))


def _nothing_deleted(code: ErrorCode) -> StatesToDelete:
    return StatesToDelete({}, error=code, message=code.message)


def _log_failure(error: Exception) -> None:
    logger.error("share partitions could not be asked about", exc_info=error)
