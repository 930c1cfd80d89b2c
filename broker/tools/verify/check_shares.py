"""Share groups (KIP-932): each record is held by one member at a time, and comes until it is accepted or given up."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from .facts import Facts
from .history import Kind, Operation, Record
from .share_facts import Delivery, ShareFacts
from .verdict import Verdict, showing

FINAL = (Kind.ACCEPT, Kind.REJECT)
MOST_MARGIN_S = 3.0


@dataclass(frozen=True, slots=True)
class ShareSettings:
    """What the groups of a run are configured to."""

    groups: Sequence[str]
    lock_s: float
    delivery_limit: int

    def is_surely_locked(self, one: Delivery, when: Operation) -> bool:
        """Whether the lock of a delivery cannot have been over by then."""
        surely_s = self.lock_s - min(self.lock_s / 2, MOST_MARGIN_S)
        return when.time_s < one.floor.time_s + surely_s

    def is_surely_held(self, one: Delivery, when: Operation) -> bool:
        """Whether the member still had the record then, and its lock."""
        is_kept = one.until is None or when.index < one.until.index
        return one.seen.index <= when.index and is_kept and self.is_surely_locked(one, when)


def check_single_holder(shares: ShareFacts, settings: ShareSettings) -> Verdict:
    """While a member holds a record, nobody is given it; nor may it acknowledge what another was given since.

    What nobody holds any more may be acknowledged by anybody: Kafka ignores what lies before its start offset.
    """
    verdict = Verdict("records held twice", "deliveries")
    for holder in shares:
        verdict.checked += 1
        if holder.is_disturbed:
            continue
        for other in shares.later_than(holder):
            if not _is_newer(shares, holder, other):
                continue
            if settings.is_surely_held(holder, other.seen):
                verdict.add(f"{holder} was not done with it when it came as {other}", partial(_story, [holder, other]))
            elif _is_late(holder, other) and holder.answer and settings.is_surely_held(other, holder.answer):
                verdict.add(
                    f"{holder} could acknowledge it after it had come as {other}", partial(_story, [holder, other])
                )
    return verdict


def _is_late(one: Delivery, other: Delivery) -> bool:
    """Whether an acknowledgement was confirmed that began after another member had been given the record."""
    return one.is_confirmed and one.until is not None and other.seen.index < one.until.index


def _is_newer(shares: ShareFacts, one: Delivery, other: Delivery) -> bool:
    """Whether the other was surely acquired after this one: it counts as much, and no broker forgot its count."""
    last = max(other.seen.index, one.answer.index if one.answer else 0)
    first = min(one.floor, other.floor, key=lambda operation: operation.index)
    is_forgotten = any(first.index <= at <= last for at in shares.losses)
    return other.delivered.number >= one.delivered.number and not other.is_disturbed and not is_forgotten


def check_settled_stay_settled(shares: ShareFacts, settings: ShareSettings) -> Verdict:
    """What was accepted, rejected or given up, and confirmed, is never delivered again, whatever is killed."""
    verdict = Verdict("deliveries after the last", "acknowledgements")
    for one in shares:
        is_last = one.kind in FINAL or one.delivered.number >= settings.delivery_limit
        if one.answer is None or not one.is_confirmed or one.kind is None or not is_last:
            continue
        verdict.checked += 1
        for other in shares.later_than(one):
            is_surely_new = other.floor.index > one.answer.index or (
                other.delivered.number > one.delivered.number
                and not other.is_disturbed
                and not one.is_disturbed
                and not shares.is_lost_between(_earlier(one.floor, other.floor), other.seen)
            )
            if other.seen.index > one.answer.index and is_surely_new:
                verdict.add(f"{one} was {_done(one.kind)}, and came again as {other}", partial(_story, [one, other]))
    return verdict


def _earlier(one: Operation, other: Operation) -> Operation:
    return one if one.index < other.index else other


def _done(kind: Kind) -> str:
    return {Kind.ACCEPT: "accepted", Kind.REJECT: "rejected", Kind.RELEASE: "released for the last time"}[kind]


def check_delivery_counts(shares: ShareFacts, settings: ShareSettings) -> Verdict:
    """Counts begin with 1, end with the limit, and go on after each confirmed release."""
    verdict = Verdict("delivery counts", "deliveries")
    for one in shares:
        verdict.checked += 1
        if not 1 <= one.delivered.number <= settings.delivery_limit:
            verdict.add(f"{one} counts beyond 1 to {settings.delivery_limit}", showing(one.seen))
        if one.kind is Kind.RELEASE and one.is_confirmed and one.answer is not None:
            for other in shares.later_than(one):
                if other.floor.index > one.answer.index and other.delivered.number <= one.delivered.number:
                    verdict.add(f"{one} was released, and came again as {other}", partial(_story, [one, other]))
    return verdict


def check_deliveries_are_the_log(shares: ShareFacts, log: Iterable[Record]) -> Verdict:
    """A member is given what is in the log at that offset."""
    verdict = Verdict("deliveries unlike the log", "deliveries")
    found = {(record.where, record.offset): record.value for record in log}
    for one in shares:
        verdict.checked += 1
        record = one.delivered.record
        there = found.get((record.where, record.offset))
        if there != record.value:
            verdict.add(f"{one} is {there or 'nothing'} in the log", showing(one.seen))
    return verdict


def check_all_is_settled(facts: Facts, shares: ShareFacts, settings: ShareSettings) -> Verdict:
    """At the end each acknowledged write was accepted, rejected, or delivered as often as it may be."""
    verdict = Verdict("records never settled", "records of groups")
    unsettled = set(outstanding(facts, shares, settings))
    by_value = {(one.group, one.delivered.record.value): one.place for one in shares}
    for group in settings.groups:
        for operation, record in _written(facts):
            verdict.checked += 1
            if (group, record.value) in unsettled:
                place = by_value.get((group, record.value))
                deliveries = shares.deliveries[place] if place is not None else []
                seen = f"came last as {deliveries[-1]}" if deliveries else "never came"
                verdict.add(
                    f"{record} was neither accepted nor given up in {group}: it {seen}",
                    partial(_story, deliveries, operation),
                )
    return verdict


def outstanding(facts: Facts, shares: ShareFacts, settings: ShareSettings) -> list[tuple[str, str]]:
    """Group and value of each acknowledged write that is still to come, or to come again.

    An acknowledgement that was not confirmed may have been received: nothing more can be asked of that record.
    """
    settled = {
        (one.group, one.delivered.record.value)
        for one in shares
        if one.kind in FINAL or one.delivered.number >= settings.delivery_limit
    }
    wanted = [(group, record.value) for group in settings.groups for _, record in _written(facts)]
    return [one for one in wanted if one not in settled]


def _written(facts: Facts) -> Iterable[tuple[Operation, Record]]:
    for operation, send in facts.acknowledged:
        for record in send.records:
            yield operation, record


def check_releases(shares: ShareFacts, settings: ShareSettings) -> Verdict:
    """What was released while it was locked, and confirmed, has come again by the end."""
    verdict = Verdict("releases without effect", "releases")
    for one in shares:
        is_confirmed = one.answer is not None and one.is_confirmed and settings.is_surely_locked(one, one.answer)
        if one.kind is Kind.RELEASE and is_confirmed and one.delivered.number < settings.delivery_limit:
            verdict.checked += 1
            if not any(shares.later_than(one)):
                verdict.add(f"{one} was released, and never came again", partial(_story, [one]))
    return verdict


def check_shares_so_far(operations: Sequence[Operation], settings: ShareSettings) -> list[Verdict]:
    """What must hold of every prefix of a history."""
    return _so_far(ShareFacts.of(operations), settings)


def _so_far(shares: ShareFacts, settings: ShareSettings) -> list[Verdict]:
    return [
        check_single_holder(shares, settings),
        check_settled_stay_settled(shares, settings),
        check_delivery_counts(shares, settings),
    ]


def check_shares(facts: Facts, shares: ShareFacts, settings: ShareSettings, log: Iterable[Record]) -> list[Verdict]:
    """What must hold of a whole history once the members have had all there is."""
    return [
        check_all_is_settled(facts, shares, settings),
        *_so_far(shares, settings),
        check_releases(shares, settings),
        check_deliveries_are_the_log(shares, log),
    ]


def _story(deliveries: Sequence[Delivery], *more: Operation) -> list[Operation]:
    return [*more, *(operation for delivery in deliveries for operation in delivery.story)]
