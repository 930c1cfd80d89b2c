"""The acknowledgements of one request, over all of its partitions: of ShareAcknowledge and of ShareFetch alike."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

from ...protocol.errors import ErrorCode, KafkaError
from ..coordination.share_state.requests import SharePartitionKey
from ..countdown import Countdown
from ..slices import Steps
from ..topics.topics import Topics
from .acknowledgement import AcknowledgementBatch, check_batches
from .share_partitions import SharePartitions
from .share_sessions import SessionKey, TopicPartition


class Acknowledged(NamedTuple):
    """What became of the acknowledgements for one partition."""

    error: ErrorCode = ErrorCode.NONE
    message: str | None = None


Results = Mapping[TopicPartition, Acknowledged]


def acknowledge_topics(
    share: SharePartitions,
    topics: Topics,
    member: SessionKey,
    asked: Iterable[tuple[TopicPartition, Sequence[AcknowledgementBatch]]],
    highest_type: int,
    then: Callable[[Results], None],
    *,
    may_renew: bool,
    may_read: Callable[[str], bool],
) -> Steps[None]:
    """Take a member's acknowledgements, of each partition all or none; `then` gets the results once all are stored.

    `may_read` says which topics the member may read.
    """
    results: dict[TopicPartition, Acknowledged] = {}
    taken: dict[TopicPartition, Sequence[AcknowledgementBatch]] = {}
    empty: list[TopicPartition] = []
    for name, batches in asked:
        try:
            yield from _check_topic(topics, name, batches, highest_type, may_renew=may_renew, may_read=may_read)
        except KafkaError as error:
            results[name] = Acknowledged(error.code)
        else:
            if batches:
                taken[name] = batches
            else:
                empty.append(name)
        yield
    if taken:  # else those without acknowledgements are not mentioned, as in Kafka
        results.update(dict.fromkeys(empty, Acknowledged()))
    countdown = Countdown(len(taken), lambda: then(results))

    def done(name: TopicPartition, error: KafkaError | None) -> None:
        results[name] = Acknowledged() if error is None else Acknowledged(error.code, error.message)
        countdown.count_down()

    for name, batches in taken.items():
        key = SharePartitionKey(member.group_id, *name)
        yield from share.acknowledge(key, member.member_id, batches, partial(done, name))


def _check_topic(
    topics: Topics,
    name: TopicPartition,
    batches: Sequence[AcknowledgementBatch],
    highest_type: int,
    *,
    may_renew: bool,
    may_read: Callable[[str], bool],
) -> Steps[None]:
    topic = topics.find_by_id(name.topic_id)
    if topic is None:
        raise KafkaError(ErrorCode.UNKNOWN_TOPIC_ID)
    yield from check_batches(batches, highest_type, may_renew=may_renew)
    if not may_read(topic.name):
        raise KafkaError(ErrorCode.TOPIC_AUTHORIZATION_FAILED)
    topics.partition(topic.name, name.partition).check_leader()
