"""Attacks on groups whose coordinator assigns (KIP-848): large subscriptions, large assignments, many patterns."""

from collections.abc import Iterable, Sequence
from random import Random

from odradek.broker.wire import Wire
from odradek.protocol.messages.consumer_group_heartbeat import (
    ConsumerGroupHeartbeatRequest,
    ConsumerGroupHeartbeatResponse,
    TopicPartitions,
)
from odradek.protocol.messages.incremental_alter_configs import (
    AlterableConfig,
    AlterConfigsResource,
    IncrementalAlterConfigsRequest,
    IncrementalAlterConfigsResponse,
)

from .attack import Attacker
from .requests import GROUP, PARTITIONS_A_TOPIC, create, create_many

GROUP_RESOURCE = 32
MIXED_TOPICS = 100
MIXED_PARTITIONS = 50
PATTERNS = 40


def assign_at_once(attacker: Attacker) -> None:
    """Any client may set this of its group: then each change is followed by a new assignment, not one a second."""
    config = AlterableConfig(name="consumer.assignment.interval.ms", config_operation=0, value="0")
    resource = AlterConfigsResource(resource_type=GROUP_RESOURCE, resource_name=GROUP, configs=[config])
    request = IncrementalAlterConfigsRequest(resources=[resource])
    answer = attacker.ask(request, 1, IncrementalAlterConfigsResponse)
    assert answer is not None
    assert [one.error_code for one in answer.responses] == [0]


def large_topics(attacker: Attacker) -> None:
    """So many partitions, in topics of a thousand."""
    assign_at_once(attacker)
    for number in range(0, attacker.size, PARTITIONS_A_TOPIC):
        create(attacker, min(PARTITIONS_A_TOPIC, attacker.size - number), f"large-{number}")


def own_many_partitions(attacker: Attacker) -> None:
    """A member that has so many partitions reports them at each of a hundred heartbeats; another comes and goes."""
    names = [f"large-{number}" for number in range(0, attacker.size, PARTITIONS_A_TOPIC)]
    with attacker.connect() as wire, attacker.connect() as other:
        member = Member(wire, "owner")
        member.join(names)
        member.settle()
        guest = Member(other, "guest")
        for number in range(100):
            if number % 20 == 0:
                guest.join(names)
            elif number % 20 == 10:
                guest.leave()
            member.beat(owned=member.owned)


def subscribe_to_many(attacker: Attacker) -> None:
    """A member that subscribes to so many topics, and to other ones at each of twenty heartbeats."""
    names = [f"many-{number}" for number in range(attacker.size)]
    with attacker.connect() as wire:
        member = Member(wire, "reader")
        member.join(names)
        for number in range(20):
            member.beat(subscribed=names[number + 1 :])


def many_topics(attacker: Attacker) -> None:
    assign_at_once(attacker)
    create_many(attacker, attacker.size)


def mixed_topics(attacker: Attacker) -> None:
    assign_at_once(attacker)
    for number in range(MIXED_TOPICS):
        create(attacker, MIXED_PARTITIONS, f"mixed-{number}")


def subscribe_unlike(attacker: Attacker) -> None:
    """So many members of one group, of which no two subscribe to the same topics; then each of them heartbeats."""
    random = Random(1)
    with attacker.connect() as wire:
        members = [Member(wire, f"member-{number}") for number in range(attacker.size)]
        for member in members:
            member.join(f"mixed-{topic}" for topic in random.sample(range(MIXED_TOPICS), random.randint(1, 60)))
        for _ in range(3):
            for member in members:
                member.beat(owned=member.owned)


def match_many_patterns(attacker: Attacker) -> None:
    """Forty members of one group, each with a pattern of its own over so many topics."""
    with attacker.connect() as wire:
        members = [Member(wire, f"member-{number}") for number in range(PATTERNS)]
        for number, member in enumerate(members):
            member.join([], f"(m|a|n|y|-|{number % 10})*{number // 10}.*")
        while not all(member.owned for member in members):
            for member in members:
                member.beat(owned=member.owned)


class Member:
    """A member that follows its coordinator, over a connection that others may use as well."""

    def __init__(self, wire: Wire, member_id: str) -> None:
        self._wire = wire
        self._member_id = member_id
        self._epoch = 0
        self.owned: Sequence[TopicPartitions] = ()

    def join(self, names: Iterable[str], regex: str | None = None) -> None:
        self._epoch, self.owned = 0, ()
        self.beat(subscribed=list(names), regex=regex, owned=(), rebalance_timeout_ms=60_000)

    def leave(self) -> None:
        self._epoch = -1
        self.beat()

    def settle(self) -> None:
        """Heartbeats until it has something."""
        while not self.owned:
            self.beat(owned=())

    def beat(
        self,
        *,
        subscribed: Sequence[str] | None = None,
        regex: str | None = None,
        owned: Sequence[TopicPartitions] | None = None,
        rebalance_timeout_ms: int = -1,
    ) -> None:
        request = ConsumerGroupHeartbeatRequest(
            group_id=GROUP,
            member_id=self._member_id,
            member_epoch=self._epoch,
            rebalance_timeout_ms=rebalance_timeout_ms,
            subscribed_topic_names=subscribed,
            subscribed_topic_regex=regex,
            topic_partitions=owned,
        )
        answer = self._wire.ask(request, 1, ConsumerGroupHeartbeatResponse)
        assert answer.error_code == 0, answer
        self._epoch = answer.member_epoch
        if answer.assignment is not None:
            self.owned = answer.assignment.topic_partitions
