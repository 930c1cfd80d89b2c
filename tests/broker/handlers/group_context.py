"""Group handlers on real parts: every request and every answer goes through its bytes."""

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Generic, TypeVar

from odradek.broker.assembly import assemble
from odradek.broker.deferred import Deferred
from odradek.broker.session import Session
from odradek.broker.slices import are_steps
from odradek.broker.testing.topics import create_topic
from odradek.broker.topics.topics import Topic
from odradek.protocol.codec import decode, encode_bytes
from odradek.protocol.messages.join_group import JoinGroupRequest, JoinGroupRequestProtocol, JoinGroupResponse
from odradek.protocol.messages.offset_commit import (
    OffsetCommitRequest,
    OffsetCommitRequestPartition,
    OffsetCommitRequestTopic,
    OffsetCommitResponse,
)
from odradek.protocol.messages.sync_group import SyncGroupRequest, SyncGroupRequestAssignment, SyncGroupResponse
from odradek.protocol.schema import declared

from ..conftest import IDENTITY, Parts

R = TypeVar("R")
SESSION = Session("/127.0.0.1", "127.0.0.1", 9092, client_id="shop")


class Asked(Generic[R]):
    """A request that was sent, and its answer once there is one."""

    def __init__(self, response: object, decode_answer: Callable[[object], R]) -> None:
        self.answers: list[R] = []
        self.failures: list[Exception] = []
        self._then: list[Callable[[R], None]] = []

        def take(answer: object) -> None:
            self.answers.append(decode_answer(answer))
            for then in self._then:
                then(self.answers[-1])

        if isinstance(response, Deferred):
            deferred: Deferred[object] = response
            deferred.deliver_to(take, self.failures.append)
        else:
            take(response)

    def when_answered(self, then: Callable[[R], None]) -> None:
        """Call `then` with the answer, at once if it is there."""
        if self.answers:
            then(self.answers[-1])
        else:
            self._then.append(then)

    @property
    def is_deferred(self) -> bool:
        return not self.answers

    @property
    def answer(self) -> R:
        assert len(self.answers) == 1, f"{len(self.answers)} answers"
        return self.answers[0]


class GroupBroker:
    """As much of a broker as the group APIs touch; the clock is `parts.clock`."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self.start()

    def start(self) -> None:
        parts = self.parts
        self.context = assemble(parts.config, parts.runtime, parts.store, IDENTITY)
        parts.topics, parts.metadata = self.context.topics, self.context.metadata

    def restart(self) -> None:
        """Stop and start again on the same files."""
        self.parts.restart()
        self.start()

    def ask(self, request: object, version: int, response_type: type[R]) -> Asked[R]:
        """Hand a request of that version to its handler."""
        name = request.__class__.__module__.rpartition(".")[2]
        handler = import_module(f"odradek.broker.handlers.{name}")
        handle: Callable[..., object] = getattr(handler, f"handle_{name}")
        decoded = decode(type(request), version, encode_bytes(request, version))
        response = handle(decoded, version, SESSION, self.context)
        if are_steps(response):
            response = self.context.slices.run(response, ends_with_client=False)
        return Asked(response, lambda answer: decode(response_type, version, encode_bytes(answer, version)))

    def create_topic(self, name: str, partitions: int = 2) -> Topic:
        """A topic to commit offsets for."""
        return create_topic(self.parts.topics, name, partitions, {})

    def join(
        self,
        member_id: str = "",
        version: int = 9,
        group_id: str = "g",
        instance: str | None = None,
        metadata: bytes = b"m",
        reason: str | None = None,
    ) -> Asked[JoinGroupResponse]:
        """JoinGroup of a consumer that knows the protocol "range"."""
        request = JoinGroupRequest(
            group_id=group_id,
            session_timeout_ms=10_000,
            rebalance_timeout_ms=20_000,
            member_id=member_id,
            group_instance_id=instance,
            protocol_type="consumer",
            protocols=[JoinGroupRequestProtocol(name="range", metadata=metadata)],
            reason=reason,
        )
        return self.ask(request, version, JoinGroupResponse)

    def sync(
        self, member_id: str, generation: int, assignments: dict[str, bytes], version: int = 5, group_id: str = "g"
    ) -> Asked[SyncGroupResponse]:
        """SyncGroup that believes in what `join` offers."""
        request = SyncGroupRequest(
            group_id=group_id,
            generation_id=generation,
            member_id=member_id,
            protocol_type="consumer",
            protocol_name="range",
            assignments=[SyncGroupRequestAssignment(member_id=m, assignment=a) for m, a in assignments.items()],
        )
        return self.ask(request, version, SyncGroupResponse)

    def stable_member(self, group_id: str = "g", metadata: bytes = b"m") -> str:
        """The only member of a Stable group, in generation 1."""
        member_id = self.join(version=3, group_id=group_id, metadata=metadata).answer.member_id
        assert self.sync(member_id, 1, {member_id: b"work"}, group_id=group_id).answer.error_code == 0
        return member_id

    def commit(
        self,
        *topics: OffsetCommitRequestTopic,
        version: int = 8,
        group_id: str = "g",
        member_id: str = "",
        generation: int = -1,
        retention_ms: int = -1,
    ) -> list[list[int]]:
        """OffsetCommit: the error of every partition, topic by topic."""
        request = OffsetCommitRequest(
            group_id=group_id,
            generation_id_or_member_epoch=generation,
            member_id=member_id,
            retention_time_ms=retention_ms,
            topics=topics,
        )
        response = self.ask(request, version, OffsetCommitResponse).answer
        return [[partition.error_code for partition in topic.partitions] for topic in response.topics]


def offsets_of(
    topic: str | Topic, offsets: dict[int, int], *, metadata: str | None = "note", leader_epoch: int = -1
) -> OffsetCommitRequestTopic:
    """A topic with offsets by partition; a Topic for its id, too."""
    return OffsetCommitRequestTopic(
        name=topic if isinstance(topic, str) else topic.name,
        topic_id=bytes(16) if isinstance(topic, str) else topic.topic_id,
        partitions=[
            OffsetCommitRequestPartition(
                partition_index=index,
                committed_offset=offset,
                committed_leader_epoch=leader_epoch,
                committed_metadata=metadata,
            )
            for index, offset in offsets.items()
        ],
    )


def versions_of(message: type) -> Sequence[int]:
    """Every version that is served."""
    return list(declared(message).versions)
