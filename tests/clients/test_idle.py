"""Clients with nothing to do cost next to nothing: a fetch that finds nothing waits for its time."""

import os
import time
from collections.abc import Callable
from pathlib import Path

from ..brokers import BrokerProcess
from .conftest import CLIENTS
from .stock_client import Message, create, gather, send_all


def processor_seconds(pid: int) -> float:
    """User and system time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_idle_consumers_do_not_keep_the_broker_busy(odradek: BrokerProcess, topic: str, group: str) -> None:
    clients = [build(odradek.address) for build in CLIENTS.values()]
    create(clients[2], topic)
    send_all(clients[2], topic, [Message(b"x")])
    members = [client.member(f"{group}-{client.name}", topic) for client in clients]
    for member in members:
        assert len(gather(member.poll, 1)) == 1
    spent = measured(lambda: processor_seconds(odradek.pid()), lambda: [member.poll(0.5) for member in members])
    for member in members:
        member.close()
    for client in clients:
        client.close()
    assert spent < 0.25, f"{spent} s of processor time in 1.5 s of idling"


def measured(amount: Callable[[], float], work: Callable[[], object]) -> float:
    """How much more there is after the work."""
    before = amount()
    began = time.monotonic()
    work()
    assert time.monotonic() - began > 1.0, "the polls did not wait"
    return amount() - before
