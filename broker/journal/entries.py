"""What a journal is made of: requests with their answers, and decisions with what caused them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from ..session import ANONYMOUS

Subject = Literal["group", "transaction", "partition", "topic", "broker", "link", "snapshot", "cluster"]
"""What a decision is about. Those about the cluster are that it goes on with another state."""
Plain: TypeAlias = "str | int | float | bool | Sequence[Plain] | Mapping[str, Plain] | None"
Fields = Mapping[str, Plain]

NOBODY = f"User:{ANONYMOUS}"
ENTRY_BYTES = 400  # of an entry without its fields: what the ring counts for it


def at_text(at_ms: int) -> str:
    """The time of day, in UTC, of any time that there may be."""
    seconds, ms = divmod(at_ms, 1000)
    minutes, seconds = divmod(seconds, 60)
    return f"{minutes // 60 % 24:02}:{minutes % 60:02}:{seconds:02}.{ms:03}"


@dataclass(slots=True, eq=False)
class JournalRequest:
    """A request, and what became of it.

    `request` and `answer` have Kafka's names of fields, those that differ from their default; records are summarised.
    `outcome` is what there was in place of an answer; without either it has none yet. `errors` are all errors of the
    answer, by name. `broker` is the one that it came to, where there are several.
    """

    number: int
    at_ms: int
    api: str
    version: int
    client_id: str
    connection: str
    request: Fields
    topics: frozenset[str] = frozenset()
    partitions: frozenset[tuple[str, int]] = frozenset()
    groups: frozenset[str] = frozenset()
    transactional_ids: frozenset[str] = frozenset()
    principal: str = NOBODY
    broker: int | None = None
    answer: Fields | None = None
    errors: tuple[str, ...] = ()
    outcome: str = ""
    took_ms: float | None = None
    size_bytes: int = ENTRY_BYTES

    @property
    def title(self) -> str:
        """As a decision names it."""
        return f"{self.api} of {self.client_id or 'a client without an id'} (#{self.number})"

    @property
    def text(self) -> str:
        """One line."""
        who = f"{self.client_id or '-'} {self.connection}{'' if self.principal == NOBODY else f' {self.principal}'}"
        head = f"#{self.number} {at_text(self.at_ms)}{_at_broker(self.broker)}"
        asked = f"{head} {who} {self.api} v{self.version} {rendered(self.request)}"
        if self.answer is not None:
            after = f"in {self.took_ms:.1f} ms" if self.took_ms is not None else ""
            return f"{asked} -> {rendered(self.answer) or 'answered'} {after}{self._marred()}".rstrip()
        return f"{asked} -> {self.outcome or 'no answer yet'}"

    def _marred(self) -> str:
        return f", {self.outcome}" if self.outcome else ""


@dataclass(slots=True, eq=False)
class Decision:
    """What a coordinator or a log decided, and why; `cause` is the number of the request behind it, 0 for a timer.

    `fenced` is the producer, id and epoch, that it shuts out. `broker` is the one that decided, where there are
    several; their controller is none of them.
    """

    number: int
    at_ms: int
    subject: Subject
    name: str
    what: str
    cause: int = 0
    fenced: tuple[int, int] | None = None
    broker: int | None = None
    size_bytes: int = field(default=ENTRY_BYTES)

    @property
    def text(self) -> str:
        """One line."""
        head = f"#{self.number} {at_text(self.at_ms)}{_at_broker(self.broker)}"
        return f"{head} {self.subject} {self.name}: {self.what}"


JournalEntry: TypeAlias = JournalRequest | Decision


def _at_broker(broker: int | None) -> str:
    return "" if broker is None else f" @{broker}"


def rendered(value: Plain) -> str:
    """Fields as a person reads them: name=value, structs in braces, arrays in brackets."""
    if isinstance(value, Mapping):
        return " ".join(f"{name}={_inner(one)}" for name, one in value.items())
    return _inner(value)


def _inner(value: Plain) -> str:
    if isinstance(value, str):
        return value if value and " " not in value else repr(value)
    if isinstance(value, Mapping):
        return "{" + rendered(value) + "}"
    if isinstance(value, Sequence):
        return "[" + ", ".join(_inner(one) for one in value) + "]"
    return str(value).lower() if isinstance(value, bool) else str(value)
