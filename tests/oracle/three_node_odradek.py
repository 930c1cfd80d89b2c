"""Three brokers of Odradek in this process, as `ThreeNodes`: what a story does to them is done by the test API."""

from collections.abc import Mapping
from types import TracebackType
from typing import Self

from odradek.testing import ClusterHost

from .three_nodes import NODE_IDS, RACKS, SETTINGS


class ThreeNodeOdradek:
    """As `ThreeNodes`; its clock is moved on whenever a story lets time pass, so that no story waits."""

    def __init__(self, settings: Mapping[str, str] | None = None) -> None:
        self._host = ClusterHost()
        racks = [RACKS[node_id] for node_id in NODE_IDS]
        self.cluster = self._host.cluster({**SETTINGS, **(settings or {})}, brokers=len(NODE_IDS), racks=racks)
        self._addresses = {node_id: self.cluster.brokers[node_id].bootstrap for node_id in NODE_IDS}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._host.close()

    @property
    def addresses(self) -> Mapping[int, str]:
        return self._addresses

    def kill(self, node_id: int) -> None:
        self.cluster.brokers[node_id].kill()

    def stop(self, node_id: int) -> None:
        self.cluster.brokers[node_id].stop()

    def start(self, node_id: int) -> None:
        self.cluster.brokers[node_id].start()

    def freeze(self, node_id: int) -> None:
        self.cluster.brokers[node_id].freeze()

    def resume(self, node_id: int) -> None:
        self.cluster.brokers[node_id].resume()

    def pass_time(self, seconds: float) -> None:
        self.cluster.clock.advance(seconds=seconds)
