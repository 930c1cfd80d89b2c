"""What has become of a partition so far, and what must therefore hold: what Apache Kafka promises, and no more.

A record is committed once a consumer may have seen it, or its producer was told so with acks=all. It stays, where and
as it is, as long as one of the replicas that were in sync or eligible to lead (KIP-966) keeps what it had: else, and
with `unclean.leader.election.enable`, the next leader decides what there is.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from odradek.protocol.batch import RecordBatch
from odradek.protocol.metadata_records import PartitionRecord
from odradek.storage.log import PartitionLog

from .brokers_in_trouble import batches_of, values_of


@dataclass
class Seen:
    """One replica as it shows itself."""

    node_id: int
    life: int
    log: PartitionLog
    leader_epoch: int
    is_leader: bool


@dataclass
class PartitionStory:
    """`read` gives the batches that a broker has of the partition; None for one that does not run."""

    name: str
    allows_unclean: bool
    read: Callable[[int], Mapping[int, bytes] | None]
    committed: dict[int, bytes] = field(default_factory=dict[int, bytes])
    leader_epoch: int = -1
    isr: frozenset[int] = frozenset()
    safe: frozenset[int] = frozenset()  # who has all that is committed, as the controller has it
    bereft: set[int] = field(default_factory=set[int])  # those of them that have lost what they had not synced
    begins_at_epoch: int = 0  # what is older may have been lost
    start: int = 0
    _has_begun: bool = True  # whether the first leader since then has shown what it has
    _leaders: dict[int, tuple[int, int]] = field(default_factory=dict[int, tuple[int, int]])
    _high_watermarks: dict[PartitionLog, int] = field(default_factory=dict[PartitionLog, int])

    def note_record(self, record: PartitionRecord) -> None:
        """The controller has recorded a change."""
        if record.leader >= 0 and record.leader_epoch != self.leader_epoch:
            self._note_election(record.leader, record.leader_epoch)
        self.leader_epoch = record.leader_epoch
        self.bereft -= {one for one in set(record.isr) - self.isr if self.read(one) is not None}  # it has caught up
        self.isr = frozenset(record.isr)
        self.safe = self.isr | frozenset(record.eligible_leader_replicas or ()) or self.safe

    def _note_election(self, leader: int, epoch: int) -> None:
        has = self.read(leader)
        if has is None or (leader in self.safe and leader not in self.bereft) or not self._has_begun:
            return  # it is dead, and leads nothing; or has to have everything, which is looked at all the time
        is_loss_allowed = self.allows_unclean or self.safe <= self.bereft
        lost = [offset for offset, batch in self._expected().items() if has.get(offset) != batch]
        assert is_loss_allowed or not lost, (
            f"{self.name}: {leader} leads in epoch {epoch} and lacks {lost}, and of {set(self.safe)} only "
            f"{self.bereft or 'nobody'} has lost anything"
        )
        if is_loss_allowed:
            self.begins_at_epoch, self._has_begun = epoch, False

    def _begin_anew(self, leader: Seen) -> None:
        """After a loss that was allowed the leader shows what there still is."""
        has = batches_of(leader.log)
        self.committed = {offset: batch for offset, batch in self._expected().items() if has.get(offset) == batch}
        self._has_begun = True

    def _expected(self) -> dict[int, bytes]:
        return {offset: batch for offset, batch in self.committed.items() if offset >= self.start}

    def note_lost(self, node_id: int) -> None:
        """A broker has lost what it had not synced."""
        self.bereft.add(node_id)

    def note_acknowledged(self, offset: int, values: Collection[bytes], by: Seen) -> None:
        """A producer was told so, with acks=all."""
        batch = batches_of(by.log).get(offset)
        assert batch is not None, f"{self.name}: {by.node_id} has acknowledged {offset}, and has no batch there"
        assert values_of(batch) == list(values)
        assert by.log.high_watermark >= RecordBatch(batch).next_offset
        if self._counts(by):
            self._commit(by, offset, batch)

    def look_at(self, seen: Collection[Seen]) -> None:
        """Everything that must hold at any moment."""
        for one in seen:
            self.start = max(self.start, one.log.log_start_offset)
        for one in seen:
            if one.is_leader:
                who = one.node_id, one.life
                assert self._leaders.setdefault(one.leader_epoch, who) == who, f"{self.name}: two leaders in an epoch"
        for one in seen:
            if one.is_leader and one.leader_epoch == self.leader_epoch and not self._has_begun:
                self._begin_anew(one)
        for one in seen:
            if self._counts(one):
                self._look_at_one(one)

    def _counts(self, one: Seen) -> bool:
        """Whether what it shows must be what others show: not if it has still to hear of a loss."""
        is_current = one.leader_epoch == self.leader_epoch and one.node_id in self.isr
        return self._has_begun and (is_current or not self.begins_at_epoch)

    def _look_at_one(self, one: Seen) -> None:
        batches, high_watermark = batches_of(one.log), one.log.high_watermark
        for offset, batch in batches.items():
            if RecordBatch(batch).next_offset <= high_watermark:
                self._commit(one, offset, batch)
        if not self.begins_at_epoch:
            before = self._high_watermarks.get(one.log, 0)
            assert high_watermark >= before, f"{self.name}: the high watermark of {one.node_id} has gone back"
            self._high_watermarks[one.log] = high_watermark
        if one.node_id in self.isr and one.node_id not in self.bereft:
            lacks = [offset for offset, batch in self._expected().items() if batches.get(offset) != batch]
            assert not lacks, f"{self.name}: {one.node_id} is in sync, and lacks {lacks}"
        values = [value for batch in batches.values() for value in values_of(batch) if value.startswith(b"once")]
        assert len(set(values)) == len(values), f"{self.name}: {one.node_id} has something twice"

    def _commit(self, by: Seen, offset: int, batch: bytes) -> None:
        assert self.committed.setdefault(offset, batch) == batch, (
            f"{self.name}: {by.node_id} has {RecordBatch(batch)} {values_of(batch)} where there was "
            f"{RecordBatch(self.committed[offset])} {values_of(self.committed[offset])}"
        )
