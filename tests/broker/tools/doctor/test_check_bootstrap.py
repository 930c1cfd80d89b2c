"""A bootstrap address and what became of it."""

from odradek.broker.tools.doctor.addresses import read_bootstrap
from odradek.broker.tools.doctor.check_bootstrap import check_bootstrap, not_reached
from odradek.broker.tools.doctor.facts import Attempt, Endpoint, Kafka, Reached, Speech, Spoken, Visit
from odradek.broker.tools.doctor.findings import Status, Step

KAFKA = Endpoint("kafka", 9092)


def check(*attempts: Attempt, resolve_error: str = "", typed: str = "kafka:9092") -> Step:
    (one,) = read_bootstrap(typed)
    return check_bootstrap(one, Visit(KAFKA, resolve_error=resolve_error, attempts=attempts))


def kinds(step: Step) -> list[str]:
    return [finding.kind for finding in step.findings]


def test_an_address_that_takes_connections_is_in_order() -> None:
    step = check(Attempt("10.0.0.1", Reached.CONNECTED))
    assert (step.name, step.status, step.text) == ("bootstrap kafka:9092", Status.OK, "10.0.0.1 takes connections")


def test_one_that_was_written_badly_is_wrong_though_it_answers() -> None:
    step = check(Attempt("10.0.0.1", Reached.CONNECTED), typed="http://kafka:9092")
    assert (step.status, kinds(step)) == (Status.WRONG, ["scheme"])


def test_a_line_that_is_wrong_says_what_is_wrong() -> None:
    here = Attempt("::1", Reached.CONNECTED)
    (misspelt,) = read_bootstrap("::1:28122")
    step = check_bootstrap(misspelt, Visit(Endpoint("::1", 28122), attempts=[here]))
    assert step.text == "'::1:28122': an IPv6 address stands in brackets; ::1 takes connections"
    step = check(Attempt("10.0.0.1", Reached.CONNECTED), typed="http://kafka:9092")
    assert step.text == (
        "'http://kafka:9092': Kafka is not spoken over http, and no client takes such an address; "
        "10.0.0.1 takes connections"
    )
    step = check(Attempt("10.0.0.1", Reached.REFUSED), typed="kafka")
    assert step.text == "'kafka': the port is missing; 9092 is tried here; 10.0.0.1 refuses"
    (nothing,) = read_bootstrap("kafka:x")
    assert check_bootstrap(nothing, None).text == "is no address: its port 'x' is none"


def test_of_what_is_no_address_nothing_else_is_said() -> None:
    (typed,) = read_bootstrap("kafka:x")
    step = check_bootstrap(typed, None)
    assert (step.status, kinds(step)) == (Status.WRONG, ["misspelt"])


def test_a_name_that_does_not_resolve_may_be_a_containers() -> None:
    step = check(resolve_error="Name or service not known")
    assert (step.status, kinds(step)) == (Status.WRONG, ["unknown-name"])
    assert "published port" in step.findings[0].remedies[0]
    (typed,) = read_bootstrap("kafka.example:1")
    dotted = check_bootstrap(typed, Visit(Endpoint("kafka.example", 1), resolve_error="not known"))
    assert "DNS" in dotted.findings[0].remedies[0]


def test_refused_and_timed_out_and_without_a_route_are_mended_differently() -> None:
    refused = check(Attempt("10.0.0.1", Reached.REFUSED), Attempt("10.0.0.2", Reached.REFUSED))
    silent = check(Attempt("10.0.0.1", Reached.TIMED_OUT))
    both = check(Attempt("10.0.0.1", Reached.TIMED_OUT), Attempt("10.0.0.2", Reached.REFUSED))
    routeless = check(Attempt("10.0.0.1", Reached.UNREACHABLE))
    assert [kinds(one) for one in (refused, silent, both, routeless)] == [
        ["refused"],
        ["no-answer"],
        ["no-answer"],
        ["no-route"],
    ]
    assert "odradek serve" not in refused.findings[0].remedies[0]
    assert "publish the port" in refused.findings[0].remedies[1]
    assert "firewall" in silent.findings[0].remedies[0]
    assert len(both.findings[0].remedies) == 3


def test_a_broker_on_the_other_loopback_is_told() -> None:
    there = Attempt("127.0.0.1", Reached.CONNECTED, spoken=Spoken(Speech.KAFKA, kafka=Kafka()))
    visit = Visit(Endpoint("localhost", 9092), attempts=[Attempt("::1", Reached.REFUSED)], elsewhere=there)
    finding = not_reached(visit)
    assert finding.kind == "other-address-family"
    assert "localhost is ::1 refuses, but a broker listens on 127.0.0.1" in finding.problem
    assert "Use 127.0.0.1 in place of localhost" in finding.remedies[0]


def test_where_some_addresses_fail_it_is_in_order_with_a_note() -> None:
    step = check(Attempt("::1", Reached.REFUSED), Attempt("127.0.0.1", Reached.CONNECTED))
    assert (step.status, kinds(step)) == (Status.OK, ["some-addresses-fail"])
