"""Questions to each broker of a cluster, for what confluent-kafka does not ask: one raw connection for each."""

from types import TracebackType
from typing import TypeVar

from ....protocol.messages.metadata import MetadataRequest, MetadataResponse
from ...config.listeners import address_of
from ...wire import Wire
from ..newest_versions import NewestVersions, NotServed
from .client import Failed

Response = TypeVar("Response")


class Brokers:
    """The brokers of a cluster by their ids: `with Brokers(bootstrap, timeout_s) as brokers`."""

    def __init__(self, bootstrap: str, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self._wires: list[Wire] = []
        self._connections: dict[int, NewestVersions] = {}
        self._first = self._connect_first(bootstrap)
        self._addresses = {broker.node_id: address_of(broker.host, broker.port) for broker in self.metadata().brokers}

    def __enter__(self) -> "Brokers":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        for wire in self._wires:
            wire.close()

    @property
    def node_ids(self) -> list[int]:
        return sorted(self._addresses)

    def metadata(self, *, with_topics: bool = False) -> MetadataResponse:
        """The brokers, and every topic if they are asked for."""
        request = MetadataRequest(topics=None if with_topics else [], allow_auto_topic_creation=False)
        return _asked(self._first, request, MetadataResponse)

    def ask_any(self, request: object, response_type: type[Response]) -> Response:
        """What the broker of the bootstrap address answers. Failed."""
        return _asked(self._first, request, response_type)

    def ask(self, node_id: int, request: object, response_type: type[Response]) -> Response:
        """What one broker answers. Failed."""
        if node_id not in self._addresses:
            raise Failed(f"there is no broker {node_id}")
        if node_id not in self._connections:
            self._connections[node_id] = self._connect(self._addresses[node_id])
        return _asked(self._connections[node_id], request, response_type)

    def _connect_first(self, bootstrap: str) -> NewestVersions:
        reasons: list[str] = []
        for address in bootstrap.split(","):
            try:
                return self._connect(address.strip())
            except Failed as error:
                reasons.append(error.message)
        raise Failed("; ".join(reasons))

    def _connect(self, address: str) -> NewestVersions:
        try:
            wire = Wire(address, client_id="odradek-shell", timeout_s=self._timeout_s)
            self._wires.append(wire)
            newest = NewestVersions(wire)
            newest.learn()
        except (OSError, ValueError, NotServed) as error:
            raise Failed(f"{address}: {error}") from None
        return newest


def _asked(connection: NewestVersions, request: object, response_type: type[Response]) -> Response:
    try:
        return connection.ask(request, response_type)
    except TimeoutError:
        raise Failed("no answer in time") from None
    except (OSError, ValueError, NotServed) as error:
        raise Failed(str(error)) from None
