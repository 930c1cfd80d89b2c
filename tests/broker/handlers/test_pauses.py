"""Handlers whose work grows with their request, or with what the broker keeps, pause in between: see slices.py."""

from collections.abc import Generator
from importlib import import_module
from typing import Any

import pytest

from odradek.broker.handlers import (
    add_partitions_to_txn,
    list_groups,
    offset_commit,
    offset_delete,
    offset_fetch,
    txn_offset_commit,
)
from odradek.protocol.messages.add_partitions_to_txn import AddPartitionsToTxnRequest, AddPartitionsToTxnTopic
from odradek.protocol.messages.delete_groups import DeleteGroupsRequest
from odradek.protocol.messages.describe_groups import DescribeGroupsRequest
from odradek.protocol.messages.describe_transactions import DescribeTransactionsRequest
from odradek.protocol.messages.list_groups import ListGroupsRequest
from odradek.protocol.messages.list_transactions import ListTransactionsRequest
from odradek.protocol.messages.offset_commit import OffsetCommitRequest
from odradek.protocol.messages.offset_delete import (
    OffsetDeleteRequest,
    OffsetDeleteRequestPartition,
    OffsetDeleteRequestTopic,
)
from odradek.protocol.messages.offset_fetch import (
    OffsetFetchRequest,
    OffsetFetchRequestGroup,
    OffsetFetchRequestTopic,
    OffsetFetchRequestTopics,
)
from odradek.protocol.messages.txn_offset_commit import (
    TxnOffsetCommitRequest,
    TxnOffsetCommitRequestPartition,
    TxnOffsetCommitRequestTopic,
)

from .group_context import offsets_of
from .transaction_harness import TransactingBroker

NAMES = [f"g{number}" for number in range(20)]


@pytest.fixture
def broker() -> TransactingBroker:
    """Twenty groups with two offsets each, and twenty transactional ids."""
    broker = TransactingBroker()
    for name in NAMES:
        broker.begin(name)
        request = commit_of(name)
        broker.hand(request, 8)
    return broker


def commit_of(group: str) -> OffsetCommitRequest:
    topics = [offsets_of("t", {0: 1, 1: 2})]
    return OffsetCommitRequest(group_id=group, generation_id_or_member_epoch=-1, member_id="", topics=topics)


def steps_of(broker: TransactingBroker, request: object, version: int) -> tuple[int, Any]:
    """How often the handler pauses, and what it gives in the end."""
    name = type(request).__module__.rpartition(".")[2]
    handle = getattr(import_module(f"odradek.broker.handlers.{name}"), f"handle_{name}")
    return run_to_end(handle(request, version, broker.session, broker.context))


def run_to_end(steps: Generator[None, None, Any]) -> tuple[int, Any]:
    pauses = 0
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return pauses, end.value
        pauses += 1


@pytest.mark.parametrize(
    ("request_", "version"),
    [
        (ListGroupsRequest(), 5),
        (ListGroupsRequest(states_filter=["Nope"]), 5),
        (ListTransactionsRequest(), 2),
        (ListTransactionsRequest(transactional_id_pattern="x.*"), 2),
        (DescribeGroupsRequest(groups=NAMES), 5),
        (DescribeTransactionsRequest(transactional_ids=NAMES), 0),
        (OffsetFetchRequest(groups=[OffsetFetchRequestGroup(group_id=name, topics=None) for name in NAMES]), 8),
        (
            OffsetFetchRequest(
                groups=[
                    OffsetFetchRequestGroup(
                        group_id="g0", topics=[OffsetFetchRequestTopics(name="t", partition_indexes=[0] * 20)]
                    )
                ]
            ),
            8,
        ),
        (
            OffsetFetchRequest(group_id="g0", topics=[OffsetFetchRequestTopic(name="t", partition_indexes=[0])] * 20),
            7,
        ),
        (DeleteGroupsRequest(groups_names=NAMES), 2),
        (
            OffsetCommitRequest(group_id="g0", member_id="", topics=[offsets_of("t", dict.fromkeys(range(20), 1))]),
            8,
        ),
        (
            TxnOffsetCommitRequest(
                transactional_id="g0",
                group_id="g0",
                producer_id=0,
                producer_epoch=0,
                topics=[
                    TxnOffsetCommitRequestTopic(
                        name="t",
                        partitions=[
                            TxnOffsetCommitRequestPartition(
                                partition_index=n, committed_offset=1, committed_metadata=None
                            )
                            for n in range(20)
                        ],
                    )
                ],
            ),
            3,
        ),
        (
            OffsetDeleteRequest(
                group_id="g0",
                topics=[
                    OffsetDeleteRequestTopic(
                        name="t", partitions=[OffsetDeleteRequestPartition(partition_index=n) for n in range(20)]
                    )
                ],
            ),
            0,
        ),
        (
            AddPartitionsToTxnRequest(
                v3_and_below_transactional_id="g0",
                v3_and_below_producer_id=0,
                v3_and_below_producer_epoch=0,
                v3_and_below_topics=[AddPartitionsToTxnTopic(name="t", partitions=list(range(20)))],
            ),
            3,
        ),
    ],
    ids=lambda given: type(given).__name__ if not isinstance(given, int) else "",
)
def test_the_handler_pauses_from_item_to_item(
    broker: TransactingBroker, request_: object, version: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(list_groups, "GROUPS_AT_ONCE", 1)
    for module in (offset_fetch, offset_commit, txn_offset_commit, offset_delete, add_partitions_to_txn):
        monkeypatch.setattr(module, "PARTITIONS_AT_ONCE", 1)
    pauses, _ = steps_of(broker, request_, version)
    assert pauses >= 20


def test_a_group_that_is_named_again_and_again_is_looked_up_once_and_answered_each_time(
    broker: TransactingBroker,
) -> None:
    whole = OffsetFetchRequestGroup(group_id="g0", topics=None)
    part = OffsetFetchRequestGroup(group_id="g0", topics=[OffsetFetchRequestTopics(name="t", partition_indexes=[1])])
    pauses, answer = steps_of(broker, OffsetFetchRequest(groups=[whole, part] + [whole] * 800), 8)
    assert pauses == 2
    assert len(answer.groups) == 802
    assert len({id(group) for group in answer.groups}) == 2
    assert [len(group.topics[0].partitions) for group in answer.groups[:3]] == [2, 1, 2]


def test_a_group_that_goes_while_others_are_listed_is_listed_as_it_was(
    broker: TransactingBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(list_groups, "GROUPS_AT_ONCE", 1)
    steps = list_groups.handle_list_groups(ListGroupsRequest(), 5, broker.session, broker.context)
    next(steps)
    broker.hand(DeleteGroupsRequest(groups_names=["g19"]), 2)
    _, answer = run_to_end(steps)
    assert len(answer.groups) == 20
