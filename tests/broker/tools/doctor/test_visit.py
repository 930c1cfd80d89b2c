"""One HOST:PORT as clients go there."""

import threading

from odradek.broker.tools.doctor.connecting import MOST_ADDRESSES, Network
from odradek.broker.tools.doctor.facts import Attempt, Endpoint, Kafka, Reached, Speech, Visit
from odradek.broker.tools.doctor.visit import AT_ONCE, Visitor
from odradek.protocol.messages.metadata import MetadataRequest, MetadataResponse

from ....brokers import free_port
from .fake_servers import FakeKafka, serving, until_closed
from .names import resolving


def visitor(names: dict[str, list[str]], timeout_s: float = 5.0) -> Visitor:
    return Visitor(Network(resolving(names), timeout_s), with_tls=False)


def cluster_of(visit: Visit) -> str | None:
    return visit.kafka.cluster_id if visit.kafka is not None else None


def test_every_address_of_a_name_is_tried() -> None:
    with serving(FakeKafka(), "127.0.0.2") as port:
        visit = visitor({"kafka": ["127.0.0.3", "127.0.0.2"]}).visit(Endpoint("kafka", port))
    assert [(one.ip, one.reached) for one in visit.attempts] == [
        ("127.0.0.3", Reached.REFUSED),
        ("127.0.0.2", Reached.CONNECTED),
    ]
    assert cluster_of(visit) == "fake"
    assert visit.attempts[1].from_ip == "127.0.0.1"


def test_two_brokers_behind_one_name_are_both_seen() -> None:
    with (
        serving(FakeKafka(cluster_id="a"), "127.0.0.2") as port,
        serving(FakeKafka(cluster_id="b"), "127.0.0.3", port),
    ):
        visit = visitor({"kafka": ["127.0.0.2", "127.0.0.3"]}).visit(Endpoint("kafka", port))
    seen = [one.spoken.kafka for one in visit.attempts if one.spoken is not None]
    assert [one.cluster_id for one in seen if isinstance(one, Kafka)] == ["a", "b"]


def test_a_name_that_does_not_resolve_is_no_visit() -> None:
    visit = visitor({}).visit(Endpoint("kafka", 9092))
    assert (visit.resolve_error, visit.attempts) == ("Name or service not known", ())


def test_where_a_loopback_name_leads_to_nothing_the_other_loopback_is_tried() -> None:
    with serving(FakeKafka()) as port:
        visit = visitor({"localhost": ["::1"]}).visit(Endpoint("localhost", port))
    assert [one.reached for one in visit.attempts] == [Reached.REFUSED]
    assert visit.elsewhere is not None
    assert visit.elsewhere.ip == "127.0.0.1"
    with serving(FakeKafka(), "::1") as port:
        other = visitor({}).visit(Endpoint("127.0.0.1", port))
        assert other.elsewhere is not None
        assert other.elsewhere.ip == "::1"
    assert visitor({}).visit(Endpoint("127.0.0.1", free_port())).elsewhere is None
    with serving(FakeKafka()) as port:  # of the same family, and asked for by nobody
        assert visitor({}).visit(Endpoint("127.0.0.2", port)).elsewhere is None


def test_many_are_visited_at_once_and_kept_in_their_order() -> None:
    together = threading.Barrier(3, timeout=10)

    def waits_for_the_others(number: int) -> FakeKafka:
        class Waiting(FakeKafka):
            def _answer(self, key: int, version: int, frame: bytes) -> object | None:
                if key == 18:
                    together.wait()
                return super()._answer(key, version, frame)

        return Waiting(cluster_id=str(number))

    with (
        serving(waits_for_the_others(0)) as first,
        serving(waits_for_the_others(1)) as second,
        serving(waits_for_the_others(2)) as third,
    ):
        visits = visitor({}).visit_all([Endpoint("127.0.0.1", port) for port in (first, second, third)])
    assert [cluster_of(one) for one in visits] == ["0", "1", "2"]


def test_what_is_given_several_times_is_visited_once() -> None:
    fake = FakeKafka()
    with serving(fake) as port:
        one, other = Endpoint("127.0.0.1", port), Endpoint("127.0.0.1", free_port())
        visits = visitor({}).visit_all([one, other, one])
    assert [visit.endpoint for visit in visits] == [one, other, one]
    assert visits[0] is visits[2]
    assert [key for key, _ in fake.asked].count(18) == 1


def test_a_hundred_are_visited_side_by_side_and_so_are_the_addresses_of_a_name() -> None:
    count = 4 * MOST_ADDRESSES
    together = threading.Barrier(count, timeout=10)
    names = {f"h{number}": [f"10.0.{number}.{ip}" for ip in range(1, MOST_ADDRESSES + 1)] for number in range(4)}

    class Waiting(Visitor):
        def _attempt(self, endpoint: Endpoint, ip: str) -> Attempt:
            together.wait()
            return Attempt(ip, Reached.REFUSED)

    visiting = Waiting(Network(resolving(names), 5.0), with_tls=False)
    visits = visiting.visit_all([Endpoint(name, 1) for name in names])
    assert [[one.ip for one in visit.attempts] for visit in visits] == list(names.values())
    assert AT_ONCE >= 64


def test_a_silent_port_is_given_up() -> None:
    with serving(until_closed) as port:
        visit = visitor({}, 0.05).visit(Endpoint("127.0.0.1", port))
    assert visit.best is not None
    assert visit.best.spoken is not None
    assert visit.best.spoken.speech is Speech.SILENT


def test_a_kafka_that_was_found_can_be_asked_more() -> None:
    with serving(FakeKafka([(7, "h", 1)]), "127.0.0.2") as port:
        going = visitor({"kafka": ["127.0.0.3", "127.0.0.2"]})
        with going.open(going.visit(Endpoint("kafka", port))) as wire:
            assert wire.ask(MetadataRequest(topics=[]), 1, MetadataResponse).brokers[0].node_id == 7
