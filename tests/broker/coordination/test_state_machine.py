"""What the runtime asks of coordinators and their logs is what these give it."""

import inspect
from typing import Any

import pytest

from odradek.broker.coordination.groups.coordinator import GroupCoordinator
from odradek.broker.coordination.partition_writer import PartitionWriter
from odradek.broker.coordination.share_state.coordinator import ShareStateCoordinator
from odradek.broker.coordination.state_machine import CoordinatorLog, StateMachine
from odradek.broker.coordination.transactions.coordinator import TransactionCoordinator

GIVEN = [
    (StateMachine, GroupCoordinator),
    (StateMachine, TransactionCoordinator),
    (StateMachine, ShareStateCoordinator),
    (CoordinatorLog, PartitionWriter),
]


@pytest.mark.parametrize(("asked", "given"), GIVEN)
def test_a_method_that_is_asked_for_takes_what_it_is_given(asked: type[Any], given: type[Any]) -> None:
    names = [name for name, _ in inspect.getmembers(asked, inspect.isfunction) if not name.startswith("_")]
    assert names
    for name in names:
        wanted = list(inspect.signature(getattr(asked, name)).parameters)
        assert list(inspect.signature(getattr(given, name)).parameters)[: len(wanted)] == wanted, name
