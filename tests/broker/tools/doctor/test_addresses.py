"""Bootstrap addresses as people type them."""

import pytest

from odradek.broker.tools.doctor.addresses import read_bootstrap
from odradek.broker.tools.doctor.facts import Endpoint


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("kafka:9092", "kafka", 9092),
        (" 10.0.0.5:19092 ", "10.0.0.5", 19092),
        ("[::1]:9092", "::1", 9092),
        ("[fe80::1%eth0]:1", "fe80::1%eth0", 1),
    ],
)
def test_what_every_client_takes_is_read_without_a_finding(text: str, host: str, port: int) -> None:
    assert [one[1:] for one in read_bootstrap(text)] == [(Endpoint(host, port), [])]


@pytest.mark.parametrize(
    ("text", "endpoint", "kind", "problem", "remedy"),
    [
        ("kafka", Endpoint("kafka", 9092), "misspelt", "the port is missing; 9092 is tried here", "Write kafka:9092."),
        ("kafka:", Endpoint("kafka", 9092), "misspelt", "the port is missing", "Write kafka:9092."),
        ("http://kafka:8081/x", Endpoint("kafka", 8081), "scheme", "not spoken over http", "Write kafka:8081 into"),
        ("PLAINTEXT://k:1", Endpoint("k", 1), "scheme", "how brokers write listeners", "PLAINTEXT into security"),
        ("::1:9092", Endpoint("::1", 9092), "misspelt", "stands in brackets", "Write [::1]:9092."),
        ("[::1]", Endpoint("::1", 9092), "misspelt", "the port is missing", "Write [::1]:9092."),
    ],
)
def test_what_is_written_badly_is_gone_on_with_as_it_was_meant(
    text: str, endpoint: Endpoint, kind: str, problem: str, remedy: str
) -> None:
    (typed,) = read_bootstrap(text)
    assert typed.endpoint == endpoint
    (finding,) = typed.findings
    assert (finding.kind, finding.is_note) == (kind, False)
    assert problem in finding.problem
    assert remedy in finding.remedies[0]


@pytest.mark.parametrize(
    "text", ["kafka:x", "kafka:0", "kafka:70000", "kafka:٣", ":9092", "[::1:9092", "http://", "]["]
)
def test_of_what_is_no_address_only_the_fault_is_said(text: str) -> None:
    (typed,) = read_bootstrap(text)
    assert typed.endpoint is None
    assert typed.findings[-1].kind == "misspelt"


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("0.0.0.0:9092", "127.0.0.1:9092"),
        ("0:9092", "127.0.0.1:9092"),
        ("[::]:9092", "[::1]:9092"),
        ("[0:0:0:0:0:0:0:0]:9092", "[::1]:9092"),
        ("PLAINTEXT://0.0.0.0:9092", "127.0.0.1:9092"),
    ],
)
def test_an_address_to_listen_on_is_none_for_a_client_and_is_proposed_to_nobody(text: str, meant: str) -> None:
    (typed,) = read_bootstrap(text)
    assert str(typed.endpoint) == meant
    finding = typed.findings[-1]
    assert finding.kind == "every-interface"
    assert "an address to listen on, and none for a client" in finding.problem
    assert f"Write {meant}" in finding.remedies[0]
    remedies = [remedy for one in typed.findings for remedy in one.remedies]
    assert not any("0.0.0.0" in remedy or "[::]" in remedy or "Write 0:" in remedy for remedy in remedies)


def test_a_list_is_read_in_its_order_and_empty_places_are_passed_over() -> None:
    assert [one.text for one in read_bootstrap("a:1, b:2,,")] == ["a:1", "b:2"]
    assert read_bootstrap(" , ") == []
