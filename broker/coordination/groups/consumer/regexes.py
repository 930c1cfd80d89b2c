"""Topics by regular expression (KIP-848): which patterns a group has, and when they are resolved to names.

The one rule: patterns are resolved for the whole group at once, apart from heartbeats, and not more often than every
ten seconds, so that a group is not assigned anew for each of them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from .....protocol.errors import ErrorCode, KafkaError
from ....client_pattern import compile_client_pattern
from ...result import Instant, Record
from ..modern.topics_view import TopicsView, metadata_hash
from .group import ConsumerGroup
from .member import ConsumerMember
from .records import ResolvedRegex, group_epoch_record, regex_record, regex_tombstone
from .settings import REGEX_REFRESH_MIN_INTERVAL_MS

MATCHES_AT_ONCE = 5000  # names held against patterns: a few milliseconds

# What RE2/J, which Kafka uses, calls the faults that RE2 has other words for.
_FAULTS = (
    ("missing ]", "missing closing ]"),
    ("missing )", "missing closing )"),
    ("no argument for repetition operator", "missing argument to repetition operator"),
    ("bad repetition operator", "invalid nested repetition operator"),
    ("trailing \\", "trailing backslash at end of expression"),
    ("invalid repetition size", "invalid repeat count"),
    ("invalid character class range", "invalid character class range"),
    ("unexpected )", "regexp/syntax: internal error"),
    ("invalid named capture group", "invalid named capture"),
    ("invalid perl operator", "invalid or unsupported Perl syntax"),
    ("invalid escape sequence", "invalid escape sequence"),
)


@dataclass(frozen=True, slots=True)
class RegexChange:
    """What a heartbeat changes about a group's patterns.

    `is_effective` is set where the topics of the member are known to be others now: the group is to be assigned anew.
    """

    has_changed: bool
    is_effective: bool
    must_resolve: bool
    records: list[Record]


def check_regex(regex: str) -> Callable[[str], bool]:
    """Whether a name matches; INVALID_REGULAR_EXPRESSION."""
    try:
        return compile_client_pattern(regex)
    except KafkaError as error:
        why = error.why or ""
        why = next((ours for theirs, ours in _FAULTS if why.startswith(theirs)), why)
        message = f"SubscribedTopicRegex `{regex}` is not a valid regular expression: {why}."
        raise KafkaError(ErrorCode.INVALID_REGULAR_EXPRESSION, message) from None


def note_regex(
    group: ConsumerGroup,
    before: ConsumerMember,
    after: ConsumerMember,
    topics: TopicsView,
    now_ms: int,
    refresh_interval_ms: int,
) -> RegexChange:
    """What a member's subscription does to the patterns of its group; INVALID_REGULAR_EXPRESSION."""
    old, new = before.subscribed_topic_regex, after.subscribed_topic_regex
    records: list[Record] = []
    is_effective = is_new = False
    if old != new:
        if old and group.subscribers_of(old) == 1:
            records.append(regex_tombstone(group.group_id, old))
        if new and group.subscribers_of(new) == 0:
            check_regex(new)
            is_new = True
        else:
            is_effective = new in group.regexes or not new
    must_resolve = is_new or _is_refresh_due(group, topics, now_ms, refresh_interval_ms)
    if now_ms <= _last_refresh_ms(group) + REGEX_REFRESH_MIN_INTERVAL_MS:
        must_resolve = False
    return RegexChange(old != new, is_effective, must_resolve, records)


def _is_refresh_due(group: ConsumerGroup, topics: TopicsView, now_ms: int, refresh_interval_ms: int) -> bool:
    subscribed = group.subscribed_regexes()
    if not subscribed:
        return False
    if len(subscribed) != len(group.regexes):
        return True
    if max(resolved.version for resolved in group.regexes.values()) < topics.version_of_newest():
        return True
    return now_ms > _last_refresh_ms(group) + refresh_interval_ms


def _last_refresh_ms(group: ConsumerGroup) -> int:
    return max((resolved.timestamp_ms for resolved in group.regexes.values()), default=-REGEX_REFRESH_MIN_INTERVAL_MS)


class Round(NamedTuple):
    """The patterns of a group are being resolved, since `began_ms`; whether any matches others than before.

    They match what the client may describe whose heartbeat has begun it, as in Kafka.
    """

    began_ms: int
    has_changed: bool = False
    may_describe: Callable[[str], bool] | None = None


def resolve(group: ConsumerGroup, topics: TopicsView, so_far: Round, at: Instant) -> tuple[list[Record], Round | None]:
    """Look which topics the patterns of a group match, and with the last of them raise its epoch if it must rise.

    Patterns that were resolved in this round are left out. Those that would take long wait for the next call, which is
    given the round that is returned; None is its end.
    """
    began_ms = so_far.began_ms
    names = [name for name in topics.names() if so_far.may_describe is None or so_far.may_describe(name)]
    waiting = [
        regex
        for regex in sorted(group.subscribed_regexes())
        if group.regexes.get(regex, ResolvedRegex()).timestamp_ms < began_ms
    ]
    now = waiting[: max(MATCHES_AT_ONCE // max(len(names), 1), 1)]
    now_ms = max(at.now_ms, began_ms)  # the wall clock may have gone back, and a round must come to its end
    resolved = {regex: ResolvedRegex(_matching(regex, names), topics.version(), now_ms) for regex in now}
    records = [regex_record(group.group_id, regex, result) for regex, result in resolved.items()]
    has_changed = so_far.has_changed or any(
        result.topics != group.regexes.get(regex, ResolvedRegex()).topics for regex, result in resolved.items()
    )
    if len(now) < len(waiting):
        return records, so_far._replace(has_changed=has_changed)
    after = {**group.regexes, **resolved}
    subscribed = {name for member in group.members.values() for name in member.subscribed_topic_names}
    for regex in group.subscribed_regexes():
        subscribed |= after.get(regex, ResolvedRegex()).topics
    topics_hash = metadata_hash(subscribed, topics)
    if has_changed or (waiting and topics_hash != group.metadata_hash):
        records.append(group_epoch_record(group.group_id, group.epoch + 1, topics_hash))
    return records, None


def _matching(regex: str, names: Sequence[str]) -> frozenset[str]:
    """The names that match; none for a pattern that another broker has taken and that is none here."""
    try:
        return frozenset(filter(check_regex(regex), names))
    except KafkaError:
        return frozenset()
