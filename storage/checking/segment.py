"""One segment: every batch of its log, in the order and at the positions that its indexes and its neighbours give.

The rule: a batch with a wrong checksum proves nothing, neither where the next offset lies nor who wrote it; the check
goes on behind it, and behind bytes that are no batch where the offset index knows the next one.
"""

from dataclasses import dataclass

from ...protocol.batch import RecordBatch
from ..files.read_only_files import ReadableFiles
from .batches import BatchWalk, SeenBatch
from .epochs import EpochsCheck
from .findings import CUT, REFUSED, Findings
from .indexes import AbortedIndexCheck, IndexFindings, OffsetIndexCheck, TimeIndexCheck
from .producers import ProducersCheck
from .records import problem_of_records

_MOST_RELATIVE_OFFSET = 2**31 - 1


@dataclass(slots=True)
class LogFacts:
    """What is known of a partition's log, and how far the check of its segments has come."""

    topic: str
    is_clean: bool  # stopped cleanly, and so trusted by the next start
    recovery_point: int
    may_skip: bool  # compaction leaves gaps between offsets
    is_deep: bool
    next_offset: int = 0  # where the next batch should begin
    is_certain: bool = True  # false behind damage: where the next batch should begin is unknown

    def fate(self) -> str:
        """What the next start makes of damage here."""
        return CUT if self.may_be_torn() else REFUSED

    def may_be_torn(self) -> bool:
        """Whether a stop that was not clean explains damage here."""
        return not self.is_clean and self.next_offset >= self.recovery_point


class SegmentCheck:
    """The files of one base offset, compared with each other and with what is known of the whole partition."""

    def __init__(
        self,
        files: ReadableFiles,
        directory: str,
        prefix: str,
        base_offset: int,
        facts: LogFacts,
        findings: Findings,
        *,
        is_last: bool,
        was_compacted: bool,
    ) -> None:
        self._files, self._facts, self._findings = files, facts, findings
        self._base_offset, self._is_last = base_offset, is_last
        self._is_closed = facts.is_clean or not is_last
        self._path, self._name = f"{directory}/{base_offset:020d}.log", f"{prefix}{base_offset:020d}.log"
        self._size = files.size(self._path)
        self._stem, self._label = self._path.removesuffix(".log"), self._name.removesuffix(".log")
        self._offsets = OffsetIndexCheck(files, f"{self._stem}.index", base_offset, self._index(".index"))
        self._times = TimeIndexCheck(files, f"{self._stem}.timeindex", base_offset, self._index(".timeindex"))
        self._aborted = AbortedIndexCheck(
            files, f"{self._stem}.txnindex", self._index(".txnindex"), is_form_only=was_compacted
        )

    def _index(self, suffix: str) -> IndexFindings:
        return IndexFindings(self._findings, self._label + suffix, self._facts.may_be_torn)

    def run(self, epochs: EpochsCheck, producers: ProducersCheck) -> None:
        """Read the batches and compare everything with them."""
        self._findings.segments += 1
        self._findings.size_bytes += self._size
        self._begin(producers)
        is_whole = True
        position: int | None = 0
        while position is not None:
            walk = BatchWalk(self._files, self._path, position, self._size)
            for seen in walk:
                self._findings.batches += 1
                self._offsets.see(seen.position, seen.batch)
                if self._is_sound(seen):
                    self._see(seen, epochs, producers)
                else:
                    self._facts.is_certain = is_whole = False
                    self._times.lose_sight()
            position = None
            if walk.problem is not None:
                position = self._offsets.position_above(walk.position)
                self._report_damage(walk, position)
                self._facts.is_certain = is_whole = False
                self._times.lose_sight()
        self._check_missing()
        self._offsets.finish()
        self._times.finish(is_complete=self._is_closed and is_whole)
        self._aborted.finish(self._base_offset, self._facts.next_offset, producers.known_from)

    def _check_missing(self) -> None:
        for suffix in (".index", ".timeindex"):
            if self._is_closed and self._size and not self._files.exists(self._stem + suffix):
                self._index(suffix).add_missing()

    def _begin(self, producers: ProducersCheck) -> None:
        """The segment goes on where the one before it ended."""
        facts, base_offset = self._facts, self._base_offset
        if base_offset < facts.next_offset:
            problem = f"the segment begins at {base_offset}, before the one in front of it ends at {facts.next_offset}"
            self._findings.add(self._name, problem, facts.fate(), offset=base_offset)
        elif base_offset > facts.next_offset and facts.is_certain and not facts.may_skip:
            self._report_gap(base_offset, None)
        if base_offset > facts.next_offset:
            producers.skip_to(base_offset)
            facts.next_offset = base_offset

    def _is_sound(self, seen: SeenBatch) -> bool:
        """Whether a batch can be believed; if not, why is noted."""
        batch = seen.batch
        if not seen.is_intact:
            problem = "the checksum of the batch is wrong"
        elif batch.last_offset_delta < 0 or not 0 <= batch.records_count <= batch.last_offset_delta + 1:
            problem = f"a batch of {batch.records_count} records over {batch.last_offset_delta + 1} offsets"
        elif batch.last_offset - self._base_offset > _MOST_RELATIVE_OFFSET:
            problem = f"offset {batch.last_offset} lies too far beyond the segment's base"
        else:
            return True
        fate, is_explained = self._facts.fate(), self._facts.may_be_torn()
        self._findings.add(
            self._name, problem, fate, position=seen.position, offset=batch.base_offset, is_explained=is_explained
        )
        return False

    def _see(self, seen: SeenBatch, epochs: EpochsCheck, producers: ProducersCheck) -> None:
        batch = seen.batch
        self._check_order(seen, producers)
        epochs.see(batch, self._name, seen.position)
        self._times.see(batch)
        if (aborted := producers.see(batch)) is not None:
            self._aborted.see(aborted, producers.known_from)
        if self._facts.is_deep and seen.is_whole and (problem := problem_of_records(batch, self._facts.topic)):
            consequence = "the broker serves the batch as it is; who opens it fails"
            self._findings.add(self._name, problem, consequence, position=seen.position, offset=batch.base_offset)
        self._facts.next_offset = max(self._facts.next_offset, batch.next_offset)

    def _check_order(self, seen: SeenBatch, producers: ProducersCheck) -> None:
        """A batch begins where the one in front ended, or later where compaction took something away."""
        batch, facts = seen.batch, self._facts
        if batch.base_offset < facts.next_offset:
            problem = f"offset {batch.base_offset} where at least {facts.next_offset} was expected"
            self._findings.add(self._name, problem, facts.fate(), position=seen.position, offset=batch.base_offset)
        elif batch.base_offset > facts.next_offset:
            if facts.is_certain and not facts.may_skip:
                self._report_gap(batch.base_offset, seen.position)
            producers.skip_to(batch.base_offset)
        elif not facts.is_certain:
            producers.skip_to(batch.base_offset)
        facts.is_certain = True
        if _was_compacted(batch):
            facts.may_skip = True
            producers.skip_to(batch.next_offset)

    def _report_gap(self, offset: int, position: int | None) -> None:
        problem = f"offsets {self._facts.next_offset} to {offset - 1} are missing, and nothing was compacted"
        self._findings.add(
            self._name,
            problem,
            "what stood there is lost, or this log was compacted once",
            position=position,
            offset=offset,
        )

    def _report_damage(self, walk: BatchWalk, resumed: int | None) -> None:
        """Bytes that are no batch, up to the next one that is known or to the end."""
        facts = self._facts
        count = (self._size if resumed is None else resumed) - walk.position
        is_torn = resumed is None and facts.may_be_torn()
        # A log that was stopped cleanly is still looked at where it ends.
        is_cut = resumed is None and self._is_last and facts.next_offset >= facts.recovery_point
        kind = "a torn tail" if is_torn else "damage"
        self._findings.add(
            self._name,
            f"{kind} of {count} bytes: {walk.problem}",
            CUT if is_torn or is_cut else REFUSED,
            position=walk.position,
            offset=facts.next_offset,
            is_explained=is_torn,
        )


def _was_compacted(batch: RecordBatch) -> bool:
    """Whether records were taken out of the batch."""
    return batch.records_count <= batch.last_offset_delta or batch.has_delete_horizon
