"""A whole broker without sockets: what the handler tests ask, and the requests that most of them send.

Every request and every answer goes through its bytes, in the version asked for.
"""

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import TypeVar

from odradek.broker.apis import TABLE
from odradek.broker.assembly import assemble
from odradek.broker.config.broker_config import BrokerConfig
from odradek.broker.context import Context
from odradek.broker.session import Session
from odradek.broker.slices import are_steps
from odradek.broker.testing.disks import FailingFiles
from odradek.broker.testing.topics import create_topic
from odradek.broker.topics.partition import Partition
from odradek.broker.topics.topics import Topic
from odradek.protocol.api_keys import ApiKey
from odradek.protocol.batch import RecordBatch, whole_batches
from odradek.protocol.codec import decode, encode_bytes
from odradek.protocol.messages.alter_client_quotas import (
    AlterClientQuotasRequest,
    AlterClientQuotasResponse,
    EntityData,
    EntryData,
    OpData,
)
from odradek.protocol.messages.fetch import (
    FetchPartition,
    FetchRequest,
    FetchResponse,
    FetchTopic,
    PartitionData,
)
from odradek.protocol.messages.produce import (
    PartitionProduceData,
    PartitionProduceResponse,
    ProduceRequest,
    ProduceResponse,
    TopicProduceData,
)
from odradek.protocol.records import NewRecord, ProducerStamp, build_batch
from odradek.storage.files.files import Buffer
from odradek.storage.files.memory_files import MemoryFiles

from ..conftest import IDENTITY, Parts
from .group_context import Asked

R = TypeVar("R")
NOW_MS = 1_700_000_000_000
PLENTY = 1 << 30


def served(key: ApiKey) -> Sequence[int]:
    """Every version of an API that is served."""
    return range(TABLE[key].first, TABLE[key].last + 1)


class AskedContext:
    """The handlers of a broker, and the client that asks them."""

    context: Context
    session: Session

    def hand(self, request: object, version: int) -> object:
        """What the handler gives: an answer, a Deferred one, or None."""
        name = type(request).__module__.rpartition(".")[2]
        handle: Callable[..., object] = getattr(import_module(f"odradek.broker.handlers.{name}"), f"handle_{name}")
        decoded = decode(type(request), version, encode_bytes(request, version))
        response = handle(decoded, version, self.session, self.context)
        if are_steps(response):
            response = self.context.slices.run(response, ends_with_client=False)
        self.context.purgatory.complete_ready()
        return response

    def ask(self, request: object, version: int, response_type: type[R]) -> Asked[R]:
        """A request in that version, and its answer once there is one."""
        response = self.hand(request, version)
        return Asked(response, lambda answer: decode(response_type, version, encode_bytes(answer, version)))

    def fetch(self, request: FetchRequest, version: int = 12) -> Asked[FetchResponse]:
        return self.ask(request, version, FetchResponse)

    def fetch_one(self, request: FetchRequest, version: int = 12) -> PartitionData:
        """The answer for the only partition of a request."""
        (topic,) = self.fetch(request, version).answer.responses
        (answer,) = topic.partitions
        return answer


class AskedBroker(AskedContext):
    """A broker whose fsyncs run at once, unless `holds_fsyncs`; the clock is `clock`."""

    def __init__(self, settings: Mapping[str, str] | None = None, disk: MemoryFiles | None = None) -> None:
        self.disk = disk or FailingFiles()
        self.parts = Parts(config=BrokerConfig.from_settings(settings or {}), files=self.disk)
        self.clock = self.parts.clock
        self.session = Session("/127.0.0.1", "127.0.0.1", 9092, client_id="shop")
        self._start()

    def _start(self) -> None:
        parts = self.parts
        self.context = assemble(parts.config, parts.runtime, parts.store, IDENTITY)
        self.topics = self.context.topics

    @property
    def files(self) -> FailingFiles:
        """The disk, to be told what to refuse; for brokers that were not given another one."""
        assert isinstance(self.disk, FailingFiles)
        return self.disk

    @property
    def holds_fsyncs(self) -> bool:
        """Whether fsyncs wait for `finish_fsync`."""
        return self.parts.threads.holds

    @holds_fsyncs.setter
    def holds_fsyncs(self, holds: bool) -> None:
        self.parts.threads.holds = holds

    def finish_fsync(self) -> None:
        """The oldest fsync that is held comes to its end."""
        self.parts.threads.finish()

    def restart(self, *, is_clean: bool = True) -> None:
        """Stop, cleanly or not, and start again on the same files."""
        self.parts.restart(is_clean=is_clean)
        self._start()

    # Topics and what is in them

    def create(self, name: str = "t", partitions: int = 1, **overrides: str) -> Topic:
        """A topic; overrides are written with `_` for `.`."""
        return create_topic(
            self.topics, name, partitions, {key.replace("_", "."): value for key, value in overrides.items()}
        )

    def append(self, partition: Partition, *batches: bytes) -> None:
        """Past the handlers, as if another client had produced."""
        for batch in batches:
            partition.append([RecordBatch(batch)], self.clock.now_ms(), is_from_client=False)
        self.context.purgatory.complete_ready()

    def end_transaction(self, partition: Partition, producer_id: int, *, is_commit: bool, epoch: int = 0) -> None:
        """Write a marker."""
        partition.append_marker(producer_id, epoch, 0, is_commit=is_commit, now_ms=self.clock.now_ms())
        self.context.purgatory.complete_ready()

    def produce(
        self,
        topic: str,
        records: bytes | None,
        *,
        index: int = 0,
        version: int = 9,
        acks: int = -1,
        transactional_id: str | None = None,
    ) -> PartitionProduceResponse:
        """The answer for one partition."""
        request = produce_request({topic: {index: records}}, acks=acks, transactional_id=transactional_id)
        (found,) = self.ask(request, version, ProduceResponse).answer.responses
        (answer,) = found.partition_responses
        return answer


def batch(
    *values: bytes,
    pid: int = -1,
    epoch: int = 0,
    sequence: int = 0,
    is_transactional: bool = False,
    timestamp: int = NOW_MS,
    key: bytes | None = None,
    codec: int = 0,
) -> bytes:
    """What a producer sends for these values, one record each."""
    return build_batch(
        [NewRecord(key, value, timestamp) for value in values or (b"v",)],
        codec=codec,
        producer=ProducerStamp(
            pid, epoch if pid >= 0 else -1, sequence if pid >= 0 else -1, is_transactional=is_transactional
        ),
    )


def produce_request(
    data: Mapping[str, Mapping[int, bytes | None]], *, acks: int = -1, transactional_id: str | None = None
) -> ProduceRequest:
    """Batches by topic name and partition."""
    return ProduceRequest(
        transactional_id=transactional_id,
        acks=acks,
        timeout_ms=1000,
        topic_data=[
            TopicProduceData(
                name=topic,
                partition_data=[PartitionProduceData(index=i, records=records) for i, records in partitions.items()],
            )
            for topic, partitions in data.items()
        ],
    )


def wanted(
    offset: int = 0,
    *,
    index: int = 0,
    max_bytes: int = PLENTY,
    leader_epoch: int = -1,
    last_fetched_epoch: int = -1,
) -> FetchPartition:
    """One partition of a fetch."""
    return FetchPartition(
        partition=index,
        current_leader_epoch=leader_epoch,
        fetch_offset=offset,
        last_fetched_epoch=last_fetched_epoch,
        partition_max_bytes=max_bytes,
    )


def fetch_request(
    topic: str | Topic,
    *partitions: FetchPartition,
    max_wait_ms: int = 0,
    min_bytes: int = 1,
    max_bytes: int = PLENTY,
    is_read_committed: bool = False,
    session: tuple[int, int] = (0, -1),
) -> FetchRequest:
    """A fetch of one topic: partition 0 from the start, unless others are given. A Topic is named by its id, too."""
    named = FetchTopic(
        topic=topic if isinstance(topic, str) else topic.name,
        topic_id=bytes(16) if isinstance(topic, str) else topic.topic_id,
        partitions=partitions or [wanted()],
    )
    return FetchRequest(
        max_wait_ms=max_wait_ms,
        min_bytes=min_bytes,
        max_bytes=max_bytes,
        isolation_level=1 if is_read_committed else 0,
        session_id=session[0],
        session_epoch=session[1],
        topics=[named],
    )


def offsets_in(records: Buffer | None) -> list[int]:
    """The base offset of every batch."""
    return [found.base_offset for found in whole_batches(records or b"")]


def set_quotas(broker: AskedBroker, client_id: str | None = "shop", **quotas: float | None) -> None:
    """As a client sets quotas of a client id, or of all (None); a quota of None is taken back."""
    ops = [OpData(key=key, value=value or 0.0, remove=value is None) for key, value in quotas.items()]
    entry = EntryData(entity=[EntityData(entity_type="client-id", entity_name=client_id)], ops=ops)
    request = AlterClientQuotasRequest(entries=[entry], validate_only=False)
    (result,) = broker.ask(request, 1, AlterClientQuotasResponse).answer.entries
    assert result.error_code == 0


def limit_mutations(broker: AskedBroker, rate: float) -> None:
    """So many partitions a second, of topics created, grown and deleted."""
    set_quotas(broker, controller_mutation_rate=rate)
