"""LoadedPartitions: which partitions of a coordinator's topic are served here, and how one comes to be served.

The rule: a partition is served once all of its log has been replayed, and for as long as its log can be written. What
another broker leads is answered NOT_COORDINATOR, what is still being replayed COORDINATOR_LOAD_IN_PROGRESS: half of a
log is a wrong state, and nobody sees it.
"""

from collections.abc import Callable, Iterable
from functools import partial

from ...protocol.batch import RecordBatch
from ...protocol.control import find_marker
from ...protocol.errors import ErrorCode, KafkaError
from ...protocol.records import read_records
from ...protocol.wire import CorruptFrame
from ..log_output import get_logger
from ..runtime import Runtime
from ..slices import Slices, Steps, run_to_end
from .answering import refuse
from .state_machine import CoordinatorLog, StateMachine

logger = get_logger("coordinator")

RELOAD_S = 5.0  # after which a partition is read again that the disk would not give
RECORDS_AT_ONCE = 64

_CANNOT_BE_READ = (OSError, KafkaError, CorruptFrame)


class LoadedPartitions:
    """The partitions of one coordinator. A broker alone has all of them; of several each has those that it leads."""

    def __init__(self, name: str, machine: StateMachine, log: CoordinatorLog, runtime: Runtime) -> None:
        """`name` is what the coordinator keeps, for the log lines."""
        self._name = name
        self._machine = machine
        self._log = log
        self._clock = runtime.clock
        self._timers = runtime.timers
        self._slices = Slices(runtime)
        self._led: set[int] | None = None  # None: this broker is alone
        self._refused: dict[int, ErrorCode] = {}  # partitions that are not served for now, and why
        self._unreadable: set[int] = set()
        self._loads: dict[int, object] = {}  # those under way, or to be begun: one that is not here any more is over
        self._lives: dict[int, int] = {}  # how often each has been dropped
        # What is to be done once a partition is loaded that was not from the start.
        self.on_loaded: Callable[[int], None] = lambda partition: None

    # Whether it is served

    def check_served(self, partition: int) -> None:
        """NOT_COORDINATOR where it is not led here, could not be read, or is offline; COORDINATOR_LOAD_IN_PROGRESS."""
        if self._refused and (code := self._refused.get(partition)) is not None:
            raise KafkaError(code)
        if (self._led is not None and partition not in self._led) or self._log.is_offline(partition):
            raise KafkaError(ErrorCode.NOT_COORDINATOR)

    def check_none_loads(self) -> None:
        """COORDINATOR_LOAD_IN_PROGRESS while there is a partition that is being replayed."""
        if ErrorCode.COORDINATOR_LOAD_IN_PROGRESS in self._refused.values():
            raise KafkaError(ErrorCode.COORDINATOR_LOAD_IN_PROGRESS)

    @property
    def has_unreadable(self) -> bool:
        """Whether there is a partition of this broker whose log is not known."""
        return bool(self._refused)

    def life(self, partition: int) -> int:
        """Another number as soon as what was known of it has been dropped: who reads in steps compares it."""
        return self._lives.get(partition, 0)

    def is_loaded(self, partition: int) -> bool:
        """Whether all that its log amounts to is known here, be it offline."""
        return partition not in self._refused and (self._led is None or partition in self._led)

    def replay_marker(self, partition: int, producer_id: int, is_commit: bool) -> None:
        """A marker was appended; where the log is still to be replayed it is found there."""
        if self.is_loaded(partition):
            self._machine.replay_marker(partition, producer_id, is_commit)

    # A broker alone

    def load(self, partition: int, batches: Iterable[RecordBatch]) -> None:
        """Replay what a partition holds, here and now.

        If it cannot be read, what it keeps has no coordinator, as in Kafka. The other partitions are not concerned. If
        it is the disk that refuses, it is tried again.
        """
        try:
            run_to_end(self._replay(partition, batches))
        except _CANNOT_BE_READ as error:
            self._give_up(partition, error)

    def move(self, partition: int) -> bool:
        """Serve a partition no more, as when another broker has been elected; what waits is refused (NOT_COORDINATOR).

        `come_back` is to follow. False: it is not served as it is, and nothing follows.
        """
        if partition in self._refused or self._log.is_offline(partition):
            return False
        self._refused[partition] = ErrorCode.NOT_COORDINATOR
        self._drop(partition)
        return True

    def come_back(self, partition: int, load_s: float) -> None:
        """Be elected again: COORDINATOR_LOAD_IN_PROGRESS until the log has been replayed, `load_s` from now."""
        begin = partial(self._begin, partition, self._announce(partition))
        if load_s > 0:
            self._timers.call_at(self._clock.now() + load_s, begin)
        else:
            self._timers.call_soon(begin)

    # One of several

    def serve_what_is_led(self) -> None:
        """From now on only what `lead` says is served."""
        self._led = set()

    def lead(self, partition: int) -> None:
        """This broker leads the partition now: it is served as soon as its log has been replayed."""
        if self._led is not None:
            self._led.add(partition)
        self._begin(partition, self._announce(partition))

    def resign(self, partition: int) -> None:
        """Another broker leads it, or none: it is forgotten, and what waits here is refused (NOT_COORDINATOR)."""
        if self._led is not None:
            self._led.discard(partition)
        self._loads.pop(partition, None)
        self._refused.pop(partition, None)
        self._unreadable.discard(partition)
        self._drop(partition)

    # Loading

    def _announce(self, partition: int) -> object:
        self._refused[partition] = ErrorCode.COORDINATOR_LOAD_IN_PROGRESS
        load = self._loads[partition] = object()
        return load

    def _begin(self, partition: int, load: object) -> None:
        if self._is_wanted(partition, load):
            self._log.when_open(partition, partial(self._on_open, partition, load))

    def _on_open(self, partition: int, load: object, error: KafkaError | None) -> None:
        if error is not None:
            self._end(partition, load, error)
        elif self._is_wanted(partition, load):
            self._slices.start(
                self._load(partition, load), partial(self._end, partition, load), partial(self._end, partition, load)
            )

    def _load(self, partition: int, load: object) -> Steps[Exception | None]:
        """What is in the way is returned; nothing more is replayed once the load is not wanted any more."""
        try:
            for _ in self._replay(partition, self._log.batches(partition)):
                yield
                if not self._is_wanted(partition, load):
                    return None
        except _CANNOT_BE_READ as error:
            return error
        return None

    def _end(self, partition: int, load: object, error: Exception | None) -> None:
        if not self._is_wanted(partition, load):
            return
        del self._loads[partition]
        if error is not None:
            self._give_up(partition, error)
            return
        if partition in self._unreadable:
            logger.info(f"{self._name} can be read again", partition=partition)
            self._unreadable.discard(partition)
        del self._refused[partition]
        self.on_loaded(partition)

    def _is_wanted(self, partition: int, load: object) -> bool:
        return self._loads.get(partition) is load

    def _give_up(self, partition: int, error: Exception) -> None:
        if partition not in self._unreadable:
            logger.error(f"{self._name} cannot be read, and are not served", partition=partition, error=str(error))
        self._unreadable.add(partition)
        self._refused[partition] = ErrorCode.NOT_COORDINATOR
        self._machine.unload(partition)
        if _is_of_disk(error):
            load = self._loads[partition] = object()
            self._timers.call_at(self._clock.now() + RELOAD_S, partial(self._begin, partition, load))

    def _drop(self, partition: int) -> None:
        self._lives[partition] = self.life(partition) + 1
        for future in self._machine.unload(partition):
            refuse(future, ErrorCode.NOT_COORDINATOR)

    def _replay(self, partition: int, batches: Iterable[RecordBatch]) -> Steps[None]:
        for batch in batches:
            if batch.is_control:
                marker = find_marker(batch)
                if marker is not None:
                    self._machine.replay_marker(partition, batch.producer_id, marker.is_commit)
            else:
                yield from self._replay_records(partition, batch)
            yield

    def _replay_records(self, partition: int, batch: RecordBatch) -> Steps[None]:
        producer_id = batch.producer_id if batch.is_transactional else -1
        for number, record in enumerate(read_records(batch), 1):
            try:
                self._machine.replay(record.key or b"", record.value, record.offset, producer_id)
            except Exception as error:
                # One record that cannot be read, or makes no sense, must not keep all the others from coming back.
                at = {"partition": partition, "offset": record.offset}
                logger.warning(f"a stored record of {self._name} was skipped", **at, error=repr(error))
            if number % RECORDS_AT_ONCE == 0:
                yield


def _is_of_disk(error: Exception) -> bool:
    """Whether the files may be well, and only cannot be had now."""
    return isinstance(error, OSError) or (isinstance(error, KafkaError) and error.code is ErrorCode.KAFKA_STORAGE_ERROR)
