"""Whom a call is meant for: a name that a page of the web could have is turned away."""

import pytest

from odradek.broker.control.hosts import check_host
from odradek.broker.control.operation import Refused

OWN = ["", "localhost", "LocalHost:80", "localhost.", "127.0.0.1:9", "[::1]:9", "[::1]", "192.0.2.7:9"]


@pytest.mark.parametrize("given", [*OWN, "kafka.test:99", "KAFKA.test"])
def test_a_call_by_an_address_or_a_name_of_ones_own_is_taken(given: str) -> None:
    check_host(given, "kafka.test")


@pytest.mark.parametrize(
    "given", ["evil.example", "127.0.0.1.evil.example:80", "localhost.evil.example", "a.b", "odradek"]
)
@pytest.mark.parametrize("named", ["127.0.0.1", "localhost", "::1"])
def test_a_call_by_a_name_of_somebody_else_is_not(given: str, named: str) -> None:
    with pytest.raises(Refused, match=f"the control plane is not at '{given}'") as refused:
        check_host(given, named)
    assert refused.value.status == 403


def test_a_container_is_called_by_its_name_if_others_are_to_reach_it() -> None:
    check_host("odradek:9093", "0.0.0.0")
    with pytest.raises(Refused, match=r"not at 'evil\.example'"):
        check_host("evil.example", "0.0.0.0")
