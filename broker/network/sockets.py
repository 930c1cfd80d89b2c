"""Sockets to listen with: all addresses of one listener, on one port."""

import errno
import socket
from collections.abc import Sequence

from ..config.listeners import EVERY_INTERFACE

# One host of a listener may be several addresses; what is no address here is left out, but for the first.
_ADDRESSES = {"localhost": ("127.0.0.1", "::1"), "": ("0.0.0.0", "::"), "::": ("0.0.0.0", "::")}
_NOT_HERE = {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT, errno.EPROTONOSUPPORT}
TRIES = 20  # of a port that is free on the first address, and taken on another


def open_sockets(host: str, port: int) -> list[socket.socket]:
    """Bound sockets, not listening yet. OSError if the address cannot be had; port 0 takes one that is free on all."""
    addresses = _ADDRESSES.get(host, (host,))
    for attempt in range(1, TRIES + 1):
        try:
            return _bind_all(addresses, port)
        except OSError as error:
            if port or error.errno != errno.EADDRINUSE or attempt == TRIES:
                raise
    raise AssertionError


def _bind_all(addresses: Sequence[str], port: int) -> list[socket.socket]:
    bound: list[socket.socket] = []
    try:
        for address in addresses:
            try:
                bound.append(_bind(address, bound[0].getsockname()[1] if bound else port))
            except OSError as error:
                if not bound or error.errno not in _NOT_HERE:
                    raise
    except BaseException:
        for one in bound:
            one.close()
        raise
    return bound


def _bind(address: str, port: int) -> socket.socket:
    (family, kind, protocol, _, place), *_ = socket.getaddrinfo(
        address, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )
    opened = socket.socket(family, kind, protocol)
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        opened.bind(place)
        opened.setblocking(False)
    except BaseException:
        opened.close()
        raise
    return opened


def reachable_host(host: str, bound: str) -> str:
    """What a client on this machine may connect to: the loopback, where it is every interface."""
    if host in EVERY_INTERFACE:
        return "127.0.0.1"
    return host if host == "localhost" else bound
