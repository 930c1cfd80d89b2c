"""Consumers of the classic protocol, as the tests of consumer groups play them."""

from collections.abc import Iterable, Mapping, Sequence

from odradek.protocol.subscription import (
    ConsumerProtocolAssignment,
    ConsumerProtocolSubscription,
    TopicPartition,
    decode_assignment,
    encode_assignment,
    encode_subscription,
)

Owned = Mapping[str, Sequence[int]]


def subscription(topics: Iterable[str] = ("t",), owned: Owned | None = None, version: int = 1) -> bytes:
    """What a consumer joins with."""
    return encode_subscription(
        ConsumerProtocolSubscription(topics=list(topics), owned_partitions=_named(owned or {})), version
    )


def assignment(owned: Owned, version: int = 1) -> bytes:
    """What a leader gives to a member."""
    return encode_assignment(ConsumerProtocolAssignment(assigned_partitions=_named(owned)), version)


def assigned(data: bytes) -> dict[str, list[int]]:
    """What a member was given."""
    return {one.topic: sorted(one.partitions) for one in decode_assignment(data).assigned_partitions}


def offers(*topics: str, owned: Owned | None = None) -> list[tuple[str, bytes]]:
    """The protocols of a JoinGroup."""
    return [("range", subscription(topics or ("t",), owned))]


def _named(owned: Owned) -> list[TopicPartition]:
    return [TopicPartition(topic=topic, partitions=list(indexes)) for topic, indexes in owned.items()]
