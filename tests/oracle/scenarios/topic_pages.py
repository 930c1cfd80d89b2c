"""DescribeTopicPartitions: topics by name, page by page."""

from collections.abc import Sequence

from odradek.protocol.messages.describe_topic_partitions import (
    Cursor,
    DescribeTopicPartitionsRequest,
    DescribeTopicPartitionsResponse,
    TopicRequest,
)

from ..wire_session import Dialogue, scenario


def page(
    names: Sequence[str], limit: int = 2000, cursor: tuple[str, int] | None = None
) -> DescribeTopicPartitionsRequest:
    return DescribeTopicPartitionsRequest(
        topics=[TopicRequest(name=name) for name in names],
        response_partition_limit=limit,
        cursor=None if cursor is None else Cursor(topic_name=cursor[0], partition_index=cursor[1]),
    )


def ask(d: Dialogue, label: str, request: DescribeTopicPartitionsRequest) -> None:
    d.ask(label, request, 0, DescribeTopicPartitionsResponse)


def two(d: Dialogue) -> tuple[str, str]:
    return d.create_topic("a", 3)[0], d.create_topic("b", 3)[0]


@scenario
def pages_of_every_size(d: Dialogue) -> None:
    one, other = two(d)
    for limit in (-1, 0, 1, 2, 3, 4, 5, 6, 7):
        ask(d, f"at most {limit}", page([other, one, one], limit))
    ask(d, "one topic, just full", page([one], 3))
    ask(d, "an unknown topic behind a full page", page([one, d.name("z")], 3))
    ask(d, "an unknown topic behind more than a page", page([one, d.name("z")], 2))
    ask(d, "unknown topics take no room", page([d.name("x"), d.name("y"), d.name("z")], 1))


@scenario
def pages_from_a_cursor_on(d: Dialogue) -> None:
    one, other = two(d)
    names = [one, other]
    for index in (0, 1, 2, 3, 30):
        ask(d, f"from partition {index}", page(names, 4, (other, index)))
    for index in (0, 1, 2):
        ask(d, f"a page from partition {index}", page(names, 1, (one, index)))
    gone = d.name("aa")
    ask(d, "a topic that is gone", page([one, gone, other], 4, (gone, 1)))
    ask(d, "a topic that is not asked for", page(names, 4, (gone, 0)))
    ask(d, "a topic that is not asked for, behind all", page([one, one], 4, (other, 0)))
    ask(d, "a negative partition", page(names, 4, (other, -1)))
    ask(d, "a negative partition, of all topics", page([], 4, (other, -1)))
    ask(d, "an empty topic", page(names, 4, ("", 0)))
    ask(d, "behind all topics", page([], 4, ("zzz", 1)))
    ask(d, "an empty name before the cursor", page([one, ""], 1, (one, 1)))


@scenario
def what_cannot_be_described(d: Dialogue) -> None:
    name, _ = d.create_topic("there")
    for label, names in {
        "an unknown topic": [d.name("nobody")],
        "an illegal name": ["a b"],
        "a dot": ["."],
        "two dots": [".."],
        "a long name": ["x" * 250],
        "no ASCII": ["ä"],
        "an empty name": [""],
        "an empty name beside others": [name, "", "a b"],
        "the cluster's log": ["__cluster_metadata"],
        "beside one that exists": [name, d.name("nobody"), "a b"],
    }.items():
        ask(d, label, page(names))
