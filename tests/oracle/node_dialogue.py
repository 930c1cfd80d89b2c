"""A conversation with three brokers, who come and go: each step says which of them is asked."""

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import partial
from itertools import count
from time import monotonic
from typing import ClassVar, NamedTuple, TypeVar

from odradek.broker.wire import Wire, host_and_port
from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages.create_topics import (
    CreatableReplicaAssignment,
    CreatableTopic,
    CreatableTopicConfig,
    CreateTopicsRequest,
    CreateTopicsResponse,
)
from odradek.protocol.messages.delete_topics import DeleteTopicsRequest, DeleteTopicsResponse, DeleteTopicState
from odradek.protocol.messages.describe_cluster import DescribeClusterRequest, DescribeClusterResponse
from odradek.protocol.messages.describe_topic_partitions import (
    DescribeTopicPartitionsRequest,
    DescribeTopicPartitionsResponse,
    DescribeTopicPartitionsResponsePartition,
    TopicRequest,
)
from odradek.protocol.messages.elect_leaders import ElectLeadersRequest, ElectLeadersResponse
from odradek.protocol.messages.fetch import (
    FetchPartition,
    FetchRequest,
    FetchResponse,
    FetchTopic,
    PartitionData,
)
from odradek.protocol.messages.metadata import MetadataRequest, MetadataResponse, MetadataResponsePartition
from odradek.protocol.schema import ZERO_UUID

from .normalise import NODE_IDS as NODE_ID_FIELDS
from .normalise import UNORDERED, Mask, Plain
from .three_nodes import NODE_IDS, ThreeNodes
from .wire_session import Notes

Response = TypeVar("Response")
PATIENCE_S = 90.0
POLL_S = 0.02
ANSWER_S = 30.0

# Lists without an order: sets of brokers, which Kafka sorts now and then, and what its Java walks in a hash map.
SETS = (
    "isr_nodes",
    "eligible_leader_replicas",
    "last_known_elr",
    "offline_replicas",
    "adding_replicas",
    "removing_replicas",
    "brokers",
    "node_endpoints",
    "replica_election_results",
    "partition_result",
    "partition_responses",
    "partitions",
    "transaction_states",
    "groups",
    "active_producers",
)

Story = Callable[["NodeDialogue"], None]
STORIES: dict[str, Story] = {}


def story(function: Story) -> Story:
    """Registers a conversation with three brokers; its module and name are its title."""
    title = f"{function.__module__.rpartition('.')[2]}.{function.__name__}"
    assert title not in STORIES, title
    STORIES[title] = function
    return function


class Topic(NamedTuple):
    """A topic as requests name it."""

    name: str
    topic_id: bytes


class NodeMask(Mask):
    """Node ids are part of the story; the port of a broker is called by its id, so that a wrong one is seen."""

    unordered: ClassVar[Collection[str]] = (*UNORDERED, *SETS)
    _TIMES = ("last_timestamp", "transaction_start_time_ms", "last_fetch_timestamp", "last_caught_up_timestamp")
    _SIZES = ("total_bytes", "usable_bytes")

    def __init__(self, suffix: str, addresses: Mapping[int, str]) -> None:
        super().__init__(suffix, -1)
        self._chosen = re.compile(re.escape(suffix) + r"\.\d+")
        self._ports = {host_and_port(address)[1]: node_id for node_id, address in addresses.items()}

    def _text(self, value: str, name: str) -> Plain:
        return "the directory" if name == "log_dir" else super()._text(self._chosen.sub("", value), name)

    def _number(self, value: int, name: str) -> Plain:
        if name.endswith("error_code"):
            return ErrorCode(value).name
        if name == "controller_id":
            return "a broker" if value in NODE_IDS else value  # Kafka names any broker that is alive, each time anew
        if name in NODE_ID_FIELDS:
            return value
        if name == "port" and value in self._ports:
            return f"of broker {self._ports[value]}"
        if name == "coordinator_epoch" and value >= 0:
            return "of the coordinator"  # it has led since any number of failures
        if name in self._TIMES and value > 1_750_000_000_000:
            return "now"
        if name in self._SIZES:
            return "of the disk"
        return super()._number(value, name)


class NodeDialogue(Notes):
    """Asks the brokers by their ids, has them die and come back, and waits until all agree on what is."""

    def __init__(self, nodes: ThreeNodes) -> None:
        super().__init__()
        self._nodes = nodes
        self._mask = NodeMask(self._suffix, nodes.addresses)
        self.up = set(NODE_IDS)
        """Those that answer."""
        self._down: set[int] = set()
        self._frozen: set[int] = set()
        self._wires: dict[int, Wire] = {}
        self._topics: list[str] = []

    # Asking

    def connect(self, node_id: int) -> Wire:
        """A connection of its own; whoever opens it closes it."""
        return Wire(self._nodes.addresses[node_id], timeout_s=ANSWER_S)

    def wire(self, node_id: int) -> Wire:
        """The connection to that broker."""
        if node_id not in self._wires:
            self._wires[node_id] = self.connect(node_id)
        return self._wires[node_id]

    def ask(self, label: str, node_id: int, request: object, version: int, response_type: type[Response]) -> Response:
        """Asks that broker and writes down the answer."""
        answer = self.wire(node_id).ask(request, version, response_type)
        self.note(f"{label}, at {node_id}", answer)
        return answer

    def any_up(self) -> int:
        """The first broker that answers."""
        return min(self.up)

    # Failures

    def kill(self, node_id: int) -> None:
        """Kills it; returns when the others know."""
        self.kill_unheard(node_id)
        self.wait_until_fenced(node_id)

    def kill_unheard(self, node_id: int) -> None:
        """Kills it, and waits for nothing."""
        self._leave(node_id)
        self._down.add(node_id)
        self._nodes.kill(node_id)

    def stop(self, node_id: int) -> None:
        """Stops it in good order; returns when the others know."""
        self._leave(node_id)
        self._down.add(node_id)
        self._nodes.stop(node_id)
        self.wait_until_fenced(node_id)

    def start(self, node_id: int) -> None:
        """Starts it again; returns when all brokers that run know each other."""
        self._nodes.start(node_id)
        self._down.discard(node_id)
        self._join(node_id)

    def freeze(self, node_id: int) -> None:
        """Freezes it; the others do not know yet."""
        self._leave(node_id)
        self._frozen.add(node_id)
        self._nodes.freeze(node_id)

    def resume(self, node_id: int) -> None:
        """Lets it go on; returns when all know that."""
        self._nodes.resume(node_id)
        self._frozen.discard(node_id)
        self._join(node_id)

    def resume_unheard(self, node_id: int) -> None:
        """Lets it go on, and waits for nothing: it may not know yet what it missed."""
        self._nodes.resume(node_id)
        self._frozen.discard(node_id)
        self.up.add(node_id)

    def _leave(self, node_id: int) -> None:
        self.up.discard(node_id)
        if wire := self._wires.pop(node_id, None):
            wire.close()

    def _join(self, node_id: int) -> None:
        self.up.add(node_id)
        self.wait_for(lambda: all(self.alive_at(one) == self.up for one in self.up), f"broker {node_id} is back")

    def names(self, base: str) -> Iterator[str]:
        """Names to choose from: in the answers each reads as `base`."""
        return (f"{self.name(base)}.{number}" for number in count())

    def plain_name(self, name: str) -> str:
        """The base of a name, chosen from several or not."""
        return name.partition(self._suffix)[0]

    # Waiting

    def wait_for(self, is_true: Callable[[], bool], why: str) -> None:
        """Looks again and again, as time passes for the brokers."""
        deadline = monotonic() + PATIENCE_S
        while not is_true():
            assert monotonic() < deadline, f"still not so: {why}"
            self._nodes.pass_time(POLL_S)

    def pass_time(self, seconds: float) -> None:
        self._nodes.pass_time(seconds)

    def alive_at(self, node_id: int) -> set[int]:
        """The brokers that this one holds alive."""
        answer = self.wire(node_id).ask(DescribeClusterRequest(), 0, DescribeClusterResponse)
        return {one.broker_id for one in answer.brokers}

    def wait_until_fenced(self, node_id: int) -> None:
        """Until no broker holds it alive."""
        self.wait_for(lambda: all(node_id not in self.alive_at(one) for one in self.up), f"broker {node_id} is fenced")

    # Topics

    def create_topic(
        self, base: str, replicas: Sequence[Sequence[int]], configs: Mapping[str, str] | None = None
    ) -> Topic:
        """A topic with these replicas, which all brokers know and serve."""
        name = self.name(base)
        creatable = CreatableTopic(
            name=name,
            num_partitions=-1,
            replication_factor=-1,
            assignments=[
                CreatableReplicaAssignment(partition_index=index, broker_ids=ids) for index, ids in enumerate(replicas)
            ],
            configs=[CreatableTopicConfig(name=one, value=value) for one, value in (configs or {}).items()],
        )
        request = CreateTopicsRequest(topics=[creatable], timeout_ms=10_000)
        (created,) = self.wire(self.any_up()).ask(request, 7, CreateTopicsResponse).topics
        assert created.error_code == 0, created.error_message
        self.keep(name)
        self.settle(name)
        return Topic(name, created.topic_id)

    def keep(self, name: str) -> None:
        """Has a topic that the story created go with it."""
        self._topics.append(name)

    def partitions_at(self, node_id: int, name: str) -> list[DescribeTopicPartitionsResponsePartition]:
        """What that broker says of them; none where it does not know the topic."""
        request = DescribeTopicPartitionsRequest(topics=[TopicRequest(name=name)])
        (topic,) = self.wire(node_id).ask(request, 0, DescribeTopicPartitionsResponse).topics
        return sorted(topic.partitions, key=lambda one: one.partition_index)

    def partition(self, name: str, index: int = 0) -> DescribeTopicPartitionsResponsePartition:
        """What the first broker says of one."""
        return self.partitions_at(self.any_up(), name)[index]

    def settle(self, *names: str) -> None:
        """Until all brokers say the same of these topics, and do accordingly."""
        for name in names:
            self.wait_for(partial(self._is_settled, name), f"{self.plain_name(name)} is settled")

    def _is_settled(self, name: str) -> bool:
        known, *others = (self.partitions_at(node_id, name) for node_id in sorted(self.up))
        if not known or any(one != known for one in others):
            return False
        return all(
            self._obeys(node_id, name, one) for one in known for node_id in one.replica_nodes if node_id in self.up
        )

    def _obeys(self, node_id: int, name: str, wanted: DescribeTopicPartitionsResponsePartition) -> bool:
        """Whether a replica goes by that leader epoch: it answers a consumer that does."""
        found = self._fetched(node_id, name, wanted.partition_index, 0, wanted.leader_epoch)
        return found.error_code in (ErrorCode.NONE, ErrorCode.OFFSET_OUT_OF_RANGE)

    def wait_for_isr(self, name: str, isr: Sequence[int], index: int = 0) -> None:
        """Until these are in sync and all know it."""
        self.wait_for(
            lambda: sorted(self.partition(name, index).isr_nodes) == sorted(isr), f"the ISR of {name} is {isr}"
        )
        self.settle(name)

    def wait_for_leader(self, name: str, leader: int, index: int = 0) -> None:
        """Until that broker leads and all know it."""
        self.wait_for(lambda: self.partition(name, index).leader_id == leader, f"{leader} leads {name}")
        self.settle(name)

    def wait_for_high_watermark(self, node_id: int, name: str, offset: int, index: int = 0) -> None:
        """Until a consumer of that broker is told this high watermark."""
        self.wait_for(
            lambda: self._fetched(node_id, name, index, offset).high_watermark == offset,
            f"the high watermark of {name} is {offset} at {node_id}",
        )

    def wait_for_end(self, node_id: int, name: str, offset: int, index: int = 0) -> None:
        """Until that broker has all before this offset, committed or not."""
        self.wait_for(
            lambda: self._fetched(node_id, name, index, offset).error_code == ErrorCode.NONE,
            f"broker {node_id} has {name} up to {offset}",
        )

    def _fetched(self, node_id: int, name: str, index: int, offset: int, epoch: int = -1) -> PartitionData:
        partition = FetchPartition(partition=index, current_leader_epoch=epoch, fetch_offset=offset)
        request = FetchRequest(max_wait_ms=0, topics=[FetchTopic(topic=name, partitions=[partition])])
        (topic,) = self.wire(node_id).ask(request, 12, FetchResponse).responses
        return topic.partitions[0]

    # The end

    def restore(self) -> None:
        """Has everything as it was before the story: all brokers in sync, preferred leaders, no topics of its own."""
        self.close()
        for node_id in sorted(self._frozen):
            self.resume(node_id)
        for node_id in sorted(self._down):
            self.start(node_id)
        self.elect_preferred()
        deletions = [DeleteTopicState(name=name, topic_id=ZERO_UUID) for name in dict.fromkeys(self._topics)]
        self.wire(1).ask(DeleteTopicsRequest(topics=deletions, timeout_ms=10_000), 6, DeleteTopicsResponse)

    def elect_preferred(self) -> None:
        """Has every partition led by its first replica, once all are in sync."""
        self.wait_for(lambda: self._all(_is_in_sync), "all replicas are in sync")
        preferred = ElectLeadersRequest(topic_partitions=None, timeout_ms=10_000)
        self.wire(1).ask(preferred, 2, ElectLeadersResponse)
        self.wait_for(lambda: self._all(_is_led_as_preferred), "preferred leaders lead")

    def _all(self, is_so: Callable[[MetadataResponsePartition], bool]) -> bool:
        """Whether that holds for every partition of every topic, as every broker sees it."""
        answers = [self.wire(one).ask(MetadataRequest(topics=None), 12, MetadataResponse) for one in NODE_IDS]
        return all(is_so(one) for answer in answers for topic in answer.topics for one in topic.partitions)

    def close(self) -> None:
        """Closes the connections that are open."""
        for wire in self._wires.values():
            wire.close()
        self._wires.clear()


def _is_in_sync(partition: MetadataResponsePartition) -> bool:
    return sorted(partition.isr_nodes) == sorted(partition.replica_nodes)


def _is_led_as_preferred(partition: MetadataResponsePartition) -> bool:
    return partition.leader_id == partition.replica_nodes[0]


def told(title: str, nodes: ThreeNodes) -> dict[str, Plain]:
    """The story of that title, with these brokers; they are whole again afterwards, unless it fails."""
    dialogue = NodeDialogue(nodes)
    try:
        STORIES[title](dialogue)
        dialogue.restore()
    finally:
        dialogue.close()
    return dialogue.steps
