"""A partition is one sequence of records: nothing lost, doubled, invented, moved or reordered, however it is read."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from functools import partial

from .facts import Facts, Key
from .history import Isolation, Operation, Poll, Record, TopicPartition
from .verdict import Verdict, showing


def check_lost_writes(facts: Facts, uncommitted: Iterable[Record]) -> Verdict:
    """Every acknowledged record is in the log at the end, whatever became of its transaction."""
    verdict = Verdict("lost writes, acknowledged", "records")
    present = {(record.topic, record.value) for record in uncommitted}
    for operation, send in facts.acknowledged:
        verdict.checked += len(send.records)
        for record in send.records:
            if (record.topic, record.value) not in present:
                verdict.add(
                    f"{record} was acknowledged to {operation.process} and is lost",
                    partial(facts.mentions, (record.topic, record.value)),
                )
    return verdict


def check_duplicates(facts: Facts, uncommitted: Iterable[Record]) -> Verdict:
    """A record that was sent once is in the log once."""
    verdict = Verdict("duplicates", "records")
    first: dict[Key, Record] = {}
    for record in uncommitted:
        verdict.checked += 1
        before = first.setdefault((record.topic, record.value), record)
        if before is not record:
            verdict.add(
                f"{record} is in the log twice: at {before.where}@{before.offset} too",
                partial(facts.mentions, (record.topic, record.value)),
            )
    return verdict


def check_invented(facts: Facts) -> Verdict:
    """Whatever is read was once sent, to that very partition."""
    verdict = Verdict("invented records", "records read")
    for operation, poll in facts.polls:
        for record in poll.records:
            verdict.checked += 1
            sent = facts.sent.get((record.topic, record.value))
            if sent is None:
                verdict.add(f"{poll.reader} read {record}, which nobody sent", showing(operation))
            elif not _was_sent_to(sent.operation, record):
                verdict.add(
                    f"{poll.reader} read {record} in a partition it was not sent to",
                    showing(sent.operation, operation),
                )
    return verdict


def _was_sent_to(operation: Operation, record: Record) -> bool:
    records = getattr(operation.detail, "records", ())
    return any(one.value == record.value and one.where == record.where for one in records)


def check_offsets_are_consistent(facts: Facts) -> Verdict:
    """An offset names one record: the same to the producer that was told it and to every reader."""
    verdict = Verdict("inconsistent offsets", "offsets told")
    known: dict[tuple[str, int, int], tuple[str, Operation]] = {}
    told = [(operation, send.records) for operation, send in facts.acknowledged]
    told += [(operation, poll.records) for operation, poll in facts.polls]
    for operation, records in told:
        for topic, partition, value, offset in records:
            if offset is None or offset < 0:
                continue
            verdict.checked += 1
            before, seen = known.setdefault((topic, partition, offset), (value, operation))
            if before != value:
                verdict.add(f"offset {offset} of {topic}-{partition} is {before} and {value}", showing(seen, operation))
    return verdict


def check_order_of_sends(facts: Facts, uncommitted: Iterable[Record]) -> Verdict:
    """What one producer sent to one partition stands there in the order of its sends."""
    verdict = Verdict("non-monotonic sends", "records")
    offsets: dict[Key, int] = {}
    for record in uncommitted:
        offsets.setdefault((record.topic, record.value), record.offset or 0)
    last: dict[tuple[str, TopicPartition], tuple[int, Record, Operation]] = {}
    for operation, send in facts.acknowledged:
        for record in send.records:
            offset = offsets.get((record.topic, record.value))
            if offset is None:
                continue
            verdict.checked += 1
            before = last.get((operation.process, record.where))
            if before is not None and offset < before[0]:
                verdict.add(
                    f"{operation.process} sent {before[1].value} before {record.value}, but {record.where} has them at "
                    f"{before[0]} and {offset}",
                    showing(before[2], operation),
                )
            last[operation.process, record.where] = offset, record, operation
    return verdict


def check_order_of_polls(facts: Facts) -> Verdict:
    """A reader only goes forward in each partition it was assigned."""
    verdict = Verdict("non-monotonic polls", "records read")
    last: dict[tuple[str, TopicPartition], tuple[int, Operation]] = {}
    for operation, poll in facts.polls:
        for record in poll.records:
            verdict.checked += 1
            offset = record.offset or 0
            before = last.get((poll.reader, record.where))
            if before is not None and offset <= before[0]:
                verdict.add(f"{poll.reader} read {record} after offset {before[0]}", showing(before[1], operation))
            last[poll.reader, record.where] = offset, operation
    return verdict


def check_skipped_polls(facts: Facts, committed: Iterable[Record], uncommitted: Iterable[Record]) -> Verdict:
    """Between its start and its last record a reader saw what the log holds at the end: no more and no less."""
    verdict = Verdict("skipped or vanished records", "records read")
    logs = {
        Isolation.READ_COMMITTED: _by_partition(committed),
        Isolation.READ_UNCOMMITTED: _by_partition(uncommitted),
    }
    read: dict[tuple[str, TopicPartition], list[int]] = {}
    where_read: dict[tuple[str, TopicPartition], list[Operation]] = {}
    for operation, poll in facts.polls:
        for record in poll.records:
            read.setdefault((poll.reader, record.where), []).append(record.offset or 0)
            polled = where_read.setdefault((poll.reader, record.where), [])
            if not polled or polled[-1] is not operation:
                polled.append(operation)
    for assigned, assign in facts.assigns:
        for where, start in assign.starts.items():
            seen = read.get((assign.reader, where))
            if not seen:
                continue
            verdict.checked += len(seen)
            log = logs[assign.isolation].get(where, [])
            there = set(log[bisect_left(log, start) : bisect_right(log, max(seen))])
            skipped, vanished = sorted(there - set(seen)), sorted(set(seen) - there)
            if skipped or vanished:
                sentence = f"{assign.reader} read {where} from {start} to {max(seen)}"
                sentence += f", but skipped {len(skipped)} records, first at {skipped[0]}" if skipped else ""
                sentence += f"; {len(vanished)} it read are gone, first at {vanished[0]}" if vanished else ""
                verdict.add(
                    sentence, partial(_around, assigned, where_read[assign.reader, where], (skipped or vanished)[0])
                )
    return verdict


def _by_partition(records: Iterable[Record]) -> dict[TopicPartition, list[int]]:
    found: dict[TopicPartition, list[int]] = {}
    for record in records:
        found.setdefault(record.where, []).append(record.offset or 0)
    for offsets in found.values():
        offsets.sort()
    return found


def _around(assigned: Operation, polls: list[Operation], offset: int) -> list[Operation]:
    """How the reader began, and the two polls on either side of an offset, out of many."""
    before = [one for one in polls if _first_offset(one) <= offset][-2:]
    return [assigned, *before, *[one for one in polls if _first_offset(one) > offset][:2]]


def _first_offset(operation: Operation) -> int:
    assert isinstance(operation.detail, Poll)
    return operation.detail.records[0].offset or 0
