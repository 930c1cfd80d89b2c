"""What is known of a connection before and after its first request."""

from odradek.broker.session import Session
from odradek.protocol.messages.api_versions import ApiVersionsRequest, ApiVersionsResponse

from .handlers.broker_harness import AskedBroker


def test_a_new_connection_has_addresses_and_no_name() -> None:
    session = Session("/10.0.0.7", "10.0.0.1", 9092)
    assert (session.client_host, session.local_host, session.local_port) == ("/10.0.0.7", "10.0.0.1", 9092)
    assert (session.client_id, session.software_name, session.software_version) == ("", "", "")


def test_a_connection_is_named_by_its_clients_end_and_its_principal_follows_the_user() -> None:
    session = Session("/10.0.0.7", "10.0.0.1", 9092, client_port=40001)
    assert (session.connection, session.principal) == ("10.0.0.7:40001", "User:ANONYMOUS")
    session.user = "alice"
    assert session.principal == "User:alice"


def test_two_connections_share_nothing() -> None:
    one, other = (Session("/10.0.0.7", "10.0.0.1", 9092) for _ in range(2))
    one.client_id = "shop"
    assert other.client_id == ""


def test_the_software_is_remembered_once_it_is_told_and_valid() -> None:
    broker = AskedBroker()
    for name, kept in (("librdkafka", "librdkafka"), ("not valid!", "librdkafka")):
        request = ApiVersionsRequest(client_software_name=name, client_software_version="2.6")
        broker.ask(request, 3, ApiVersionsResponse)
        assert (broker.session.software_name, broker.session.software_version) == (kept, "2.6")
