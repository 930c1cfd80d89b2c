"""Three brokers and their controller without sockets: on files in memory, and a clock that stands still.

Every broker is asked through the bytes of a request, as its clients ask it; what goes between the brokers goes when
`settle` or `advance` gives them the loop.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random

from odradek.broker.assembly import assemble
from odradek.broker.config.broker_config import BrokerConfig
from odradek.broker.context import Context
from odradek.broker.controller.broker_registration import NO_EPOCH, RegisterBroker
from odradek.broker.controller.controller import Controller
from odradek.broker.lifetime import Lifetime
from odradek.broker.log_manager import LogManager
from odradek.broker.node import open_directory
from odradek.broker.nodes.links import Links
from odradek.broker.runtime import Runtime
from odradek.broker.session import Session
from odradek.broker.several_brokers.broker_seat import BrokerSeat, Surroundings
from odradek.broker.several_brokers.controller_node import ControllerNode
from odradek.broker.several_brokers.node_config import config_of_node
from odradek.broker.testing.clock import ManualClock
from odradek.broker.testing.disks import FailingFiles
from odradek.broker.testing.threads import ManualThreads
from odradek.broker.topics.partition import Partition
from odradek.broker.topics.topics import Topic
from odradek.protocol.errors import KafkaError
from odradek.protocol.messages.create_topics import (
    CreatableReplicaAssignment,
    CreatableTopic,
    CreatableTopicConfig,
    CreateTopicsRequest,
    CreateTopicsResponse,
)
from odradek.protocol.messages.produce import PartitionProduceResponse, ProduceResponse
from odradek.protocol.metadata_records import BrokerEndpoint, PartitionRecord
from odradek.protocol.uuid_text import encode_uuid
from odradek.storage.directory import Identity

from ..handlers.broker_harness import AskedContext, produce_request
from ..handlers.group_context import Asked

FIRST_PORT = 9092  # of the first broker, the next ones' follow
LISTENER = "PLAINTEXT"
RACKS = ("a", "b", "c")
FACTOR = 3


class AskedNode(AskedContext):
    """One broker of the three, in one of its lives."""

    def __init__(
        self, node_id: int, context: Context, seat: BrokerSeat, lifetime: Lifetime, log_manager: LogManager
    ) -> None:
        self.node_id = node_id
        self.context = context
        self.session = Session("/127.0.0.1", "127.0.0.1", port_of(node_id), client_id="shop")
        self.seat = seat
        self.lifetime = lifetime
        self.log_manager = log_manager

    def topic(self, name: str = "t") -> Topic:
        """As this broker knows it."""
        topic = self.context.topics.find(name)
        assert topic is not None
        return topic

    def partition(self, topic: str = "t", index: int = 0) -> Partition:
        """As this broker has it."""
        return self.topic(topic).partitions[index]

    def record(self, topic: str = "t", index: int = 0) -> PartitionRecord:
        """What this broker knows of a partition from the controller."""
        return self.topic(topic).image.partitions[index].record

    def send(
        self,
        records: bytes | None,
        topic: str = "t",
        *,
        index: int = 0,
        version: int = 9,
        acks: int = -1,
        timeout_ms: int = 1000,
    ) -> Asked[ProduceResponse]:
        """Records for one partition, and the answer once there is one."""
        request = produce_request({topic: {index: records}}, acks=acks)
        request.timeout_ms = timeout_ms
        for named in request.topic_data:
            named.topic_id = self.topic(topic).topic_id if version >= 13 else bytes(16)
        return self.ask(request, version, ProduceResponse)


@dataclass
class Place:
    """Where one broker runs: its settings and directory, which it has for all its lives."""

    config: BrokerConfig
    root: str
    node: AskedNode | None = None
    clean_epoch: int = NO_EPOCH  # in which it has ended cleanly


@dataclass
class ThreeBrokers:
    """`brokers[2]` is the second. All of them run from the beginning, unless they are not `started`."""

    settings: Mapping[str, str] = field(default_factory=dict[str, str])
    racks: Sequence[str | None] = RACKS
    started: Sequence[int] = (1, 2, 3)
    features: Mapping[str, int] = field(default_factory=dict[str, int])
    clock: ManualClock = field(default_factory=ManualClock)
    threads: ManualThreads = field(default_factory=ManualThreads)
    files: FailingFiles = field(default_factory=FailingFiles)

    def __post_init__(self) -> None:
        self._runtime = Runtime(self.clock, self.clock, self.threads, Random(0))
        settings = {"listeners": f"{LISTENER}://127.0.0.1:{FIRST_PORT}", **self.settings}
        config = BrokerConfig.from_settings(settings, brokers=len(self.racks))
        self._controller_node = ControllerNode(config, self.files, "/cluster/controller", self._runtime)
        self._controller_node.open(None, self.features)
        runtime = self._controller_node.lifetime.runtime
        self.links = Links(self.clock, runtime.timers)
        log = self._controller_node.metadata
        self.controller = Controller(config, log, runtime.random)
        self.around = Surroundings(log, self.controller, self.links)
        brokers = len(self.racks)
        self._places = {
            node_id: Place(config_of_node(config, node_id, brokers, rack), f"/cluster/node-{node_id}")
            for node_id, rack in enumerate(self.racks, 1)
        }
        for node_id in self.started:
            self.start(node_id)

    def __getitem__(self, node_id: int) -> AskedNode:
        node = self._places[node_id].node
        assert node is not None, f"broker {node_id} does not run"
        return node

    @property
    def running(self) -> list[AskedNode]:
        """The brokers that run, by id."""
        return [place.node for place in self._places.values() if place.node is not None]

    # Time

    def settle(self) -> None:
        """Everything happens that needs no time."""
        self.clock.advance(0)

    def advance(self, seconds: float) -> None:
        """So much time passes."""
        self.clock.advance(seconds)

    # Lives

    def start(self, node_id: int, *, is_unfenced: bool = True) -> AskedNode:
        """A broker starts over what its directory has, and is registered."""
        place = self._places[node_id]
        assert place.node is None, f"broker {node_id} runs already"
        self.links.set_going(node_id)
        lifetime = Lifetime(self._runtime)
        runtime = lifetime.runtime
        seat = BrokerSeat(node_id, place.config, self.around)
        with Made() as done:
            seat.join(runtime, done)
        identity = Identity(self._controller_node.cluster_id, encode_uuid(runtime.new_uuid().bytes), node_id)
        log_manager = open_directory(self.files, place.root, identity, None, runtime)
        context = assemble(place.config, runtime, log_manager, identity, seat=seat)
        place.node = AskedNode(node_id, context, seat, lifetime, log_manager)
        self._register(place, context)
        if is_unfenced:
            self.unfence(node_id)
        self.settle()
        return place.node

    def _register(self, place: Place, context: Context) -> None:
        node_id = place.config.node_id
        asked = RegisterBroker(
            broker_id=node_id,
            incarnation_id=self._runtime.new_uuid().bytes,
            endpoints=[BrokerEndpoint(name=LISTENER, host="127.0.0.1", port=port_of(node_id), security_protocol=0)],
            log_dirs=[context.metadata.directory_id],
            rack=place.config.broker_rack,
            previous_broker_epoch=place.clean_epoch,
        )
        place.clean_epoch = NO_EPOCH
        with Made() as done:
            self.controller.register_broker(asked, lambda _, error: done(error))

    def kill(self, node_id: int, *, is_noticed: bool = True) -> None:
        """A broker dies; the controller notices at once, or not before it is told to `fence` it."""
        self._end(node_id).log_manager.abandon()
        if is_noticed:
            self.fence(node_id)
        self.settle()

    def stop(self, node_id: int) -> None:
        """Others lead what a broker leads, then it stops (KIP-841)."""
        with Made() as done:
            self.controller.begin_controlled_shutdown(node_id, lambda _, error: done(error))
        self.settle()
        self._end(node_id).log_manager.close()
        self._places[node_id].clean_epoch = self.controller.cluster.brokers[node_id].broker_epoch
        self.fence(node_id)

    def fence(self, node_id: int) -> None:
        """The controller takes it that a broker is not there."""
        with Made() as done:
            self.controller.fence_broker(node_id, done)
        self.settle()

    def unfence(self, node_id: int) -> None:
        """The controller takes it that a broker is there."""
        with Made() as done:
            self.controller.unfence_broker(node_id, done)
        self.settle()

    def freeze(self, node_id: int) -> None:
        """Nothing goes to a broker, and nothing comes from it; the controller has not noticed."""
        self.links.hold_still(node_id)
        self.settle()

    def resume(self, node_id: int) -> None:
        """A frozen broker goes on."""
        self.links.set_going(node_id)
        self.settle()

    def _end(self, node_id: int) -> AskedNode:
        node = self[node_id]
        self._places[node_id].node = None
        self.links.hold_still(node_id)
        node.seat.leave()
        with suppress(StopIteration):
            node.lifetime.ended().send(None)  # it has nobody to wait for
        return node

    # Topics

    def create(
        self, name: str = "t", *assignments: Sequence[int], partitions: int = 1, factor: int = FACTOR, **configs: str
    ) -> Topic:
        """A topic, with these replicas of its partitions or wherever they go; configs are written with `_` for `.`."""
        asked = CreatableTopic(
            name=name,
            num_partitions=-1 if assignments else partitions,
            replication_factor=-1 if assignments else factor,
            assignments=[
                CreatableReplicaAssignment(partition_index=index, broker_ids=broker_ids)
                for index, broker_ids in enumerate(assignments)
            ],
            configs=[CreatableTopicConfig(name=key.replace("_", "."), value=value) for key, value in configs.items()],
        )
        request = CreateTopicsRequest(topics=[asked], timeout_ms=1000, validate_only=False)
        node = self.running[0]
        answer = node.ask(request, 7, CreateTopicsResponse)
        self.settle()
        (created,) = answer.answer.topics
        assert created.error_code == 0, created.error_message
        return node.topic(name)

    def produce(self, topic: str, records: bytes, *, index: int = 0, acks: int = -1) -> PartitionProduceResponse:
        """Records to whoever leads, and the answer that has come once everything has settled."""
        leader = self.controller.cluster.image.topics[topic].partitions[index].record.leader
        asked = self[leader].send(records, topic, index=index, acks=acks)
        self.settle()
        (found,) = asked.answer.responses
        (answer,) = found.partition_responses
        return answer

    def record(self, topic: str = "t", index: int = 0) -> PartitionRecord:
        """What the controller has recorded of a partition."""
        return self.controller.cluster.image.topics[topic].partitions[index].record


def port_of(node_id: int) -> int:
    """Where clients are told that a broker listens."""
    return FIRST_PORT + node_id - 1


class Made:
    """A change that must have been made when the block ends, without an error."""

    def __enter__(self) -> "Made":
        self._outcome: list[KafkaError | None] = []
        return self

    def __call__(self, error: KafkaError | None) -> None:
        self._outcome.append(error)

    def __exit__(self, *raised: object) -> None:
        if raised[0] is None:
            (error,) = self._outcome
            if error is not None:
                raise error
