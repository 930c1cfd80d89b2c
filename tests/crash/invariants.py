"""What a broker must show after a power cut, judged by a story's facts.

The rule: what was answered while every answer waited for its fsync is there; what was never decided is not; and what is
there at all is what was sent, in its order, without a gap, whatever the settings were.
"""

from odradek.broker.topics.partition import Partition
from odradek.protocol.batch import RecordBatch, whole_batches
from odradek.protocol.control import find_marker
from odradek.protocol.records import read_records
from odradek.storage.files.memory_files import MemoryFiles

from ..broker.handlers.broker_harness import batch
from .broker_story import NEVER, BrokerStory, Ended, Place, StoryBroker, Written

LONGER_THAN_ANY_TRANSACTION_S = 120.0


class Truth:
    """One image of one story's disk, and the broker that starts on it."""

    def __init__(self, story: BrokerStory, moment: int, image: MemoryFiles, *, is_durable: bool) -> None:
        self.story = story
        self.moment = moment
        self.is_durable = is_durable
        self.broker = StoryBroker(story.settings, image)
        self.broker.parts._random.seed(1_000_000)

    def check(self) -> None:
        """AssertionError where the broker says what cannot be."""
        self._check_topics()
        for partition in self.broker.topics.partitions():
            self._check_log(partition)
        self._check_offsets()
        self._check_repeats()
        self.broker.clock.advance(LONGER_THAN_ANY_TRANSACTION_S)
        for partition in self.broker.topics.partitions():
            log = partition.log
            assert log.last_stable_offset == log.log_end_offset, f"{partition.name} waits for nobody"
        for life in self.story.lives:
            for index in range(life.partitions):
                if life.created <= self.moment < life.deletion_asked:
                    self._check_what_is_visible((life.topic_id, index), life.name)
        self._check_it_goes_on()

    def recover(self) -> None:
        """Open every log, write a little, and leave it at that."""
        for partition in self.broker.topics.partitions():
            assert partition.log.log_end_offset >= 0
        self.broker.clock.advance(LONGER_THAN_ANY_TRANSACTION_S)

    def _written(self, place: Place) -> list[Written]:
        return [sent for sent in self.story.written if sent.place == place and sent.asked <= self.moment]

    def _was_promised(self, answered: int) -> bool:
        return self.is_durable and answered <= self.moment

    def _check_topics(self) -> None:
        found = {topic.topic_id: (topic.name, len(topic.partitions)) for topic in self.broker.topics}
        for life in self.story.lives:
            if life.created <= self.moment < life.deletion_asked:
                assert found.get(life.topic_id) == (life.name, life.partitions), f"topic {life.name} is lost"
            if life.deleted <= self.moment:
                assert life.topic_id not in found, f"topic {life.name} came back"

    def _batches(self, partition: Partition) -> list[RecordBatch]:
        log = partition.log
        found: list[RecordBatch] = []
        offset = due = log.log_start_offset
        while offset < log.log_end_offset:
            part = log.read(offset, 1000, upper_offset=log.log_end_offset)
            for one in whole_batches(part.data):
                assert one.is_intact(), f"{partition.name}: damage at {one.base_offset} is served"
                assert one.base_offset == due or log.config.is_compacted, f"{partition.name}: a gap from {due}"
                due = one.next_offset
                found.append(one)
            assert part.next_offset > offset, f"{partition.name} cannot be read beyond {offset}"
            offset = part.next_offset
        return found

    def _check_log(self, partition: Partition) -> None:
        batches = self._batches(partition)
        topic = self.broker.topics.find(partition.topic)
        assert topic is not None
        if topic.is_internal:
            return
        place = (topic.topic_id, partition.index)
        start = self._check_start(partition, place)
        sent = self._written(place)
        values = [one.value for one in sent]
        found = [_value(one) for one in batches if not one.is_control]
        skipped = values.index(found[0]) if found else 0
        assert found == values[skipped : skipped + len(found)], f"{partition.name} holds what was not sent so"
        assert all(one.base_offset < start for one in sent[:skipped]), f"{partition.name} lost its beginning"
        promised = [one for one in sent if self._was_promised(one.answered) and one.base_offset >= start]
        if promised:
            assert promised[-1].value in found, f"{partition.name} lost {promised[-1].value[:9]!r}"
        for one in promised:
            at = next(kept for kept in batches if not kept.is_control and _value(kept) == one.value)
            assert at.base_offset == one.base_offset, f"{partition.name}: {one.value[:9]!r} has moved"

    def _check_start(self, partition: Partition, place: Place) -> int:
        """A start that was answered is durable, whatever the settings."""
        asked = [one for one in self.story.deletions if one.place == place and one.asked <= self.moment]
        promised = max((one.offset for one in asked if one.answered <= self.moment), default=0)
        start = partition.log.log_start_offset
        assert promised <= start <= max((one.offset for one in asked), default=0), f"{partition.name} begins at {start}"
        return start

    def _check_offsets(self) -> None:
        for group in {committed.group for committed in self.story.offsets}:
            every = [one for one in self.story.offsets if one.group == group and one.asked <= self.moment]
            lasting = [
                at for at, one in enumerate(every) if one.transaction is None and self._was_promised(one.answered)
            ]
            lasting += [at for at, one in enumerate(every) if self._is_committed(one.transaction)]
            allowed = {one.offset for one in every[max(lasting, default=0) :] if not self._is_aborted(one.transaction)}
            if not lasting:
                allowed.add(-1)
            if not self.is_durable:
                allowed |= {one.offset for one in every} | {-1}
            found = self.broker.offset(group)
            assert (-1 if found is None else found) in allowed, f"group {group} is at {found}, not in {allowed}"

    def _is_committed(self, transaction: Ended | None) -> bool:
        return transaction is not None and bool(transaction.commit) and self._was_promised(transaction.answered)

    def _is_aborted(self, transaction: Ended | None) -> bool:
        """Whether nobody may see what it wrote."""
        return transaction is not None and not (transaction.commit and transaction.asked <= self.moment)

    def _check_repeats(self) -> None:
        """A producer that heard nothing sends its last batch again: it is stored once."""
        last = {sent.place: sent for sent in self.story.written if self._was_promised(sent.answered)}
        for sent in last.values():
            life = next(life for life in self.story.lives if life.topic_id == sent.place[0])
            if self.moment >= life.deletion_asked or sent.transaction is not None:
                continue
            again = batch(sent.value, pid=sent.producer[0], epoch=sent.producer[1], sequence=sent.sequence)
            answer = self.broker.produce(life.name, again, index=sent.place[1])
            assert (answer.error_code, answer.base_offset) == (0, sent.base_offset), f"{sent.value[:9]!r} twice"

    def _check_what_is_visible(self, place: Place, name: str) -> None:
        visible = _visible(self.broker.topics.partition(name, place[1]), self._batches)
        start = self.broker.topics.partition(name, place[1]).log.log_start_offset
        for sent in self._written(place):
            if sent.transaction is None or sent.base_offset < start:
                continue
            if self._is_aborted(sent.transaction):
                assert sent.value not in visible, f"{name}: {sent.value[:9]!r} was never committed"
            elif self._is_committed(sent.transaction):
                assert sent.value in visible, f"{name}: {sent.value[:9]!r} was committed"

    def _check_it_goes_on(self) -> None:
        for name in ("one", "two"):
            assert self._can_transact(name), f"transactional id {name} is of no use any more"
        known = {taken for answered, taken in self.story.producer_ids if answered <= self.moment}
        ids = self.broker.context.producer_ids
        ids.when_available(lambda error: None)
        assert ids.next_id() not in known
        for name in {"after", *(life.name for life in self.story.lives)}:
            if self.broker.topics.find(name) is None:
                self.broker.create(name, 2)
                answer = self.broker.produce(name, batch(), index=1)
                assert (answer.error_code, answer.base_offset) == (0, 0), f"a new topic {name} is not empty"

    def _can_transact(self, name: str) -> bool:
        """Whether a transaction can be written and committed, where epochs were lost after some new sessions."""
        for _ in range(1 if self.is_durable else 20):
            code, producer = self.broker.init(name)
            if code == 0 and self.broker.write(producer, name=name, version=12).error_code == 0:
                return self.broker.end(producer, commit=True, name=name, version=5)[0] == 0
        return False


def _value(one: RecordBatch) -> bytes:
    (record,) = read_records(one)
    assert record.value is not None
    return record.value


def _visible(partition: Partition, batches_of: object) -> set[bytes]:
    """What a read_committed consumer makes of a partition: it leaves out what the broker lists as aborted."""
    log = partition.log
    aborted = sorted(
        log.aborted_transactions(log.log_start_offset, log.last_stable_offset), key=lambda t: t.first_offset
    )
    active: set[int] = set()
    seen: set[bytes] = set()
    for one in log.batches():
        if one.base_offset >= log.last_stable_offset:
            break
        while aborted and aborted[0].first_offset <= one.base_offset:
            active.add(aborted.pop(0).producer_id)
        if one.is_control:
            marker = find_marker(one)
            if marker is not None and not marker.is_commit:
                active.discard(one.producer_id)
        elif not (one.is_transactional and one.producer_id in active):
            seen.add(_value(one))
    return seen


__all__ = ["NEVER", "Truth"]
