"""A consumer of the classic protocol, as the stock clients behave: eager, and its leader assigns ranges."""

from collections.abc import Sequence
from itertools import accumulate

from odradek.broker.coordination.groups.classic.member import JoinedMember, JoinResult, SyncResult
from odradek.protocol.errors import ErrorCode
from odradek.protocol.subscription import decode_subscription

from ..broker.coordination.groups.consumer.classic_client import assigned, assignment, offers
from ..broker.coordination.groups.group_driver import Call
from .groups_seen import partitions_text
from .reading import ReadingProcess, Wish
from .script import BadCommand
from .world import World

HEARTBEAT = 3.0


class ClassicProcess(ReadingProcess):
    """It joins, syncs and heartbeats; told to rebalance, it gives up everything and joins again."""

    def __init__(self, world: World, name: str, wish: Wish) -> None:
        super().__init__(world, name, wish)
        self._join: Call[JoinResult] | None = None
        self._sync: Call[SyncResult] | None = None
        self._must_join = True
        self._seen_partitions: dict[str, int] | None = None  # of all topics that a leader has assigned

    def go(self) -> None:
        self.next_at = self.world.clock.seconds + HEARTBEAT
        if self._join is not None or self._sync is not None:
            return
        if self._must_join:
            self._send_join()
            return
        self.work()
        error = self.world.broker.heartbeat(
            self.member_id, self.epoch, group_id=self.group_id, instance=self.wish.static
        )
        if error is ErrorCode.REBALANCE_IN_PROGRESS:
            self._rejoin("is told to rebalance")
        elif error is not ErrorCode.NONE:
            self._refused(error)
        elif self._seen_partitions is not None and self._seen_partitions != self._partitions():
            self._rejoin("leads and sees that topics have changed")

    def take_answers(self) -> bool:
        if self._join is not None and not self._join.is_deferred:
            answer, self._join = self._join.answer, None
            self._joined(answer)
            return True
        if self._sync is not None and not self._sync.is_deferred:
            answer_of_sync, self._sync = self._sync.answer, None
            self._synced(answer_of_sync)
            return True
        return False

    def lose_connection(self) -> None:
        if self._join is not None or self._sync is not None:
            self._join = self._sync = None
            self._must_join = True

    def subscribe(self, wish: Wish) -> None:
        """It wants to read something else."""
        self.wish = wish
        self._rejoin("wants to read something else")

    def close(self) -> None:
        self.commit(self.owned)
        self.owned, self.is_running = {}, False
        if self.wish.static is not None:
            self.report("ends, and says nothing")
            return
        self.world.broker.leave(self.member_id, group_id=self.group_id)
        self.report("leaves")

    def _send_join(self) -> None:
        self._must_join = False
        self._join = self.world.broker.join(
            self.member_id,
            group_id=self.group_id,
            instance=self.wish.static,
            protocols=offers(*self.wish.topics),
            client_id=self.name,
            session_s=self.wish.session,
            rebalance_s=self.wish.rebalance,
        )

    def _rejoin(self, why: str) -> None:
        self.commit(self.owned)
        self.report(f"{why}, gives up {partitions_text(self.owned)}")
        self.owned = {}
        self._send_join()

    def _joined(self, answer: JoinResult) -> None:
        if answer.error is ErrorCode.MEMBER_ID_REQUIRED:
            self._name_itself(answer.member_id)
            self._send_join()
        elif answer.error is not ErrorCode.NONE:
            self._refused(answer.error)
        else:
            self._name_itself(answer.member_id)
            self.epoch = answer.generation_id
            is_leader = bool(answer.members) and not answer.skip_assignment
            self._seen_partitions = self._partitions() if answer.members else None
            shares = self._assign(answer.members) if is_leader else {}
            self._sync = self.world.broker.sync(
                self.member_id, self.epoch, shares, group_id=self.group_id, instance=self.wish.static
            )

    def _synced(self, answer: SyncResult) -> None:
        if answer.error is ErrorCode.REBALANCE_IN_PROGRESS:
            self._send_join()
        elif answer.error is not ErrorCode.NONE:
            self._refused(answer.error)
        else:
            self.take(assigned(answer.assignment) if answer.assignment else {}, "generation")

    def _refused(self, error: ErrorCode) -> None:
        if error is ErrorCode.FENCED_INSTANCE_ID or error not in (
            *(ErrorCode.UNKNOWN_MEMBER_ID, ErrorCode.ILLEGAL_GENERATION),
        ):
            self.stop(error)
            return
        if error is ErrorCode.UNKNOWN_MEMBER_ID:
            self.member_id = ""
        self._must_join = True
        self.begin_anew(error)

    def _name_itself(self, member_id: str) -> None:
        self.member_id = member_id
        self.world.names[member_id] = self.name

    def _partitions(self) -> dict[str, int]:
        return {name: self.world.topics.partitions_of(name) for name in self.wish.topics}

    def _assign(self, members: Sequence[JoinedMember]) -> dict[str, bytes]:
        """Each topic in ranges over its subscribers, in the order of their instance ids or member ids."""
        topics = {one.member_id: decode_subscription(one.metadata).topics for one in members}
        in_order = sorted(members, key=lambda one: one.group_instance_id or one.member_id)
        shares: dict[str, dict[str, list[int]]] = {one.member_id: {} for one in in_order}
        for topic in sorted({topic for names in topics.values() for topic in names}):
            readers = [one.member_id for one in in_order if topic in topics[one.member_id]]
            share, extra = divmod(self.world.topics.partitions_of(topic), len(readers))
            sizes = [share + (number < extra) for number in range(len(readers))]
            for member_id, size, end in zip(readers, sizes, accumulate(sizes), strict=True):
                shares[member_id][topic] = list(range(end - size, end))
        return {member_id: assignment(owned) for member_id, owned in shares.items()}


def classic_process(world: World, name: str, wish: Wish) -> ClassicProcess:
    """Patterns and assignors are the client's own business in this protocol."""
    if wish.pattern is not None or wish.assignor is not None:
        raise BadCommand("the classic protocol knows no patterns, and no assignors of the broker")
    return ClassicProcess(world, name, wish)
