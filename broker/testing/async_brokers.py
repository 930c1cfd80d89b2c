"""The brokers of a cluster and the links between them, as coroutines: stopped, killed, frozen, cut off, and back."""

from collections.abc import Callable, Coroutine, Iterator, Mapping
from typing import Any

from . import broker_commands as commands
from .broker_commands import End
from .brokers_seen import SeenBroker, SeenLink, addresses_of, seen_broker, seen_brokers
from .home import Home
from .inspection import replica_records
from .records_seen import SeenRecord
from .running_cluster import RunningCluster


class AsyncKafkaBroker:
    """One broker; `bootstrap` is its own address alone, which it keeps when it is started again.

    BrokerError for what a broker in its state cannot do, OnlyOneBroker in a cluster that has no other.
    """

    def __init__(self, home: Home, running: RunningCluster, broker_id: int, bootstrap: str) -> None:
        self._home = home
        self._running = running
        self.broker_id = broker_id
        self.bootstrap = bootstrap

    async def look(self) -> SeenBroker:
        """What has become of it, and how much it leads."""

        async def looked() -> SeenBroker:
            return seen_broker(self._running, self.broker_id)

        return await self._home.reach(looked)

    async def state(self) -> str:
        """running, frozen, stopped or killed."""
        return (await self.look()).state

    async def kill(self, *, is_noticed: bool = True, keeps_page_cache: bool = True) -> None:
        """Have it die: connections are reset, nothing is written any more, and others lead what they can.

        Where it is not noticed, the controller takes `broker.session.timeout.ms` to do so. Without the page cache all
        is lost that no fsync has covered.
        """
        await self._do(
            lambda: commands.kill_broker(
                self._running, self.broker_id, is_noticed=is_noticed, keeps_page_cache=keeps_page_cache
            )
        )

    async def stop(self) -> None:
        """End it as SIGTERM does: others lead what they can, and everything is on its disk."""
        await self._do(lambda: commands.stop_broker(self._running, self.broker_id))

    async def start(self) -> None:
        """Start it again, at its address and with its data; it follows, and leads what has no leader."""
        await self._do(lambda: commands.start_broker(self._running, self.broker_id))

    async def freeze(self) -> None:
        """Have it do nothing, as SIGSTOP does: connections stay, and after a time it is taken for dead."""
        await self._do(lambda: commands.freeze_broker(self._running, self.broker_id))

    async def resume(self) -> None:
        """Have it go on, as SIGCONT does, with whatever it took for true."""
        await self._do(lambda: commands.resume_broker(self._running, self.broker_id))

    async def records(self, topic: str, partition: int = 0) -> list[SeenRecord]:
        """What lies in its own log of a partition, whoever leads, to its end; nothing if it has none, or is down.

        Also what consumers cannot see yet, and what a leader that comes will cut off. KafkaError.
        """

        async def looked() -> list[SeenRecord]:
            return replica_records(self._running.contexts, self.broker_id, topic, partition)

        return await self._home.reach(looked)

    async def _do(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        await self._home.reach(work)


class AsyncKafkaBrokers(Mapping[int, AsyncKafkaBroker]):
    """The brokers of a cluster by their ids, whether they run or not."""

    def __init__(self, home: Home, running: RunningCluster) -> None:
        self._home = home
        self._running = running
        self._brokers = {
            broker_id: AsyncKafkaBroker(home, running, broker_id, bootstrap)
            for broker_id, bootstrap in addresses_of(running).items()
        }

    def __getitem__(self, broker_id: int) -> AsyncKafkaBroker:
        """KeyError says which there are."""
        found = self._brokers.get(broker_id)
        if found is None:
            raise KeyError(f"there is no broker {broker_id!r}; there are: {', '.join(map(str, self._brokers))}")
        return found

    def __iter__(self) -> Iterator[int]:
        return iter(self._brokers)

    def __len__(self) -> int:
        return len(self._brokers)

    async def look(self) -> dict[int, SeenBroker]:
        """What has become of each."""

        async def looked() -> dict[int, SeenBroker]:
            return seen_brokers(self._running)

        return await self._home.reach(looked)


class AsyncKafkaLinks:
    """The links of a cluster of several brokers; an end is a broker's id, "controller" or "clients".

    UnknownBroker for an end that there is not, OnlyOneBroker in a cluster that has no links.
    """

    def __init__(self, home: Home, running: RunningCluster) -> None:
        self._home = home
        self._running = running

    async def cut(self, one: End, other: End, *, both_ways: bool = True) -> None:
        """Have nothing get from one to the other any more, nor back. Connections of clients stay open."""
        await self._home.reach(lambda: commands.cut_link(self._running, one, other, both_ways=both_ways))

    async def slow(self, one: End, other: End, *, seconds: float, both_ways: bool = True) -> None:
        """Have everything be so long on its way, by the cluster's clock; 0 is at once. BrokerError for clients."""
        await self._home.reach(lambda: commands.slow_link(self._running, one, other, seconds, both_ways=both_ways))

    async def heal(self, one: End | None = None, other: End | None = None, *, both_ways: bool = True) -> None:
        """Have everything get through at once: between these two, or, if none are named, everywhere."""
        await self._home.reach(lambda: commands.heal_links(self._running, one, other, both_ways=both_ways))

    async def troubled(self) -> list[SeenLink]:
        """The links that are cut or slow, each direction by itself."""

        async def looked() -> list[SeenLink]:
            return commands.troubled_links(self._running)

        return await self._home.reach(looked)
