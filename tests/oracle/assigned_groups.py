"""Random groups, each as it is after the one before it: members come, go and subscribe anew, topics grow and go."""

from random import Random
from typing import NamedTuple

from odradek.broker.coordination.groups.consumer.assignors import Assignee

TOPICS = "tuvw"
GROUPS, ROUNDS = 60, 6

Owned = dict[str, list[int]]
Given = dict[str, Owned]
"""What each member has, by topic."""


class Member(NamedTuple):
    """A member, what it subscribes to, and what it should have had."""

    id: str
    instance: str | None
    topics: list[str]
    before: Owned


class AssignedGroup(NamedTuple):
    """A group that is to be assigned."""

    partitions: dict[str, int]
    members: list[Member]

    def assignees(self) -> list[Assignee]:
        """As our assignors take the members; the id of a topic is its name."""
        return [
            Assignee(
                member.id,
                member.instance,
                frozenset(topic.encode() for topic in member.topics),
                {topic.encode(): frozenset(indexes) for topic, indexes in member.before.items()},
            )
            for member in self.members
        ]

    def topic_partitions(self) -> dict[bytes, int]:
        return {topic.encode(): count for topic, count in self.partitions.items()}

    def as_json(self) -> dict[str, object]:
        """As Apache Kafka's assignors are given it."""
        return {"partitions": self.partitions, "members": [member._asdict() for member in self.members]}


def begin(seed: int) -> tuple[Random, AssignedGroup]:
    """A group of a kind that the seed decides: alike or unlike subscriptions, static members or not."""
    random = Random(seed)
    partitions = {topic: random.randrange(1, 9) for topic in TOPICS}
    are_alike = seed % 3 != 0
    common = random.sample(TOPICS, random.randrange(1, 5))
    members = [
        Member(
            f"m{number:02}",
            f"i{9 - number}" if seed % 5 == 0 and number % 2 == 0 else None,
            common if are_alike else random.sample(TOPICS, random.randrange(1, 5)),
            {},
        )
        for number in range(random.randrange(1, 8))
    ]
    return random, AssignedGroup(partitions, members)


def after(random: Random, group: AssignedGroup, given: Given) -> AssignedGroup:
    """The group a while later, with what it was given."""
    members = [
        member._replace(before={t: own for t, own in given[member.id].items() if t in member.topics})
        for member in group.members
        if random.random() > 0.2
    ]
    taken = {member.id for member in members} | {member.id for member in group.members}
    for number in range(20, 20 + random.randrange(0, 3)):
        topics = random.choice(group.members).topics
        if f"m{number}" not in taken:
            members.append(Member(f"m{number}", None, topics, {}))
    partitions = {t: count + (random.random() < 0.2) for t, count in group.partitions.items()}
    return AssignedGroup(partitions, members or group.members[:1])
