"""A conversation with a broker, written down step by step in a form that two brokers can be compared by."""

import time
import uuid
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Self, TypeVar

from odradek.broker.wire import ClosedByPeer, Wire
from odradek.protocol.messages.create_topics import (
    CreatableTopic,
    CreatableTopicConfig,
    CreateTopicsRequest,
    CreateTopicsResponse,
)
from odradek.protocol.messages.list_offsets import (
    ListOffsetsPartition,
    ListOffsetsRequest,
    ListOffsetsResponse,
    ListOffsetsTopic,
)
from odradek.protocol.messages.metadata import MetadataRequest, MetadataResponse

from .normalise import Mask, Plain

Response = TypeVar("Response")
SETTLE_S = 10.0
SILENCE_S = 0.3

Scenario = Callable[["Dialogue"], None]
SCENARIOS: dict[str, Scenario] = {}


def scenario(function: Scenario) -> Scenario:
    """Registers a conversation that is held with both brokers; its module and name are its title."""
    title = f"{function.__module__.rpartition('.')[2]}.{function.__name__}"
    assert title not in SCENARIOS, title
    SCENARIOS[title] = function
    return function


class Notes:
    """What is written down of a conversation, masked, under labels of their own; names that no other run uses."""

    _mask: Mask

    def __init__(self) -> None:
        self.steps: dict[str, Plain] = {}
        self._suffix = f"-{uuid.uuid4().hex[:8]}"

    def name(self, base: str) -> str:
        """A name that no other run uses; in the answers it reads as `base`."""
        return base + self._suffix

    def plain_name(self, name: str) -> str:
        """The base of a name, for labels."""
        return name.removesuffix(self._suffix)

    def note(self, label: str, fact: object) -> None:
        """Writes down a fact of the scenario's own."""
        assert label not in self.steps, f"two steps are called {label!r}"
        self.steps[label] = self._mask.plain(fact)


class Dialogue(Notes):
    """Asks one broker."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self._address = address
        self._wires: list[Wire] = []
        self.wire = self.connect("wire")
        node_id = self.wire.ask(MetadataRequest(topics=[]), 1, MetadataResponse).brokers[0].node_id
        self._mask = Mask(self._suffix, node_id)
        self.node_id = node_id

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        for wire in self._wires:
            wire.close()

    def connect(self, client_id: str) -> Wire:
        """A further connection, closed at the end."""
        wire = Wire(self._address, client_id=client_id)
        self._wires.append(wire)
        return wire

    def ask(
        self, label: str, request: object, version: int, response_type: type[Response], wire: Wire | None = None
    ) -> Response:
        """Asks and writes down the answer."""
        answer = (wire or self.wire).ask(request, version, response_type)
        self.note(label, answer)
        return answer

    def ask_raw(self, label: str, frame: bytes, wire: Wire | None = None) -> None:
        """Sends a frame that is due no proper answer, and writes down what becomes of the connection."""
        own = wire or self.connect("wire")
        own.send_frame(frame)
        self.note_fate(label, own)

    def note_fate(self, label: str, wire: Wire) -> None:
        """Writes down whether the connection is closed, answers, or stays silent."""
        if wire.is_closed_by_peer(2.0 if label.endswith("closes") else SILENCE_S):
            self.note(label, "closed")
            return
        try:
            wire.send(MetadataRequest(topics=[]), 1)
            frame = wire.receive_frame()
            self.note(label, f"still answers, {frame[:4].hex()}")
        except ClosedByPeer:
            self.note(label, "closed")

    def create_topic(
        self, base: str, partitions: int = 1, configs: Mapping[str, str] | None = None
    ) -> tuple[str, bytes]:
        """A topic that can be used; its name and id. A new topic of Apache Kafka needs some milliseconds."""
        name = self.name(base)
        topic = CreatableTopic(
            name=name,
            num_partitions=partitions,
            replication_factor=1,
            configs=[CreatableTopicConfig(name=one, value=value) for one, value in (configs or {}).items()],
        )
        created = self.wire.ask(CreateTopicsRequest(topics=[topic]), 7, CreateTopicsResponse).topics[0]
        assert created.error_code == 0, created.error_message
        self.settle(name, partitions)
        return name, created.topic_id

    def settle(self, name: str, partitions: int = 1) -> None:
        """Waits until every partition answers."""
        asked = [ListOffsetsPartition(partition_index=index, timestamp=-1) for index in range(partitions)]
        request = ListOffsetsRequest(replica_id=-1, topics=[ListOffsetsTopic(name=name, partitions=asked)])

        def is_usable() -> bool:
            (topic,) = self.wire.ask(request, 4, ListOffsetsResponse).topics
            return all(one.error_code == 0 for one in topic.partitions)

        self.wait_for(is_usable, f"{name} can be used")

    def wait_for(self, is_true: Callable[[], bool], why: str) -> None:
        deadline = time.monotonic() + SETTLE_S
        while not is_true():
            assert time.monotonic() < deadline, f"still not so: {why}"
            time.sleep(0.01)


def held(title: str, address: str) -> dict[str, Plain]:
    """The scenario of that title, held with the broker at that address."""
    with Dialogue(address) as dialogue:
        SCENARIOS[title](dialogue)
        return dialogue.steps
