"""What is done to topics, by clients that may do some of it."""

from odradek.broker.security.authorization.acl import Operation, PatternType
from odradek.protocol.messages.create_topics import CreatableTopic, CreateTopicsRequest, CreateTopicsResponse
from odradek.protocol.messages.delete_topics import DeleteTopicsRequest, DeleteTopicsResponse, DeleteTopicState
from odradek.protocol.messages.describe_topic_partitions import (
    DescribeTopicPartitionsRequest,
    DescribeTopicPartitionsResponse,
    TopicRequest,
)
from odradek.protocol.messages.fetch import FetchResponse
from odradek.protocol.messages.metadata import MetadataRequest, MetadataRequestTopic, MetadataResponse
from odradek.protocol.messages.produce import ProduceResponse

from ..handlers.broker_harness import batch, fetch_request, produce_request
from .secured_broker import CLUSTER, CLUSTER_NAME, TOPIC, TXN, SecuredBroker

DENIED, UNKNOWN = 29, 3
READ, WRITE, CREATE, DELETE = Operation.READ, Operation.WRITE, Operation.CREATE, Operation.DELETE


def metadata(broker: SecuredBroker, *names: str, version: int = 12, creates: bool = False) -> dict[str | None, int]:
    request = MetadataRequest(
        topics=[MetadataRequestTopic(name=name) for name in names], allow_auto_topic_creation=creates
    )
    return {topic.name: topic.error_code for topic in broker.serve(request, version, MetadataResponse).topics}


def test_nobody_learns_whether_a_topic_is_there_that_he_may_not_describe() -> None:
    broker = SecuredBroker()
    broker.create("there")
    assert metadata(broker, "there", "gone") == {"there": DENIED, "gone": DENIED}
    broker.allow(TOPIC, "there", WRITE)
    broker.allow(TOPIC, "gone", READ)
    assert metadata(broker, "there", "gone") == {"there": 0, "gone": UNKNOWN}


def test_all_topics_are_those_that_may_be_described_in_every_version() -> None:
    broker = SecuredBroker()
    broker.create("mine")
    broker.create("yours")
    broker.allow(TOPIC, "mine", READ)
    for version in range(14):
        request = MetadataRequest(topics=None if version else [])
        assert [t.name for t in broker.serve(request, version, MetadataResponse).topics] == ["mine"], version
    assert metadata(broker, "yours", version=0) == {"yours": DENIED}


def test_asking_creates_a_topic_for_those_only_who_may() -> None:
    broker = SecuredBroker()
    broker.allow(TOPIC, "new", READ)
    assert metadata(broker, "new", creates=True) == {"new": DENIED}
    assert broker.topics.find("new") is None
    broker.allow(TOPIC, "new", CREATE)
    assert metadata(broker, "new", creates=True) == {"new": 0}


def test_an_id_does_not_give_away_its_name() -> None:
    broker = SecuredBroker()
    topic = broker.create("t")
    request = MetadataRequest(topics=[MetadataRequestTopic(name=None, topic_id=topic.topic_id)])
    (told,) = broker.serve(request, 12, MetadataResponse).topics
    assert (told.name, told.topic_id, told.error_code) == (None, topic.topic_id, DENIED)


def test_pages_have_what_may_be_described() -> None:
    broker = SecuredBroker()
    broker.create("mine")
    broker.create("yours")
    broker.allow(TOPIC, "mine", READ)
    every = broker.serve(DescribeTopicPartitionsRequest(), 0, DescribeTopicPartitionsResponse)
    assert [(one.name, one.topic_authorized_operations) for one in every.topics] == [("mine", 1 << 3 | 1 << 8)]
    named = DescribeTopicPartitionsRequest(topics=[TopicRequest(name=name) for name in ("yours", "mine")])
    answer = broker.serve(named, 0, DescribeTopicPartitionsResponse)
    assert [(one.name, one.error_code) for one in answer.topics] == [("mine", 0), ("yours", DENIED)]
    only = DescribeTopicPartitionsRequest(topics=[TopicRequest(name="yours")])
    answer = broker.serve(only, 0, DescribeTopicPartitionsResponse)
    assert [(one.name, one.error_code) for one in answer.topics] == [("yours", DENIED)]


def test_records_are_appended_and_read_by_those_who_may() -> None:
    broker = SecuredBroker()
    topic = broker.create("t")
    request = produce_request({"t": {0: batch(b"v")}})

    def codes() -> tuple[int, int]:
        written = broker.serve(request, 9, ProduceResponse).responses[0].partition_responses[0].error_code
        fetched = broker.serve(fetch_request("t"), 12, FetchResponse).responses[0].partitions[0]
        return written, fetched.error_code

    assert codes() == (DENIED, DENIED)
    broker.allow(TOPIC, "t", WRITE, READ)
    assert codes() == (0, 0)
    assert topic.partitions[0].log.log_end_offset == 1


def test_records_of_a_transaction_need_its_id() -> None:
    broker = SecuredBroker()
    broker.create("t")
    broker.allow(TOPIC, "t", WRITE)
    records = batch(b"v", pid=1, is_transactional=True)
    for asked, code in (({0: batch(b"v")}, 0), ({0: records}, 53)):
        request = produce_request({"t": asked}, transactional_id="txn")
        answer = broker.serve(request, 9, ProduceResponse)
        assert answer.responses[0].partition_responses[0].error_code == code
    broker.allow(TXN, "txn", WRITE)
    answer = broker.serve(produce_request({"t": {0: records}}, transactional_id="txn"), 9, ProduceResponse)
    assert answer.responses[0].partition_responses[0].error_code not in (0, 53)


def created(broker: SecuredBroker, *names: str) -> dict[str, tuple[int, int, int]]:
    topics = [CreatableTopic(name=name, num_partitions=1, replication_factor=1) for name in names]
    answer = broker.serve(CreateTopicsRequest(topics=topics), 7, CreateTopicsResponse)
    return {one.name: (one.error_code, one.num_partitions, one.topic_config_error_code) for one in answer.topics}


def test_topics_are_created_by_those_who_may_and_their_settings_told_to_those_who_may() -> None:
    broker = SecuredBroker()
    broker.allow(TOPIC, "mi", CREATE, pattern=PatternType.PREFIXED)
    assert created(broker, "mine", "yours") == {"mine": (0, -1, DENIED), "yours": (DENIED, -1, 0)}
    broker.allow(TOPIC, "*", Operation.ALTER_CONFIGS)
    broker.allow(CLUSTER, CLUSTER_NAME, CREATE)
    assert created(broker, "yours") == {"yours": (0, 1, 0)}


def deleted(broker: SecuredBroker, *topics: DeleteTopicState) -> list[tuple[str | None, int]]:
    answer = broker.serve(DeleteTopicsRequest(topics=topics, timeout_ms=1000), 6, DeleteTopicsResponse)
    return sorted(((one.name, one.error_code) for one in answer.responses), key=str)


def test_topics_are_deleted_by_those_who_may() -> None:
    broker = SecuredBroker()
    by_name, by_id = DeleteTopicState(name="a", topic_id=bytes(16)), broker.create("b").topic_id
    broker.create("a")
    gone = DeleteTopicState(name="gone", topic_id=bytes(16))
    asked = (by_name, gone, DeleteTopicState(name=None, topic_id=by_id))
    assert deleted(broker, *asked) == [("a", DENIED), ("gone", DENIED), (None, DENIED)]
    broker.allow(TOPIC, "*", READ)
    assert deleted(broker, *asked) == [("a", DENIED), ("b", DENIED), ("gone", UNKNOWN)]
    broker.allow(TOPIC, "*", DELETE)
    assert deleted(broker, *asked) == [("a", 0), ("b", 0), ("gone", UNKNOWN)]
    assert (
        broker.serve(DeleteTopicsRequest(topic_names=["a"], timeout_ms=1000), 5, DeleteTopicsResponse)
        .responses[0]
        .error_code
        == 3
    )
