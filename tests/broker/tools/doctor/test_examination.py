"""Each classic mistake, made: real brokers and small fakes on the loopback, names as in another network."""

import ssl
from collections.abc import Sequence

from odradek.broker.testing.embedded import running_broker
from odradek.broker.tools.doctor.addresses import read_bootstrap
from odradek.broker.tools.doctor.cluster_questions import Time
from odradek.broker.tools.doctor.connecting import Network
from odradek.broker.tools.doctor.examination import Examination
from odradek.broker.tools.doctor.facts import Security
from odradek.broker.tools.doctor.findings import Finding, Status, Step
from odradek.protocol.messages.api_versions import ApiVersion

from ....brokers import free_port
from .fake_servers import SERVED, FakeKafka, closing, over_tls, saying, serving
from .names import resolving

NOW_MS = 1_800_000_000_000


def examine(
    bootstrap: str,
    names: dict[str, list[str]] | None = None,
    security: Security = Security.PLAINTEXT,
    timeout_s: float = 5.0,
) -> Sequence[Step]:
    steps: list[Step] = []
    time = Time(lambda: 0.0, lambda: NOW_MS, _no_pause)
    Examination(Network(resolving(names or {}), timeout_s), security, time, steps.append).run(read_bootstrap(bootstrap))
    return steps


def _no_pause(seconds: float) -> None:
    pass


def found(steps: Sequence[Step]) -> list[Finding]:
    """Without the clock, which stands still here."""
    return [one for step in steps if step.name != "clock" for one in step.findings if not one.is_note]


def kinds(steps: Sequence[Step]) -> list[str]:
    return [one.kind for one in found(steps)]


def names_of(steps: Sequence[Step]) -> list[str]:
    return [step.name.split()[0] for step in steps]


def test_a_healthy_broker_has_nothing_wrong() -> None:
    with running_broker() as broker:
        steps = examine(broker.bootstrap)
    assert kinds(steps) == []
    assert names_of(steps) == [
        *("bootstrap", "protocol", "versions", "features", "cluster", "node", "topics", "coordinators", "clock"),
    ]


def test_a_containers_name_given_to_the_host() -> None:
    with running_broker({"advertised.listeners": "PLAINTEXT://kafka:9092"}) as broker:
        steps = examine(broker.bootstrap)
        assert broker.bootstrap in found(steps)[0].remedies[0]
    assert kinds(steps) == ["advertised-name-unknown"]


def test_the_port_inside_given_to_who_comes_in_by_the_mapped_one() -> None:
    inside = free_port()
    with running_broker({"advertised.listeners": f"PLAINTEXT://127.0.0.1:{inside}"}) as broker:
        steps = examine(broker.bootstrap)
    assert kinds(steps) == ["advertised-refused"]
    assert "the one inside a container?" in found(steps)[0].problem


def test_another_clusters_broker_at_the_advertised_address() -> None:
    with (
        running_broker() as other,
        running_broker({"advertised.listeners": f"PLAINTEXT://{other.bootstrap}"}) as broker,
    ):
        steps = examine(broker.bootstrap)
    assert kinds(steps) == ["other-cluster"]


def test_another_program_at_the_advertised_address() -> None:
    http = saying(b"HTTP/1.1 400 Bad Request\r\n\r\n", after=b"odradek-doctor")
    with (
        serving(http) as port,
        running_broker({"advertised.listeners": f"PLAINTEXT://127.0.0.1:{port}"}) as broker,
    ):
        steps = examine(broker.bootstrap)
    assert kinds(steps) == ["other-program"]


def test_a_name_that_is_ipv6_here_and_a_broker_that_listens_on_ipv4_only() -> None:
    with running_broker() as one:
        _, _, port = one.bootstrap.rpartition(":")
        fake = FakeKafka([(1, "localhost", 0)])
        with serving(fake) as fake_port:
            fake.brokers = [(1, "localhost", fake_port)]
            steps = examine(f"127.0.0.1:{fake_port}", {"localhost": ["::1"]})
        typed = examine(f"localhost:{port}", {"localhost": ["::1"]})
    assert kinds(steps) == ["other-address-family"]
    assert kinds(typed) == ["other-address-family"]


def test_a_name_of_which_one_address_refuses() -> None:
    with running_broker() as broker:
        _, _, port = broker.bootstrap.rpartition(":")
        steps = examine(f"localhost:{port}", {"localhost": ["::1", "127.0.0.1"]})
    assert kinds(steps) == []
    assert [one.kind for step in steps for one in step.findings if one.is_note] == ["some-addresses-fail"]


def test_an_address_to_listen_on_given_to_clients() -> None:
    fake = FakeKafka()
    with serving(fake) as port:
        fake.brokers = [(1, "0.0.0.0", port)]
        steps = examine(f"127.0.0.1:{port}")
    assert kinds(steps) == ["every-interface"]


def test_an_address_to_listen_on_in_bootstrap_servers() -> None:
    with running_broker() as broker, running_broker({"advertised.listeners": "PLAINTEXT://kafka:9092"}) as wrong:
        port = broker.bootstrap.rpartition(":")[2]
        steps = examine(f"0.0.0.0:{port}")
        lost = examine(f"0.0.0.0:{wrong.bootstrap.rpartition(':')[2]}")
    assert (kinds(steps), names_of(steps)[-1]) == (["every-interface"], "clock")
    assert steps[0].status is Status.WRONG
    assert kinds(lost) == ["every-interface", "advertised-name-unknown"]
    for remedy in [remedy for one in [*found(steps), *found(lost)] for remedy in one.remedies]:
        assert "LISTENERS: HOST://0.0.0.0" in remedy or "--listen 0.0.0.0" in remedy or "0.0.0.0" not in remedy


def test_two_brokers_with_one_address() -> None:
    fake = FakeKafka()
    with serving(fake) as port:
        fake.brokers = [(1, "127.0.0.1", port), (2, "127.0.0.1", port)]
        steps = examine(f"127.0.0.1:{port}")
    assert kinds(steps) == ["same-address", "other-node"]


def test_two_brokers_whose_addresses_are_crossed() -> None:
    first, second = FakeKafka(node_id=1), FakeKafka(node_id=2)
    with serving(first, "127.0.0.2") as one, serving(second, "127.0.0.3") as two:
        first.brokers = second.brokers = [(1, "127.0.0.3", two), (2, "127.0.0.2", one)]
        steps = examine(f"127.0.0.2:{one}")
    assert kinds(steps) == ["other-node", "other-node"]


def test_the_internal_topics_of_three_brokers_asked_of_one() -> None:
    factor = {"offsets.topic.replication.factor": "3", "transaction.state.log.replication.factor": "3"}
    fake = FakeKafka(settings=factor)
    with serving(fake) as port:
        fake.brokers = [(1, "127.0.0.1", port)]
        steps = examine(f"127.0.0.1:{port}")
    assert kinds(steps) == ["replication-factor", "replication-factor"]


def test_a_tls_listener_and_a_client_of_plain_text(tls_context: ssl.SSLContext) -> None:
    fake = FakeKafka()
    with serving(over_tls(fake, tls_context)) as port:
        fake.brokers = [(1, "localhost", port)]
        names = {"localhost": ["127.0.0.1"]}
        assert set(kinds(examine(f"localhost:{port}", names))) == {"tls-listener"}
        assert kinds(examine(f"localhost:{port}", names, Security.SSL)) == []
        named = examine(f"other.example:{port}", {**names, "other.example": ["127.0.0.1"]}, Security.SSL)
    assert kinds(named) == ["certificate-name"]


def test_a_plain_listener_and_a_client_of_tls() -> None:
    with running_broker() as broker:
        assert set(kinds(examine(broker.bootstrap, security=Security.SSL))) == {"plain-listener"}


def test_a_listener_that_wants_sasl() -> None:
    with serving(FakeKafka(sasl_mechanisms=["SCRAM-SHA-512"])) as port:
        steps = examine(f"127.0.0.1:{port}")
        able = examine(f"127.0.0.1:{port}", security=Security.SASL_PLAINTEXT)
    assert kinds(steps) == ["sasl-needed"]
    assert "SCRAM-SHA-512" in found(steps)[0].remedies[0]
    assert kinds(able) == []
    assert (able[-1].status, able[-1].text) == (Status.CANNOT_TELL, "it answers only to who logs in")


def test_a_controllers_listener() -> None:
    with serving(FakeKafka(served=[ApiVersion(api_key=18, max_version=4)])) as port:
        steps = examine(f"127.0.0.1:{port}")
    assert kinds(steps) == ["controller-listener"]


def test_a_published_port_behind_which_nothing_listens() -> None:
    with serving(closing) as port:
        steps = examine(f"127.0.0.1:{port}")
    assert kinds(steps) == ["no-kafka"]
    assert steps[-1].status is Status.CANNOT_TELL


def test_a_broker_that_answers_versions_and_no_more() -> None:
    with serving(FakeKafka(closes_at=[3])) as port:
        steps = examine(f"127.0.0.1:{port}")
    assert kinds(steps) == ["no-metadata"]
    assert steps[-1].name == "cluster"


def test_a_broker_too_old_for_todays_clients() -> None:
    served = [ApiVersion(api_key=1, max_version=3) if one.api_key == 1 else one for one in SERVED]
    fake = FakeKafka(served=served)
    with serving(fake) as port:
        fake.brokers = [(1, "127.0.0.1", port)]
        steps = examine(f"127.0.0.1:{port}")
    assert kinds(steps) == ["client-version"]


def test_of_several_bootstrap_addresses_each_has_its_line_and_one_tells_the_rest() -> None:
    with running_broker() as broker, running_broker() as other:
        refused = f"127.0.0.1:{free_port()}"
        steps = examine(f"{refused},{broker.bootstrap}")
        two = examine(f"{broker.bootstrap},{other.bootstrap}")
    assert kinds(steps) == ["refused"]
    assert names_of(steps)[:4] == ["bootstrap", "bootstrap", "protocol", "versions"]
    assert kinds(two) == ["several-clusters"]


def test_an_address_given_twice_is_looked_at_once() -> None:
    fake = FakeKafka()
    with serving(fake) as port:
        address = f"127.0.0.1:{port}"
        fake.brokers = [(1, "kafka.example", 9092)]
        steps = examine(f"{address},{address}, PLAINTEXT://{address}")
    assert names_of(steps)[:4] == ["bootstrap", "protocol", "bootstrap", "versions"]
    assert kinds(steps)[0] == "scheme"
    assert [key for key, _ in fake.asked].count(18) == 1


def test_a_clock_that_goes_wrong() -> None:
    with running_broker() as broker:
        steps = examine(broker.bootstrap)
    assert (steps[-1].name, steps[-1].status) == ("clock", Status.WRONG)
