"""A TLS handshake that takes any certificate."""

import socket
import ssl

import pytest

from odradek.broker.tools.doctor.tls import start_tls, tls_of, wants_client_certificate

from .fake_servers import over_tls, saying, serving, until_closed


def test_what_the_handshake_shows_is_read(tls_context: ssl.SSLContext) -> None:
    with (
        serving(over_tls(until_closed, tls_context)) as port,
        start_tls(socket.create_connection(("127.0.0.1", port), 10), "localhost") as connection,
    ):
        tls = tls_of(connection)
    assert tls.version == "TLSv1.3"
    assert tls.certificate is not None
    assert tls.certificate.names == ["kafka.example", "127.0.0.1", "localhost"]
    assert tls.certificate.issuer == "A test"


def test_plain_text_is_no_tls() -> None:
    with (
        serving(saying(b"hello, hello", after=b"\x16")) as port,
        socket.create_connection(("127.0.0.1", port), 10) as connection,
        pytest.raises(ssl.SSLError),
    ):
        start_tls(connection, "localhost")


def test_a_server_that_wants_a_certificate_is_understood(strict_tls_context: ssl.SSLContext) -> None:
    with (
        serving(over_tls(until_closed, strict_tls_context)) as port,
        socket.create_connection(("127.0.0.1", port), 10) as plain,
        pytest.raises(ssl.SSLError) as refused,
        start_tls(plain, "localhost") as connection,
    ):
        connection.recv(1)  # in TLS 1.3 only what is read later shows it
    assert wants_client_certificate(refused.value)
    assert not wants_client_certificate(TimeoutError())
