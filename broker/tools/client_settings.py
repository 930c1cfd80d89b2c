"""What a client must be told to reach a cluster, by librdkafka's names: `-X security.protocol=SSL`.

The verbs of the shell hand it all to librdkafka. Those that speak the protocol themselves know these few of it.
"""

import socket
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import click

from ..config.config_def import nearest
from ..config.listeners import PLAINTEXT, SERVED_PROTOCOLS, SSL, TLS_PROTOCOLS, WITH_SASL
from ..wire import Wire, host_and_port
from .login import MECHANISM_NAMES, PASSWORD, USERNAME, Login

if TYPE_CHECKING:
    import ssl

KNOWN = (
    "security.protocol",
    *("ssl.ca.location", "ssl.certificate.location", "ssl.key.location", "ssl.key.password"),
    *(*MECHANISM_NAMES, USERNAME, PASSWORD),
)


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
    """A connection to a broker, over TLS and after a login if it is to be.

    OSError (ssl.SSLError and LoginRefused are some); ValueError for a setting.
    """
    protocol = _protocol(settings)
    login = Login(settings) if protocol in WITH_SASL else None
    context = _context(settings) if protocol in TLS_PROTOCOLS else None
    wire = _connect(address, context, client_id, timeout_s)
    if login is not None:
        try:
            login.over(wire)
        except BaseException:
            wire.close()
            raise
    return wire


def without_login(settings: Mapping[str, str]) -> dict[str, str]:
    """The same without what a login needs."""
    left = {name: value for name, value in settings.items() if not name.startswith("sasl.")}
    return {**left, "security.protocol": SSL if _protocol(settings) in TLS_PROTOCOLS else PLAINTEXT}


def _connect(address: str, context: "ssl.SSLContext | None", client_id: str, timeout_s: float) -> Wire:
    if context is None:
        return Wire(address, client_id=client_id, timeout_s=timeout_s)
    host, port = host_and_port(address)
    plain = socket.create_connection((host, port), timeout_s)
    try:
        return Wire(address, client_id=client_id, connection=context.wrap_socket(plain, server_hostname=host))
    except BaseException:
        plain.close()
        raise


def _protocol(settings: Mapping[str, str]) -> str:
    """How the listener is spoken to. ValueError for settings that are none."""
    for name in settings:
        if name not in KNOWN:
            raise ValueError(f"-X {name} is not known here{nearest(name, KNOWN)}")
    protocol = settings.get("security.protocol", PLAINTEXT).upper()
    if protocol not in SERVED_PROTOCOLS:
        raise ValueError(f"-X security.protocol={protocol}: there are {', '.join(SERVED_PROTOCOLS)}")
    return protocol


def _context(settings: Mapping[str, str]) -> "ssl.SSLContext":
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
