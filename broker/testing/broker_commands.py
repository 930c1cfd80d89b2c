"""What is done to one broker of several, or to a link between two, on the cluster's own loop.

The one rule: what cannot be is refused before anything is done, and what is done is in the journal ahead of all that
comes of it.
"""

from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

from ...protocol.errors import ErrorCode, KafkaError
from ...protocol.messages.elect_leaders import ElectLeadersRequest, ElectLeadersResponse, TopicPartitions
from ..cluster import StartError
from ..config.config_def import nearest
from .asking import ask
from .brokers_seen import RUNNING, SeenLink
from .inspection import check_partition_of, topic_named
from .running_cluster import BrokerError, RunningCluster

if TYPE_CHECKING:
    from ..several_brokers.replicated_cluster import ReplicatedCluster

End = int | str
"""An end of a link: the id of a broker, CONTROLLER or CLIENTS."""

CONTROLLER, CLIENTS = "controller", "clients"
_NUMBERS = {CONTROLLER: -1, CLIENTS: -2}  # as links have them
_NAMES = {number: name for name, number in _NUMBERS.items()}
PREFERRED, UNCLEAN = 0, 1  # ElectLeaders' numbers (KIP-460)
FROZEN, STOPPED, KILLED = "frozen", "stopped", "killed"


class UnknownBroker(BrokerError):
    """There is no such broker, or no such end of a link."""


# Brokers


async def kill_broker(
    running: RunningCluster, broker_id: int, *, is_noticed: bool = True, keeps_page_cache: bool = True
) -> None:
    """Have a broker die: its connections are reset, and nothing is written any more. BrokerError, OnlyOneBroker.

    The controller fences it at once, or after `broker.session.timeout.ms` where it is not noticed. Without the page
    cache all is lost that no fsync has covered.
    """
    async with _turn(running, broker_id, (RUNNING, FROZEN)) as several:
        how = "killed" + ("" if is_noticed else ", which nobody has noticed yet")
        running.note("broker", str(broker_id), how + ("" if keeps_page_cache else "; the page cache is lost"))
        await several.kill_broker(broker_id, is_noticed=is_noticed, keeps_page_cache=keeps_page_cache)


async def stop_broker(running: RunningCluster, broker_id: int) -> None:
    """Have others lead what it leads, as far as they can, then end it cleanly. BrokerError, OnlyOneBroker."""
    async with _turn(running, broker_id, (RUNNING,)) as several:
        running.note("broker", str(broker_id), "stopped")
        await several.stop_broker(broker_id)


async def start_broker(running: RunningCluster, broker_id: int) -> None:
    """Start one that does not run, at its address, with its data. BrokerError, OnlyOneBroker."""
    async with _turn(running, broker_id, (STOPPED, KILLED)) as several:
        running.note("broker", str(broker_id), "started")
        await several.start_broker(broker_id)


async def freeze_broker(running: RunningCluster, broker_id: int) -> None:
    """Have it do nothing: connections stay, and nothing is answered on them. BrokerError, OnlyOneBroker."""
    async with _turn(running, broker_id, (RUNNING,)) as several:
        running.note("broker", str(broker_id), "frozen")
        several.freeze_broker(broker_id)


async def resume_broker(running: RunningCluster, broker_id: int) -> None:
    """Have one that is frozen go on. BrokerError, OnlyOneBroker."""
    async with _turn(running, broker_id, (FROZEN,)) as several:
        running.note("broker", str(broker_id), "resumed")
        several.resume_broker(broker_id)


def die(running: RunningCluster, broker_id: int, back_s: float | None) -> None:
    """Have a broker do nothing from this moment on, and be dead as soon as may be; started again `back_s` after that.

    For what happens in the midst of a request. One that does not run is left as it is.
    """
    several = running.several
    if several.state_of(broker_id) != RUNNING:
        return
    running.note("broker", str(broker_id), "dies in the midst of a request, by a fault")
    several.freeze_broker(broker_id)
    running.begin(_end(running, broker_id, back_s))


async def _end(running: RunningCluster, broker_id: int, back_s: float | None) -> None:
    async with running.beside(), running.commands:
        if running.several.state_of(broker_id) == FROZEN:
            await running.several.kill_broker(broker_id)
    running.changes.note()
    if back_s is not None:
        clock = running.clock
        clock.call_at(clock.now() + back_s, lambda: running.begin(_come_back(running, broker_id)))


async def _come_back(running: RunningCluster, broker_id: int) -> None:
    with suppress(BrokerError):  # somebody else has started it, or it cannot be: the journal has that
        await start_broker(running, broker_id)


def check_broker(running: RunningCluster, broker_id: int) -> None:
    """UnknownBroker, OnlyOneBroker."""
    there = running.several.node_ids
    if broker_id not in there:
        raise UnknownBroker(f"there is no broker {broker_id!r}; there are: {', '.join(map(str, there))}")


@asynccontextmanager
async def _turn(running: RunningCluster, broker_id: int, states: Sequence[str]) -> "AsyncGenerator[ReplicatedCluster]":
    """A turn in the cluster with no other command beside, for a broker in one of these states."""
    several = running.several
    check_broker(running, broker_id)
    async with running.beside(), running.commands:
        state = several.state_of(broker_id)
        if state not in states:
            raise BrokerError(f"broker {broker_id} is {state}: this is for one that is {' or '.join(states)}")
        try:
            yield several
        except StartError as error:
            running.note("broker", str(broker_id), f"that has failed: {error}")
            raise BrokerError(str(error)) from error
        finally:
            running.changes.note()


# Links


async def cut_link(running: RunningCluster, one: End, other: End, *, both_ways: bool = True) -> None:
    """Have nothing get from one to the other, and back. UnknownBroker, BrokerError, OnlyOneBroker."""
    async with _link_turn(running) as several:
        for source, target in _directions(running, one, other, both_ways=both_ways):
            running.note("link", _title(source, target), "cut")
            several.ways.cut(source, target)


async def slow_link(running: RunningCluster, one: End, other: End, seconds: float, *, both_ways: bool = True) -> None:
    """Have everything be so long on its way from one to the other, and back, by the cluster's clock.

    UnknownBroker, OnlyOneBroker; BrokerError for the way of clients, and ValueError for no such time.
    """
    if not 0 <= seconds < float("inf"):
        raise ValueError(f"what goes over a link takes 0 s or more, not {seconds}")
    if CLIENTS in (one, other):
        raise BrokerError("the way of clients is not slowed: a fault with action=delay does that to their requests")
    async with _link_turn(running) as several:
        for source, target in _directions(running, one, other, both_ways=both_ways):
            running.note("link", _title(source, target), f"takes {seconds:g} s")
            several.ways.slow(source, target, seconds)


async def heal_links(
    running: RunningCluster, one: End | None = None, other: End | None = None, *, both_ways: bool = True
) -> None:
    """Have everything get through at once between these two, or between all. UnknownBroker, OnlyOneBroker."""
    async with _link_turn(running) as several:
        if one is None and other is None:
            running.note("link", "all", "healed")
            several.ways.heal()
            return
        if one is None or other is None:
            raise BrokerError("a link has two ends: name both, or none for all links")
        for source, target in _directions(running, one, other, both_ways=both_ways):
            running.note("link", _title(source, target), "healed")
            several.ways.mend(source, target)


def troubled_links(running: RunningCluster) -> list[SeenLink]:
    """The links that are cut or slow, each direction by itself; none where there is one broker."""
    if not running.has_several:
        return []
    several = running.several
    troubled = several.around.links.troubled()
    found = [SeenLink(_named(one), _named(other), link.is_cut, link.delay_s) for one, other, link in troubled]
    for node_id in several.node_ids:
        slot = several.slot(node_id)
        if not slot.hears_clients:
            found.append(SeenLink(CLIENTS, node_id, is_cut=True, delay_s=0.0))
        if not slot.reaches_clients:
            found.append(SeenLink(node_id, CLIENTS, is_cut=True, delay_s=0.0))
    return found


def parse_end(text: str) -> End:
    """An end as a text has it: a number, or a word."""
    return int(text) if text.isdecimal() else text


@asynccontextmanager
async def _link_turn(running: RunningCluster) -> "AsyncGenerator[ReplicatedCluster]":
    several = running.several
    async with running.beside(), running.commands:
        try:
            yield several
        finally:
            running.changes.note()


def _directions(running: RunningCluster, one: End, other: End, *, both_ways: bool) -> Iterator[tuple[int, int]]:
    """From each to the other, as links number their ends. UnknownBroker, BrokerError."""
    source, target = _number(running, one), _number(running, other)
    if source == target or max(source, target) < 0:
        raise BrokerError(f"a link is between two brokers, or a broker and {CONTROLLER} or {CLIENTS}")
    return iter([(source, target), (target, source)] if both_ways else [(source, target)])


def _number(running: RunningCluster, end: End) -> int:
    if isinstance(end, str):
        if end not in _NUMBERS:
            raise UnknownBroker(
                f"a link ends at the id of a broker, {CONTROLLER} or {CLIENTS}, not at {end[:100]!r}"
                f"{nearest(end[:100], _NUMBERS)}"
            )
        return _NUMBERS[end]
    check_broker(running, end)
    return end


def _named(number: int) -> End:
    return _NAMES.get(number, number)


def _title(source: int, target: int) -> str:
    return f"{_named(source)} to {_named(target)}"


# Elections


async def elect_leaders(
    running: RunningCluster, topic: str | None = None, partition: int | None = None, *, is_unclean: bool = False
) -> None:
    """Have the preferred leaders lead, as a client's ElectLeaders would, or any replica that is there where none does.

    Of one partition, of all of a topic, or of all there are; those that need no election stay as they are. KafkaError
    for one of a topic that cannot be held.
    """
    asked: list[TopicPartitions] | None = None
    if topic is not None:
        indexes = sorted(topic_named(running.contexts, topic).partitions)
        if partition is not None:
            check_partition_of(running.contexts, topic, partition)
            indexes = [partition]
        asked = [TopicPartitions(topic=topic, partitions=indexes)]
    request = ElectLeadersRequest(election_type=UNCLEAN if is_unclean else PREFERRED, topic_partitions=asked)
    async with running.beside():
        answer = await ask(running.contexts.active, request, ElectLeadersResponse)
    if answer.error_code:
        raise KafkaError(ErrorCode(answer.error_code))
    for result in answer.replica_election_results if topic is not None else ():
        for one in result.partition_result:
            if one.error_code not in (ErrorCode.NONE, ErrorCode.ELECTION_NOT_NEEDED):
                why = one.error_message or ErrorCode(one.error_code).name
                raise KafkaError(ErrorCode(one.error_code), f"{result.topic}-{one.partition_id}: {why}")
