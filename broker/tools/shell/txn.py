"""`odradek txn`: list and describe transactions, and find those that hang (KIP-664)."""

from collections.abc import Iterator
from typing import NamedTuple

import click

from ....protocol.errors import ErrorCode
from ....protocol.messages.describe_producers import (
    DescribeProducersRequest,
    DescribeProducersResponse,
    ProducerState,
    TopicRequest,
)
from ....protocol.messages.describe_transactions import (
    DescribeTransactionsRequest,
    DescribeTransactionsResponse,
    TransactionState,
)
from ....protocol.messages.find_coordinator import FindCoordinatorRequest, FindCoordinatorResponse
from ....protocol.messages.list_transactions import ListTransactionsRequest, ListTransactionsResponse
from ..newest_versions import error_name
from .brokers import Brokers
from .client import Failed, Kafka, connected
from .output import show, show_json
from .positions import Place, shown_time

TRANSACTION = 1  # the type of a coordinator's key
NONE_OPEN = -1
ASKED_AT_ONCE = 500  # partitions
# What a coordinator says of a transaction that may have markers to come.
UNDECIDED_OR_UNFINISHED = ("Ongoing", "PrepareCommit", "PrepareAbort", "PrepareEpochFence")


class OpenTransaction(NamedTuple):
    """What a partition says of a producer: from where on its records wait for a marker, and when it wrote last."""

    place: Place
    producer: ProducerState


@click.group()
def txn() -> None:
    """Transactions of a cluster."""


@txn.command("list")
@connected
def list_transactions(kafka: Kafka, as_json: bool) -> None:
    """Every transactional id, with its state and producer."""
    with Brokers(kafka.bootstrap, kafka.timeout_s) as brokers:
        rows = sorted(_listed(brokers))
    show(("transactional_id", "state", "producer_id", "coordinator"), rows, as_json=as_json)


@txn.command()
@click.argument("names", metavar="TRANSACTIONAL_ID...", nargs=-1, required=True)
@connected
def describe(kafka: Kafka, as_json: bool, names: tuple[str, ...]) -> None:
    """State, producer, age and partitions of transactional ids."""
    with Brokers(kafka.bootstrap, kafka.timeout_s) as brokers:
        found = [_described(brokers, name) for name in names]
    if as_json:
        show_json([_as_object(one) for one in found])
        return
    rows = [
        (
            one.transactional_id,
            one.transaction_state,
            one.producer_id,
            one.producer_epoch,
            shown_time(one.transaction_start_time_ms),
            one.transaction_timeout_ms,
            [f"{topic}-{partition}" for topic, partition in _places(one)],
        )
        for one in found
    ]
    columns = ("transactional_id", "state", "producer_id", "epoch", "since", "timeout_ms", "partitions")
    show(columns, rows, as_json=False)


@txn.command()
@click.option("--topic", help="Look at the partitions of this topic alone.")
@connected
def hanging(kafka: Kafka, as_json: bool, topic: str | None) -> None:
    """Partitions with an open transaction of which no coordinator knows: their readers wait for ever."""
    with Brokers(kafka.bootstrap, kafka.timeout_s) as brokers:
        # The partitions first: a transaction that ends meanwhile is looked for again.
        opened = list(_open_transactions(brokers, topic))
        ids = {producer_id: name for name, _, producer_id, _ in _listed(brokers)} if opened else {}
        hanging = [one for one in opened if not _is_known(brokers, one, ids.get(one.producer.producer_id))]
        again = {(one.place, one.producer.current_txn_start_offset) for one in _open_transactions(brokers, topic)}
    rows = [
        (
            *one.place,
            one.producer.producer_id,
            one.producer.producer_epoch,
            one.producer.current_txn_start_offset,
            shown_time(one.producer.last_timestamp),
        )
        for one in hanging
        if (one.place, one.producer.current_txn_start_offset) in again
    ]
    columns = ("topic", "partition", "producer_id", "epoch", "start_offset", "last_written")
    show(columns, rows, as_json=as_json)


def _listed(brokers: Brokers) -> Iterator[tuple[str, str, int, int]]:
    for node_id in brokers.node_ids:
        answer = brokers.ask(node_id, ListTransactionsRequest(), ListTransactionsResponse)
        _check(f"broker {node_id}", answer.error_code)
        for one in answer.transaction_states:
            yield one.transactional_id, one.transaction_state, one.producer_id, node_id


def _described(brokers: Brokers, name: str) -> TransactionState:
    request = FindCoordinatorRequest(key=name, key_type=TRANSACTION, coordinator_keys=[name])
    found = brokers.ask_any(request, FindCoordinatorResponse)
    coordinator = found.coordinators[0] if found.coordinators else found
    _check(name, coordinator.error_code)
    asked = DescribeTransactionsRequest(transactional_ids=[name])
    answer = brokers.ask(coordinator.node_id, asked, DescribeTransactionsResponse)
    (state,) = answer.transaction_states
    _check(name, state.error_code)
    return state


def _as_object(state: TransactionState) -> dict[str, object]:
    return {
        "transactional_id": state.transactional_id,
        "state": state.transaction_state,
        "producer_id": state.producer_id,
        "epoch": state.producer_epoch,
        "since": state.transaction_start_time_ms,
        "timeout_ms": state.transaction_timeout_ms,
        "partitions": [{"topic": topic, "partition": partition} for topic, partition in _places(state)],
    }


def _places(state: TransactionState) -> list[Place]:
    return [(topic.topic, partition) for topic in state.topics for partition in topic.partitions]


def _open_transactions(brokers: Brokers, only: str | None) -> Iterator[OpenTransaction]:
    """Of every partition, asked of its leader."""
    by_leader: dict[int, list[Place]] = {}
    for topic in brokers.metadata(with_topics=True).topics:
        if topic.name is not None and only in (None, topic.name):
            for partition in topic.partitions:
                by_leader.setdefault(partition.leader_id, []).append((topic.name, partition.partition_index))
    if only is not None and not by_leader:
        raise Failed(f"there is no topic {only}")
    for leader, places in by_leader.items():
        if leader >= 0:  # without a leader there is no answer
            for first in range(0, len(places), ASKED_AT_ONCE):
                yield from _open_at(brokers, leader, places[first : first + ASKED_AT_ONCE])


def _open_at(brokers: Brokers, leader: int, places: list[Place]) -> Iterator[OpenTransaction]:
    by_topic: dict[str, list[int]] = {}
    for name, index in places:
        by_topic.setdefault(name, []).append(index)
    topics = [TopicRequest(name=name, partition_indexes=indexes) for name, indexes in by_topic.items()]
    answer = brokers.ask(leader, DescribeProducersRequest(topics=topics), DescribeProducersResponse)
    for topic in answer.topics:
        for partition in topic.partitions:
            _check(f"{topic.name}-{partition.partition_index}", partition.error_code)
            for producer in partition.active_producers:
                if producer.current_txn_start_offset != NONE_OPEN:
                    yield OpenTransaction((topic.name, partition.partition_index), producer)


def _is_known(brokers: Brokers, one: OpenTransaction, transactional_id: str | None) -> bool:
    """Whether a coordinator will still end what is open there."""
    if transactional_id is None:
        return False
    state = _described(brokers, transactional_id)
    return state.transaction_state in UNDECIDED_OR_UNFINISHED and one.place in _places(state)


def _check(what: str, code: int) -> None:
    if code != ErrorCode.NONE:
        raise Failed(f"{what}: {error_name(code)}")
