"""What became of a group, a transactional id, a partition or a client, as a person would want to read it.

How it stands now, then what was decided and what went wrong, the newest last. A name that is unknown is an error that
says what is there.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from ...protocol.errors import ErrorCode, KafkaError
from ...protocol.metadata_records import PartitionRecord
from ..config.config_def import nearest
from ..contexts import Contexts, all_groups, all_transactions, leader_partition
from ..coordination.transactions.states import TxnState
from ..coordination.transactions.transaction import Transaction
from ..topic_names import INTERNAL_TOPICS
from ..topics.partition import Partition
from .entries import Decision, JournalEntry, JournalRequest, at_text
from .group_decisions import generation_of, member_name
from .journal import Journal
from .transaction_decisions import partition_names, producer_name

MOST_LINES = 30
MOST_NAMES = 20  # that an error lists
MOST_MEMBERS = 10
MOST_TEXT = 500  # characters of a line of the journal
# Answers that are a step on the way, and no mishap.
_USUAL = frozenset({"MEMBER_ID_REQUIRED", "COORDINATOR_NOT_AVAILABLE", "COORDINATOR_LOAD_IN_PROGRESS"})


class Explainer:
    """Explains what is in a cluster's journal, with how the cluster stands."""

    def __init__(self, journal: Journal, contexts: Contexts) -> None:
        self._journal = journal
        self._contexts = contexts

    def group(self, name: str) -> str:
        """A group: who is in it, and why it rebalanced. KafkaError."""
        group: Any = self._contexts.of_group(name).groups.find_group(name)
        told = self._about(lambda one: one.subject == "group" and one.name == name, self._journal.requests(group=name))
        if group is None:
            if not told:
                there = [one.group_id for _, one in all_groups(self._contexts)]
                raise KafkaError(ErrorCode.GROUP_ID_NOT_FOUND, _unknown("group", name, there))
            return _lines(f"group {name} is not there any more", told)
        members: dict[str, Any] = group.members
        count = f"{len(members)} member{'' if len(members) == 1 else 's'}"
        word = "generation" if group.group_type == "classic" else "epoch"
        head = f"group {name} ({group.group_type}) is {group.state_name} in {word} {generation_of(group)} with {count}"
        shown = [f"  {member_name(*one)}" for one in list(members.items())[:MOST_MEMBERS]]
        if len(members) > MOST_MEMBERS:
            shown.append(f"  and {len(members) - MOST_MEMBERS} more")
        return _lines("\n".join([head, *shown]), told)

    def transaction(self, name: str) -> str:
        """A transactional id: how far it is, and who fenced whom. KafkaError."""
        held = self._contexts.of_transaction(name).transactions.find(name)
        asked = [one for one in self._journal.requests() if name in one.transactional_ids]
        told = self._about(lambda one: one.subject == "transaction" and one.name == name, asked)
        if held is None:
            if not told:
                there = [one.transactional_id for _, one in all_transactions(self._contexts)]
                raise KafkaError(ErrorCode.TRANSACTIONAL_ID_NOT_FOUND, _unknown("transactional id", name, there))
            return _lines(f"transactional id {name} is not there any more", told)
        standing = f"{held.state.title} with {producer_name(held)}{self._standing(held)}"
        return _lines(f"transactional id {name} is {standing}", told)

    def partition(self, topic: str, index: int) -> str:
        """A partition: where its log stands and why, what was refused, how the topic came to be. KafkaError."""
        found = self._contexts.image.topics.get(topic)
        if found is None:
            there = [one for one in self._contexts.image.topics if one not in INTERNAL_TOPICS]
            raise KafkaError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, _unknown("topic", topic, there))
        if not 0 <= index < len(found.partitions):
            why = f"{topic} has no partition {index}; it has {len(found.partitions)}, from 0 on"
            raise KafkaError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, why)
        name = f"{topic}-{index}"
        told = self._about(
            lambda one: (
                (one.subject == "partition" and one.name == name) or (one.subject == "topic" and one.name == topic)
            ),
            [one for one in self._journal.requests() if (topic, index) in one.partitions],
        )
        try:
            partition = leader_partition(self._contexts, topic, index)
        except KafkaError as error:
            if error.code is not ErrorCode.LEADER_NOT_AVAILABLE:
                raise
            return _lines(f"partition {name}: {error.message}", told)
        if partition.is_offline:
            return _lines(f"partition {name} is {partition.why_offline}", told)
        log = partition.replica_log
        head = (
            f"partition {name}: log start {log.log_start_offset}, high watermark {log.high_watermark},"
            f" last stable offset {log.last_stable_offset}"
        )
        replicas = _replicas(found.partitions[index].record, log.log_end_offset)
        return _lines("\n".join([head, *replicas, *self._held_back(partition)]), told)

    def client(self, client_id: str) -> str:
        """A client: what it asked for, what went wrong, and what was decided for it. ValueError."""
        requests = self._journal.requests(client_id=client_id)
        if not requests:
            there = dict.fromkeys(one.client_id for one in self._journal.requests())
            raise ValueError(_unknown("client", client_id, there))
        numbers = {one.number for one in requests}
        told = self._about(lambda one: one.cause in numbers, requests)
        connections = ", ".join(dict.fromkeys(one.connection for one in requests))
        counts = Counter(f"{one.api} v{one.version}" for one in requests)
        asked = ", ".join(f"{count} {api}" for api, count in counts.most_common())
        waiting = [f"  still waits for: {one.title}" for one in requests if _is_waiting(one)]
        return _lines("\n".join([f"client {client_id} from {connections}: {asked}", *waiting]), told)

    def _about(self, fits: Callable[[Decision], bool], requests: Iterable[JournalRequest]) -> Sequence[JournalEntry]:
        """Decisions, and requests with which something went wrong, in their order.

        With them where another state came in between, which has nothing of what was before.
        """
        failed = [one for one in requests if set(one.errors) - _USUAL or (one.outcome and "is due" not in one.outcome)]
        told: list[JournalEntry] = [*self._journal.decisions(fits), *failed]
        if told:
            first = min(one.number for one in told)
            told += self._journal.decisions(lambda one: one.subject == "cluster" and one.number > first)
        return sorted(told, key=lambda one: one.number)

    def _standing(self, held: Transaction) -> str:
        """How long it has been open, where, and who used it last."""
        told = ""
        if held.state is TxnState.ONGOING:
            open_ms = self._contexts.first.clock.now_ms() - held.start_ms
            told += f", open for {open_ms} ms of {held.timeout_ms} (transaction.timeout.ms)"
        if held.partitions:
            told += f", in {partition_names(held.partitions)}"
        users = [one for one in self._journal.requests() if held.transactional_id in one.transactional_ids]
        return told + (f", last used by {users[-1].title}" if users else "")

    def _held_back(self, partition: Partition) -> Sequence[str]:
        """Why readers of committed records get no further."""
        log = partition.replica_log
        if log.last_stable_offset >= log.high_watermark:
            return []
        ids = {one.producer_id: one for _, one in all_transactions(self._contexts) if one.partitions}
        open_here = sorted(
            (entry.current_txn_first_offset, producer_id, entry.producer_epoch)
            for producer_id, entry in log.active_producers()
            if entry.current_txn_first_offset >= 0
        )
        told: list[str] = []
        for offset, producer_id, epoch in open_here[:MOST_MEMBERS]:
            held = ids.get(producer_id)
            whose = (
                "of no transactional id that is known" if held is None else f"transactional id {held.transactional_id}"
            )
            since = "" if held is None else f" ({held.state.title}{self._standing(held)})"
            told.append(
                f"  the last stable offset stands still at {offset}: producer {producer_id} epoch {epoch}, {whose}, has"
                f" a transaction open here since offset {offset}{since}"
                if not told
                else f"  and producer {producer_id} epoch {epoch}, {whose}, since offset {offset}{since}"
            )
        return told


def journal_lines(entries: Iterable[JournalEntry], most: int) -> Sequence[str]:
    """The newest lines of a journal; of requests that a client repeats, such as fetches, the last one only."""
    lines: list[str] = []
    last: tuple[object, ...] | None = None
    repeated = 0
    for one in entries:
        key = None
        if isinstance(one, JournalRequest) and one.answer is not None and not one.errors and not one.outcome:
            key = (one.api, one.version, one.client_id, one.connection)
        repeated = repeated + 1 if key is not None and key == last else 1
        text = one.text if len(one.text) <= MOST_TEXT else f"{one.text[:MOST_TEXT]}…"
        text = text if repeated == 1 else f"{text} (the last of {repeated} like it)"
        if repeated > 1:
            lines[-1] = text
        else:
            lines.append(text)
        last = key
    hidden = len(lines) - most
    return lines if hidden <= 0 else [f"… {hidden} earlier lines", *lines[-most:]]


def _lines(head: str, told: Sequence[JournalEntry]) -> str:
    lines = [head]
    if len(told) > MOST_LINES:
        lines.append(f"… {len(told) - MOST_LINES} earlier")
    return "\n".join([*lines, *map(_told, told[-MOST_LINES:])])


def _told(one: JournalEntry) -> str:
    if isinstance(one, Decision):
        where = f" [{one.name}]" if one.subject in ("partition", "topic") else ""
        where = " [cluster]" if one.subject == "cluster" else where
        return f"{at_text(one.at_ms)} #{one.number}{where} {one.what}"
    became = ", ".join([*one.errors, *([one.outcome] if one.outcome else [])])
    return f"{at_text(one.at_ms)} #{one.number} {one.api} of {one.client_id or '-'}: {became}"


def _replicas(record: PartitionRecord, end: int) -> Sequence[str]:
    """Who has it, where several have; how far the log goes where that is beyond the high watermark."""
    if len(record.replicas) == 1:
        return []
    behind = [one for one in record.replicas if one not in record.isr]
    told = f"  led by broker {record.leader} in leader epoch {record.leader_epoch}, log end {end}, in sync"
    told += f" {', '.join(map(str, sorted(record.isr)))}"
    return [told + (f"; not in sync {', '.join(map(str, sorted(behind)))}" if behind else "")]


def _is_waiting(one: JournalRequest) -> bool:
    return one.answer is None and not one.outcome


def _unknown(kind: str, name: str, there: Iterable[str]) -> str:
    names = sorted(there)
    listed = ", ".join(names[:MOST_NAMES]) or "none"
    more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
    return f"there is no {kind} {name!r}; there are: {listed}{more}{nearest(name, names)}"
