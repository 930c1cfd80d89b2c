"""A consumer of the consumer protocol (KIP-848), as the stock clients behave."""

from typing import Any

from odradek.broker.coordination.groups.consumer.heartbeat_request import HeartbeatRequest, HeartbeatResult
from odradek.protocol.errors import ErrorCode

from ..broker.coordination.groups.group_driver import Call
from .reading import SOON, ReadingProcess, Wish
from .world import World

JOINS_AGAIN = (ErrorCode.UNKNOWN_MEMBER_ID, ErrorCode.FENCED_MEMBER_EPOCH)


class ConsumerProcess(ReadingProcess):
    """It reports what it owns when that has changed, and at once."""

    def __init__(self, world: World, name: str, wish: Wish) -> None:
        super().__init__(world, name, wish)
        self.member_id = name
        world.names[name] = name
        self._has_news = False

    def go(self) -> None:
        self.work()
        if self.epoch == 0:
            result = self._beat(0, **self._full())
        elif self._has_news:
            result = self._beat(self.epoch, owned=self._owned_ids())
        else:
            result = self._beat(self.epoch)
        self._take(result)

    def subscribe(self, wish: Wish) -> None:
        """It wants to read something else, and no pattern if there is none now."""
        self.wish = wish
        names, regex = wish.topics, wish.pattern or ""
        how = {"subscribed_topic_names": names, "subscribed_topic_regex": regex, "owned": self._owned_ids()}
        self._take(self._beat(self.epoch, **how))

    def take_answers(self) -> bool:
        return False

    def lose_connection(self) -> None:
        """It asks again at its next heartbeat."""

    def close(self) -> None:
        self.commit(self.owned)
        self.is_running = False
        self.owned = {}
        result = self._beat(-1 if self.wish.static is None else -2)
        self.report("leaves" if result.epoch == -1 else "leaves, and will be back")

    def _take(self, result: HeartbeatResult) -> None:
        if result.error in JOINS_AGAIN:
            self.begin_anew(result.error)
        elif result.error is not ErrorCode.NONE:
            self.stop(result.error)
        else:
            self._follow(result)

    def _follow(self, result: HeartbeatResult) -> None:
        has_new_epoch = result.epoch != self.epoch
        given = self.owned
        if result.assignment is not None:
            names = {self.world.topics.name_of(topic_id): i for topic_id, i in result.assignment.items()}
            given = {name: sorted(indexes) for name, indexes in names.items() if name is not None}
        self._has_news = given != self.owned
        if self._has_news or has_new_epoch:
            # What it gives up is committed in the epoch in which it was had.
            if has_new_epoch and self.epoch > 0:
                self.commit(self.owned)
            self.epoch = result.epoch
            self.take(given, "epoch")
        wait = SOON if self._has_news else result.heartbeat_interval_ms / 1000
        self.next_at = self.world.clock.seconds + wait

    def _beat(self, epoch: int, **how: Any) -> HeartbeatResult:
        call: Call[HeartbeatResult] = Call(HeartbeatResult)
        request = HeartbeatRequest(
            self.group_id, self.member_id, epoch, self.name, "/h", instance_id=self.wish.static, **how
        )
        self.world.broker.service.consumer_heartbeat(request, call)
        return call.answer

    def _full(self) -> dict[str, Any]:
        return {
            "rebalance_timeout_ms": round(self.wish.rebalance * 1000),
            "server_assignor": self.wish.assignor,
            "owned": [],
            "subscribed_topic_names": self.wish.topics,
            "subscribed_topic_regex": self.wish.pattern,
        }

    def _owned_ids(self) -> list[tuple[bytes, list[int]]]:
        topics = ((self.world.topics.find(name), indexes) for name, indexes in self.owned.items())
        return [(topic.topic_id, indexes) for topic, indexes in topics if topic is not None]
