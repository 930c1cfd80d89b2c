"""The brokers of a cluster and the links between them, from any thread: stopped, killed, frozen, cut off, and back."""

from collections.abc import Callable, Coroutine, Iterator, Mapping
from typing import Any, Protocol, TypeVar

from .async_brokers import AsyncKafkaBroker, AsyncKafkaBrokers, AsyncKafkaLinks
from .broker_commands import End
from .brokers_seen import SeenBroker, SeenLink
from .home import Home, Inside
from .records_seen import SeenRecord
from .running_cluster import RunningCluster

R = TypeVar("R")


class Host(Home, Protocol):
    """Where the cluster's loop runs."""

    def run(self, work: Callable[[], Coroutine[Any, Any, R]], timeout_s: float | None = None) -> R: ...


class KafkaBroker:
    """One broker; `bootstrap` is its own address alone, which it keeps when it is started again.

    BrokerError for what a broker in its state cannot do, OnlyOneBroker in a cluster that has no other.
    """

    def __init__(self, host: Host, core: AsyncKafkaBroker) -> None:
        self._host = host
        self._core = core
        self.broker_id = core.broker_id
        self.bootstrap = core.bootstrap

    def look(self) -> SeenBroker:
        """What has become of it, and how much it leads."""
        return self._host.run(self._core.look)

    @property
    def state(self) -> str:
        """running, frozen, stopped or killed."""
        return self.look().state

    def kill(self, *, is_noticed: bool = True, keeps_page_cache: bool = True) -> None:
        """Have it die: connections are reset, nothing is written any more, and others lead what they can.

        Where it is not noticed, the controller takes `broker.session.timeout.ms` to do so. Without the page cache all
        is lost that no fsync has covered.
        """
        self._host.run(lambda: self._core.kill(is_noticed=is_noticed, keeps_page_cache=keeps_page_cache))

    def stop(self) -> None:
        """End it as SIGTERM does: others lead what they can, and everything is on its disk."""
        self._host.run(self._core.stop)

    def start(self) -> None:
        """Start it again, at its address and with its data; it follows, and leads what has no leader."""
        self._host.run(self._core.start)

    def freeze(self) -> None:
        """Have it do nothing, as SIGSTOP does: connections stay, and after a time it is taken for dead."""
        self._host.run(self._core.freeze)

    def resume(self) -> None:
        """Have it go on, as SIGCONT does, with whatever it took for true."""
        self._host.run(self._core.resume)

    def records(self, topic: str, partition: int = 0) -> list[SeenRecord]:
        """What lies in its own log of a partition, whoever leads, to its end; nothing if it has none, or is down.

        Also what consumers cannot see yet, and what a leader that comes will cut off. KafkaError.
        """
        return self._host.run(lambda: self._core.records(topic, partition))


class KafkaBrokers(Mapping[int, KafkaBroker]):
    """The brokers of a cluster by their ids, whether they run or not."""

    def __init__(self, host: Host, running: RunningCluster) -> None:
        self._host = host
        self._core = AsyncKafkaBrokers(Inside(host), running)

    def __getitem__(self, broker_id: int) -> KafkaBroker:
        """KeyError says which there are."""
        return KafkaBroker(self._host, self._core[broker_id])

    def __iter__(self) -> Iterator[int]:
        return iter(self._core)

    def __len__(self) -> int:
        return len(self._core)

    def look(self) -> dict[int, SeenBroker]:
        """What has become of each."""
        return self._host.run(self._core.look)


class KafkaLinks:
    """The links of a cluster of several brokers; an end is a broker's id, "controller" or "clients".

    UnknownBroker for an end that there is not, OnlyOneBroker in a cluster that has no links.
    """

    def __init__(self, host: Host, running: RunningCluster) -> None:
        self._host = host
        self._core = AsyncKafkaLinks(Inside(host), running)

    def cut(self, one: End, other: End, *, both_ways: bool = True) -> None:
        """Have nothing get from one to the other any more, nor back. Connections of clients stay open."""
        self._host.run(lambda: self._core.cut(one, other, both_ways=both_ways))

    def slow(self, one: End, other: End, *, seconds: float, both_ways: bool = True) -> None:
        """Have everything be so long on its way, by the cluster's clock; 0 is at once. BrokerError for clients."""
        self._host.run(lambda: self._core.slow(one, other, seconds=seconds, both_ways=both_ways))

    def heal(self, one: End | None = None, other: End | None = None, *, both_ways: bool = True) -> None:
        """Have everything get through at once: between these two, or, if none are named, everywhere."""
        self._host.run(lambda: self._core.heal(one, other, both_ways=both_ways))

    def troubled(self) -> list[SeenLink]:
        """The links that are cut or slow, each direction by itself."""
        return self._host.run(self._core.troubled)
