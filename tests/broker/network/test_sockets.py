"""Sockets to listen with: every address of a listener has the same port."""

import errno
import socket
from collections.abc import Generator
from contextlib import contextmanager

import pytest

from odradek.broker.network import sockets
from odradek.broker.network.sockets import open_sockets, reachable_host


@contextmanager
def opened(host: str, port: int = 0) -> Generator[list[socket.socket]]:
    bound = open_sockets(host, port)
    try:
        yield bound
    finally:
        for one in bound:
            one.close()


def test_localhost_is_both_loopbacks_on_one_port() -> None:
    with opened("localhost") as bound:
        places = [one.getsockname()[:2] for one in bound]
        assert [host for host, _ in places] in (["127.0.0.1", "::1"], ["127.0.0.1"])
        assert len({port for _, port in places}) == 1


@pytest.mark.parametrize("host", ["", "::"])
def test_every_interface_is_that_of_both_families(host: str) -> None:
    with opened(host) as bound:
        assert bound[0].getsockname()[0] == "0.0.0.0"
        assert [one.family for one in bound][1:] in ([socket.AF_INET6], [])


def test_an_address_that_is_taken_leaves_nothing_open() -> None:
    with opened("127.0.0.1") as (taken,):
        taken.listen()
        with pytest.raises(OSError, match="in use"):
            open_sockets("127.0.0.1", taken.getsockname()[1])


def test_a_free_port_is_free_on_all_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    bind, tried = sockets._bind, list[str]()

    def refuse_some(address: str, port: int) -> socket.socket:
        tried.append(address)
        if len(tried) in (2, 4):
            raise OSError(errno.EADDRINUSE, "taken by another")
        return bind("127.0.0.1", 0)

    monkeypatch.setattr(sockets, "_bind", refuse_some)
    with opened("localhost"):
        assert tried == ["127.0.0.1", "::1"] * 3


def test_a_machine_without_ipv6_listens_on_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    bind = sockets._bind

    def refuse_ipv6(address: str, port: int) -> socket.socket:
        if ":" in address:
            raise OSError(errno.EADDRNOTAVAIL, "no such address")
        return bind(address, port)

    monkeypatch.setattr(sockets, "_bind", refuse_ipv6)
    with opened("localhost") as bound:
        assert len(bound) == 1
    with pytest.raises(OSError, match="no such address"):
        open_sockets("::1", 0)


def test_a_client_on_this_machine_is_told_the_loopback_for_every_interface() -> None:
    hosts = [("", "0.0.0.0"), ("0.0.0.0", "0.0.0.0"), ("localhost", "127.0.0.1"), ("name.example", "10.0.0.1")]
    assert [reachable_host(*one) for one in hosts] == ["127.0.0.1", "127.0.0.1", "localhost", "10.0.0.1"]
