"""What facts say of themselves."""

from odradek.broker.tools.doctor.facts import Attempt, Endpoint, Kafka, Reached, Security, Speech, Spoken, Visit

KAFKA = Spoken(Speech.KAFKA, kafka=Kafka(cluster_id="c"))


def test_an_endpoint_is_written_as_clients_take_it() -> None:
    assert [str(Endpoint("a", 1)), str(Endpoint("::1", 2))] == ["a:1", "[::1]:2"]


def test_a_security_protocol_is_two_questions() -> None:
    assert [(one.has_tls, one.has_sasl) for one in Security] == [
        (False, False),
        (True, False),
        (False, True),
        (True, True),
    ]


def test_of_several_addresses_the_one_that_speaks_kafka_counts() -> None:
    refused = Attempt("::1", Reached.REFUSED)
    silent = Attempt("10.0.0.1", Reached.CONNECTED, spoken=Spoken(Speech.SILENT))
    speaking = Attempt("10.0.0.2", Reached.CONNECTED, spoken=KAFKA)
    endpoint = Endpoint("a", 1)
    assert Visit(endpoint, attempts=[refused, silent, speaking]).best is speaking
    assert Visit(endpoint, attempts=[refused, silent]).best is silent
    assert Visit(endpoint, attempts=[refused]).best is None
    assert Visit(endpoint, attempts=[silent, speaking]).kafka == KAFKA.kafka
    assert Visit(endpoint, attempts=[refused]).kafka is None
