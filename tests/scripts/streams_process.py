"""A thread of a Kafka Streams application (KIP-1071): it runs tasks, keeps others as standbys, and commits."""

from collections.abc import Mapping, Sequence
from typing import Any

from odradek.broker.coordination.groups.streams.heartbeat_request import (
    StreamsHeartbeatRequest,
    StreamsHeartbeatResult,
)
from odradek.broker.coordination.groups.streams.topology import InternalTopic, ReportedTopology, Subtopology
from odradek.protocol.errors import ErrorCode

from ..broker.coordination.groups.group_driver import Call
from .reading import SOON, ReadingProcess, Wish
from .world import World

JOINS_AGAIN = (ErrorCode.UNKNOWN_MEMBER_ID, ErrorCode.FENCED_MEMBER_EPOCH)
SUBTOPOLOGY = "0"

Indexes = Sequence[int]


class StreamsProcess(ReadingProcess):
    """Its topology is one subtopology, which has a store with a changelog where it was wished."""

    def __init__(self, world: World, name: str, wish: Wish) -> None:
        super().__init__(world, name, wish)
        self.member_id = name
        world.names[name] = name
        self._active: Indexes = ()
        self._standby: Indexes = ()
        self._has_news = False

    def go(self) -> None:
        self.work()
        if self.epoch == 0:
            result = self._beat(0, **self._whole())
        elif self._has_news:
            result = self._beat(self.epoch, **_reported(self._active, self._standby))
        else:
            result = self._beat(self.epoch)
        if result.error in JOINS_AGAIN:
            self._active = self._standby = ()
            self.begin_anew(result.error)
        elif result.error is not ErrorCode.NONE:
            self.stop(result.error)
        else:
            self._follow(result)

    def take_answers(self) -> bool:
        return False

    def lose_connection(self) -> None:
        """It asks again at its next heartbeat."""

    def close(self) -> None:
        self.commit(self.owned)
        self.is_running, self.owned = False, {}
        self._beat(-1)
        self.report("leaves")

    def _follow(self, result: StreamsHeartbeatResult) -> None:
        for topic in sorted(result.missing):
            self._create(result.missing[topic])
        active, standby = self._active, self._standby
        if result.tasks is not None:
            active = sorted(result.tasks.active.get(SUBTOPOLOGY, ()))
            standby = sorted(result.tasks.standby.get(SUBTOPOLOGY, ()))
        self._has_news = (active, standby) != (self._active, self._standby)
        if self._has_news or result.epoch != self.epoch:
            self.commit(self.owned)
            lost = [index for index in self._active if index not in active]
            self._active, self._standby, self.epoch = active, standby, result.epoch
            self.change({topic: list(active) for topic in self.wish.topics})
            stands_by = f", stands by for {_named(standby)}" if standby else ""
            gives_up = f", gives up {_named(lost)}" if lost else ""
            self.report(f"epoch {self.epoch}, runs {_named(active)}{stands_by}{gives_up}")
        for status in result.status:
            self.report(f"hears of {status.code.name}")
        wait = SOON if self._has_news else result.heartbeat_interval_ms / 1000
        self.next_at = self.world.clock.seconds + wait

    def _create(self, topic: InternalTopic) -> None:
        """The broker creates what its coordinator finds missing."""
        if self.world.topics.find(topic.name) is None:
            self.world.change_topics(self.world.topics.create(topic.name, topic.partitions))
            self.world.report("broker", f"creates {topic.name} with {topic.partitions} partitions")

    def _beat(self, epoch: int, **how: Any) -> StreamsHeartbeatResult:
        call: Call[StreamsHeartbeatResult] = Call(StreamsHeartbeatResult)
        request = StreamsHeartbeatRequest(self.group_id, self.member_id, epoch, self.name, "/h", **how)
        self.world.broker.service.streams_heartbeat(request, call)
        return call.answer

    def _whole(self) -> dict[str, Any]:
        changelogs = () if self.wish.store is None else (InternalTopic(self.wish.store),)
        subtopology = Subtopology(SUBTOPOLOGY, self.wish.topics, (), changelogs, (), (), ())
        return {
            "rebalance_timeout_ms": round(self.wish.rebalance * 1000),
            "topology": ReportedTopology(0, (subtopology,)),
            "process_id": self.wish.process or self.name,
            **_reported((), ()),
        }


def _reported(active: Indexes, standby: Indexes) -> dict[str, Mapping[str, frozenset[int]]]:
    def tasks(indexes: Indexes) -> Mapping[str, frozenset[int]]:
        return {SUBTOPOLOGY: frozenset(indexes)} if indexes else {}

    return {"active": tasks(active), "standby": tasks(standby), "warmup": {}}


def _named(indexes: Indexes) -> str:
    """Tasks as Kafka Streams names them."""
    return " ".join(f"{SUBTOPOLOGY}_{index}" for index in indexes) or "nothing"
