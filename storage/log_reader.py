"""LogReader: what can be asked of one partition's log. Nothing here changes it.

A read begins with the batch that holds the offset asked for and returns whole batches, as they are stored.
"""

from collections.abc import Iterator

from ..protocol.batch import RecordBatch, whole_batches
from ..protocol.errors import ErrorCode, KafkaError
from .indexes.transaction_index import AbortedLookup, AbortedSearch, AbortedTxn, AbortedUnknown
from .log_results import FetchedBatches
from .log_state import LogState
from .producer_state import ProducerEntry
from .read_batches import LogPosition, corrupt
from .replay import derive_aborted
from .segment import Segment
from .timestamp_lookup import Lookup, find_at_or_after, find_latest

REPLAY_PIECE_BYTES = 1 << 20
STEPS_AT_ONCE = 16  # of some batches each: a millisecond or two, beside the read itself

_NOTHING = b""


class LogReader:
    """The log of one partition, as its readers see it: the part of `log_api.Log` that does not change it."""

    __slots__ = ("_state",)

    def __init__(self, state: LogState) -> None:
        self._state = state

    def read(self, offset: int, max_bytes: int, upper_offset: int, *, at_least_one: bool) -> FetchedBatches:
        state = self._state
        end = state.log_end_offset
        if not state.log_start_offset <= offset <= end:
            why = f"offset {offset} is not in {state.log_start_offset}..{end}"
            raise KafkaError(ErrorCode.OFFSET_OUT_OF_RANGE, why)
        if upper_offset > end:
            upper_offset = end
        if offset < upper_offset:
            if state.is_closed:
                state.check_open()
            try:
                found = self._read(offset, max_bytes, upper_offset, at_least_one=at_least_one)
            except KafkaError as error:
                cut = state.segments.find_cut(offset)
                state.integrity.report(cut or error.why or error.code.name)
                if cut is not None:
                    raise OSError(cut) from error
                raise
            if found is not None:
                return found
        return FetchedBatches(_NOTHING, offset, offset)

    def _read(self, offset: int, max_bytes: int, upper_offset: int, *, at_least_one: bool) -> FetchedBatches | None:
        state = self._state
        for segment, position in state.segments.positions_from(offset):
            records = segment.records
            if position.base_offset > offset and not self._may_lack(offset, segment):
                raise corrupt(records.path, position.byte)
            found = records.read(position, max_bytes, upper_offset, at_least_one=at_least_one)
            if found is None:
                first = records.read_header(position.byte)
                if first is not None and first.last_offset >= state.log_end_offset:
                    raise corrupt(records.path, position.byte)
                return None
            state.segments.remember(found.next_offset, segment, LogPosition(found.next_position, found.next_offset))
            return FetchedBatches(found.data, found.first_offset, found.next_offset)
        if state.integrity.may_skip:
            return FetchedBatches(_NOTHING, offset, upper_offset)  # compaction has left nothing of the rest
        active = state.segments.active
        raise corrupt(active.records.path, active.size_bytes)  # the log should go on here

    def _may_lack(self, offset: int, segment: Segment) -> bool:
        """Whether a reader who asked for `offset` may go on in this segment behind it."""
        return segment.records.may_skip or (self._state.integrity.may_skip and offset < segment.base_offset)

    def batches(self) -> Iterator[RecordBatch]:
        offset, end = self._state.log_start_offset, self._state.log_end_offset
        while offset < end:
            found = self.read(offset, REPLAY_PIECE_BYTES, end, at_least_one=True)
            yield from whole_batches(found.data)
            offset = found.next_offset

    def bytes_available(self, offset: int, upper_offset: int) -> int:
        state = self._state
        if offset >= upper_offset or offset < state.log_start_offset:
            return 0
        state.check_open()
        segments = state.segments
        active = segments.active
        if offset < active.base_offset:
            return segments.size_bytes
        end = active.size_bytes
        if upper_offset < state.log_end_offset:
            end = segments.position_in_active(upper_offset)
        left = end - segments.position_in_active(offset)
        return left if left > 0 else 0

    def aborted_transactions(self, fetch_offset: int, upper_offset: int) -> list[AbortedTxn]:
        steps = self.find_aborted(fetch_offset, upper_offset)
        try:
            for _ in range(STEPS_AT_ONCE):
                next(steps)
        except StopIteration as end:
            found: list[AbortedTxn] = end.value
            return found
        raise AbortedUnknown(steps)

    def find_aborted(self, fetch_offset: int, upper_offset: int) -> AbortedLookup:
        """The same in steps, however many it takes."""
        search = AbortedSearch(fetch_offset, upper_offset)
        for segment in self._state.segments.since(fetch_offset):
            self._state.check_open()
            indexes = segment.indexes
            while not indexes.is_aborted_derived and self._derive_more(segment):
                yield
            if not search.add(indexes.aborted):
                break
        return search.found()

    def _derive_more(self, segment: Segment) -> bool:
        """Go on with deriving the aborted transactions of a segment found on the disk; whether there is more to do.

        All who want to know them work on the one derivation; what it has found stays when they go.
        """
        self._state.check_open()
        indexes = segment.indexes
        if indexes.derivation is None:
            indexes.derivation = self._derivation(segment)
        try:
            next(indexes.derivation)
        except StopIteration:
            indexes.derivation = None
            return False
        except Exception:
            indexes.derivation = None
            raise
        return True

    def _derivation(self, segment: Segment) -> Iterator[None]:
        """Derive them anew, once: their index has no checksum, and much depends on it."""
        state = self._state
        while segment in (segments := list(state.segments)):
            try:
                derived = yield from derive_aborted(segment, segments, state.snapshots)
            except OSError:
                if segments == list(state.segments):
                    raise
                continue  # what leads up to it was deleted or compacted meanwhile
            indexes = segment.indexes
            is_cleaned = state.integrity.may_skip and segment is not state.segments.active
            if derived is None:
                indexes.set_aborted(indexes.aborted, is_cleaned=is_cleaned)
            elif segment in list(state.segments):
                indexes.set_aborted(derived.entries, is_cleaned=is_cleaned, end_offset=derived.next_offset)
            return

    def offset_for_timestamp(self, timestamp: int, upper_offset: int) -> Lookup:
        self._state.check_open()
        return find_at_or_after(list(self._state.segments), timestamp, self._state.log_start_offset, upper_offset)

    def offset_of_max_timestamp(self, upper_offset: int) -> Lookup:
        self._state.check_open()
        return find_latest(list(self._state.segments), self._state.log_start_offset, upper_offset)

    def active_producers(self) -> list[tuple[int, ProducerEntry]]:
        return sorted(self._state.producers, key=lambda known: known[0])
