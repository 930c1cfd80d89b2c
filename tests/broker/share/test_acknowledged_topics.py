"""The acknowledgements of a request: each partition for itself, and one answer when all are stored."""

from collections.abc import Mapping

from odradek.broker.share.acknowledged_topics import Acknowledged, Results, acknowledge_topics
from odradek.broker.share.acknowledgement import ACCEPT, REJECT, RENEW
from odradek.broker.share.share_sessions import SessionKey, TopicPartition
from odradek.broker.slices import run_to_end
from odradek.protocol.errors import ErrorCode

from ..handlers.broker_harness import AskedBroker, batch
from ..handlers.share_member import ShareMember, begin_share_partitions, set_group_config
from .share_harness import AcknowledgementBatch

UNKNOWN = TopicPartition(b"\7" * 16, 0)


class Acknowledging:
    """A member that has ten records of each of two partitions."""

    def __init__(self, settings: Mapping[str, str] | None = None) -> None:
        self.broker = AskedBroker(settings)
        self.topic = self.broker.create(partitions=2)
        set_group_config(self.broker, share_auto_offset_reset="earliest")
        begin_share_partitions(self.broker, self.topic)
        for partition in self.topic.partitions:
            self.broker.append(partition, batch(*[b"v"] * 10))
        ShareMember(self.broker, self.topic).fetch(0, 1)

    def name(self, index: int) -> TopicPartition:
        return TopicPartition(self.topic.topic_id, index)

    def take(
        self,
        asked: dict[TopicPartition, list[AcknowledgementBatch]],
        highest: int = REJECT,
        *,
        may_renew: bool = False,
        may_read: bool = True,
    ) -> list[Results]:
        heard: list[Results] = []
        run_to_end(
            acknowledge_topics(
                self.broker.context.share,
                self.broker.topics,
                SessionKey("g", "m"),
                asked.items(),
                highest,
                heard.append,
                may_renew=may_renew,
                may_read=lambda name: may_read,
            )
        )
        return heard


def accepted(first: int = 0, last: int = 9, kind: int = ACCEPT) -> list[AcknowledgementBatch]:
    return [AcknowledgementBatch(first, last, [kind])]


def test_of_a_topic_that_the_member_may_not_read_nothing_is_taken() -> None:
    asking = Acknowledging()
    (results,) = asking.take({asking.name(0): accepted(), UNKNOWN: accepted()}, may_read=False)
    assert results == {
        asking.name(0): Acknowledged(ErrorCode.TOPIC_AUTHORIZATION_FAILED),
        UNKNOWN: Acknowledged(ErrorCode.UNKNOWN_TOPIC_ID),
    }


def test_each_partition_is_taken_or_refused_for_itself() -> None:
    asking = Acknowledging()
    asked = {asking.name(0): accepted(), asking.name(1): accepted(5, 15), UNKNOWN: accepted()}
    (results,) = asking.take(asked)
    assert results == {
        UNKNOWN: Acknowledged(ErrorCode.UNKNOWN_TOPIC_ID),
        asking.name(0): Acknowledged(),
        asking.name(1): Acknowledged(
            ErrorCode.INVALID_REQUEST, "Batch record not found. The last offset in request is past acquired records."
        ),
    }


def test_partitions_without_acknowledgements_are_mentioned_beside_others_only() -> None:
    asking = Acknowledging()
    assert asking.take({asking.name(0): []}) == [{}]
    assert asking.take({asking.name(0): [], asking.name(1): accepted()}) == [
        {asking.name(0): Acknowledged(), asking.name(1): Acknowledged()}
    ]


def test_what_makes_no_sense_is_refused_before_it_is_known_whether_the_partition_is_there() -> None:
    asking = Acknowledging()
    (results,) = asking.take({asking.name(9): accepted(5, 4), asking.name(8): accepted()})
    assert {name.partition: result.error for name, result in results.items()} == {
        9: ErrorCode.INVALID_REQUEST,
        8: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
    }


def test_renewals_need_a_version_and_a_request_that_has_them() -> None:
    asking = Acknowledging()
    for highest, may_renew, error in [(REJECT, True, 42), (RENEW, False, 42), (RENEW, True, 0)]:
        (results,) = asking.take({asking.name(0): accepted(kind=RENEW)}, highest, may_renew=may_renew)
        assert results[asking.name(0)].error == error


def test_the_answer_waits_until_all_is_as_durable_as_the_settings_ask() -> None:
    asking = Acknowledging({"log.flush.interval.messages": "1"})
    asking.broker.holds_fsyncs = True
    heard = asking.take({asking.name(0): accepted()})
    assert heard == []
    asking.broker.finish_fsync()
    assert heard == [{asking.name(0): Acknowledged()}]
