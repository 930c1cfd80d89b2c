"""Committed offsets: what was committed is read back, and what a transaction committed only if it was committed."""

from collections.abc import Mapping
from functools import partial

from .facts import Facts, Outcome
from .history import Commit, Committed, Offsets, Operation, Phase, TopicPartition
from .verdict import Verdict, showing

Place = tuple[str, TopicPartition]


def check_committed_offsets(facts: Facts) -> Verdict:
    """A group with one committer reads its last commit back, or one whose answer it never got."""
    verdict = Verdict("lost offset commits", "offsets read")
    certain: dict[Place, tuple[int | None, Operation | None]] = {}
    possible: dict[Place, set[int]] = {}
    mine = {(one.group, one.where) for _, one in facts.commits() if isinstance(one, Commit)}
    for operation, detail in facts.commits():
        place = detail.group, detail.where
        if place not in mine:
            continue
        expected, committed = certain.get(place, (None, None))
        match operation.phase, detail:
            case Phase.OK, Commit():
                certain[place] = detail.offset, operation
            case Phase.INFO, Commit():
                possible.setdefault(place, set()).add(detail.offset)
            case Phase.OK, Committed():
                verdict.checked += 1
                if detail.offset != expected and detail.offset not in possible.get(place, ()):
                    verdict.add(
                        f"group {detail.group} committed {expected} for {detail.where}, but {detail.offset} was read",
                        showing(*filter(None, (committed, operation))),
                    )
            case _:
                pass
    return verdict


def check_transactional_offsets(facts: Facts) -> Verdict:
    """A transactional group's offsets never go backwards, and each was sent in a transaction that may be committed."""
    verdict = Verdict("transactional offsets", "offsets read")
    rightful = _rightful_offsets(facts)
    last: dict[Place, tuple[int, Operation]] = {}
    for operation, detail in facts.commits():
        place = detail.group, detail.where
        if place not in rightful or operation.phase is not Phase.OK or not isinstance(detail, Committed):
            continue
        verdict.checked += 1
        offset = -1 if detail.offset is None else detail.offset
        # A group may have been set to the beginning before the first transaction.
        if offset > 0 and rightful[place].get(offset, operation.index) >= operation.index:
            verdict.add(
                f"group {detail.group} has offset {offset} for {detail.where}, which no committed transaction sent",
                partial(_senders, facts, place, operation),
            )
        before = last.get(place)
        if before is not None and offset < before[0]:
            verdict.add(
                f"the offset of group {detail.group} for {detail.where} went back from {before[0]} to {detail.offset}",
                showing(before[1], operation),
            )
        last[place] = offset, operation
    return verdict


def _rightful_offsets(facts: Facts) -> dict[Place, dict[int, int]]:
    """For each place the offsets that it may have, with the index where a commit of such a transaction began."""
    rightful: dict[Place, dict[int, int]] = {}
    for transaction in facts.transactions.values():
        invoked = transaction.commit_invoked_at
        for group, offsets in transaction.offsets:
            for where, offset in offsets.items():
                allowed = rightful.setdefault((group, where), {})
                if invoked is not None and transaction.outcome is not Outcome.ABORTED:
                    allowed[offset] = min(invoked, allowed.get(offset, invoked))
    return rightful


def _senders(facts: Facts, place: Place, seen: Operation) -> list[Operation]:
    group, where = place
    offset = getattr(seen.detail, "offset", None)
    stories = [
        operation
        for transaction in facts.transactions.values()
        if any(one == group and offsets.get(where) == offset for one, offsets in transaction.offsets)
        for operation in facts.story_of(transaction.name)
    ]
    return [*stories, seen]


def check_final_offsets(facts: Facts, groups: Mapping[str, Offsets]) -> Verdict:
    """At the end a transactional group stands at least where its last committed transaction put it."""
    verdict = Verdict("lost transactional offsets", "partitions of groups")
    furthest: dict[Place, tuple[int, str]] = {}
    for transaction in facts.transactions.values():
        if transaction.outcome is Outcome.COMMITTED:
            for group, offsets in transaction.offsets:
                for where, offset in offsets.items():
                    if offset > furthest.get((group, where), (-1, ""))[0]:
                        furthest[group, where] = offset, transaction.name
    for (group, where), (offset, name) in furthest.items():
        if group not in groups:
            continue
        verdict.checked += 1
        found = groups[group].get(where, -1)
        if found < offset:
            verdict.add(
                f"{name} committed offset {offset} of {where} for {group}, which ends at {found}",
                partial(facts.story_of, name),
            )
    return verdict
