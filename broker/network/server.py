"""The listeners: they accept connections within their limits, close idle ones, and stop."""

import asyncio
import os
import socket
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from typing import cast

from ..config.broker_config import BrokerConfig
from ..config.listeners import TLS_PROTOCOLS, Endpoint, address_of
from ..log_output import get_logger
from ..quotas.connection_rates import ConnectionRates
from ..runtime import Runtime, TimerHandle
from ..security.tls.listeners import TlsListeners
from ..session import Session
from ..unsent_answers import UnsentAnswers
from .arrivals import Arrivals
from .connection import Connection
from .dispatch import Dispatcher
from .held_transport import HeldTransport
from .request_memory import RequestMemory
from .sockets import open_sockets, reachable_host
from .turns import Turns

logger = get_logger("server")

LONGEST_SWEEP_S = 5.0


class CannotListen(Exception):
    """An address cannot be had; the text says which, and why."""

    def __init__(self, endpoint: Endpoint, error: OSError) -> None:
        why = os.strerror(error.errno) if error.errno and error.errno > 0 else str(error)
        super().__init__(f"cannot listen on {address_of(endpoint.host, endpoint.port)}: {why}")


class Server:
    """Every open connection, of every listener."""

    def __init__(
        self,
        config: BrokerConfig,
        runtime: Runtime,
        dispatcher: Dispatcher,
        unsent: UnsentAnswers,
        note_client: Callable[[Session], None],
        rates: ConnectionRates,
        tls: TlsListeners,
        expect_login: Callable[[Session], None] = lambda session: None,
    ) -> None:
        """`unsent` is what handlers look at who make large answers. `tls` has every listener that speaks it."""
        self._config = config
        self._clock = runtime.clock
        self.timers = runtime.timers
        self._dispatcher = dispatcher
        self._tls = tls
        # In the order in which they came, which is that of their ends.
        self._open: dict[Connection, None] = {}  # those refused among them, until they are closed
        self._admitted: dict[Connection, None] = {}
        self._by_host: Counter[str] = Counter()
        self._servers: list[asyncio.Server] = []
        self._sockets: list[list[socket.socket]] = []  # of each listener
        self._sweep: TimerHandle | None = None
        self._is_closing = False
        self._hears_clients = self._reaches_clients = True
        self._unheard: list[Connection] = []  # who has connected meanwhile
        self._none_is_open = asyncio.Event()
        self._none_is_open.set()
        self._idle_s = config.connections_max_idle_ms / 1000
        self._overdue: dict[Connection, None] = {}  # at the last sweep
        self._arrivals = Arrivals(rates, runtime, self._admit)
        self.turns = Turns(runtime)
        self.memory = RequestMemory(config.queued_max_request_bytes)
        self.unsent = unsent
        self.note_client = note_client
        self.expect_login = expect_login
        self.addresses: list[tuple[str, int]] = []  # of each listener, as a client on this machine may connect to it

    async def listen(self, held: Sequence[Sequence[socket.socket]] = ()) -> None:
        """Bind and accept; CannotListen if an address cannot be had. Port 0 takes a free one.

        `held` are sockets that another server has left to this one, of each listener; then nothing is bound.
        """
        for number, endpoint in enumerate(self._config.endpoints()):
            try:
                await self._listen(endpoint, list(held[number]) if held else open_sockets(endpoint.host, endpoint.port))
            except OSError as error:
                raise CannotListen(endpoint, error) from error
        self._sweep_overdue()

    def hold_sockets(self) -> list[list[socket.socket]]:
        """Its sockets once more: they listen on when it closes, and whoever connects meanwhile waits for the next."""
        return [[one.dup() for one in listener] for listener in self._sockets]

    def keep_addresses(self) -> list[list[socket.socket]]:
        """Once it is closed: its addresses taken anew, where nobody listens: who connects is refused. OSError."""
        return [
            open_sockets(endpoint.host, port)
            for endpoint, (_, port) in zip(self._config.endpoints(), self.addresses, strict=True)
        ]

    async def _listen(self, endpoint: Endpoint, sockets: list[socket.socket]) -> None:
        loop = asyncio.get_running_loop()
        self._sockets.append(list(sockets))
        host, port = sockets[0].getsockname()[:2]
        backlog = self._config.socket_listen_backlog_size
        while sockets:
            server = await loop.create_server(partial(self._connect, endpoint), sock=sockets.pop(0), backlog=backlog)
            self._servers.append(server)
        self.addresses.append((reachable_host(endpoint.host, host), port))

    def set_reach(self, *, hears_clients: bool, reaches_clients: bool) -> None:
        """What comes from clients waits while they are not heard, what goes to them while they are not reached.

        As with a network that is cut, or a process that a signal has stopped: whoever connects meanwhile waits.
        """
        self._hears_clients, self._reaches_clients = hears_clients, reaches_clients
        for connection in list(self._open):
            self._set_reach(connection)
        if hears_clients and reaches_clients:
            unheard, self._unheard = self._unheard, []
            for connection in unheard:
                if not connection.is_closed:
                    self._arrivals.arrive(connection)

    def _set_reach(self, connection: Connection) -> None:
        transport = connection.transport
        if not self._reaches_clients:
            if not isinstance(transport, HeldTransport):
                connection.transport = cast(asyncio.Transport, HeldTransport(transport))
        elif isinstance(transport, HeldTransport):
            connection.transport = transport.let_go()
        if not self._hears_clients:
            connection.transport.pause_reading()
        elif not connection.is_reading_paused and not connection.is_closed:
            connection.transport.resume_reading()

    async def close(self) -> None:
        """Accept nothing more, and return when the last connection is closed; answers to come are dropped."""
        self._is_closing = True
        if self._sweep is not None:
            self._sweep.cancel()
        for server in self._servers:
            server.close()
        for connection in list(self._open):
            connection.abort()
        await self._none_is_open.wait()
        for server in self._servers:
            await server.wait_closed()

    def now(self) -> float:
        """Monotonic seconds."""
        return self._clock.now()

    def arrive(self, connection: Connection) -> None:
        """Let a connection in as `max.connection.creation.rate`, quotas of addresses and the limits allow."""
        self._open[connection] = None
        self._none_is_open.clear()
        if self._is_closing:  # it was accepted a moment ago
            connection.refuse()
        elif not (self._hears_clients and self._reaches_clients):
            self._set_reach(connection)
            connection.hold()
            self._unheard.append(connection)
        else:
            self._arrivals.arrive(connection)

    def _admit(self, connection: Connection) -> None:
        if self._has_room_for(connection):
            self._admitted[connection] = None
            self._by_host[connection.host] += 1
            connection.let_in()
        else:
            connection.refuse()

    def _has_room_for(self, connection: Connection) -> bool:
        """Whether it fits `max.connections` and `max.connections.per.ip`."""
        if len(self._admitted) >= self._config.max_connections:
            logger.warning("connection refused", client=connection.host, why="max.connections is reached")
            return False
        if self._by_host[connection.host] >= self._config.connections_from(connection.host):
            logger.warning("connection refused", client=connection.host, why="max.connections.per.ip is reached")
            return False
        return True

    def remove(self, connection: Connection) -> None:
        """The connection is closed."""
        self._open.pop(connection, None)
        self._arrivals.forget(connection)
        if connection in self._admitted:
            del self._admitted[connection]
            self._by_host[connection.host] -= 1
            if not self._by_host[connection.host]:
                del self._by_host[connection.host]
        if not self._open:
            self._none_is_open.set()

    def _connect(self, endpoint: Endpoint) -> asyncio.Protocol:
        connection = Connection(self, self._dispatcher, self._config.socket_request_max_bytes, endpoint.name)
        if endpoint.protocol in TLS_PROTOCOLS:
            from .tls_connection import TlsConnection

            return TlsConnection(self, self._tls.of(endpoint.name).stream(), connection)
        return connection

    def _sweep_overdue(self) -> None:
        """Close who is overdue for the second time in a row.

        After a long stop of the process a client may have sent in time, and its socket not have been looked at; between
        two sweeps it is.
        """
        now = self.now()
        overdue = {connection: None for connection in self._admitted if connection.is_overdue(now, self._idle_s)}
        for connection in overdue:
            if connection in self._overdue:
                connection.abort()
        self._overdue = overdue
        interval_s = min(max(self._idle_s / 10, 0.05), LONGEST_SWEEP_S)
        self._sweep = self.timers.call_at(now + interval_s, self._sweep_overdue)
