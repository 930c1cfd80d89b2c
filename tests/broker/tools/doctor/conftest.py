"""A throw-away authority, and the TLS side of a server."""

import ssl

import pytest
import trustme


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA(organization_name="Throw-away", organization_unit_name="A test")


@pytest.fixture
def tls_context(authority: trustme.CA) -> ssl.SSLContext:
    """For a server at kafka.example, 127.0.0.1 and localhost."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("kafka.example", "127.0.0.1", "localhost").configure_cert(context)
    return context


@pytest.fixture
def strict_tls_context(authority: trustme.CA, tls_context: ssl.SSLContext) -> ssl.SSLContext:
    """The same, for clients that show a certificate."""
    authority.configure_trust(tls_context)
    tls_context.verify_mode = ssl.CERT_REQUIRED
    return tls_context
