"""A consumer of a share group (KIP-932): it acquires records, and says of each at its next step what became of it."""

from typing import Any

from odradek.broker.coordination.groups.share.heartbeat_request import ShareHeartbeatRequest, ShareHeartbeatResult
from odradek.broker.share.acknowledgement import ACCEPT, REJECT, RELEASE
from odradek.broker.share.acquisition import AcquiredRecords
from odradek.protocol.errors import ErrorCode

from ..broker.coordination.groups.group_driver import Call
from .groups_seen import partitions_text
from .reading import ReadingProcess, Wish, pairs
from .script import BadCommand
from .world import World

JOINS_AGAIN = (ErrorCode.UNKNOWN_MEMBER_ID, ErrorCode.FENCED_MEMBER_EPOCH)
ANSWERS = {"accept": ACCEPT, "release": RELEASE, "reject": REJECT}


class ShareProcess(ReadingProcess):
    """It takes so many records of each partition at a time; partitions are shared, so nothing is given up first."""

    def __init__(self, world: World, name: str, wish: Wish) -> None:
        super().__init__(world, name, wish)
        if wish.answer not in ANSWERS:
            raise BadCommand(f"no such answer; there are {', '.join(ANSWERS)}")
        self.member_id = name
        world.names[name] = name
        self._has_session = False
        self._acquired: list[tuple[tuple[str, int], AcquiredRecords]] = []

    def go(self) -> None:
        self._acknowledge()
        how: dict[str, Any] = {"subscribed_topic_names": self.wish.topics} if self.epoch == 0 else {}
        result = self._beat(self.epoch, **how)
        if result.error in JOINS_AGAIN:
            self.world.shares.disconnect(self.member_id)
            self.begin_anew(result.error)
        elif result.error is not ErrorCode.NONE:
            self.stop(result.error)
        else:
            self._follow(result)
            self._acquire()

    def take_answers(self) -> bool:
        return False

    def lose_connection(self) -> None:
        """What it has acquired is for others; it begins a session anew, and stays in its group."""
        self._acquired.clear()
        self._has_session = False

    def close(self) -> None:
        self._acknowledge()
        self.is_running, self.owned = False, {}
        self.world.shares.disconnect(self.member_id)
        self._beat(-1)
        self.report("leaves")

    def die(self) -> None:
        """Its connection breaks."""
        self.world.shares.disconnect(self.member_id)

    def _follow(self, result: ShareHeartbeatResult) -> None:
        given = self.owned
        if result.assignment is not None:
            names = {self.world.topics.name_of(topic_id): i for topic_id, i in result.assignment.items()}
            given = {name: sorted(indexes) for name, indexes in names.items() if name is not None}
        if given != self.owned or result.epoch != self.epoch:
            self.owned, self.epoch = given, result.epoch
            self._has_session = False
            self.report(f"epoch {self.epoch}, has {partitions_text(given)}")
        if not self._has_session:
            self._has_session = True
            self.world.shares.connect(self.group_id, self.member_id, [*pairs(given)])
        self.next_at = self.world.clock.seconds + result.heartbeat_interval_ms / 1000

    def _acquire(self) -> None:
        for place in pairs(self.owned):
            for acquired in self.world.shares.acquire(self.group_id, self.member_id, place, self.wish.takes):
                self._acquired.append((place, acquired))
                first, last, times = acquired
                self.report(f"acquires {_records(place, first, last)}, delivered {times} times")

    def _acknowledge(self) -> None:
        acquired, self._acquired = self._acquired, []
        for place, (first, last, _) in acquired:
            kind = ANSWERS[self.wish.answer]
            error = self.world.shares.acknowledge(self.group_id, self.member_id, place, first, last, kind)
            what = f"{self.wish.answer}s {_records(place, first, last)}"
            self.report(f"{what}: {error}" if error else what)

    def _beat(self, epoch: int, **how: Any) -> ShareHeartbeatResult:
        call: Call[ShareHeartbeatResult] = Call(ShareHeartbeatResult)
        request = ShareHeartbeatRequest(self.group_id, self.member_id, epoch, self.name, "/h", **how)
        self.world.shares.groups.heartbeat(request, call)
        return call.answer


def _records(place: tuple[str, int], first: int, last: int) -> str:
    return f"{place[0]}[{place[1]}] {first}-{last}" if first < last else f"{place[0]}[{place[1]}] {first}"
