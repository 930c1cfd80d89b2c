"""The cluster by its own word."""

from collections.abc import Mapping, Sequence

from odradek.broker.tools.doctor.check_cluster import check_coordinators, check_identity, check_topics
from odradek.broker.tools.doctor.facts import (
    AdvertisedBroker,
    Attempt,
    Cluster,
    CoordinatorSeen,
    Endpoint,
    Kafka,
    Reached,
    Speech,
    Spoken,
    Visit,
)
from odradek.broker.tools.doctor.findings import Status, Step

THERE = CoordinatorSeen(is_asked=True, node_id=1)
NOT_THERE = CoordinatorSeen(is_asked=False)


def kafka(count: int = 1, settings: Mapping[str, str] | None = None) -> Kafka:
    brokers = [AdvertisedBroker(number, Endpoint("h", 9090 + number)) for number in range(1, count + 1)]
    return Kafka(cluster_id="c", controller_id=1, brokers=brokers, node_id=1, settings=settings or {})


def kinds(step: Step) -> Sequence[str]:
    return [finding.kind for finding in step.findings]


def coordinators(groups: CoordinatorSeen, transactions: CoordinatorSeen, seen: Kafka) -> Step:
    return check_coordinators(Cluster(coordinators={"groups": groups, "transactions": transactions}), seen)


def test_a_cluster_is_named_with_its_brokers() -> None:
    step = check_identity(kafka(), [])
    assert (step.status, step.text) == (Status.OK, "c, 1 broker, this is node 1, the controller is node 1")
    assert check_identity(Kafka(brokers=kafka(2).brokers), []).text == "without an id, 2 brokers, no controller"


def test_two_brokers_at_one_address_are_wrong() -> None:
    same = [AdvertisedBroker(number, Endpoint("localhost", 9092)) for number in (1, 2)]
    step = check_identity(Kafka(cluster_id="c", brokers=same), [])
    assert (step.status, kinds(step)) == (Status.WRONG, ["same-address"])
    assert step.text.endswith("; nodes 1 and 2 advertise the same address, localhost:9092")
    assert "Nodes 1 and 2 advertise the same address, localhost:9092" in step.findings[0].problem


def test_bootstrap_addresses_of_two_clusters_are_wrong() -> None:
    visits = [
        Visit(Endpoint(f"h{number}", 1), attempts=[Attempt("10.0.0.1", Reached.CONNECTED, spoken=spoken)])
        for number, spoken in enumerate(
            [Spoken(Speech.KAFKA, kafka=kafka()), Spoken(Speech.KAFKA, kafka=Kafka(cluster_id="d"))]
        )
    ]
    assert kinds(check_identity(kafka(), visits)) == ["several-clusters"]
    assert check_identity(kafka(), visits).text.endswith("; the bootstrap addresses lead to different clusters")
    assert kinds(check_identity(kafka(), visits[:1])) == []
    two = Visit(Endpoint("localhost", 1), attempts=[*visits[0].attempts, *visits[1].attempts])
    assert kinds(check_identity(kafka(), [two])) == ["several-clusters"]
    assert kinds(check_identity(kafka(), [Visit(Endpoint("x", 1))])) == []


def test_a_cluster_without_brokers_is_wrong() -> None:
    step = check_identity(kafka(0), [])
    assert (kinds(step), step.text) == (["no-brokers"], "c, no broker, this is node 1, the controller is node 1")


def test_both_coordinators_are_named() -> None:
    step = coordinators(THERE, THERE, kafka())
    assert (step.status, step.text) == (Status.OK, "of groups: node 1; of transactions: node 1")


def test_what_is_not_there_yet_cannot_be_told() -> None:
    step = coordinators(THERE, NOT_THERE, kafka(settings={"transaction.state.log.replication.factor": "1"}))
    assert step.status is Status.CANNOT_TELL
    assert "__transaction_state is not there yet" in step.text


def test_an_internal_topic_that_wants_more_replicas_than_there_are_brokers_is_wrong() -> None:
    settings = {"offsets.topic.replication.factor": "3", "transaction.state.log.replication.factor": "3"}
    step = coordinators(NOT_THERE, NOT_THERE, kafka(1, settings))
    assert (step.status, kinds(step)) == (Status.WRONG, ["replication-factor", "replication-factor"])
    groups, transactions = step.findings
    assert "offsets.topic.replication.factor is 3, and there is 1 broker:" in groups.problem
    assert "__consumer_offsets is not there and cannot be created" in step.text
    assert "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR=1;" in groups.remedies[0]
    assert "transaction.state.log.replication.factor=1 and transaction.state.log.min.isr=1" in transactions.remedies[0]
    assert kinds(coordinators(NOT_THERE, NOT_THERE, kafka(3, settings))) == []
    assert "there are 2 brokers:" in coordinators(NOT_THERE, THERE, kafka(2, settings)).findings[0].problem


def test_a_topic_that_is_there_has_its_replicas_whatever_the_setting() -> None:
    assert coordinators(THERE, THERE, kafka(1, {"offsets.topic.replication.factor": "3"})).status is Status.OK


def test_a_coordinator_that_answers_with_an_error_is_wrong() -> None:
    failing = CoordinatorSeen(is_asked=True, error="COORDINATOR_NOT_AVAILABLE")
    step = coordinators(failing, THERE, kafka())
    assert (step.status, kinds(step)) == (Status.WRONG, ["no-coordinator"])
    assert "groups does not answer: COORDINATOR_NOT_AVAILABLE" in step.findings[0].problem


def test_where_the_cluster_did_not_answer_nothing_can_be_told() -> None:
    silent = Cluster(fault="no answer in time")
    assert check_coordinators(silent, kafka()).status is Status.CANNOT_TELL
    assert check_topics(silent).status is Status.CANNOT_TELL


def test_partitions_without_a_leader_are_named_up_to_a_few() -> None:
    assert check_topics(Cluster(topics=3)).text == "3 to be seen"
    step = check_topics(Cluster(1, [f"t-{number}" for number in range(9)], [2, 3]))
    assert (step.status, kinds(step)) == (Status.WRONG, ["no-leader"])
    assert step.findings[0].problem.endswith("t-0, t-1, t-2, t-3, t-4, ….")
    assert step.findings[0].remedies == ("Start the nodes that have their replicas: 2, 3.",)
    assert "logs" in check_topics(Cluster(1, ["t-0"])).findings[0].remedies[0]
