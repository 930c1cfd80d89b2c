"""What a client must be told to reach a cluster, by librdkafka's names: `-X security.protocol=SSL`.

The verbs of the shell hand it all to librdkafka. Those that speak the protocol themselves know these few of it.
"""

import socket
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import click

from ..config.config_def import nearest
from ..wire import Wire, host_and_port

if TYPE_CHECKING:
    import ssl

KNOWN = ("security.protocol", "ssl.ca.location", "ssl.certificate.location", "ssl.key.location", "ssl.key.password")


def parse_client_settings(assignments: Sequence[str]) -> dict[str, str]:
    """NAME=VALUE, each. UsageError."""
    found: dict[str, str] = {}
    for assignment in assignments:
        name, sign, value = assignment.partition("=")
        if not sign or not name:
            raise click.UsageError(f"-X {name!r} is not NAME=VALUE")  # without the rest, which may be a secret
        found[name] = value
    return found


def connect(address: str, settings: Mapping[str, str], *, client_id: str, timeout_s: float) -> Wire:
    """A connection to a broker, over TLS if it is to be. OSError (ssl.SSLError is one); ValueError for a setting."""
    context = _context(settings)
    if context is None:
        return Wire(address, client_id=client_id, timeout_s=timeout_s)
    host, port = host_and_port(address)
    plain = socket.create_connection((host, port), timeout_s)
    try:
        return Wire(address, client_id=client_id, connection=context.wrap_socket(plain, server_hostname=host))
    except BaseException:
        plain.close()
        raise


def _context(settings: Mapping[str, str]) -> "ssl.SSLContext | None":
    """None without TLS."""
    for name in settings:
        if name not in KNOWN:
            raise ValueError(f"-X {name} is not known here{nearest(name, KNOWN)}")
    protocol = settings.get("security.protocol", "PLAINTEXT").upper()
    if protocol not in ("PLAINTEXT", "SSL"):
        raise ValueError(f"-X security.protocol={protocol}: nobody is logged in here; there are PLAINTEXT and SSL")
    if protocol == "PLAINTEXT":
        return None
    import ssl

    trusted, own = settings.get("ssl.ca.location"), settings.get("ssl.certificate.location")
    try:
        context = ssl.create_default_context(cafile=trusted)
    except OSError as error:
        raise ValueError(f"-X ssl.ca.location={trusted} cannot be read: {error.strerror or error}") from None
    if own is not None:
        password = settings.get("ssl.key.password", "")
        try:
            context.load_cert_chain(own, settings.get("ssl.key.location"), lambda: password)
        except OSError as error:
            raise ValueError(f"-X ssl.certificate.location={own} cannot be read: {error.strerror or error}") from None
    return context
